-- Takes the unsettled refunds of a shard that are due, for this replica to look at: for a while, no other gets them.
--
-- KEYS[1] the shard's index, ARGV[1] how long they are kept from others, in milliseconds, ARGV[2] how many at most
-- Returns their entries.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local entries = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
for _, entry in ipairs(entries) do redis.call('ZADD', KEYS[1], 'XX', now + ARGV[1], entry) end
return entries
