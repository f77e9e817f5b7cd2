-- A refund that was not made does not count any more. Sent twice, it changes nothing more, nor where nothing was taken.
--
-- KEYS[1] allowance (take-allowance.lua)
-- ARGV[1] attempt
-- Returns 1 where something was given back, 0 where there was nothing.

local attempt = ARGV[1]
local found = redis.call('HMGET', KEYS[1], 'amount', 'refunds', attempt)
local own = tonumber(found[3] or nil)
if not own then return 0 end

local amount, refunds = tonumber(found[1]) - own, tonumber(found[2]) - 1
if refunds == 0 then
  redis.call('DEL', KEYS[1]) -- nothing counts, so nothing can be given back either
else
  redis.call('HSET', KEYS[1], 'amount', string.format('%.0f', amount), 'refunds', string.format('%.0f', refunds))
  redis.call('HDEL', KEYS[1], attempt)
end
return 1
