-- Removes processes from a group that are gone: idle for long, and without anything that they could still hold. Asked
-- and removed in one step, since with a consumer goes what it holds.
--
-- KEYS[1] the stream
-- ARGV[1] the group, ARGV[2] for how long one must have been idle, in milliseconds
-- Returns how many were removed.

local removed = 0
for _, facts in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for index = 1, #facts, 2 do consumer[facts[index]] = facts[index + 1] end
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    removed = removed + 1
  end
end
return removed
