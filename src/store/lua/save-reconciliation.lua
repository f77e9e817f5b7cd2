-- Writes down how far a reconciliation has come, and what differs. Only who has taken the run writes of it, and thereby
-- keeps it: one that was away for too long changes nothing any more.
--
-- KEYS[1] lock, KEYS[2] progress, KEYS[3] what differs
-- ARGV[1] owner, ARGV[2] for how long the run is taken, ARGV[3] for how long it is kept, both in milliseconds,
-- ARGV[4] progress or '' where only the lock is kept, ARGV[5] '1': what was kept is forgotten first, ARGV[6] how many
-- differences are kept at most, ARGV[7] and on: differences
-- Returns 1, or 0 where the run is another's.

if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ' ' then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if ARGV[4] == '' then return 1 end
if ARGV[5] == '1' then redis.call('DEL', KEYS[3]) end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[3])
local room = tonumber(ARGV[6]) - redis.call('LLEN', KEYS[3])
for index = 7, math.min(#ARGV, 6 + room) do
  redis.call('RPUSH', KEYS[3], ARGV[index])
end
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return 1
