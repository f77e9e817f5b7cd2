import type { RefundObserver } from '../ports/observer.ts'
import type { Provider } from '../ports/provider.ts'
import type { RefundStore } from '../ports/store.ts'
import type { ProviderAnswer, Refund } from '../refund.ts'
import type { Settlement, StoredRefund } from '../stored-refund.ts'

/** What a person found out about a refund whose outcome was unknown or disputed. */
export type ResolveCommand = Readonly<{
  id: string
  outcome: 'succeeded' | 'failed'
  /** How it was found out. */
  note: string
  /** What the provider's console shows of the cancel. */
  provider: StatedAnswer | undefined
  /** The caller whose key resolves it. */
  by: string
  /** Whether callers are told from each other; an open gateway knows none. */
  areCallersKnown: boolean
}>

/** A provider's answer as a person states it, who may write the amount as a number. */
export type StatedAnswer = Partial<Omit<ProviderAnswer, 'cancel_amt'>> &
  Readonly<{ cancel_amt?: string | number | null }>

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

const NO_ANSWER: ProviderAnswer = {
  cancel_tid: null,
  cancel_code: null,
  cancel_msg: null,
  cancel_date: null,
  cancel_amt: null,
}

/** Settles an `unknown` or disputed refund by hand, never for who asked for it, nor as `failed` too early. Throws StoreError. */
export async function resolveRefund(parts: ResolveParts, command: ResolveCommand): Promise<ResolveAnswer> {
  const stored = await parts.store.findById(command.id)
  if (stored === null) return { answer: 'not_found' }
  const detail = reasonAgainst(parts, stored, command)
  if (detail !== null) return { answer: 'not_resolvable', refund: stored.refund, detail }

  const settlement = settlementOf(parts.provider, stored, command)
  const settled = await parts.store.settle(stored, settlement)
  if (settled.result === 'lost') return { answer: 'not_found' }
  const { refund } = settled.stored
  if (settled.result !== 'settled') return { answer: 'not_resolvable', refund, detail: notOpen(refund) }
  parts.observer.resolved(refund)
  return { answer: 'resolved', refund }
}

/** Why this person may not settle this refund so, or not yet; null: it may. */
function reasonAgainst(
  { store, resolveFailedAfterMs }: ResolveParts,
  { refund, history }: StoredRefund,
  { outcome, by, areCallersKnown }: ResolveCommand,
): string | null {
  if (refund.status !== 'unknown' && !refund.disputed) return notOpen(refund)
  if (areCallersKnown && refund.requested_by === by) {
    return `Who asked for a refund cannot settle it: ${by} did. Have another caller with the scope resolve do it.`
  }
  if (outcome !== 'failed') return null
  const unknownSince = history.find(({ event }) => event === 'unknown')?.at ?? refund.updated_at
  const failableAt = Date.parse(unknownSince) + resolveFailedAfterMs
  // The store's clock, which stamped the history: this process's may be ahead.
  if (store.now() >= failableAt) return null
  return `A cancel may still be applied late. This refund can be called failed from ${new Date(failableAt).toISOString()} on; look at the provider's console again then.`
}

function notOpen({ status }: Refund): string {
  return `Only an unknown or disputed refund can be resolved; this one is ${status}.`
}

function answerOf({ cancel_amt, ...stated }: StatedAnswer): ProviderAnswer {
  return {
    ...NO_ANSWER,
    ...stated,
    cancel_amt: typeof cancel_amt === 'number' ? String(cancel_amt) : (cancel_amt ?? null),
  }
}

function settlementOf(
  provider: Provider,
  { refund, disputedBy }: StoredRefund,
  command: ResolveCommand,
): Settlement {
  const { outcome, note, by } = command
  // That a disputed one was made is what the answer says which disputes it.
  const known = (outcome === 'succeeded' ? disputedBy?.provider : undefined) ?? refund.provider
  const answer = command.provider ? answerOf(command.provider) : known
  const read = answer === null ? null : provider.readAnswer(answer)
  const settlement = {
    provider: answer,
    resolution: { source: 'operator', by, note, at: new Date().toISOString() },
  } as const
  if (outcome === 'failed') {
    const failure = { code: 'provider_declined', detail: `Resolved as failed by ${by}: ${note}` } as const
    return { ...settlement, status: 'failed', refunded_at: null, failure, bookedAmount: null }
  }
  return {
    ...settlement,
    status: 'succeeded',
    refunded_at: read?.refundedAt ?? disputedBy?.refunded_at ?? null,
    failure: null,
    // Of an ambiguous decline the amount says nothing; what the person states counts like an answer.
    bookedAmount: command.provider ? (read?.cancelledAmount ?? null) : null,
  }
}
