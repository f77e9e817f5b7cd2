import type { AwaitDepositResult, DepositAsking } from '../../refunds/ports/store.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund, depositJson } from '../refund-text.ts'
import { assertTransition, stateOf } from '../transitions.ts'
import { decodeRefusal } from './may-begin.ts'
import type { Scripts } from './scripts.ts'

/** await-deposit.lua: has a refund await a deposit, or says why not. Throws StoreError. */
export async function awaitDeposit(
  redis: Scripts,
  { stored, token, by, at, duplicateWindowMs }: DepositAsking,
): Promise<AwaitDepositResult> {
  const { refund, merchant } = stored
  const { tid } = refund
  const reply = await reach(
    redis.awaitDeposit(
      keys.payment(merchant, tid),
      keys.abandoned(merchant, tid, token),
      // The payment is taken as it stands, whatever was said of it here.
      '',
      0,
      '',
      refund.amount,
      refund.tax_free_amount ?? '',
      // It was allowed when it was begun.
      refund.kind === 'partial' ? 1 : 0,
      refund.reference ?? '',
      '',
      '',
      duplicateWindowMs,
      0,
      refund.id,
      token,
      refund.status,
      Date.parse(refund.updated_at),
      depositJson({ at, askedBy: [...(stored.asking?.askedBy ?? []), by], answer: null }),
    ),
  )
  const [result, id, text, before] = reply
  switch (result) {
    case 'lost':
      return { result }
    case 'awaiting':
    case 'changed': {
      const found = decodeRefund(text, { id, merchant, tid })
      if (result === 'awaiting') assertTransition({ before, after: stateOf(found.refund) })
      return { result, stored: found }
    }
    default:
      return decodeRefusal(reply, { merchant, tid })
  }
}
