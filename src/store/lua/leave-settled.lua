-- includes: shared/journal.lua
--
-- Takes entries of attempts out of their shard's index, and journals in the same step each whose refund has settled
-- in the ordinary way. Who takes an entry out is who journals it, so that is done once, whoever else tries.
--
-- KEYS[1] in flight, KEYS[2] journal
-- ARGV[1] for how long the journal is kept, in milliseconds, ARGV[2] and on three for each entry: the entry; when its
-- refund settled, in milliseconds since 1970, or '' where it has begun none; succeeded or failed by its letter
-- (journal-entries.ts), and what names the refund, divided by a space
-- Returns how many were journalled.

local journalled = 0
for index = 2, #ARGV, 3 do
  local changed_at = tonumber(ARGV[index + 1])
  if redis.call('ZREM', KEYS[1], ARGV[index]) == 1 and changed_at then
    append(KEYS[2], string.sub(ARGV[index + 2], 1, 1), 1, changed_at, string.sub(ARGV[index + 2], 3))
    journalled = journalled + 1
  end
end
if journalled > 0 then trim(KEYS[2], tonumber(ARGV[1])) end
return journalled
