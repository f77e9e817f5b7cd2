-- includes: shared/now.lua
--
-- Remembers an endpoint that events go to: since when, that it was just met, and what its host leads to. That is kept as
-- it was found first, for as long as the endpoint has that host.
--
-- KEYS[1] endpoints by name
-- ARGV[1] its name, ARGV[2] its host, ARGV[3] what that was found to lead to, or '', ARGV[4] for how long whoever meets it
-- has known it, in milliseconds: the store may have been away when it was configured
-- Returns {since in milliseconds, what the host leads to, or ''}.

local now = now_ms()
local text = redis.call('HGET', KEYS[1], ARGV[1])
local known = text and cjson.decode(text) or {since = now - ARGV[4], host = ARGV[2], reach = ''}
if known.host ~= ARGV[2] then
  known.host = ARGV[2]
  known.reach = ''
end
if known.reach == '' then known.reach = ARGV[3] end
known.seen = now
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(known))
return {string.format('%.0f', known.since), known.reach}
