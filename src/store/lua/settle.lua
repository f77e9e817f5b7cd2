-- Records what became of a refund; ledger and refund change together. Sent twice, it changes nothing more.
-- An answer that contradicts what stands changes nothing but the refund's history.
--
-- KEYS[1] payment
-- Returns {'settled' | 'conflict', id, refund}, or {'lost'} where the payment does not know the refund any more.

local id, attempt, status, booked = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]) -- booked nil: what was asked
local source, json, retention_ms = ARGV[5], ARGV[6], ARGV[7] -- source: provider, lookup or operator

local refund = read_refund(id)
if not refund then return { 'lost' } end
if refund.attempt ~= attempt then return reply('conflict', id) end

local now = now_ms()
local ledger = read_ledger()
local is_sent_twice = refund.status == status and refund.json == json
if is_sent_twice then return reply('settled', id) end

if source == 'operator' then
  -- A person settles what is unknown, and never overrules a process that is still at work.
  expire_lease(ledger, refund, now)
  if refund.status ~= 'unknown' then return reply('conflict', id) end
elseif refund.status == 'succeeded' or refund.status == 'failed' then
  if refund.status == status then return reply('settled', id) end
  if status ~= 'unknown' and not string.find(refund.history, 'conflict:' .. status, 1, true) then
    remember(refund, 'conflict', status, now)
    write_refund(refund)
  end
  return reply('conflict', id)
end

count(ledger, refund, -1)
if status == 'unknown' and refund.status == 'processing' then remember(refund, 'unknown', source, now) end
refund.status, refund.updated_at, refund.lease_until, refund.json = status, now, 0, json
local asked, asked_tax_free = refund.amount, refund.tax_free
refund.amount, refund.tax_free = booked or asked, math.min(asked_tax_free, booked or asked)
count(ledger, refund, 1)
refund.amount, refund.tax_free = asked, asked_tax_free -- the refund keeps what was asked

write_ledger(ledger)
write_refund(refund)
if status ~= 'unknown' then remove_unsettled(id) end
set_expiry(retention_ms)
return reply('settled', id)
