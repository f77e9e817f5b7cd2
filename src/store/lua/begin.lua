-- The one place where money is reserved: decides on a refund against everything that was done with the
-- payment, and writes it as `processing`. Sent twice, it finds its own attempt and renews its lease.
--
-- KEYS[1] payment, KEYS[2] mark of a claim that was given up
-- Returns {'begun' | 'exists' | 'refund_unresolved', id, refund}, {'amount_exceeds_remaining', remaining}
--      or {'claim_abandoned' | 'payment_mismatch' | 'partial_not_allowed' | 'tax_free_exceeds_amount'}.
-- A refusal gives the claim up in the same step: see release.lua.

local abandoned_key = KEYS[2]
local id, attempt, lease_ms, mark_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local method, paid, paid_tax_free = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]) or '-'
local amount, tax_free = tonumber(ARGV[8]), tonumber(ARGV[9]) -- nil: everything that remains; not stated
local partial_allowed, created_at, json = ARGV[10] == '1', tonumber(ARGV[11]), ARGV[12]

local now = now_ms()
local ledger, existing, unsettled = read(id)
if existing then
  if existing.attempt == attempt and existing.status == 'processing' then
    existing.lease_until = now + lease_ms
    local text = write_refund(existing)
    save()
    return { 'begun', id, text }
  end
  expire_lease(ledger, existing, now)
  return { 'exists', id, refund_text(existing) }
end
if redis.call('EXISTS', abandoned_key) == 1 then return { 'claim_abandoned' } end

local function refuse(...)
  redis.call('SET', abandoned_key, '', 'PX', mark_ms)
  return { ... }
end

local is_known = ledger ~= nil
if not ledger or ledger.standing == 0 then
  ledger = ledger or { last_number = 0, first = '-' }
  for _, name in ipairs(LEDGER) do
    if name ~= 'last_number' and name ~= 'first' then ledger[name] = 0 end
  end
  ledger.method, ledger.amount, ledger.tax_free = method, paid, paid_tax_free
elseif ledger.method ~= method or ledger.amount ~= paid or ledger.tax_free ~= paid_tax_free then
  return refuse('payment_mismatch')
end

local asks_for_everything = not amount or amount == paid
if asks_for_everything and unsettled then
  refuse()
  local other = read_refund(string.match(unsettled, '%S+'))
  expire_lease(ledger, other, now)
  return { 'refund_unresolved', other.id, refund_text(other) }
end

local remaining = math.max(0, ledger.amount - ledger.refunded - ledger.in_flight - ledger.unknown)
amount = amount or remaining
if remaining == 0 or amount > remaining then
  return refuse('amount_exceeds_remaining', string.format('%.0f', remaining))
end

local kind = 'partial'
if ledger.standing == 0 and amount == paid then kind = 'full' end
if kind == 'partial' and not partial_allowed then return refuse('partial_not_allowed') end

-- The refund's tax-free part. Not stated, it is what the taxable part of the payment does not cover.
if tax_free and tax_free > amount then return refuse('tax_free_exceeds_amount') end
if ledger.tax_free == '-' then
  tax_free = tax_free or 0
else
  local used_tax_free = ledger.refunded_tax_free + ledger.in_flight_tax_free + ledger.unknown_tax_free
  local used = ledger.refunded + ledger.in_flight + ledger.unknown
  local remaining_tax_free = ledger.tax_free - used_tax_free
  local remaining_taxable = math.max(0, (ledger.amount - ledger.tax_free) - (used - used_tax_free))
  tax_free = tax_free or math.max(0, amount - remaining_taxable)
  if tax_free > remaining_tax_free or amount - tax_free > remaining_taxable then
    return refuse('tax_free_exceeds_amount')
  end
end

ledger.last_number = ledger.last_number + 1
local refund = {
  id = id, status = 'processing', kind = kind, attempt = attempt,
  number = ledger.last_number, amount = amount, tax_free = tax_free,
  lease_until = now + lease_ms, created_at = created_at, updated_at = now, history = '-', json = json,
}
count(ledger, refund, 1)
if refund.number == 1 then ledger.first = id else write(refund.number, id) end
write_ledger(ledger)
local text = write_refund(refund)
write('unsettled', unsettled and unsettled .. ' ' .. id or id)
save()
if is_known and not unsettled then redis.call('PERSIST', payment_key) end
return { 'begun', id, text }
