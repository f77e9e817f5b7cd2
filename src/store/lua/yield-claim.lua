-- Puts the claim of the refund that stands in the place of one that was refused beside it, if it still is that one.
--
-- KEYS[1] claim
-- ARGV[1] token of the refused one, ARGV[2] the claim of the refund that stands
-- Returns 1, or 0 where it is another claim or none.

local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
