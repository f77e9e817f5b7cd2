import type { Krw } from '../krw.ts'
import type { RefundKind } from '../payment.ts'
import { type RefundStore, StoreError } from '../ports/store.ts'
import type { RefundRequest } from '../refund-request.ts'
import { wishOf } from '../rules/intent.ts'
import { judgeRequest } from '../rules/order-of-request-rules.ts'
import { beginRefusal, paymentBusy, type Refusal, TOO_MUCH_UNSTORED } from '../rules/refusals.ts'
import { checkWithinLimits } from './allowance.ts'
import { PAYMENT_WAIT_MS } from './patience.ts'
import type { RefundParts } from './request-refund.ts'
import { withRemaining } from './with-remaining.ts'

/** What a check needs. */
export type CheckParts = Pick<
  RefundParts,
  'accounts' | 'allowances' | 'duplicateWindowMs' | 'background' | 'verifyPayment'
> &
  Readonly<{ store: RefundStore }>

/** What a refund would be now, and what it would leave; or why it would be refused. */
export type CheckAnswer =
  | Readonly<{
      answer: 'allowed'
      account: string
      kind: RefundKind
      amount: Krw
      /** As requested. */
      taxFreeAmount: Krw | null
      remaining: Krw
      remainingAfter: Krw
    }>
  | Readonly<{ answer: 'refused'; refusal: Refusal }>

/**
 * What requestRefund() would decide now about a request of this body with a key of its own: by the same rules in the same
 * order, and by the script that begins a refund. Writes nothing. Never throws for a store that fails.
 */
export async function checkRefund(
  parts: CheckParts,
  { caller, body }: Readonly<{ caller: string; body: RefundRequest }>,
): Promise<CheckAnswer> {
  try {
    const judged = judgeRequest(parts.accounts, body)
    if (judged.refusal !== null) {
      return { answer: 'refused', refusal: await withRemaining(parts, judged, body) }
    }
    if (parts.background.isFull()) throw new StoreError('store_unavailable', TOO_MUCH_UNSTORED)
    const { account } = judged
    const { duplicateWindowMs } = parts
    const wish = wishOf(body, { account, duplicateWindowMs })
    const { merchant } = account
    const seen =
      parts.verifyPayment && (await parts.verifyPayment({ merchant, tid: body.tid, payment: body.payment }))
    if (seen?.result === 'refused') return { answer: 'refused', refusal: seen.refusal }
    const found = await checkWithinLimits(parts, { caller, merchant, tid: body.tid, wish })
    if (found.result !== 'allowed') return { answer: 'refused', refusal: beginRefusal(found, body) }
    const { kind, amount, remaining, busyMs } = found
    if (busyMs >= PAYMENT_WAIT_MS) return { answer: 'refused', refusal: paymentBusy() }
    return {
      answer: 'allowed',
      account: account.name,
      kind,
      amount,
      taxFreeAmount: body.tax_free_amount ?? null,
      remaining,
      remainingAfter: remaining - amount,
    }
  } catch (error) {
    if (error instanceof StoreError) {
      return { answer: 'refused', refusal: { code: error.code, detail: error.message } }
    }
    throw error
  }
}
