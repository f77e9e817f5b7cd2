-- includes: shared/amount-and-kind.lua
-- includes: shared/amount-fits.lua
--
-- Which unsettled refund of the payment keeps another one from its place, so that this one is refused for now and not
-- for good.

-- The unsettled refund that keeps another one from its place: an unknown or disputed one, else, where any will do, one
-- in flight. Ends the leases that are over, so that the sums say what is unknown.
local function in_the_way(ledger, unsettled, now, any_will_do)
  local uncertain, in_flight
  for other_id in string.gmatch(unsettled or '', '%S+') do
    local other = read_refund(other_id)
    expire_lease(ledger, other, now)
    if other.status == 'processing' then in_flight = in_flight or other else uncertain = uncertain or other end
  end
  return uncertain or any_will_do and in_flight or nil
end

-- A refund of everything waits for all that is unsettled: what remains is not known before. Returns that, or nil.
local function keeps_everything_back(ledger, unsettled, amount, now)
  if unsettled and asks_for_everything(ledger, amount) then return in_the_way(ledger, unsettled, now, true) end
end

-- Returns the unknown or disputed refund without which the amount would fit, or nil.
local function keeps_from_fitting(ledger, unsettled, amount, tax_free, now)
  local other = in_the_way(ledger, unsettled, now)
  local certain, certain_tax_free =
    ledger.refunded + ledger.in_flight, ledger.refunded_tax_free + ledger.in_flight_tax_free
  if other and not misfit(ledger, amount, tax_free, certain, certain_tax_free) then return other end
end

-- The refusal, as begin.lua returns it.
local function refuse_beside(other)
  return nil, { 'refund_unresolved', other.id, refund_text(other) }
end
