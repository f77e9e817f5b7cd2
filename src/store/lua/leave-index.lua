-- Takes an entry out of its shard's index, wherever it is there.
--
-- KEYS[1] in flight, KEYS[2] unknown and KEYS[3] awaiting a deposit by when they were asked for, KEYS[4] both by when they
-- are looked up
-- ARGV[1] entry
-- Returns in how many of the four it was.

local left = 0
for index = 1, 4 do left = left + redis.call('ZREM', KEYS[index], ARGV[1]) end
return left
