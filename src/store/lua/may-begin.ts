import type { Wish } from '../../refunds/claim.ts'
import type { BeginResult, CheckResult, DuplicateRule } from '../../refunds/ports/store.ts'
import { decodeRefund } from '../refund-text.ts'

/** Why a refund may not begin. */
export type Refused = Extract<BeginResult, CheckResult>

/** What a script replies that asks may-begin.lua; the names are those of a refusal. */
export type RefusalReply = readonly [
  result: string,
  idOrFigure: string,
  text: string,
  rule: string,
  ...rest: string[],
]

/** The first arguments of a script that asks may-begin.lua. */
export function wishArguments(wish: Wish): (string | number)[] {
  const { payment } = wish
  return [
    payment.method,
    payment.amount,
    payment.tax_free_amount ?? '',
    wish.amount ?? '',
    wish.taxFreeAmount ?? '',
    wish.partialAllowed ? 1 : 0,
    wish.reference ?? '',
    wish.expectedRemaining ?? '',
    wish.duplicateOf ?? '',
    wish.duplicateWindowMs,
    wish.spacingMs,
  ]
}

/** A refusal of may-begin.lua, of this payment. */
export function decodeRefusal(
  [result, idOrFigure, text, rule]: RefusalReply,
  payment: Readonly<{ merchant: string; tid: string }>,
): Refused {
  const stored = () => decodeRefund(text, { id: idOrFigure, ...payment })
  switch (result) {
    case 'refund_unresolved':
      return { result, stored: stored() }
    case 'possible_duplicate':
      return { result, rule: rule as DuplicateRule, stored: stored() }
    case 'amount_exceeds_remaining':
    case 'remaining_mismatch':
      return { result, remaining: Number(idOrFigure) }
    case 'payment_busy':
      return { result, retryAfterMs: idOrFigure === '' ? null : Number(idOrFigure) }
    case 'payment_mismatch':
    case 'partial_not_allowed':
    case 'tax_free_exceeds_amount':
      return { result }
    default:
      throw new Error(`bug: may-begin.lua answered ${result}`)
  }
}
