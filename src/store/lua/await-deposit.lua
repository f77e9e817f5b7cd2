-- includes: shared/may-begin.lua
--
-- A refund that failed for want of a deposit awaits one, and holds its amount again: the intent that is written before an
-- account to pay into is asked for. It is decided by the very code that begins a refund, of the payment as it stands,
-- whether it still has its place. One that awaits a deposit already is asked for another one, and holds its amount anyway.
-- Whatever has become of the refund since it was seen, nothing is written then, and nothing by what arrives once its asking
-- was undone. Sent twice, it finds its own asking.
--
-- KEYS[1] payment, KEYS[2] mark of an abandoned asking
-- ARGV[1] to ARGV[11] what is wished, see shared/wish.lua; of the payment nothing is said, it is taken as it stands
-- ARGV[12] refund's id, ARGV[13] token of the asking, ARGV[14] the status that was seen, ARGV[15] its time, in
-- milliseconds since 1970, ARGV[16] the JSON of the deposit
-- Returns {'awaiting', id, refund, its status before}, {'changed', id, refund}, {'lost'} or a refusal, as begin.lua does.

local abandoned_key = KEYS[2]
local id, token, seen_status, seen_at, deposit = ARGV[12], ARGV[13], ARGV[14], tonumber(ARGV[15]), ARGV[16]

local now = now_ms()
local found, refund = {}, nil
found.ledger, refund, found.unsettled, found.known = read(id, known_field(wish.reference))
if not refund then return { 'lost' } end
if deposit_token(refund) == token then return { 'awaiting', id, refund_text(refund), refund.status } end
local is_as_seen = refund.status == seen_status and refund.updated_at == seen_at
if not is_as_seen or redis.call('EXISTS', abandoned_key) == 1 then
  return { 'changed', id, refund_text(refund) }
end

if refund.status == 'awaiting_deposit' then
  ask_for_deposit(refund, token, deposit, 'again', now)
  local text = write_refund(refund)
  save()
  return { 'awaiting', id, text, seen_status }
end

local as_it_stands = found.ledger
wish.payment = { method = as_it_stands.method, amount = as_it_stands.amount, tax_free = as_it_stands.tax_free }
local decision = may_begin(found, now)
local ledger = decision.ledger
for _, other in ipairs(decision.seen.ended) do write_refund(other) end
if decision.refusal then
  if #decision.seen.ended > 0 then write_ledger(ledger) end
  save()
  return decision.refusal
end

ask_for_deposit(refund, token, deposit, string.format('%.0f', refund.updated_at), now)
refund.status, refund.kind, refund.tax_free = 'awaiting_deposit', decision.refund.kind, decision.refund.tax_free
count_refund(ledger, refund, 1)
if wish.reference then
  hold_reference(wish.reference, id, nil) -- whoever had it has failed
elseif refund.kind == 'partial' and not is_noted(refund.number, found.known) then
  note_amount(refund.number, refund.amount, found.known)
end
write_ledger(ledger)
local text = write_refund(refund)
enter_unsettled(found.unsettled, id)
save()
redis.call('PERSIST', payment_key)
return { 'awaiting', id, text, seen_status }
