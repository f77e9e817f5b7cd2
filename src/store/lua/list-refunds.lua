-- One page of a payment's refunds, oldest first. A number whose refund was undone is passed over.
--
-- KEYS[1] payment, ARGV[1] the number to begin with, ARGV[2] how many
-- Returns {next number or '', id, refund, id, refund, ...}.

local number, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local ledger = decode_ledger(redis.call('HGET', payment_key, 'ledger'))
local page = { '' }
if not ledger then return page end

local now = now_ms()
while number <= ledger.last_number do
  if (#page - 1) / 2 == limit then
    page[1] = string.format('%.0f', number)
    break
  end
  local id = number == 1 and ledger.first or redis.call('HGET', payment_key, number)
  local refund = id and read_refund(id)
  if refund then
    expire_lease(ledger, refund, now)
    page[#page + 1] = id
    page[#page + 1] = refund_text(refund)
  end
  number = number + 1
end
return page
