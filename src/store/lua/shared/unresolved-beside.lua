-- includes: shared/wish.lua
-- includes: shared/amount-and-kind.lua
-- includes: shared/amount-fits.lua
--
-- Which unknown or disputed refund of the payment, or one that awaits a deposit, keeps another one from its place, so that this one is refused for now
-- and not for good: one of everything waits for all that is uncertain, since what remains is not known before; any other
-- only for what it would fit without. `reason`: why the amount does not fit, or nil.

local function unresolved_beside(ledger, seen, amount, reason)
  if not seen.uncertain then return nil end
  local fits_certain = not misfit(ledger, amount, wish.tax_free, certain_of(ledger))
  if asks_for_everything(ledger, wish.amount) or reason and fits_certain then return seen.uncertain end
end
