import type { Ledger } from '../../refunds/ledger-sums.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeLedger } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

/** read-payment.lua: a payment's ledger as it stands now, or null where nothing was ever refunded. Throws StoreError. */
export async function readPayment(
  redis: Scripts,
  { merchant, tid }: Readonly<{ merchant: string; tid: string }>,
): Promise<Ledger | null> {
  const found = await reach(redis.readPayment(keys.payment(merchant, tid)))
  if (found === null) return null
  const [text, verified] = found
  return decodeLedger({ text, verified, tid })
}
