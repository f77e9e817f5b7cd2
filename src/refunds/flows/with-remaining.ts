import { remaining } from '../ledger-sums.ts'
import type { RefundStore } from '../ports/store.ts'
import type { RefundRequest } from '../refund-request.ts'
import type { BrokenRule } from '../rules/order-of-request-rules.ts'
import { amountExceeds, type Refusal } from '../rules/refusals.ts'

/** What a caller who asked for too much is told: what the payment's earlier refunds have left. */
export async function withRemaining(
  { store }: Readonly<{ store: RefundStore }>,
  { refusal, account }: BrokenRule,
  body: RefundRequest,
): Promise<Refusal> {
  if (refusal.code !== 'amount_exceeds_remaining' || account === undefined) return refusal
  const ledger = await store.findPayment(account.merchant, body.tid)
  return ledger === null ? refusal : amountExceeds(body, remaining(ledger))
}
