import type { Provider, RefundObserver, RefundStore, Settlement } from './ports.ts'
import type { ProviderAnswer, Refund } from './refund.ts'

/** What a person found out about a refund whose outcome was unknown. */
export type ResolveCommand = Readonly<{
  id: string
  outcome: 'succeeded' | 'failed'
  /** How it was found out. */
  note: string
  /** What the provider's console shows of the cancel. */
  provider: StatedAnswer | undefined
  /** The caller whose key resolves it. */
  by: string
}>

/** A provider's answer as a person states it, who may write the amount as a number. */
export type StatedAnswer = Partial<Omit<ProviderAnswer, 'cancel_amt'>> &
  Readonly<{ cancel_amt?: string | number | null }>

export type ResolveParts = Readonly<{ store: RefundStore; provider: Provider; observer: RefundObserver }>

/** `not_resolvable`: it is not unknown, or was settled by something else at the same moment. */
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

/** Settles an `unknown` refund by hand. Throws StoreError. */
export async function resolveRefund(parts: ResolveParts, command: ResolveCommand): Promise<ResolveAnswer> {
  const stored = await parts.store.findById(command.id)
  if (stored === null) return { answer: 'not_found' }
  if (stored.refund.status !== 'unknown') return { answer: 'not_resolvable', refund: stored.refund }

  const settlement = settlementOf(parts.provider, stored.refund, command)
  const settled = await parts.store.settle(stored, settlement)
  if (settled.result === 'lost') return { answer: 'not_found' }
  const { refund } = settled.stored
  if (settled.result === 'conflict') return { answer: 'not_resolvable', refund }
  parts.observer.resolved(refund)
  return { answer: 'resolved', refund }
}

function answerOf({ cancel_amt, ...stated }: StatedAnswer): ProviderAnswer {
  return {
    ...NO_ANSWER,
    ...stated,
    cancel_amt: typeof cancel_amt === 'number' ? String(cancel_amt) : (cancel_amt ?? null),
  }
}

function settlementOf(provider: Provider, refund: Refund, command: ResolveCommand): Settlement {
  const { outcome, note, by } = command
  const answer = command.provider ? answerOf(command.provider) : refund.provider
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
    refunded_at: read?.refundedAt ?? null,
    failure: null,
    // Of an ambiguous decline the amount says nothing; what the person states counts like an answer.
    bookedAmount: command.provider ? (read?.cancelledAmount ?? null) : null,
  }
}
