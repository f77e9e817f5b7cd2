-- includes: shared/now.lua
--
-- What every script on a payment shares: how the payment and its refunds are written, and what the ledger counts.
--
-- KEYS[1] is the payment's hash. Its fields:
--   ledger      the numbers of LEDGER, in that order, divided by spaces; then those of RARE, unless all are 0
--   unsettled   the ids of its `processing`, `unknown`, `awaiting_deposit` and `disputed` refunds, divided by spaces; absent
--               when there are none
--   <id>        a refund: the members of REFUND, then a JSON text that scripts pass on unread, but for its reference
--               (shared/duplicates.lua); while it is disputed, the JSON of the answer that disputes it follows on a line
--               of its own; last, on a line that begins with DEPOSIT, the token of the asking for a deposit and the JSON
--               of that deposit, if one was ever asked for
--   <number>    the id of the payment's nth refund, for listing; that of the first is in the ledger
--   verified    when the provider was asked for amount and method of the ledger, in milliseconds since 1970; or absent
-- and those of shared/duplicates.lua. A store that an older version has written lacks what is in no field of it. Such a
-- version cannot read a ledger with RARE: its scripts fail, so that it answers 503 and begins nothing beside those sums.
--
-- Amounts are integers of KRW below 10^10, and so are exact in Lua's doubles.

local payment_key = KEYS[1]

local LEDGER = {
  'method', 'amount', 'tax_free', -- what was paid; tax_free is '-' where it is not known
  'refunded', 'refunded_tax_free', 'in_flight', 'in_flight_tax_free', 'unknown', 'unknown_tax_free',
  'disputed', 'disputed_tax_free', -- failed, and an answer says otherwise: refunded, until a person clears it
  'standing', -- how many refunds are not `failed`
  'last_number', 'first', -- how many refunds it had; the id of the first, mostly the only one
}
-- What hardly any payment has: it takes no room where it is not, and an older version reads the line as its own.
local RARE = {
  'awaiting_deposit', 'awaiting_deposit_tax_free', -- refunds that take place once the merchant has paid a deposit
  'outside', 'outside_tax_free', -- refunded outside of the gateway, as a person has booked it
}
local REFUND = {
  'status', 'kind', 'attempt', -- of these and of `method` no word is a number, whatever it looks like
  'number', 'amount', 'tax_free', 'lease_until', 'created_at', 'updated_at',
  'booked', -- what the ledger counts for it; '-' where that is `amount`, what was asked
  'history', -- what happened between the intent and the outcome: events, divided by commas; '-' when nothing
}
local TEXT = { method = true, first = true, status = true, kind = true, attempt = true, history = true }

-- What a refund's deposit follows on. No JSON has it: there a line feed is escaped.
local DEPOSIT = '\ndeposit '

-- Where the ledger counts a refund of each status; a failed one counts nowhere.
local SUM_OF = {
  processing = 'in_flight', unknown = 'unknown', succeeded = 'refunded', awaiting_deposit = 'awaiting_deposit',
  disputed = 'disputed',
}

local LEDGER_WORDS = '^' .. string.rep('(%S+) ', #LEDGER - 1) .. '(%S+)(.*)$'
local REFUND_WORDS = '^' .. string.rep('(%S+) ', #REFUND) .. '(.*)$'

-- Returns the words by their names, and what follows them.
local function words(text, pattern, names)
  local found, read = { string.match(text, pattern) }, {}
  for index = 1, #names do
    local name, word = names[index], found[index]
    read[name] = not TEXT[name] and tonumber(word) or word
  end
  return read, found[#names + 1]
end

-- Lua writes whole numbers of up to 14 digits as they are; a time has 13, an amount at most 10.
local function line(values, names)
  local written = {}
  for index = 1, #names do written[index] = values[names[index]] end
  return table.concat(written, ' ')
end

local function decode_ledger(text)
  if not text then return nil end
  local ledger, rest = words(text, LEDGER_WORDS, LEDGER)
  local next_word = string.gmatch(rest, '%S+')
  for index = 1, #RARE do ledger[RARE[index]] = tonumber(next_word() or 0) end
  return ledger
end

local function ledger_text(ledger)
  local text = line(ledger, LEDGER)
  for index = 1, #RARE do
    if ledger[RARE[index]] ~= 0 then return text .. ' ' .. line(ledger, RARE) end
  end
  return text
end

-- How much of the payment is refunded, or may be, by whatever has been done with it; and the tax-free part of that.
local function used_of(ledger)
  local used = ledger.refunded + ledger.in_flight + ledger.unknown + ledger.awaiting_deposit + ledger.disputed
    + ledger.outside
  local used_tax_free = ledger.refunded_tax_free + ledger.in_flight_tax_free + ledger.unknown_tax_free
    + ledger.awaiting_deposit_tax_free + ledger.disputed_tax_free + ledger.outside_tax_free
  return used, used_tax_free
end

-- The same of what is so for certain.
local function certain_of(ledger)
  return ledger.refunded + ledger.outside, ledger.refunded_tax_free + ledger.outside_tax_free
end

-- Whether something stands against what was paid, so that it cannot be stated otherwise.
local function is_standing(ledger)
  return ledger.standing > 0 or ledger.outside ~= 0
end

local function decode_refund(id, text)
  if not text then return nil end
  local refund, json = words(text, REFUND_WORDS, REFUND)
  local deposit_at = string.find(json, DEPOSIT, 1, true)
  refund.id, refund.json = id, deposit_at and string.sub(json, 1, deposit_at - 1) or json
  refund.deposit = deposit_at and string.sub(json, deposit_at) or ''
  return refund
end

-- Returns the ledger, the refund, the ids that are unsettled, divided by spaces, and what is in the other field that is
-- named, if one is; nil for each that is not there.
local function read(id, ...)
  local found = redis.call('HMGET', payment_key, 'ledger', id, 'unsettled', ...)
  return decode_ledger(found[1]), decode_refund(id, found[2]), found[3] or nil, found[4] or nil
end

local function read_refund(id)
  return decode_refund(id, redis.call('HGET', payment_key, id))
end

-- What is to be written, as fields and values, so that it is written together.
local written = {}

local function write(field, value)
  written[#written + 1] = field
  written[#written + 1] = value
end

local function write_ledger(ledger)
  write('ledger', ledger_text(ledger))
end

local function refund_text(refund)
  return line(refund, REFUND) .. ' ' .. refund.json .. (refund.deposit or '')
end

-- Returns the refund's text.
local function write_refund(refund)
  local text = refund_text(refund)
  write(refund.id, text)
  return text
end

local function save()
  if #written > 0 then redis.call('HSET', payment_key, unpack(written)) end
  written = {}
end

-- Appends what happened, as event:cause@time. Bounded, since a provider may contradict itself for ever. Returns
-- whether it was appended.
local function remember(refund, event, cause, now)
  local entry = string.format('%s:%s@%.0f', event, cause, now)
  if refund.history == '-' then
    refund.history = entry
  elseif #refund.history < 500 then
    refund.history = refund.history .. ',' .. entry
  else
    return false
  end
  return true
end

local function remembers(refund, event, cause)
  return string.find(refund.history, event .. ':' .. cause .. '@', 1, true) ~= nil
end

-- The token by which the last asking for a deposit knows its own, or nil.
local function deposit_token(refund)
  return string.match(refund.deposit, '^' .. DEPOSIT .. '(%S+)')
end

local function set_deposit(refund, token, json)
  refund.deposit = token == '' and '' or DEPOSIT .. token .. ' ' .. json
end

-- `cause`: since when it had failed, or that it is asked for again.
local function ask_for_deposit(refund, token, json, cause, now)
  set_deposit(refund, token, json)
  remember(refund, 'awaiting_deposit', cause, now)
  refund.updated_at = now
end

-- What ask_for_deposit() remembered last.
local function forget_asking(refund)
  local before = string.match(refund.history, '^(.*)awaiting_deposit:%w+@%d+$')
  if before then refund.history = before == '' and '-' or string.sub(before, 1, -2) end
end

-- No id is part of another: all are equally long.
local function without(ids, id)
  local first, last = string.find(ids, id, 1, true)
  if not first then return ids end
  local before, after = string.sub(ids, 1, first - 1), string.sub(ids, last + 2)
  return after == '' and string.sub(before, 1, -2) or before .. after
end

-- What the ledger counts for the refund.
local function booked_of(refund)
  return refund.booked == '-' and refund.amount or refund.booked
end

local function book(refund, amount)
  refund.booked = amount == refund.amount and '-' or amount
end

-- Adds (sign 1) or takes away (sign -1) an amount that a refund of this status counts with.
local function count(ledger, status, amount, tax_free, sign)
  local sum = SUM_OF[status]
  if not sum then return end
  ledger[sum] = ledger[sum] + sign * amount
  ledger[sum .. '_tax_free'] = ledger[sum .. '_tax_free'] + sign * math.min(tax_free, amount)
  ledger.standing = ledger.standing + sign
end

-- The same of what is booked for a refund.
local function count_refund(ledger, refund, sign)
  count(ledger, refund.status, booked_of(refund), refund.tax_free, sign)
end

local function enter_unsettled(unsettled, id)
  write('unsettled', unsettled and unsettled .. ' ' .. id or id)
end

-- Writes a new refund, and what the ledger counts for it. Returns the refund's text.
local function enter(ledger, refund, unsettled)
  ledger.last_number = ledger.last_number + 1
  refund.number, refund.booked = ledger.last_number, '-'
  count_refund(ledger, refund, 1)
  if refund.number == 1 then ledger.first = refund.id else write(refund.number, refund.id) end
  write_ledger(ledger)
  local text = write_refund(refund)
  enter_unsettled(unsettled, refund.id)
  save()
  if refund.number > 1 and not unsettled then redis.call('PERSIST', payment_key) end
  return text
end

-- A refund leaves the unsettled ones; with the last of them the payment is given its retention. Comes before save():
-- Redis lets a script that has begun to write go on, so an outcome is stored although memory is full.
local function leave_unsettled(unsettled, id, retention_ms)
  local others = without(unsettled or '', id)
  if others ~= '' then
    write('unsettled', others)
  else
    redis.call('HDEL', payment_key, 'unsettled')
    redis.call('PEXPIRE', payment_key, retention_ms)
  end
end

-- The process that sent the call has died, and nobody will hear its answer: the outcome is unknown. Returns whether
-- that is so. Writes nothing.
local function end_lease(ledger, refund, now)
  if refund.status ~= 'processing' or now < refund.lease_until then return false end
  count_refund(ledger, refund, -1)
  refund.status, refund.updated_at = 'unknown', now
  remember(refund, 'unknown', 'lease', now)
  count_refund(ledger, refund, 1)
  return true
end

-- The same, written.
local function expire_lease(ledger, refund, now)
  if not end_lease(ledger, refund, now) then return end
  write_refund(refund)
  write_ledger(ledger)
  save()
end
