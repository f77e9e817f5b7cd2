-- A refund as it stands now: a reader never sees a `processing` whose lease is over.
--
-- KEYS[1] payment
-- Returns {'found', id, refund} or {'missing'}.

local refund = read_refund(ARGV[1])
if not refund then return { 'missing' } end
expire_lease(read_ledger(), refund, now_ms())
return reply('found', refund.id)
