-- includes: shared/references-and-amounts.lua
--
-- Undoes the begin of an attempt of which nothing was sent, and abandons its claim: from here on nobody
-- who joined that claim can begin under it, so that the claim may be freed in its own slot. (Were it freed
-- alone, a request that had joined it could begin after another payload had claimed the key: two refunds
-- under one key.) A refund that was called `unknown` meanwhile stays: callers were told of it.
--
-- KEYS[1] payment, KEYS[2] mark of an abandoned claim
-- ARGV[1] refund's id, ARGV[2] attempt, ARGV[3] for how long an abandoned claim is remembered, ARGV[4] for how long a
-- payment is kept of which nothing is unsettled, both in milliseconds
-- Returns {'released'}, {'held'} where another attempt has begun this refund or it is settled, or {'unknown', id, refund}.

local abandoned_key = KEYS[2]
local id, attempt, mark_ms, retention_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local ledger, refund, unsettled = read(id)
if refund then
  if refund.attempt ~= attempt then return { 'held' } end
  if refund.status == 'unknown' then return { 'unknown', id, refund_text(refund) } end
  if refund.status ~= 'processing' then return { 'held' } end
  -- Another attempt was sent, and what it moved is counted here alone: it fails like one that was called unknown.
  if string.find(refund.history, 'other:', 1, true) then return { 'unknown', id, refund_text(refund) } end

  count_refund(ledger, refund, -1)
  -- The last number is used again, so that a long outage leaves no long gap for listing to walk through.
  if refund.number == ledger.last_number then ledger.last_number = ledger.last_number - 1 end
  if refund.number == 1 then ledger.first = '-' end
  write_ledger(ledger)
  forget_known(refund)
  leave_unsettled(unsettled, id, retention_ms)
  save()
  redis.call('HDEL', payment_key, id, refund.number)
  local verified = redis.call('HGET', payment_key, 'verified') and 1 or 0
  if redis.call('HLEN', payment_key) - verified == 1 then
    redis.call('DEL', payment_key) -- nothing but the ledger is left: no refund of it was ever sent
  end
end
redis.call('SET', abandoned_key, '', 'PX', mark_ms)
return { 'released' }
