import type { Claim } from '../../refunds/claim.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type ExpireClaimArguments = Readonly<{
  claim: Pick<Claim, 'id' | 'merchant' | 'tid'>
  afterMs: number
  /** Whether one that has an expiry keeps it. */
  keepsExpiry: boolean
}>

/** expire-claim.lua: gives a claim an expiry, if it still is one for that payment. Throws StoreError. */
export async function expireClaim(
  redis: Scripts,
  { claim, afterMs, keepsExpiry }: ExpireClaimArguments,
): Promise<void> {
  const { id, merchant, tid } = claim
  await reach(redis.expireClaim(keys.claim(id), `${merchant} ${tid}`, afterMs, keepsExpiry ? 'NX' : ''))
}
