-- Gives a claim an expiry once its refund is settled, or was never begun, if it still is a claim for that payment: by
-- now its key may carry a refund of another one, which is unknown.
--
-- KEYS[1] claim
-- ARGV[1] merchant and tid, divided by a space, ARGV[2] for how long, in milliseconds, ARGV[3] 'NX' where one that has
-- an expiry keeps it, else ''
-- Returns 1, or 0 where it is left as it is.

local value = redis.call('GET', KEYS[1])
local is_for_payment = value and string.match(value, '^%S+ %S+ (.*)$') == ARGV[1]
if not is_for_payment or (ARGV[3] == 'NX' and redis.call('PTTL', KEYS[1]) >= 0) then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
