import { uncertainSinceMs } from '../history.ts'
import type { Refund } from '../refund.ts'
import type { StoredRefund } from '../stored-refund.ts'
import type { Finding } from './settlements.ts'

/** Who wants to settle a refund, and as what. */
export type ResolveWish = Pick<Finding, 'outcome' | 'by'> &
  Readonly<{
    /** Whether callers are told from each other; an open gateway knows none. */
    areCallersKnown: boolean
  }>

/**
 * Why this person may not settle this refund so, or not yet; null: they may (docs/calling.md, Resolving). `now`: by the
 * store's clock, which stamped the history: this process's may be ahead.
 */
export function reasonNotToResolve(
  stored: StoredRefund,
  { outcome, by, areCallersKnown }: ResolveWish,
  { now, resolveFailedAfterMs }: Readonly<{ now: number; resolveFailedAfterMs: number }>,
): string | null {
  const { refund } = stored
  if (!isOpen(refund)) return notOpen(refund)
  if (areCallersKnown && refund.requested_by === by) {
    return `Who asked for a refund cannot settle it: ${by} did. Have another caller with the scope resolve do it.`
  }
  if (outcome !== 'failed') return null
  const failableAt = uncertainSinceMs(stored) + resolveFailedAfterMs
  if (now >= failableAt) return null
  return `A cancel may still be applied late. This refund can be called failed from ${new Date(failableAt).toISOString()} on; look at the provider's console again then.`
}

/** A refund whose state leaves nothing to a person. */
export function notOpen({ status }: Refund): string {
  return `Only a refund that is unknown, disputed or awaits a deposit can be resolved; this one is ${status}.`
}

function isOpen({ status, disputed }: Refund): boolean {
  return status === 'unknown' || status === 'awaiting_deposit' || disputed === true
}
