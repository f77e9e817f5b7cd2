import { DECLINES, type Decline } from './answers.ts'
import type { CancelRequest } from './requests.ts'

/** Money that went back. */
export type AppliedCancel = {
  readonly amount: number
  readonly at: Date
  readonly cancelTid: string
}

export type Payment = {
  readonly tid: string
  readonly amount: number
  readonly paidAt: Date
  readonly cancelled: number
  readonly cancels: readonly AppliedCancel[]
}

export type CancelDecision =
  | { readonly accepted: true; readonly amount: number }
  | { readonly accepted: false; readonly decline: Decline }

const DEFAULT_AMOUNT = 10_000

/** So that one payment does not grow without a limit; acquirers limit the number of partial cancels too. */
export const CANCELS_PER_PAYMENT = 10_000

/**
 * Every tid is a payment: of the digits after its last `-` in KRW (`order7-50000`, 1 to 9,999,999,999),
 * of 10,000 KRW otherwise.
 */
export function paymentOf(tid: string, paidAt: Date): Payment {
  const stated = Number(/-([0-9]{1,10})$/.exec(tid)?.[1] ?? 0)
  return { tid, amount: stated || DEFAULT_AMOUNT, paidAt, cancelled: 0, cancels: [] }
}

/**
 * What a cancel would do. It is a full cancel without an `amount`, or with that of everything that was paid. Any other
 * amount makes it a partial one; `inPart` says whether the payment takes those. There is no idempotency: asked twice,
 * cancelled twice.
 */
export function decideCancel(
  payment: Payment,
  asked: CancelRequest,
  inPart: 'allowed' | 'refused',
): CancelDecision {
  const remaining = payment.amount - payment.cancelled
  const amount = asked.amount === undefined ? payment.amount : Number(asked.amount)
  const decline = declineOf()
  return decline ? { accepted: false, decline } : { accepted: true, amount }

  function declineOf(): Decline | null {
    if (remaining === 0) return DECLINES.alreadyCancelled
    if (asked.amount === undefined && payment.cancelled > 0) return DECLINES.partlyCancelled
    if (amount === 0) return DECLINES.zeroAmount
    if (amount > remaining) return DECLINES.exceedsRemaining
    if (inPart === 'refused' && amount !== payment.amount) return DECLINES.onlyWhole
    if (Number(asked.taxfree_amt ?? 0) > amount) return DECLINES.taxFreeExceedsAmount
    if (payment.cancels.length >= CANCELS_PER_PAYMENT) return DECLINES.tooManyCancels
    return null
  }
}

export function withCancel(payment: Payment, cancel: AppliedCancel): Payment {
  const cancelled = payment.cancelled + cancel.amount
  if (cancelled > payment.amount) throw new Error(`bug: ${payment.tid} cancelled beyond its amount`)
  return { ...payment, cancelled, cancels: [...payment.cancels, cancel] }
}

/** When one cancel took all of it back; null for a payment that is partly cancelled, or part by part. */
export function cancelledWholeAt(payment: Payment): Date | null {
  const [first] = payment.cancels
  return first?.amount === payment.amount ? first.at : null
}
