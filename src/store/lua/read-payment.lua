-- includes: shared/ledger.lua
--
-- A payment's ledger as it stands now.
--
-- KEYS[1] payment
-- Returns {the ledger's text, when it was verified or ''}, or nil.

local found = redis.call('HMGET', payment_key, 'ledger', 'unsettled', 'verified')
local ledger, unsettled = decode_ledger(found[1]), found[2]
if not ledger then return nil end
local now = now_ms()
for id in string.gmatch(unsettled or '', '%S+') do expire_lease(ledger, read_refund(id), now) end
return { ledger_text(ledger), found[3] or '' }
