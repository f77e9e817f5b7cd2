-- includes: shared/ledger.lua
--
-- A refund as it stands now: a reader never sees a `processing` whose lease is over.
--
-- KEYS[1] payment
-- ARGV[1] refund's id
-- Returns {'found', id, refund} or {'missing'}.

local ledger, refund = read(ARGV[1])
if not refund then return { 'missing' } end
expire_lease(ledger, refund, now_ms())
return { 'found', refund.id, refund_text(refund) }
