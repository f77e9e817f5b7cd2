-- includes: shared/may-begin.lua
--
-- What begin.lua would decide now. Writes nothing: Redis itself refuses it (scripts.ts). The spacing between two cancels
-- is no reason against a refund here, since begin is asked again until it is over: what is left of it is told.
--
-- KEYS[1] payment
-- ARGV[1] to ARGV[11] what is wished, see shared/wish.lua
-- Returns {'allowed', kind, amount, tax-free part, remaining, for how many milliseconds it is busy}, or a refusal as begin.lua returns it.

local fields = redis.call('HMGET', payment_key, 'ledger', 'unsettled', known_field(wish.reference))
local found = { ledger = decode_ledger(fields[1]), unsettled = fields[2] or nil, known = fields[3] or nil }
local now = now_ms()
local decision = may_begin(found, now)
if decision.refusal then return decision.refusal end

local refund = decision.refund
local busy_ms = wish.spacing_ms > 0 and spacing_left(decision.ledger, decision.seen, now) or 0
local figures = { refund.amount, refund.tax_free, decision.remaining, busy_ms }
for index, figure in ipairs(figures) do figures[index] = string.format('%.0f', figure) end
return { 'allowed', refund.kind, unpack(figures) }
