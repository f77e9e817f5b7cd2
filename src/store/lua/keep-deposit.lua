-- includes: shared/ledger.lua
--
-- Keeps what the provider answered to the asking for a deposit, whatever has become of the refund since; an answer to
-- another asking than the last one is nobody's. Sent twice, it changes nothing more.
--
-- KEYS[1] payment
-- ARGV[1] refund's id, ARGV[2] token of the asking, ARGV[3] the JSON of the deposit with its answer
-- Returns {'kept', id, refund} or {'lost'}.

local id, token, deposit = ARGV[1], ARGV[2], ARGV[3]

local _, refund = read(id)
if not refund or deposit_token(refund) ~= token then return { 'lost' } end
set_deposit(refund, token, deposit)
local text = write_refund(refund)
save()
return { 'kept', id, text }
