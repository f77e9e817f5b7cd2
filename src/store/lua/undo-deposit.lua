-- includes: shared/ledger.lua
--
-- Undoes the asking for a deposit of which nothing was sent, and abandons it: by what is still on its way of it nothing
-- will await a deposit. The refund is again what it was before. Once the asking is not its process's own any more, others
-- may have been told that a deposit is awaited: that stays among what happened, and the refund has failed again. Where it
-- was settled or asked for another one meanwhile, that stands.
--
-- KEYS[1] payment, KEYS[2] mark of an abandoned asking
-- ARGV[1] refund's id, ARGV[2] token of the asking, ARGV[3] its status before, ARGV[4] the time of that, in milliseconds
-- since 1970, ARGV[5] its kind before, ARGV[6] the token and ARGV[7] the JSON of the deposit before, both '' where there
-- was none, ARGV[8] for how long a payment is kept of which nothing is unsettled, ARGV[9] for how long the asking was its
-- process's own, ARGV[10] for how long an abandoned asking is remembered, all in milliseconds
-- Returns {'undone', id, refund} or {'held'}.

local abandoned_key = KEYS[2]
local id, token, status, updated_at, kind = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local retention_ms, lease_ms, mark_ms = ARGV[8], tonumber(ARGV[9]), ARGV[10]

local ledger, refund, unsettled = read(id)
if not refund or refund.status ~= 'awaiting_deposit' or deposit_token(refund) ~= token then
  redis.call('SET', abandoned_key, '', 'PX', mark_ms)
  return { 'held' }
end

count_refund(ledger, refund, -1)
local now = now_ms()
if status == 'failed' and now >= refund.updated_at + lease_ms then
  refund.updated_at = now
else
  refund.updated_at = updated_at
  set_deposit(refund, ARGV[6], ARGV[7])
  forget_asking(refund)
end
refund.status, refund.kind = status, kind
count_refund(ledger, refund, 1)
write_ledger(ledger)
local text = write_refund(refund)
if status == 'failed' then leave_unsettled(unsettled, id, retention_ms) end
save()
-- Last: where Redis is full, a script goes on that has begun with what takes no room.
redis.call('SET', abandoned_key, '', 'PX', mark_ms)
return { 'undone', id, text }
