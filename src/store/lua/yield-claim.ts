import type { Claim } from '../../refunds/claim.ts'
import { encodeClaim } from '../claim-text.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type YieldClaimArguments = Readonly<{ refused: Claim; standing: Claim }>

/** yield-claim.lua: puts the claim of the refund that stands in the place of a refused one. Throws StoreError. */
export async function yieldClaim(redis: Scripts, { refused, standing }: YieldClaimArguments): Promise<void> {
  await reach(redis.yieldClaim(keys.claim(refused.id), refused.token, encodeClaim(standing)))
}
