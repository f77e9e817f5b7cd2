import type { RefundObserver } from '../ports/observer.ts'
import type { Provider } from '../ports/provider.ts'
import type { RefundStore } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import { notOpen, type ResolveWish, reasonNotToResolve } from '../rules/resolvable.ts'
import { type Finding, settlementByPerson } from '../rules/settlements.ts'

/** What a person found out about a refund whose outcome was unknown or disputed. */
export type ResolveCommand = Finding & ResolveWish & Readonly<{ id: string }>

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
  const { resolveFailedAfterMs } = parts
  const detail = reasonNotToResolve(stored, command, { now: parts.store.now(), resolveFailedAfterMs })
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
