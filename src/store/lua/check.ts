import type { Wish } from '../../refunds/claim.ts'
import type { CheckResult } from '../../refunds/ports/store.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefusal, wishArguments } from './may-begin.ts'
import type { Scripts } from './scripts.ts'

/** check.lua: what begin.lua would decide now. Throws StoreError. */
export async function checkRefund(
  redis: Scripts,
  { merchant, tid, wish }: Readonly<{ merchant: string; tid: string; wish: Wish }>,
): Promise<CheckResult> {
  const reply = await reach(redis.checkRefund(keys.payment(merchant, tid), ...wishArguments(wish)))
  const [result, kind, amount, countedTaxFree, remaining, busyMs] = reply
  if (result !== 'allowed') return decodeRefusal(reply, { merchant, tid })
  return {
    result,
    kind: kind === 'full' ? kind : 'partial',
    amount: Number(amount),
    countedTaxFree: Number(countedTaxFree),
    remaining: Number(remaining),
    busyMs: Number(busyMs),
  }
}
