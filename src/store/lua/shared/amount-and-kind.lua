-- includes: shared/ledger.lua
--
-- How much is refunded, and whether that is a full refund: everything that was paid, in one. What remains after earlier
-- partial refunds is a partial one.

-- Whether all of the payment is asked for; `amount` nil: everything that remains.
local function asks_for_everything(ledger, amount)
  return not amount or amount == ledger.amount
end

local function amount_of(asked, remaining)
  return asked or remaining
end

local function kind_of(ledger, amount)
  return not is_standing(ledger) and amount == ledger.amount and 'full' or 'partial'
end
