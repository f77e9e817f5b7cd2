-- Gives the claim that a request joins as long again as a new one has, if it still is that claim.
--
-- KEYS[1] claim
-- ARGV[1] its token, ARGV[2] for how long, in milliseconds
-- Returns 1, or 0 where it is another claim or none.

local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return 0 end
if redis.call('PTTL', KEYS[1]) >= 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
