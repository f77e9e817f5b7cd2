import type { Claim } from '../../refunds/claim.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type ExtendClaimArguments = Readonly<{ claim: Pick<Claim, 'id' | 'token'>; lifeMs: number }>

/** join-claim.lua: a claim lives as long again as a new one; false where it is not in force any more. Throws StoreError. */
export async function joinClaim(redis: Scripts, { claim, lifeMs }: ExtendClaimArguments): Promise<boolean> {
  return (await reach(redis.joinClaim(keys.claim(claim.id), claim.token, lifeMs))) === 1
}
