import { unknownSinceMs } from '../history.ts'
import type { RefundObserver } from '../ports/observer.ts'
import type { Provider } from '../ports/provider.ts'
import type { RefundStore } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import { type Finding, settlementByPerson } from '../rules/settlements.ts'
import type { StoredRefund } from '../stored-refund.ts'

/** What a person found out about a refund whose outcome was unknown or disputed. */
export type ResolveCommand = Finding &
  Readonly<{
    id: string
    /** Whether callers are told from each other; an open gateway knows none. */
    areCallersKnown: boolean
  }>

/** What resolving needs. */
export type ResolveParts = Readonly<{
  store: RefundStore
  provider: Provider
  observer: RefundObserver
  /** How long a refund must have been unknown before a person may call it failed. */
  resolveFailedAfterMs: number
}>

/** `not_resolvable`: `detail` says why. */
export type ResolveAnswer =
  | Readonly<{ answer: 'resolved'; refund: Refund }>
  | Readonly<{ answer: 'not_resolvable'; refund: Refund; detail: string }>
  | Readonly<{ answer: 'not_found' }>

/**
 * Settles an `unknown` or disputed refund by hand, never for who asked for it, nor as `failed` too early
 * (docs/calling.md, Resolving). Throws StoreError.
 */
export async function resolveRefund(parts: ResolveParts, command: ResolveCommand): Promise<ResolveAnswer> {
  const stored = await parts.store.findById(command.id)
  if (stored === null) return { answer: 'not_found' }
  const detail = reasonAgainst(parts, stored, command)
  if (detail !== null) return { answer: 'not_resolvable', refund: stored.refund, detail }

  const { readAnswer } = parts.provider
  const settlement = settlementByPerson(stored, command, { readAnswer, at: new Date().toISOString() })
  const settled = await parts.store.settle(stored, settlement)
  if (settled.result === 'lost') return { answer: 'not_found' }
  const { refund } = settled.stored
  if (settled.result !== 'settled') return { answer: 'not_resolvable', refund, detail: notOpen(refund) }
  parts.observer.resolved(refund)
  return { answer: 'resolved', refund }
}

/** Why this person may not settle this refund so, or not yet; null: they may. */
function reasonAgainst(
  { store, resolveFailedAfterMs }: ResolveParts,
  stored: StoredRefund,
  { outcome, by, areCallersKnown }: ResolveCommand,
): string | null {
  const { refund } = stored
  if (refund.status !== 'unknown' && !refund.disputed) return notOpen(refund)
  if (areCallersKnown && refund.requested_by === by) {
    return `Who asked for a refund cannot settle it: ${by} did. Have another caller with the scope resolve do it.`
  }
  if (outcome !== 'failed') return null
  const failableAt = unknownSinceMs(stored) + resolveFailedAfterMs
  // The store's clock, which stamped the history: this process's may be ahead.
  if (store.now() >= failableAt) return null
  return `A cancel may still be applied late. This refund can be called failed from ${new Date(failableAt).toISOString()} on; look at the provider's console again then.`
}

function notOpen({ status }: Refund): string {
  return `Only an unknown or disputed refund can be resolved; this one is ${status}.`
}
