-- includes: shared/wish.lua
-- includes: shared/payment-as-read.lua
--
-- The shortest time between two cancels of one payment: some PGs answer only the first of two that come closer.

-- What of the spacing is left since the payment's last cancel was sent, in milliseconds. It is counted from when its
-- outcome was known, which is later. A time that lies ahead says that a clock was set back.
local function spacing_left(ledger, seen, now)
  for number = ledger.last_number, 1, -1 do
    local latest = refund_by_number(ledger, seen, number)
    if latest then
      local left = latest.updated_at + wish.spacing_ms - now
      return left <= wish.spacing_ms and math.max(0, left) or 0
    end
  end
  return 0
end
