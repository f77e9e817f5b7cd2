-- Deletes a claim or a lock, if its first word still is the token of who made it.
--
-- KEYS[1] claim or lock
-- ARGV[1] token
-- Returns 1, or 0 where it is another's or gone.

local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return 0 end
return redis.call('DEL', KEYS[1])
