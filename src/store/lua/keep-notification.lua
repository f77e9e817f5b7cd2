-- includes: shared/now.lua
--
-- Keeps a notification with its payment, once however often it comes. Bounded: beyond that the oldest is dropped, which can
-- only leave more of what the others mean open (src/refunds/rules/match-notifications.ts).
--
-- KEYS[1] notifications of a payment: a hash of JSON texts, by what tells one from another; each text begins with when it
-- came, in milliseconds since 1970, and a space
-- ARGV[1] what tells it from the others, ARGV[2] its JSON, ARGV[3] how many are kept, ARGV[4] for how long, in milliseconds
-- Returns 1, or 0 where it was there.

local is_new = redis.call('HSETNX', KEYS[1], ARGV[1], string.format('%.0f ', now_ms()) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if is_new == 1 and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then
  local kept = redis.call('HGETALL', KEYS[1])
  local oldest, oldest_at
  for index = 1, #kept, 2 do
    local at = tonumber(string.match(kept[index + 1], '^%d+'))
    if kept[index] ~= ARGV[1] and (not oldest_at or at < oldest_at) then oldest, oldest_at = kept[index], at end
  end
  redis.call('HDEL', KEYS[1], oldest)
end
return is_new
