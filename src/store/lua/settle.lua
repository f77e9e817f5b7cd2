-- Records what became of a refund; ledger and refund change together. Sent twice, it changes nothing more.
-- An answer that contradicts what stands changes nothing but the refund's history.
--
-- KEYS[1] payment
-- Returns {'settled' | 'conflict', id, refund}, or {'lost'} where the payment does not know the refund any more.

local id, attempt, status, booked = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]) -- booked nil: what was asked
local source, json, retention_ms = ARGV[5], ARGV[6], ARGV[7] -- source: provider, lookup or operator

local ledger, refund, unsettled = read(id)
if not refund then return { 'lost' } end
if refund.attempt ~= attempt then return { 'conflict', id, refund_text(refund) } end

local now = now_ms()
local is_sent_twice = refund.status == status and refund.json == json
if is_sent_twice then return { 'settled', id, refund_text(refund) } end

if source == 'operator' then
  -- A person settles what is unknown, and never overrules a process that is still at work.
  expire_lease(ledger, refund, now)
  if refund.status ~= 'unknown' then return { 'conflict', id, refund_text(refund) } end
elseif refund.status == 'succeeded' or refund.status == 'failed' then
  if refund.status == status then return { 'settled', id, refund_text(refund) } end
  if status ~= 'unknown' and not string.find(refund.history, 'conflict:' .. status, 1, true) then
    remember(refund, 'conflict', status, now)
    write_refund(refund)
    save()
  end
  return { 'conflict', id, refund_text(refund) }
end

count(ledger, refund, -1)
if status == 'unknown' and refund.status == 'processing' then remember(refund, 'unknown', source, now) end
refund.status, refund.updated_at, refund.lease_until, refund.json = status, now, 0, json
local asked, asked_tax_free = refund.amount, refund.tax_free
refund.amount, refund.tax_free = booked or asked, math.min(asked_tax_free, booked or asked)
count(ledger, refund, 1)
refund.amount, refund.tax_free = asked, asked_tax_free -- the refund keeps what was asked

write_ledger(ledger)
local text = write_refund(refund)
if status ~= 'unknown' then leave_unsettled(unsettled, id, retention_ms) end
save()
return { 'settled', id, text }
