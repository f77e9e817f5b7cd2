-- includes: shared/ledger.lua
--
-- The refunds of a payment as a reader sees them, read once each.

-- The payment's unsettled refunds by their ids, as a reader sees them: `ended` are those whose leases are over, which is
-- written nowhere yet; `in_flight` and `uncertain` the first that is so.
local function look_at_unsettled(ledger, unsettled, now)
  local seen = { by_id = {}, ended = {} }
  for id in string.gmatch(unsettled or '', '%S+') do
    local other = read_refund(id)
    seen.by_id[id] = other
    if end_lease(ledger, other, now) then seen.ended[#seen.ended + 1] = other end
    if other.status == 'processing' then
      seen.in_flight = seen.in_flight or other
    else
      seen.uncertain = seen.uncertain or other
    end
  end
  return seen
end

local function refund_by_id(seen, id)
  return seen.by_id[id] or read_refund(id)
end

local function refund_by_number(ledger, seen, number)
  local id = number == 1 and ledger.first or redis.call('HGET', payment_key, number)
  return id and refund_by_id(seen, id)
end
