-- includes: shared/pinned-payment.lua
-- includes: shared/unresolved-beside.lua
--
-- Whether a refund may begin beside everything that was done with its payment. It reserves nothing: who asks writes
-- what is decided here, or does not. It only ends the leases that are over, as a reader does.

-- `ledger`: with_facts() of the payment. `payment`: its method, amount and tax_free, as stated now. `asked`: the amount,
-- nil for everything that remains; tax_free, nil where it is not stated; partial_allowed.
-- Returns the kind, amount and tax_free of the refund that may begin; or nil, and a refusal as begin.lua returns it.
local function may_begin(ledger, unsettled, payment, asked, now)
  if not is_as_pinned(ledger, payment) then return nil, { 'payment_mismatch' } end

  local amount, tax_free = asked.amount, asked.tax_free
  local keeps_everything = keeps_everything_back(ledger, unsettled, amount, now)
  if keeps_everything then return refuse_beside(keeps_everything) end

  local used = ledger.refunded + ledger.in_flight + ledger.unknown + ledger.disputed
  local used_tax_free = ledger.refunded_tax_free + ledger.in_flight_tax_free
    + ledger.unknown_tax_free + ledger.disputed_tax_free
  local remaining = math.max(0, ledger.amount - used)
  amount = amount_of(amount, remaining)
  local reason, counted_tax_free = misfit(ledger, amount, tax_free, used, used_tax_free)
  if reason then
    local other = keeps_from_fitting(ledger, unsettled, amount, tax_free, now)
    if other then return refuse_beside(other) end
    return nil, { reason, string.format('%.0f', remaining) }
  end

  local kind = kind_of(ledger, amount)
  if kind == 'partial' and not asked.partial_allowed then return nil, { 'partial_not_allowed' } end
  return { kind = kind, amount = amount, tax_free = counted_tax_free }
end
