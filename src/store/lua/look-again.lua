-- An entry is due again after a while, unless it was taken out meanwhile: its refund was settled.
--
-- KEYS[1] entries by when they are due, ARGV[1] entry, ARGV[2] in how many milliseconds

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
