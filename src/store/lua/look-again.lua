-- includes: shared/now.lua
--
-- An entry is due again after a while, unless it was taken out meanwhile, since its refund was settled, or is due
-- otherwise, since that is about to be settled.
--
-- KEYS[1] entries by when they are due
-- ARGV[1] entry, ARGV[2] in how many milliseconds, ARGV[3] by when it is due as far as is known, or ''
-- Returns 0: an entry that is there is moved, and none is added.

local due = tonumber(ARGV[3])
if due and due ~= tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or nil) then return 0 end
return redis.call('ZADD', KEYS[1], 'XX', now_ms() + ARGV[2], ARGV[1])
