-- includes: shared/now.lua
--
-- Takes unknown refunds of a shard to be looked up by this replica: for a while, no other gets them.
--
-- KEYS[1] entries by when they are due
-- ARGV[1] for how long, ARGV[2] how far ahead one may be due, both in milliseconds, ARGV[3] and on entries
-- Returns those that were still due, and are taken: {entry, by when it is due again, entry, when, ...}.

local now = now_ms()
local taken = {}
for index = 3, #ARGV do
  local due = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[index]) or now + 1)
  if due <= now or due > now + ARGV[2] then
    local again = string.format('%.0f', now + ARGV[1])
    redis.call('ZADD', KEYS[1], again, ARGV[index])
    taken[#taken + 1] = ARGV[index]
    taken[#taken + 1] = again
  end
end
return taken
