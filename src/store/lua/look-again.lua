-- includes: shared/now.lua
--
-- An entry is due again after a while, unless it was taken out meanwhile: its refund was settled.
--
-- KEYS[1] entries by when they are due
-- ARGV[1] entry, ARGV[2] in how many milliseconds
-- Returns 0: an entry that is there is moved, and none is added.

return redis.call('ZADD', KEYS[1], 'XX', now_ms() + ARGV[2], ARGV[1])
