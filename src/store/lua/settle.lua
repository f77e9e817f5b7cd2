-- Records what became of a refund; ledger and refund change together. Sent twice, it changes nothing more.
--
-- KEYS[1] payment
-- Returns {'settled' | 'conflict', id, refund}, or {'lost'} where the payment does not know the refund any more.

local id, attempt, status, booked = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]) -- booked nil: what was asked
local json, retention_ms = ARGV[5], ARGV[6]

local refund = read_refund(id)
if not refund then return { 'lost' } end

if refund.attempt ~= attempt then return reply('conflict', id) end
if refund.status ~= 'processing' and refund.status ~= 'unknown' then
  return reply(refund.status == status and 'settled' or 'conflict', id)
end

local ledger = read_ledger()
count(ledger, refund, -1)
refund.status, refund.updated_at, refund.lease_until, refund.json = status, now_ms(), 0, json
local asked, asked_tax_free = refund.amount, refund.tax_free
refund.amount, refund.tax_free = booked or asked, math.min(asked_tax_free, booked or asked)
count(ledger, refund, 1)
refund.amount, refund.tax_free = asked, asked_tax_free -- the refund keeps what was asked

write_ledger(ledger)
write_refund(refund)
if status ~= 'unknown' then remove_unsettled(id) end
set_expiry(retention_ms)
return reply('settled', id)
