-- includes: shared/now.lua
--
-- Notices that this store is older than what somebody remembers of it, and else raises its mark, which shows later
-- that it had come this far. Sent twice, it raises twice. Where the past is lost it raises nothing, and keeps that
-- instead, so that a process which remembers nothing refuses with the others until an operator accepts the loss.
--
-- An instance's own score is the highest mark that it has raised; nobody else writes it. A memory is an instance and
-- such a mark: it is contradicted by a lower score, whatever others have raised the store's mark to meanwhile.
--
-- KEYS[1] mark, KEYS[2] scores of the instances, KEYS[3] store id
-- ARGV[1] the id it must have, ARGV[2] who asks, ARGV[3] 'raise', 'compare' (raise nothing) or 'look' (write nothing),
-- ARGV[4] and on the memories: instance, mark
-- Returns {'raised' | 'fine', mark}, {'gone_back', as it was at, what is remembered} or {'other_store'}.

-- How many instances are told apart. Of those that raised it last, half stay; what was before is `void_until`.
local MOST_INSTANCES = 1000

local id = string.match(redis.call('GET', KEYS[3]) or '', '^%S+')
if id ~= ARGV[1] then return { 'other_store' } end
local instance, purpose = ARGV[2], ARGV[3]

local found = redis.call('HMGET', KEYS[1], 'mark', 'void_until', 'lost', 'lost_since')
local mark, void_until = tonumber(found[1] or 0), tonumber(found[2] or 0)
local lost, lost_since, is_news = tonumber(found[3] or 0), tonumber(found[4] or 0), false

local function text(number) return string.format('%.0f', number) end

for index = 4, #ARGV, 2 do
  local remembered = tonumber(ARGV[index + 1])
  local score = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[index]) or 0)
  if remembered > void_until and score < remembered then
    local since = math.min(score > 0 and score or mark, remembered)
    if lost == 0 or since < lost_since then lost_since, is_news = since, true end
    if remembered > lost then lost, is_news = remembered, true end
  end
end

if lost > 0 then
  if is_news and purpose ~= 'look' then
    redis.call('HSET', KEYS[1], 'lost', text(lost), 'lost_since', text(lost_since))
  end
  return { 'gone_back', text(lost_since), text(lost) }
end
if purpose ~= 'raise' then return { 'fine', text(mark) } end

-- Rises also where Redis's clock went back.
mark = math.max(mark + 1, now_ms())
redis.call('HSET', KEYS[1], 'mark', text(mark))
redis.call('ZADD', KEYS[2], text(mark), instance)

if redis.call('ZCARD', KEYS[2]) > MOST_INSTANCES then
  local oldest = redis.call('ZRANGE', KEYS[2], 0, MOST_INSTANCES / 2 - 1, 'WITHSCORES')
  for index = 1, #oldest, 2 do redis.call('ZREM', KEYS[2], oldest[index]) end
  redis.call('HSET', KEYS[1], 'void_until', text(math.max(void_until, tonumber(oldest[#oldest]))))
end
return { 'raised', text(mark) }
