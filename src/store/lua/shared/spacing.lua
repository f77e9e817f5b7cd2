-- includes: shared/wish.lua
-- includes: shared/payment-as-read.lua
--
-- The shortest time between two cancels of one payment: some PGs answer only the first of two that come closer.

-- What of the spacing is left since the payment's last cancel was sent, in milliseconds. It is counted from when its
-- outcome was known, which is later. A time that lies ahead says that a clock was set back, or that another server's is
-- behind: by a little, the whole spacing is left; by more, nobody can tell.
local MOST_BEHIND_MS = 60000

local function spacing_left(ledger, seen, now)
  for number = ledger.last_number, 1, -1 do
    local latest = refund_by_number(ledger, seen, number)
    if latest then
      local left = latest.updated_at + wish.spacing_ms - now
      if left > wish.spacing_ms + MOST_BEHIND_MS then return 0 end
      return math.max(0, math.min(left, wish.spacing_ms))
    end
  end
  return 0
end
