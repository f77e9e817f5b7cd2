-- includes: shared/ledger.lua
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

-- The refusal, as begin.lua returns it.
local function refuse_beside(other)
  return nil, { 'refund_unresolved', other.id, refund_text(other) }
end
