-- includes: shared/may-begin.lua
--
-- The one place where money is reserved: a refund that may begin beside everything that was done with the payment is
-- written as `processing`. Sent twice, it finds its own attempt and renews its lease. A renewal finds
-- its own or nothing: what the store has forgotten is not begun anew, since the store knows less than it did.
-- A refusal abandons the claim in the same step (see release.lua), unless the payment is merely busy: then the same
-- attempt may ask again.
--
-- KEYS[1] payment, KEYS[2] mark of an abandoned claim
-- ARGV[1] to ARGV[11] what is wished, see shared/wish.lua
-- ARGV[12] refund's id, ARGV[13] attempt, ARGV[14] for how long the refund is this attempt's own, ARGV[15] for how long
-- an abandoned claim is remembered, both in milliseconds, ARGV[16] when it was asked for, in milliseconds since 1970,
-- ARGV[17] its JSON, ARGV[18] '1' for a renewal, ARGV[19] when the provider was asked for the payment, in milliseconds
-- since 1970, or ''
-- Returns {'begun' | 'exists' | 'refund_unresolved', id, refund}, {'possible_duplicate', id, refund, rule},
--      {'amount_exceeds_remaining' | 'remaining_mismatch', remaining}, {'payment_busy', for how many milliseconds, '' where
--      a refund is in flight} or {'claim_abandoned' | 'payment_mismatch' | 'partial_not_allowed' |
--      'tax_free_exceeds_amount' | 'lost'}.

local abandoned_key = KEYS[2]
local id, attempt, lease_ms, mark_ms = ARGV[12], ARGV[13], tonumber(ARGV[14]), ARGV[15]
local created_at, json, is_renewal, verified_at = tonumber(ARGV[16]), ARGV[17], ARGV[18] == '1', ARGV[19]

local now = now_ms()
local found, existing = {}, nil
found.ledger, existing, found.unsettled, found.known = read(id, known_field(wish.reference))
if existing then
  if existing.attempt == attempt and existing.status == 'processing' then
    existing.lease_until = now + lease_ms
    local text = write_refund(existing)
    save()
    return { 'begun', id, text }
  end
  expire_lease(found.ledger, existing, now)
  return { 'exists', id, refund_text(existing) }
end
if is_renewal then return { 'lost' } end
if redis.call('EXISTS', abandoned_key) == 1 then return { 'claim_abandoned' } end

local decision = may_begin(found, now)
local ledger, refusal = decision.ledger, decision.refusal
if not refusal and wish.spacing_ms > 0 then
  local left = spacing_left(ledger, decision.seen, now)
  if left > 0 then refusal = { 'payment_busy', string.format('%.0f', left) } end
end

for _, other in ipairs(decision.seen.ended) do write_refund(other) end
if refusal then
  if #decision.seen.ended > 0 then write_ledger(ledger) end
  save()
  if refusal[1] ~= 'payment_busy' then redis.call('SET', abandoned_key, '', 'PX', mark_ms) end
  return refusal
end

local refund = decision.refund
refund.id, refund.status, refund.attempt, refund.lease_until = id, 'processing', attempt, now + lease_ms
refund.created_at, refund.updated_at, refund.history, refund.json = created_at, now, '-', json
if wish.reference then
  hold_reference(wish.reference, id, nil) -- whoever had it has failed
elseif refund.kind == 'partial' then
  note_amount(ledger.last_number + 1, refund.amount, found.known)
end
if verified_at ~= '' then
  write('verified', verified_at)
elseif decision.is_restated then
  redis.call('HDEL', payment_key, 'verified')
end
return { 'begun', id, enter(ledger, refund, found.unsettled) }
