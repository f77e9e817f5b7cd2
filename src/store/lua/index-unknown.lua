-- includes: shared/now.lua
--
-- Moves a refund within its shard's index from those in flight to the unknown ones, or to those that await a deposit, in
-- one step, so that it is always in one of the two. One that is there already stays as it is.
--
-- KEYS[1] in flight by when they are due, KEYS[2] unknown, or awaiting a deposit, by when they were asked for, KEYS[3] both
-- by when they are looked up
-- ARGV[1] the entry that was found, ARGV[2] that of an unknown refund, ARGV[3] since when it is due, in milliseconds
-- since 1970, or '' where that is not known, ARGV[4] the entry of the attempt which has begun it
-- Returns how many entries were in flight.

local now = now_ms()
local due = math.min(now, tonumber(ARGV[3]) or now)
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('ZADD', KEYS[3], 'NX', due, ARGV[2])
return redis.call('ZREM', KEYS[1], ARGV[1], ARGV[4])
