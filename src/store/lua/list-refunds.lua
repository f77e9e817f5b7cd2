-- includes: shared/ledger.lua
--
-- One page of a payment's refunds, oldest first, and the payment's ledger at the same moment. A number whose refund
-- was undone is passed over.
--
-- KEYS[1] payment
-- ARGV[1] the number to begin with, ARGV[2] how many
-- Returns {next number or '', the ledger's text or '', when it was verified or '', its bookings (book-outside.lua) or '',
--      id, refund, id, refund, ...}.

local number, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = redis.call('HMGET', payment_key, 'ledger', 'unsettled', 'verified', 'bookings')
local ledger, unsettled = decode_ledger(found[1]), found[2]
if not ledger then return { '', '', '', '' } end

local now = now_ms()
for id in string.gmatch(unsettled or '', '%S+') do expire_lease(ledger, read_refund(id), now) end
local page = { '', ledger_text(ledger), found[3] or '', found[4] or '' }
while number <= ledger.last_number do
  if (#page - 4) / 2 == limit then
    page[1] = string.format('%.0f', number)
    break
  end
  local id = number == 1 and ledger.first or redis.call('HGET', payment_key, number)
  local refund = id and read_refund(id)
  if refund then
    page[#page + 1] = id
    page[#page + 1] = refund_text(refund)
  end
  number = number + 1
end
return page
