-- includes: shared/wish.lua
-- includes: shared/duplicates.lua
-- includes: shared/spacing.lua
-- includes: shared/pinned-payment.lua
-- includes: shared/unresolved-beside.lua
--
-- The one decision whether a refund may begin beside everything that was done with its payment. begin.lua writes what is
-- decided here, check.lua tells it. It writes nothing by itself, and sees the payment as a reader would: leases that are
-- over have ended. Of several reasons against a refund the first in the order of may_begin() is told.

-- `found`: what is in the payment's fields, nil where there is nothing: ledger, unsettled, and known, see known_field().
-- Returns the decision: ledger, with_facts() of the payment; is_restated, see there; seen, see look_at_unsettled(); what is
-- remaining; and `refund`, the kind, amount and tax_free of the one that may begin, or `refusal`, as begin.lua returns it.
local function may_begin(found, now)
  local ledger, is_restated = with_facts(found.ledger, wish.payment)
  local seen = look_at_unsettled(ledger, found.unsettled, now)
  local used, used_tax_free = used_of(ledger)
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

  local amount = amount_of(wish.amount, remaining)
  local kind = kind_of(ledger, amount)
  local refund = { kind = kind, amount = amount }
  local other, rule = duplicate(ledger, seen, found.known, refund, now)
  if other then return refuse_beside('possible_duplicate', other, rule) end

  if seen.in_flight then return refuse('payment_busy', '') end

  local reason, counted_tax_free = misfit(ledger, amount, wish.tax_free, used, used_tax_free)
  local unresolved = unresolved_beside(ledger, seen, amount, reason)
  if unresolved then return refuse_beside('refund_unresolved', unresolved) end

  if wish.expected_remaining and wish.expected_remaining ~= remaining then
    return refuse('remaining_mismatch', string.format('%.0f', remaining))
  end
  if reason then return refuse(reason, string.format('%.0f', remaining)) end
  if kind == 'partial' and not wish.partial_allowed then return refuse('partial_not_allowed') end

  refund.tax_free = counted_tax_free
  decision.refund = refund
  return decision
end
