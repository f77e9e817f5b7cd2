-- What every script on a payment shares; store/scripts.ts puts it in front of each.
--
-- KEYS[1] is the payment's hash. Its fields:
--   ledger      the numbers of LEDGER, in that order, divided by spaces
--   unsettled   the ids of its `processing` and `unknown` refunds, divided by spaces; absent when there are none
--   <id>        a refund: the members of REFUND, then a JSON text that scripts pass on unread
--   <number>    the id of the payment's nth refund, for listing
--
-- Amounts are integers of KRW below 10^10, and so are exact in Lua's doubles.

local payment_key = KEYS[1]

local LEDGER = {
  'method', 'amount', 'tax_free', -- what was paid; tax_free is '-' where it is not known
  'refunded', 'refunded_tax_free', 'in_flight', 'in_flight_tax_free', 'unknown', 'unknown_tax_free',
  'standing', -- how many refunds are not `failed`
  'last_number',
}
local REFUND = {
  'status', 'kind', 'attempt', -- of these and of `method` no word is a number, whatever it looks like
  'number', 'amount', 'tax_free', 'lease_until', 'created_at', 'updated_at',
  'history', -- what happened between the intent and the outcome: events, divided by commas; '-' when nothing
}
local TEXT = { method = true, status = true, kind = true, attempt = true, history = true }

-- Where the ledger counts a refund of each status; a failed one counts nowhere.
local SUM_OF = { processing = 'in_flight', unknown = 'unknown', succeeded = 'refunded' }

local function words(text, names)
  local read, position = {}, 1
  for index = 1, #names do
    local stop = string.find(text, ' ', position, true) or #text + 1
    local word = string.sub(text, position, stop - 1)
    read[names[index]] = not TEXT[names[index]] and tonumber(word) or word
    position = stop + 1
  end
  return read, string.sub(text, position)
end

local function line(values, names)
  local written = {}
  for index = 1, #names do
    local value = values[names[index]]
    written[index] = type(value) == 'number' and string.format('%.0f', value) or value
  end
  return table.concat(written, ' ')
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function read_ledger()
  local text = redis.call('HGET', payment_key, 'ledger')
  return text and words(text, LEDGER) or nil
end

local function write_ledger(ledger)
  redis.call('HSET', payment_key, 'ledger', line(ledger, LEDGER))
end

-- Returns the refund, or nil.
local function read_refund(id)
  local text = redis.call('HGET', payment_key, id)
  if not text then return nil end
  local refund, json = words(text, REFUND)
  refund.id, refund.json = id, json
  return refund
end

local function write_refund(refund)
  redis.call('HSET', payment_key, refund.id, line(refund, REFUND) .. ' ' .. refund.json)
end

-- Appends what happened, as event:cause@time. Bounded, since a provider may contradict itself for ever.
local function remember(refund, event, cause, now)
  local entry = string.format('%s:%s@%.0f', event, cause, now)
  if refund.history == '-' then
    refund.history = entry
  elseif #refund.history < 500 then
    refund.history = refund.history .. ',' .. entry
  end
end

-- A refund as the caller of a script gets it: its id and its text.
local function reply(result, id)
  return { result, id, redis.call('HGET', payment_key, id) }
end

local function unsettled_ids()
  local ids = {}
  for id in string.gmatch(redis.call('HGET', payment_key, 'unsettled') or '', '%S+') do ids[#ids + 1] = id end
  return ids
end

local function write_unsettled(ids)
  if #ids == 0 then
    redis.call('HDEL', payment_key, 'unsettled')
  else
    redis.call('HSET', payment_key, 'unsettled', table.concat(ids, ' '))
  end
end

local function add_unsettled(id)
  local ids = unsettled_ids()
  ids[#ids + 1] = id
  write_unsettled(ids)
end

local function remove_unsettled(id)
  local kept = {}
  for _, other in ipairs(unsettled_ids()) do
    if other ~= id then kept[#kept + 1] = other end
  end
  write_unsettled(kept)
end

-- Adds (sign 1) or takes away (sign -1) what the ledger counts for the refund in its status.
local function count(ledger, refund, sign)
  local sum = SUM_OF[refund.status]
  if not sum then return end
  ledger[sum] = ledger[sum] + sign * refund.amount
  ledger[sum .. '_tax_free'] = ledger[sum .. '_tax_free'] + sign * refund.tax_free
  ledger.standing = ledger.standing + sign
end

-- A payment with an unsettled refund is kept for ever; any other for the retention after its last change.
local function set_expiry(retention_ms)
  if redis.call('HEXISTS', payment_key, 'unsettled') == 1 then
    redis.call('PERSIST', payment_key)
  else
    redis.call('PEXPIRE', payment_key, retention_ms)
  end
end

-- Where the process that sent the call died, nobody will hear its answer: the outcome is unknown.
local function expire_lease(ledger, refund, now)
  if refund.status ~= 'processing' or now < refund.lease_until then return end
  count(ledger, refund, -1)
  refund.status, refund.updated_at = 'unknown', now
  remember(refund, 'unknown', 'lease', now)
  count(ledger, refund, 1)
  write_refund(refund)
  write_ledger(ledger)
end
