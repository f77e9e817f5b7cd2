import { settleByNotifications } from '../flows/settle-by-notifications.ts'
import { uncertainSinceMs } from '../history.ts'
import type { NotificationStore } from '../ports/notifications.ts'
import type { RefundObserver } from '../ports/observer.ts'
import type { Provider } from '../ports/provider.ts'
import type { RefundStore, UnsettledEntry } from '../ports/store.ts'
import { settlementByLookup } from '../rules/settlements.ts'
import type { StoredRefund } from '../stored-refund.ts'
import { repeat } from './repeat.ts'

/** What the reconciler needs. */
export type ReconcilerParts = Readonly<{
  store: RefundStore
  provider: Provider
  observer: RefundObserver
  /** What the provider has notified of; absent where nobody takes notifications. */
  notifications?: NotificationStore | undefined
  /** How often unsettled refunds are looked at, give or take a half. */
  intervalMs: number
}>

/** Looks after unsettled refunds in the background. */
export type Reconciler = Readonly<{
  /** Looks at what is due now. Throws StoreError. */
  sweep(): Promise<void>
  /** Starts no further sweep, and waits for the one under way. */
  stop(): Promise<void>
}>

/** The longest pause between two lookups of one refund. */
const LONGEST_PAUSE_MS = 6 * 3_600_000

/**
 * An unknown partial or a disputed refund waits for a person; it is only looked at to see whether one has
 * come.
 */
const PERSON_PAUSE_MS = LONGEST_PAUSE_MS

/** How many lookups run at a time: few, since they are in nobody's way. */
const LOOKUPS_AT_ONCE = 4

/** How many a sweep makes, and for how long it goes on to: the rest is due at the next one. */
const MOST_LOOKED_AT = 64
const LONGEST_SWEEP_MS = 20_000

/** How many notifications a sweep takes up that were left behind. */
const MOST_LEFT_BEHIND = 64

/**
 * Runs in every replica, without a leader. Each sweep makes every expired `processing` one `unknown`. Then it
 * looks at the unknown ones, and at those that await a deposit, in the order in which they are due; the store hands
 * each to one replica at a time. A full refund is looked up at the provider, first at once, then after pauses that
 * double: one that stays inconclusive keeps no other waiting. A partial one is left for a notification or a person,
 * and a disputed one for a person. A notification that was kept before is looked at first, and one whose
 * process died before it asked what that settles is asked by the next sweep.
 */
export function startReconciler(parts: ReconcilerParts): Reconciler {
  // A store that is away is reported by the store itself; the refunds wait for the next sweep.
  const sweepOnce = () => sweep(parts, job.isStopped)
  const job = repeat(sweepOnce, parts.intervalMs)
  return { sweep: sweepOnce, stop: job.stop }
}

async function sweep(parts: ReconcilerParts, isStopped: () => boolean): Promise<void> {
  await parts.store.expireLeases()
  const startedAt = performance.now()
  const isOver = () => isStopped() || performance.now() - startedAt > LONGEST_SWEEP_MS
  const failures: unknown[] = await askLeftBehind(parts)
  for (let looked = 0; looked < MOST_LOOKED_AT && !isOver(); looked += LOOKUPS_AT_ONCE) {
    const due = await parts.store.takeDue(LOOKUPS_AT_ONCE)
    // One that fails leaves the others alone.
    const ends = await Promise.allSettled(due.map((unsettled) => lookAt(parts, unsettled)))
    failures.push(...ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : [])))
    if (due.length < LOOKUPS_AT_ONCE) break
  }
  if (failures.length > 0) throw failures[0]
}

/** Of notifications that somebody kept and then did not ask. Answers what failed: that is left for the next sweep. */
async function askLeftBehind({ store, notifications, observer }: ReconcilerParts): Promise<unknown[]> {
  if (notifications === undefined) return []
  const failures: unknown[] = []
  for (const payment of await notifications.leftBehind(MOST_LEFT_BEHIND)) {
    try {
      await settleByNotifications({ store, notifications, observer }, payment)
      await notifications.asked(payment)
    } catch (error) {
      failures.push(error)
    }
  }
  return failures
}

async function lookAt(parts: ReconcilerParts, unsettled: UnsettledEntry): Promise<void> {
  const stored = await parts.store.findByClaim(unsettled)
  switch (stored?.refund.status) {
    case 'failed':
      if (stored?.refund.disputed) return leaveToPerson(parts, unsettled, stored)
      return parts.store.drop(unsettled, stored)
    case undefined:
    case 'succeeded':
      return parts.store.drop(unsettled, stored)
    case 'processing':
      // The store has gone back to when it was not unknown yet.
      return parts.store.lookAgain(unsettled, parts.intervalMs)
    case 'unknown':
    case 'awaiting_deposit':
      return lookUp(parts, unsettled, stored as StoredRefund)
  }
}

async function lookUp(
  parts: ReconcilerParts,
  unsettled: UnsettledEntry,
  stored: StoredRefund,
): Promise<void> {
  const { refund } = stored
  if (await isSettledByNotification(parts, unsettled)) return
  // How a partly cancelled payment looks there is not documented (docs/provider.md, Lookups): it settles no part.
  if (refund.kind === 'partial') return leaveToPerson(parts, unsettled, stored)

  await parts.store.keepKey(stored)
  const found = await parts.provider.lookUp({
    merchant: unsettled.merchant,
    tid: unsettled.tid,
    amount: refund.amount,
    requestedAt: Date.parse(refund.created_at),
  })
  if (found.outcome === 'inconclusive') {
    return parts.store.lookAgain(unsettled, pauseMs(parts, stored))
  }
  await settleByLookup(parts, stored, found.refundedAt)
}

/** A conclusive lookup settles an unknown full refund. Answers whether it did. Throws StoreError. */
export async function settleByLookup(
  { store, observer }: Pick<ReconcilerParts, 'store' | 'observer'>,
  stored: StoredRefund,
  refundedAt: string,
): Promise<boolean> {
  const at = new Date().toISOString()
  const settlement = settlementByLookup(stored.refund, { refundedAt, at })
  const settled = await store.settle(stored, settlement)
  if (settled.result === 'conflict') observer.conflict(settled.stored.refund, settlement, false)
  if (settled.result === 'disputed') observer.disputed(settled.stored.refund, settlement)
  if (settled.result === 'settled') observer.resolved(settled.stored.refund)
  return settled.result === 'settled'
}

/** One may have come while the refund was still being made, or before its process died. */
async function isSettledByNotification(
  { store, notifications, observer }: ReconcilerParts,
  { id, merchant, tid }: UnsettledEntry,
): Promise<boolean> {
  if (notifications === undefined) return false
  const { settled } = await settleByNotifications({ store, notifications, observer }, { merchant, tid })
  return settled.some((refund) => refund.id === id)
}

async function leaveToPerson(
  { store }: ReconcilerParts,
  unsettled: UnsettledEntry,
  stored: StoredRefund,
): Promise<void> {
  await (stored.refund.disputed ? store.keepDisputed(stored) : store.keepKey(stored))
  await store.lookAgain(unsettled, PERSON_PAUSE_MS)
}

/** As long as it has been unknown already, so that pauses double: seconds, then minutes, then hours. */
function pauseMs({ store, intervalMs }: ReconcilerParts, stored: StoredRefund): number {
  const ageMs = store.now() - uncertainSinceMs(stored)
  return Math.min(Math.max(ageMs, intervalMs), LONGEST_PAUSE_MS)
}
