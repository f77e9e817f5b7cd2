import type { Intent } from '../../refunds/claim.ts'
import type { BeginResult } from '../../refunds/ports/store.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund, type WrittenJson } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

export type BeginArguments = Readonly<{
  intent: Intent
  /** What is stored of the intent. */
  own: WrittenJson
  /** For how long a claim that is abandoned is remembered. */
  abandonedMs: number
}>

/** begin.lua: reserves money for a refund, or says why not. Throws StoreError. */
export async function beginRefund(
  redis: Scripts,
  { intent, own, abandonedMs }: BeginArguments,
): Promise<BeginResult> {
  const { claim, payment } = intent
  const { merchant, tid } = claim
  const [result, idOrRemaining, text] = await reach(
    redis.beginRefund(
      keys.payment(merchant, tid),
      keys.abandoned(merchant, tid, claim.token),
      claim.id,
      intent.token,
      intent.leaseMs,
      abandonedMs,
      payment.method,
      payment.amount,
      payment.tax_free_amount ?? '',
      intent.amount ?? '',
      intent.details.tax_free_amount ?? '',
      intent.partialAllowed ? 1 : 0,
      intent.requestedAt,
      own.text,
      intent.isRenewal ? 1 : 0,
    ),
  )
  switch (result) {
    case 'begun':
    case 'exists':
    case 'refund_unresolved':
      return { result, stored: decodeRefund(text, { id: idOrRemaining, merchant, tid }, own) }
    case 'amount_exceeds_remaining':
      return { result, remaining: Number(idOrRemaining) }
    case 'claim_abandoned':
    case 'lost':
    case 'payment_mismatch':
    case 'partial_not_allowed':
    case 'tax_free_exceeds_amount':
      return { result }
    default:
      throw new Error(`bug: begin.lua answered ${result}`)
  }
}
