import type { Intent } from '../../refunds/claim.ts'
import type { BeginResult } from '../../refunds/ports/store.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund, type WrittenJson } from '../refund-text.ts'
import { decodeRefusal, wishArguments } from './may-begin.ts'
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
  const { claim } = intent
  const { merchant, tid } = claim
  const reply = await reach(
    redis.beginRefund(
      keys.payment(merchant, tid),
      keys.abandoned(merchant, tid, claim.token),
      ...wishArguments(intent.wish),
      claim.id,
      intent.token,
      intent.leaseMs,
      abandonedMs,
      intent.requestedAt,
      own.text,
      intent.isRenewal ? 1 : 0,
      intent.verifiedAt ?? '',
    ),
  )
  const [result, id, text] = reply
  switch (result) {
    case 'begun':
    case 'exists':
      return { result, stored: decodeRefund(text, { id, merchant, tid }, own) }
    case 'claim_abandoned':
    case 'lost':
      return { result }
    default:
      return decodeRefusal(reply, { merchant, tid })
  }
}
