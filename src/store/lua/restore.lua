-- includes: shared/references-and-amounts.lua
-- includes: shared/pinned-payment.lua
--
-- Writes back the intent of a refund that the store forgot while the provider was being called, so that its outcome
-- can be settled as usual. Asks for no room: whatever has become of the payment since, the money may have moved, and
-- the sums are to say so. What stands under its id by then stays.
--
-- KEYS[1] payment
-- ARGV[1] refund's id, ARGV[2] attempt, ARGV[3] for how long the refund is this attempt's own, in milliseconds,
-- ARGV[4] when it was asked for, in milliseconds since 1970, ARGV[5] its JSON
-- ARGV[6] how it was paid, ARGV[7] what was paid, ARGV[8] the tax-free part of that or ''
-- ARGV[9] the refund's kind, ARGV[10] its amount, ARGV[11] what the ledger counts as its tax-free part,
-- ARGV[12] its reference or ''
-- Returns 'restored' or 'exists'.

local id, attempt, lease_ms, created_at, json = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local payment = { method = ARGV[6], amount = tonumber(ARGV[7]), tax_free = tonumber(ARGV[8]) or '-' }
local kind, amount, tax_free = ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
local reference = ARGV[12] ~= '' and ARGV[12] or nil

local now = now_ms()
local found, existing, unsettled, known = read(id, known_field(reference))
if existing then return 'exists' end

local ledger, is_restated = with_facts(found, payment)
if is_restated then redis.call('HDEL', payment_key, 'verified') end
if reference then
  hold_reference(reference, id, known)
elseif kind == 'partial' then
  note_amount(ledger.last_number + 1, amount, known)
end
enter(ledger, {
  id = id, status = 'processing', kind = kind, attempt = attempt, amount = amount, tax_free = tax_free,
  lease_until = now + lease_ms, created_at = created_at, updated_at = now, history = '-', json = json,
}, unsettled)
return 'restored'
