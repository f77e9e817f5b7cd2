-- includes: shared/duplicates.lua
-- includes: shared/pinned-payment.lua
-- includes: shared/amount-fits.lua
--
-- The one decision whether a refund may begin beside everything that was done with its payment. begin.lua writes what is
-- decided here, check.lua tells it. It writes nothing by itself, and sees the payment as a reader would: leases that are
-- over have ended. Of several reasons against a refund the first in the order of may_begin() is told.
--
-- ARGV[1] how it was paid, ARGV[2] what was paid, ARGV[3] the tax-free part of that or ''
-- ARGV[4] the refund's amount, '' for everything that remains, ARGV[5] its tax-free part or '', ARGV[6] '1' where it may
-- be a partial one, ARGV[7] its reference or '', ARGV[8] what is taken to remain or '', ARGV[9] the refund of the same
-- amount that is known of or '', ARGV[10] for how long a succeeded one counts against another of its amount, 0 where none
-- ever does, ARGV[11] the shortest time between two cancels of the payment, both in milliseconds

local wish = {
  payment = { method = ARGV[1], amount = tonumber(ARGV[2]), tax_free = tonumber(ARGV[3]) or '-' },
  amount = tonumber(ARGV[4]), tax_free = tonumber(ARGV[5]), partial_allowed = ARGV[6] == '1',
  reference = ARGV[7] ~= '' and ARGV[7] or nil, expected_remaining = tonumber(ARGV[8]), duplicate_of = ARGV[9],
  duplicate_window_ms = tonumber(ARGV[10]), spacing_ms = tonumber(ARGV[11]),
}

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

-- `found`: what is in the payment's fields, nil where there is nothing: ledger, unsettled, and known, see known_field().
-- Returns the decision: ledger, with_facts() of the payment; is_restated, see there; seen, see look_at_unsettled(); what is
-- remaining; and `refund`, the kind, amount and tax_free of the one that may begin, or `refusal`, as begin.lua returns it.
local function may_begin(found, now)
  local ledger, is_restated = with_facts(found.ledger, wish.payment)
  local seen = look_at_unsettled(ledger, found.unsettled, now)
  local used = ledger.refunded + ledger.in_flight + ledger.unknown + ledger.disputed
  local used_tax_free = ledger.refunded_tax_free + ledger.in_flight_tax_free
    + ledger.unknown_tax_free + ledger.disputed_tax_free
  local remaining = math.max(0, ledger.amount - used)
  local decision = { ledger = ledger, is_restated = is_restated, seen = seen, remaining = remaining }

  local function refuse(...)
    decision.refusal = { ... }
    return decision
  end
  local function refuse_beside(result, other, ...)
    return refuse(result, other.id, refund_text(other), ...)
  end

  if not is_as_pinned(ledger, wish.payment) then return refuse('payment_mismatch') end

  local amount = wish.amount or remaining
  local kind = ledger.standing == 0 and amount == ledger.amount and 'full' or 'partial'
  local refund = { kind = kind, amount = amount }
  local other, rule = duplicate(ledger, seen, found.known, refund, now)
  if other then return refuse_beside('possible_duplicate', other, rule) end

  if seen.in_flight then return refuse('payment_busy', '') end

  local reason, counted_tax_free = misfit(ledger, amount, wish.tax_free, used, used_tax_free)
  if seen.uncertain then
    local asks_for_everything = not wish.amount or amount == ledger.amount
    local fits_certain = not misfit(ledger, amount, wish.tax_free, ledger.refunded, ledger.refunded_tax_free)
    if asks_for_everything or reason and fits_certain then return refuse_beside('refund_unresolved', seen.uncertain) end
  end

  if wish.expected_remaining and wish.expected_remaining ~= remaining then
    return refuse('remaining_mismatch', string.format('%.0f', remaining))
  end
  if reason then return refuse(reason, string.format('%.0f', remaining)) end
  if kind == 'partial' and not wish.partial_allowed then return refuse('partial_not_allowed') end

  refund.tax_free = counted_tax_free
  decision.refund = refund
  return decision
end
