-- includes: shared/ledger.lua
--
-- Whether an amount, and its tax-free part, still fit beside what was done with the payment: no payment is refunded
-- beyond its amount, nor beyond either part of it.

-- Why the amount does not fit beside what is used of the payment; or nil, and its tax-free part: as stated, else what
-- the taxable part of the payment does not cover.
local function misfit(ledger, amount, tax_free, used, used_tax_free)
  local remaining = math.max(0, ledger.amount - used)
  if remaining == 0 or amount > remaining then return 'amount_exceeds_remaining' end
  if tax_free and tax_free > amount then return 'tax_free_exceeds_amount' end
  if ledger.tax_free == '-' then return nil, tax_free or 0 end
  local remaining_tax_free = ledger.tax_free - used_tax_free
  local remaining_taxable = math.max(0, (ledger.amount - ledger.tax_free) - (used - used_tax_free))
  local part = tax_free or math.max(0, amount - remaining_taxable)
  if part > remaining_tax_free or amount - part > remaining_taxable then return 'tax_free_exceeds_amount' end
  return nil, part
end
