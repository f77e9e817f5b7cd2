-- includes: shared/ledger.lua
--
-- What was paid, and how, is pinned while a refund of the payment stands, in the gateway or outside of it: whoever states it otherwise is mistaken, now
-- or then.

-- Whether the payment as it is stated now is the one of the ledger.
local function is_as_pinned(ledger, payment)
  return ledger.method == payment.method and ledger.amount == payment.amount and ledger.tax_free == payment.tax_free
end

-- A ledger for a payment of these facts: the one that stands while a refund of it does, else one that takes them. Returns
-- it, and whether it has taken other facts than it had: what was verified of those says nothing of these.
local function with_facts(ledger, payment)
  if ledger and is_standing(ledger) then return ledger, false end
  local is_restated = ledger ~= nil and not is_as_pinned(ledger, payment)
  ledger = ledger or { last_number = 0, first = '-' }
  for _, name in ipairs(LEDGER) do
    if name ~= 'last_number' and name ~= 'first' then ledger[name] = 0 end
  end
  for _, name in ipairs(RARE) do ledger[name] = 0 end
  ledger.method, ledger.amount, ledger.tax_free = payment.method, payment.amount, payment.tax_free
  return ledger, is_restated
end
