-- A payment's ledger as it stands now.
--
-- KEYS[1] payment
-- Returns the ledger's text, or nil.

local ledger = read_ledger()
if not ledger then return nil end
local now = now_ms()
for _, id in ipairs(unsettled_ids()) do expire_lease(ledger, read_refund(id), now) end
return redis.call('HGET', payment_key, 'ledger')
