import type { DepositAsking } from '../../refunds/ports/store.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund, depositJsonOf } from '../refund-text.ts'
import { assertTransition, stateOf } from '../transitions.ts'
import type { Scripts } from './scripts.ts'

export type UndoDepositArguments = Readonly<{
  asking: DepositAsking
  /** For how long an asking that is abandoned is remembered. */
  abandonedMs: number
  /** For how long a payment is kept of which nothing is unsettled. */
  retentionMs: number
}>

/** undo-deposit.lua: the refund as it was before it was asked for a deposit; null where that is not to be. Throws StoreError. */
export async function undoDeposit(
  redis: Scripts,
  { asking: { stored, token, leaseMs }, abandonedMs, retentionMs }: UndoDepositArguments,
): Promise<StoredRefund | null> {
  const { refund, merchant, asking } = stored
  const { tid } = refund
  const [result, id, text] = await reach(
    redis.undoDeposit(
      keys.payment(merchant, tid),
      keys.abandoned(merchant, tid, token),
      refund.id,
      token,
      refund.status,
      Date.parse(refund.updated_at),
      refund.kind,
      asking?.token ?? '',
      depositJsonOf(stored) ?? '',
      retentionMs,
      leaseMs,
      abandonedMs,
    ),
  )
  if (result !== 'undone') return null
  const undone = decodeRefund(text, { id, merchant, tid })
  assertTransition({ before: 'awaiting_deposit', after: stateOf(undone.refund) })
  return undone
}
