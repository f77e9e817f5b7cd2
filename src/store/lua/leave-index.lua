-- Takes an entry out of its shard's index, wherever it is there.
--
-- KEYS[1] to KEYS[3] as in index-unknown.lua, ARGV[1] entry

local left = 0
for index = 1, 3 do left = left + redis.call('ZREM', KEYS[index], ARGV[1]) end
return left
