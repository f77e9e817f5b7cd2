import type { Attempt } from '../../refunds/claim.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

export type ReleaseArguments = Readonly<{
  own: Attempt
  /** For how long it is remembered that the claim was abandoned. */
  abandonedMs: number
  /** For how long a payment is kept of which nothing is unsettled. */
  retentionMs: number
}>

/** `held`: another attempt has begun the refund, or it is settled. `unknown`: callers were told so, and it stays. */
export type ReleaseResult = Readonly<
  { result: 'released' | 'held' } | { result: 'unknown'; stored: StoredRefund }
>

/** release.lua: undoes a begin of which nothing was sent, and abandons its claim. Throws StoreError. */
export async function releaseRefund(
  redis: Scripts,
  { own, abandonedMs, retentionMs }: ReleaseArguments,
): Promise<ReleaseResult> {
  const { claim, token: attempt } = own
  const { merchant, tid } = claim
  const [result, id, text] = await reach(
    redis.releaseRefund(
      keys.payment(merchant, tid),
      keys.abandoned(merchant, tid, claim.token),
      claim.id,
      attempt,
      abandonedMs,
      retentionMs,
    ),
  )
  switch (result) {
    case 'released':
    case 'held':
      return { result }
    case 'unknown':
      return { result, stored: decodeRefund(text, { id, merchant, tid }) }
    default:
      throw new Error(`bug: release.lua answered ${result}`)
  }
}
