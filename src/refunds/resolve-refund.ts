import type { Provider, RefundObserver, RefundStore, Settlement, StoredRefund } from './ports.ts'
import type { ProviderAnswer, Refund } from './refund.ts'

/** What a person found out about a refund whose outcome was unknown or disputed. */
export type ResolveCommand = Readonly<{
  id: string
  outcome: 'succeeded' | 'failed'
  /** How it was found out. */
  note: string
  /** What the provider's console shows of the cancel. */
  provider: Partial<ProviderAnswer> | undefined
  /** The caller whose key resolves it. */
  by: string
}>

export type ResolveParts = Readonly<{ store: RefundStore; provider: Provider; observer: RefundObserver }>

/** `not_resolvable`: it is neither unknown nor disputed, or was settled by something else at the same moment. */
export type ResolveAnswer =
  | Readonly<{ answer: 'resolved'; refund: Refund }>
  | Readonly<{ answer: 'not_resolvable'; refund: Refund }>
  | Readonly<{ answer: 'not_found' }>

const NO_ANSWER: ProviderAnswer = {
  cancel_tid: null,
  cancel_code: null,
  cancel_msg: null,
  cancel_date: null,
  cancel_amt: null,
}

/** Settles an `unknown` or disputed refund by hand. Throws StoreError. */
export async function resolveRefund(parts: ResolveParts, command: ResolveCommand): Promise<ResolveAnswer> {
  const stored = await parts.store.findById(command.id)
  if (stored === null) return { answer: 'not_found' }
  const isOpen = stored.refund.status === 'unknown' || stored.refund.disputed
  if (!isOpen) return { answer: 'not_resolvable', refund: stored.refund }

  const settlement = settlementOf(parts.provider, stored, command)
  const settled = await parts.store.settle(stored, settlement)
  if (settled.result === 'lost') return { answer: 'not_found' }
  const { refund } = settled.stored
  if (settled.result !== 'settled') return { answer: 'not_resolvable', refund }
  parts.observer.resolved(refund)
  return { answer: 'resolved', refund }
}

function settlementOf(
  provider: Provider,
  { refund, disputedBy }: StoredRefund,
  command: ResolveCommand,
): Settlement {
  const { outcome, note, by } = command
  // That a disputed one was made is what the answer says which disputes it.
  const known = (outcome === 'succeeded' ? disputedBy?.provider : undefined) ?? refund.provider
  const answer = command.provider ? { ...NO_ANSWER, ...command.provider } : known
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
