import type { DepositAsking } from '../../refunds/ports/store.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund, depositJson } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

export type KeepDepositArguments = Readonly<{
  asking: DepositAsking
  /** What the provider answered; null: that was lost. */
  answer: string | null
}>

/** keep-deposit.lua: keeps what the provider answered; null where the store does not know of this asking any more. Throws StoreError. */
export async function keepDeposit(
  redis: Scripts,
  { asking: { stored, token, by, at }, answer }: KeepDepositArguments,
): Promise<StoredRefund | null> {
  const { refund, merchant } = stored
  const { tid } = refund
  const askedBy = [...(stored.asking?.askedBy ?? []), by]
  const [result, id, text] = await reach(
    redis.keepDeposit(keys.payment(merchant, tid), refund.id, token, depositJson({ at, askedBy, answer })),
  )
  return result === 'kept' ? decodeRefund(text, { id, merchant, tid }) : null
}
