import type { Claim } from '../../refunds/claim.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

/** read-refund.lua: a refund as it stands now, or null. Throws StoreError. */
export async function readRefund(
  redis: Scripts,
  claim: Pick<Claim, 'id' | 'merchant' | 'tid'>,
): Promise<StoredRefund | null> {
  const [result, , text] = await reach(redis.readRefund(keys.payment(claim.merchant, claim.tid), claim.id))
  return result === 'found' ? decodeRefund(text, claim) : null
}
