import type { Intent } from '../claim.ts'
import type { RefundObserver } from '../ports/observer.ts'
import { type RefundStore, type SettleResult, StoreError } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import {
  type AnsweredOutcome,
  asStored,
  cancelledAnotherAmount,
  settlementByAnswer,
} from '../rules/settlements.ts'
import type { Settlement, StoredRefund } from '../stored-refund.ts'
import type { BackgroundWork } from './pending-writes.ts'

/** What recording needs. */
export type RecordParts = Readonly<{
  store: RefundStore
  observer: RefundObserver
  background: BackgroundWork
}>

/** The outcome in the store; while that is away, the caller still gets it and the store gets it later. */
export async function recordOutcome(
  parts: RecordParts,
  { intent, begun }: Readonly<{ intent: Intent; begun: StoredRefund }>,
  outcome: AnsweredOutcome,
): Promise<Refund> {
  const settlement = settlementByAnswer(outcome)
  if (outcome.outcome === 'succeeded' && cancelledAnotherAmount(begun.refund.amount, outcome)) {
    parts.observer.amountMismatch(begun.refund, outcome.cancelledAmount)
  }
  const write = async () => {
    let settled = await parts.store.settle(begun, settlement)
    if (settled.result === 'lost') {
      const keepsKey = await parts.store.restore(begun, intent)
      parts.observer.lost(asStored(begun, settlement, now()), { isWrittenBack: true, keepsKey })
      settled = await parts.store.settle(begun, settlement)
    }
    if (settled.result === 'lost')
      throw new StoreError('store_unavailable', 'The store forgets what it is told.')
    return told(parts.observer, begun, { settlement, settled })
  }
  try {
    return await write()
  } catch (error) {
    parts.observer.postponed(begun.refund.id, error)
    parts.background.untilDone(write)
    return asStored(begun, settlement, now())
  }
}

/** What the caller is told of a refund once its outcome is in the store, beside whatever else stands there. */
function told(
  observer: RefundObserver,
  begun: StoredRefund,
  {
    settlement,
    settled,
  }: Readonly<{ settlement: Settlement; settled: Exclude<SettleResult, { result: 'lost' }> }>,
): Refund {
  const { result, stored } = settled
  const isOther = stored.attempt !== begun.attempt
  if (result === 'disputed') observer.disputed(stored.refund, settlement)
  // An unknown outcome cannot contradict what the lookup or a person found.
  const isContradicted = result === 'conflict' && (isOther || settlement.status !== 'unknown')
  if (isContradicted) observer.conflict(stored.refund, settlement, isOther)
  // The store knows less of another attempt than this one does. What the provider says was made has not failed.
  const isSaidToBeMade = result === 'disputed' && settlement.status !== 'failed'
  return isOther || isSaidToBeMade ? asStored(begun, settlement, now()) : stored.refund
}

/** ISO 8601. */
function now(): string {
  return new Date().toISOString()
}
