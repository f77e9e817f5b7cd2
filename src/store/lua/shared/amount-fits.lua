-- includes: shared/tax-free-part.lua
--
-- Whether an amount, and its tax-free part, still fit beside what was done with the payment: no payment is refunded
-- beyond its amount, nor beyond either part of it.

-- Why the amount does not fit beside what is used of the payment; or nil, and its tax-free part.
local function misfit(ledger, amount, tax_free, used, used_tax_free)
  local remaining = math.max(0, ledger.amount - used)
  if remaining == 0 or amount > remaining then return 'amount_exceeds_remaining' end
  if tax_free and tax_free > amount then return 'tax_free_exceeds_amount' end
  local part = tax_free_part(ledger, amount, tax_free, used, used_tax_free)
  if not part then return 'tax_free_exceeds_amount' end
  return nil, part
end
