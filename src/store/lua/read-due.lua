-- The entries of a sorted set by time that are due, and those that are due later than anything can be: a replica whose
-- clock was wrong, or an older version of this service, has put them there.
--
-- KEYS[1] entries by when they are due, ARGV[1] how far ahead, in milliseconds, an entry may be due, ARGV[2] how many
-- Returns {entry, when it is due, entry, when, ...}.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local impossible =
  redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now + ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for index = 1, #impossible do due[#due + 1] = impossible[index] end
return due
