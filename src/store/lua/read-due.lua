-- includes: shared/now.lua
--
-- The entries of a sorted set by time that are due, and those that are due later than anything can be: a replica whose
-- clock was wrong, or an older version of this service, has put them there.
--
-- KEYS[1] entries by when they are due
-- ARGV[1] how far ahead, in milliseconds, an entry may be due, ARGV[2] how many of each
-- Returns {entry, when it is due, entry, when, ...}.

local now = now_ms()
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local impossible =
  redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now + ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for index = 1, #impossible do due[#due + 1] = impossible[index] end
return due
