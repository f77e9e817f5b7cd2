-- The one place where money is reserved: decides on a refund against everything that was done with the
-- payment, and writes it as `processing`. Sent twice, it finds its own attempt and renews its lease. A renewal finds
-- its own or nothing: what the store has forgotten is not begun anew, since the store knows less than it did.
--
-- KEYS[1] payment, KEYS[2] mark of a claim that was given up
-- Returns {'begun' | 'exists' | 'refund_unresolved', id, refund}, {'amount_exceeds_remaining', remaining}
--      or {'claim_abandoned' | 'payment_mismatch' | 'partial_not_allowed' | 'tax_free_exceeds_amount' | 'lost'}.
-- A refusal gives the claim up in the same step: see release.lua.

local abandoned_key = KEYS[2]
local id, attempt, lease_ms, mark_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local method, paid, paid_tax_free = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]) or '-'
local amount, tax_free = tonumber(ARGV[8]), tonumber(ARGV[9]) -- nil: everything that remains; not stated
local partial_allowed, created_at, json, is_renewal = ARGV[10] == '1', tonumber(ARGV[11]), ARGV[12], ARGV[13] == '1'

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
if is_renewal then return { 'lost' } end
if redis.call('EXISTS', abandoned_key) == 1 then return { 'claim_abandoned' } end

local function refuse(...)
  redis.call('SET', abandoned_key, '', 'PX', mark_ms)
  return { ... }
end

ledger = with_facts(ledger, method, paid, paid_tax_free)
if ledger.method ~= method or ledger.amount ~= paid or ledger.tax_free ~= paid_tax_free then
  return refuse('payment_mismatch')
end

-- The unsettled refund that keeps this one from its place: an unknown or disputed one, else, where any will do, one in
-- flight. Ends the leases that are over, so that the sums say what is unknown.
local function in_the_way(any_will_do)
  local uncertain, in_flight
  for other_id in string.gmatch(unsettled or '', '%S+') do
    local other = read_refund(other_id)
    expire_lease(ledger, other, now)
    if other.status == 'processing' then in_flight = in_flight or other else uncertain = uncertain or other end
  end
  return uncertain or any_will_do and in_flight or nil
end

local function refuse_beside(other)
  return refuse('refund_unresolved', other.id, refund_text(other))
end

local asks_for_everything = not amount or amount == paid
if asks_for_everything and unsettled then return refuse_beside(in_the_way(true)) end

-- Why the refund does not fit beside what is used of the payment; or nil, and its tax-free part: as stated, else what
-- the taxable part of the payment does not cover.
local function misfit(used, used_tax_free)
  local remaining = math.max(0, ledger.amount - used)
  if remaining == 0 or amount > remaining then return 'amount_exceeds_remaining' end
  if tax_free and tax_free > amount then return 'tax_free_exceeds_amount' end
  if ledger.tax_free == '-' then return nil, tax_free or 0 end
  local remaining_tax_free = ledger.tax_free - used_tax_free
  local remaining_taxable = math.max(0, (ledger.amount - ledger.tax_free) - (used - used_tax_free))
  local part = tax_free or math.max(0, amount - remaining_taxable)
  if part > remaining_tax_free or amount - part > remaining_taxable then return 'tax_free_exceeds_amount' end
  return nil, part
end

local used = ledger.refunded + ledger.in_flight + ledger.unknown + ledger.disputed
local used_tax_free = ledger.refunded_tax_free + ledger.in_flight_tax_free
  + ledger.unknown_tax_free + ledger.disputed_tax_free
local remaining = math.max(0, ledger.amount - used)
amount = amount or remaining
local reason, counted_tax_free = misfit(used, used_tax_free)
if reason then
  local other = in_the_way()
  local is_certain = misfit(ledger.refunded + ledger.in_flight, ledger.refunded_tax_free + ledger.in_flight_tax_free)
  if other and not is_certain then return refuse_beside(other) end
  return refuse(reason, string.format('%.0f', remaining))
end

local kind = 'partial'
if ledger.standing == 0 and amount == paid then kind = 'full' end
if kind == 'partial' and not partial_allowed then return refuse('partial_not_allowed') end

local text = enter(ledger, {
  id = id, status = 'processing', kind = kind, attempt = attempt, amount = amount, tax_free = counted_tax_free,
  lease_until = now + lease_ms, created_at = created_at, updated_at = now, history = '-', json = json,
}, unsettled)
return { 'begun', id, text }
