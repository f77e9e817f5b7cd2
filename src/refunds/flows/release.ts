import type { Attempt } from '../claim.ts'
import type { RefundObserver } from '../ports/observer.ts'
import type { RefundStore } from '../ports/store.ts'
import { settlementOfNeverSent } from '../rules/settlements.ts'
import type { BackgroundWork } from './pending-writes.ts'

/** What a release needs. */
export type ReleaseParts = Readonly<{
  store: RefundStore
  observer: RefundObserver
  background: BackgroundWork
}>

/** Frees the key of an attempt of which nothing was sent, now (true) or as soon as the store can be reached (false). */
export async function release(parts: ReleaseParts, attempt: Attempt): Promise<boolean> {
  try {
    await releaseOnce(parts, attempt)
    return true
  } catch (error) {
    postponeRelease(parts, attempt, error)
    return false
  }
}

/** The same, for whoever has just seen the store fail. */
export function postponeRelease(parts: ReleaseParts, attempt: Attempt, error: unknown): void {
  parts.observer.postponed(attempt.claim.id, error)
  parts.background.untilDone(() => releaseOnce(parts, attempt))
}

/**
 * Where it took longer than the attempt's lease, others were told `unknown`: what they were told of does not vanish, but
 * has failed.
 */
async function releaseOnce({ store, observer }: ReleaseParts, attempt: Attempt): Promise<void> {
  const unknown = await store.release(attempt)
  if (unknown === null) return
  const settlement = settlementOfNeverSent(new Date().toISOString())
  const settled = await store.settle(unknown, settlement)
  if (settled.result === 'settled') observer.resolved(settled.stored.refund)
  if (settled.result === 'disputed') observer.disputed(settled.stored.refund, settlement)
}
