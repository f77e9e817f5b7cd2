-- Takes an entry out of its shard's index, wherever it is there; but not where it has become due at another time than it was
-- known to be. Then an attempt has entered it once more, and is about to begin, or another one looks after it.
--
-- KEYS[1] in flight, KEYS[2] unknown and KEYS[3] awaiting a deposit by when they were asked for, KEYS[4] both by when they
-- are looked up
-- ARGV[1] entry, ARGV[2] when it is due, in flight or by when it is looked up; or '' where that was not read
-- Returns 1, or 0 where it stays.

local entry, known_due = ARGV[1], tonumber(ARGV[2])
for _, by_time in ipairs({ KEYS[1], KEYS[4] }) do
  local due = redis.call('ZSCORE', by_time, entry)
  if known_due and due and tonumber(due) ~= known_due then return 0 end
end
for index = 1, 4 do redis.call('ZREM', KEYS[index], entry) end
return 1
