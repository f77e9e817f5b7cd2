import type { SettleResult } from '../../refunds/ports/store.ts'
import type { RefundState } from '../../refunds/refund-states.ts'
import type { Settlement, StoredRefund } from '../../refunds/stored-refund.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeRefund, settledJson } from '../refund-text.ts'
import { assertTransition, stateOf } from '../transitions.ts'
import type { Scripts } from './scripts.ts'

export type SettleArguments = Readonly<{
  stored: StoredRefund
  settlement: Settlement
  /** For how long a payment is kept of which nothing is unsettled. */
  retentionMs: number
}>

/** The state that a person's decision is about: as it was seen. */
function settledByPerson({ status, disputed }: StoredRefund['refund']): RefundState {
  if (disputed) return 'disputed'
  return status === 'awaiting_deposit' ? status : 'unknown'
}

/**
 * settle.lua: records what became of a refund. Throws StoreError; and an Error that begins with `bug:` where the script
 * has moved the refund in a way that the table of transitions does not have.
 */
export async function settleRefund(
  redis: Scripts,
  { stored, settlement, retentionMs }: SettleArguments,
): Promise<SettleResult> {
  const { refund, merchant, attempt } = stored
  const { tid } = refund
  const own = settledJson(stored, settlement)
  const [result, id, text, before] = await reach(
    redis.settleRefund(
      keys.payment(merchant, tid),
      refund.id,
      attempt,
      settlement.status,
      settlement.bookedAmount ?? '',
      refund.amount,
      settlement.resolution?.source ?? 'provider',
      own.text,
      retentionMs,
      settledByPerson(refund),
    ),
  )
  switch (result) {
    case 'lost':
      return { result }
    case 'settled':
    case 'conflict':
    case 'disputed': {
      const settled = decodeRefund(text, { id, merchant, tid }, own)
      assertTransition({ before, after: stateOf(settled.refund) })
      return { result, stored: settled }
    }
    default:
      throw new Error(`bug: settle.lua answered ${result}`)
  }
}
