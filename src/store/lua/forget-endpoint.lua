-- includes: shared/now.lua
--
-- Forgets an endpoint that no replica has met for long. Asked and forgotten in one step: a replica that still has it, or
-- has it again, meets it every minute.
--
-- KEYS[1] endpoints by name
-- ARGV[1] its name, ARGV[2] for how long nobody may have met it, in milliseconds
-- Returns whether it was forgotten: 1 or 0.

local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text or now_ms() - cjson.decode(text).seen <= tonumber(ARGV[2]) then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
