-- includes: shared/ledger.lua
--
-- The tax-free part of an amount: as stated, else what the taxable part of the payment does not cover, so that a refund
-- counts as taxable first. Returns nil where either part is beyond what was paid of it.

local function tax_free_part(ledger, amount, stated, used, used_tax_free)
  if ledger.tax_free == '-' then return stated or 0 end
  local remaining_tax_free = ledger.tax_free - used_tax_free
  local remaining_taxable = math.max(0, (ledger.amount - ledger.tax_free) - (used - used_tax_free))
  local part = stated or math.max(0, amount - remaining_taxable)
  if part > remaining_tax_free or amount - part > remaining_taxable then return nil end
  return part
end
