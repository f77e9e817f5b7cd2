-- includes: shared/ledger.lua
--
-- Undoes the asking for a deposit of which nothing was sent: the refund is again what it was before. Where it was settled
-- or asked for another one meanwhile, that stands.
--
-- KEYS[1] payment
-- ARGV[1] refund's id, ARGV[2] token of the asking, ARGV[3] its status before, ARGV[4] the time of that, in milliseconds
-- since 1970, ARGV[5] its kind before, ARGV[6] the token and ARGV[7] the JSON of the deposit before, both '' where there
-- was none, ARGV[8] for how long a payment is kept of which nothing is unsettled, in milliseconds
-- Returns {'undone', id, refund} or {'held'}.

local id, token, status, updated_at, kind = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local retention_ms = ARGV[8]

local ledger, refund, unsettled = read(id)
if not refund or refund.status ~= 'awaiting_deposit' or deposit_token(refund) ~= token then return { 'held' } end

count_refund(ledger, refund, -1)
refund.status, refund.updated_at, refund.kind = status, updated_at, kind
set_deposit(refund, ARGV[6], ARGV[7])
forget_asking(refund)
count_refund(ledger, refund, 1)
write_ledger(ledger)
local text = write_refund(refund)
if status == 'failed' then leave_unsettled(unsettled, id, retention_ms) end
save()
return { 'undone', id, text }
