-- includes: shared/may-begin.lua
--
-- The one place where money is reserved: a refund that may begin beside everything that was done with the payment is
-- written as `processing`. Sent twice, it finds its own attempt and renews its lease. A renewal finds
-- its own or nothing: what the store has forgotten is not begun anew, since the store knows less than it did.
-- A refusal abandons the claim in the same step: see release.lua.
--
-- KEYS[1] payment, KEYS[2] mark of an abandoned claim
-- ARGV[1] refund's id, ARGV[2] attempt, ARGV[3] for how long the refund is this attempt's own, ARGV[4] for how long
-- an abandoned claim is remembered, both in milliseconds
-- ARGV[5] how it was paid, ARGV[6] what was paid, ARGV[7] the tax-free part of that or ''
-- ARGV[8] the refund's amount, '' for everything that remains, ARGV[9] its tax-free part or '', ARGV[10] '1' where it
-- may be a partial one, ARGV[11] when it was asked for, in milliseconds since 1970, ARGV[12] its JSON, ARGV[13] '1' for
-- a renewal
-- Returns {'begun' | 'exists' | 'refund_unresolved', id, refund}, {'amount_exceeds_remaining', remaining}
--      or {'claim_abandoned' | 'payment_mismatch' | 'partial_not_allowed' | 'tax_free_exceeds_amount' | 'lost'}.

local abandoned_key = KEYS[2]
local id, attempt, lease_ms, mark_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local created_at, json, is_renewal = tonumber(ARGV[11]), ARGV[12], ARGV[13] == '1'

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

local payment = { method = ARGV[5], amount = tonumber(ARGV[6]), tax_free = tonumber(ARGV[7]) or '-' }
ledger = with_facts(ledger, payment)
local refund, refusal = may_begin(ledger, unsettled, payment, {
  amount = tonumber(ARGV[8]), tax_free = tonumber(ARGV[9]), partial_allowed = ARGV[10] == '1',
}, now)
if refusal then
  redis.call('SET', abandoned_key, '', 'PX', mark_ms)
  return refusal
end

refund.id, refund.status, refund.attempt, refund.lease_until = id, 'processing', attempt, now + lease_ms
refund.created_at, refund.updated_at, refund.history, refund.json = created_at, now, '-', json
return { 'begun', id, enter(ledger, refund, unsettled) }
