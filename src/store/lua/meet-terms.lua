-- Compares what a store was written with to what a gateway would write with: one of its secrets must be known there,
-- and callers must have had names, or none, as now. The first gateway that is ready sets the terms; the newest secret
-- of a later one joins them once an older one of its own is known.
--
-- KEYS[1] terms: a hash of `callers` and of each secret's proof
-- ARGV[1] '1' where it may write, ARGV[2] 'open' or 'keys', ARGV[3] and on a proof of each secret,
-- newest first
-- Returns {'met'}, {'set'} by the first one, or {'broken', 'callers' and 'secrets' or one of them}.

local may_write, callers, newest = ARGV[1] == '1', ARGV[2], ARGV[3]

local written_by = redis.call('HGET', KEYS[1], 'callers')
if not written_by then
  if may_write then redis.call('HSET', KEYS[1], 'callers', callers, newest, '1') end
  return { 'set' }
end

local is_known = false
for index = 3, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[index]) then is_known = true end
end
local broken = { 'broken' }
if written_by ~= callers then broken[#broken + 1] = 'callers' end
if not is_known then broken[#broken + 1] = 'secrets' end
if #broken > 1 then return broken end

if may_write and not redis.call('HGET', KEYS[1], newest) then redis.call('HSET', KEYS[1], newest, '1') end
return { 'met' }
