-- includes: shared/wish.lua
-- includes: shared/payment-as-read.lua
-- includes: shared/references-and-amounts.lua
--
-- Whether the wished refund may be a repetition of another one under another key.

-- The refund that has the wished reference and has not failed, or nil.
local function of_same_reference(seen, holders)
  for id in string.gmatch(holders or '', '%S+') do
    local other = refund_by_id(seen, id)
    if other and other.status ~= 'failed' then return other end
  end
end

-- The latest refund of this amount that has not settled, or has succeeded within the window; nil where there is none.
local function of_same_amount(ledger, seen, recent, amount, now)
  local numbers = {}
  for number in string.gmatch((recent or '') .. ' ', string.format('(%%d+):%.0f ', amount)) do
    numbers[#numbers + 1] = tonumber(number)
  end
  for index = #numbers, 1, -1 do
    local other = refund_by_number(ledger, seen, numbers[index])
    -- An older version of the gateway undoes a refund without taking its number from the recent ones.
    if other and other.amount == amount and other.status ~= 'failed' then
      if other.status ~= 'succeeded' or now - other.updated_at < wish.duplicate_window_ms then return other end
    end
  end
end

-- The refund that the wished one may be a repetition of, and by which rule; or nil. `known`: what the field holds by which
-- that is known again.
local function duplicate(ledger, seen, known, refund, now)
  if wish.reference then return of_same_reference(seen, known), 'same_reference' end
  if refund.kind == 'full' or wish.duplicate_window_ms == 0 then return nil end
  local other = of_same_amount(ledger, seen, known, refund.amount, now)
  if other and other.id == wish.duplicate_of then return nil end
  return other, 'same_amount'
end
