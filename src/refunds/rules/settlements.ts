import type { Krw } from '../krw.ts'
import type { CancelOutcome, Provider } from '../ports/provider.ts'
import type { ProviderAnswer, Refund } from '../refund.ts'
import type { Settlement, StoredRefund } from '../stored-refund.ts'

/** What a cancel call led to that was sent and not refused for its token. */
export type AnsweredOutcome = Exclude<CancelOutcome, { outcome: 'not_sent' | 'token_rejected' }>

/** A provider's answer as a person states it, who may write the amount as a number. */
export type StatedAnswer = Partial<Omit<ProviderAnswer, 'cancel_amt'>> &
  Readonly<{ cancel_amt?: string | number | null }>

/** What a person found out about a refund. */
export type Finding = Readonly<{
  outcome: 'succeeded' | 'failed'
  /** How it was found out. */
  note: string
  /** What the provider's console shows of the cancel. */
  provider: StatedAnswer | undefined
  /** The caller whose key resolves it. */
  by: string
}>

/** What is recorded for an answer to the cancel call, or for none. */
export function settlementByAnswer(outcome: AnsweredOutcome): Settlement {
  const { provider } = outcome
  const isSuccess = outcome.outcome === 'succeeded'
  return {
    status: outcome.outcome,
    provider,
    refunded_at: isSuccess ? outcome.refundedAt : null,
    failure: outcome.outcome === 'failed' ? { code: outcome.code, detail: outcome.detail } : null,
    resolution: null,
    bookedAmount: isSuccess ? outcome.cancelledAmount : null,
  }
}

/**
 * What is recorded for an answer to the second try, after the first was refused for its token. That the
 * payment was cancelled before may be the first try's doing, whatever that was answered.
 */
export function answeredOnSecondTry(outcome: AnsweredOutcome): AnsweredOutcome {
  if (outcome.outcome !== 'failed' || outcome.code !== 'already_cancelled') return outcome
  return {
    outcome: 'unknown',
    detail: `This was the second try, after an answer that rejected the token. ${outcome.detail}`,
    provider: outcome.provider,
  }
}

/** Nothing was sent, and yet others were told `unknown`. `at`: ISO 8601, now. */
export function settlementOfNeverSent(at: string): Settlement {
  const detail = 'It was never sent to the provider: make a new refund under a new key.'
  return {
    status: 'failed',
    provider: null,
    refunded_at: null,
    failure: { code: 'provider_declined', detail },
    resolution: { source: 'provider', by: null, note: 'Never sent', at },
    bookedAmount: null,
  }
}

/** The provider's lookup shows the cancel, made at `refundedAt`. `at`: now; both ISO 8601. */
export function settlementByLookup(
  refund: Refund,
  { refundedAt, at }: Readonly<{ refundedAt: string; at: string }>,
): Settlement {
  return {
    status: 'succeeded',
    provider: refund.provider,
    refunded_at: refundedAt,
    failure: null,
    resolution: { source: 'lookup', by: null, note: null, at },
    bookedAmount: null,
  }
}

/** A notification that can mean no other shows the cancel, made at `refundedAt`. `at`: now; both ISO 8601. */
export function settlementByNotification(
  refund: Refund,
  { refundedAt, at }: Readonly<{ refundedAt: string | null; at: string }>,
): Settlement {
  return {
    status: 'succeeded',
    provider: refund.provider,
    refunded_at: refundedAt,
    failure: null,
    resolution: { source: 'notification', by: null, note: null, at },
    bookedAmount: null,
  }
}

/** A person says what became of it. `at`: ISO 8601, now. */
export function settlementByPerson(
  { refund, disputedBy }: StoredRefund,
  finding: Finding,
  { readAnswer, at }: Readonly<{ readAnswer: Provider['readAnswer']; at: string }>,
): Settlement {
  const { outcome, note, by } = finding
  // What disputes a refund is an answer that says that it was made.
  const known = (outcome === 'succeeded' ? disputedBy?.provider : undefined) ?? refund.provider
  const provider = finding.provider ? answerOf(finding.provider) : known
  const resolution = { source: 'operator', by, note, at } as const
  if (outcome === 'failed') {
    const failure = { code: 'provider_declined', detail: `Resolved as failed by ${by}: ${note}` } as const
    return { status: 'failed', provider, refunded_at: null, failure, resolution, bookedAmount: null }
  }
  const read = provider === null ? null : readAnswer(provider)
  return {
    status: 'succeeded',
    provider,
    refunded_at: read?.refundedAt ?? disputedBy?.refunded_at ?? null,
    failure: null,
    resolution,
    // The amount of an ambiguous decline says nothing. What the person states counts like an answer.
    bookedAmount: finding.provider ? (read?.cancelledAmount ?? null) : null,
  }
}

const NO_ANSWER: ProviderAnswer = {
  cancel_tid: null,
  cancel_code: null,
  cancel_msg: null,
  cancel_date: null,
  cancel_amt: null,
}

function answerOf({ cancel_amt, ...stated }: StatedAnswer): ProviderAnswer {
  return {
    ...NO_ANSWER,
    ...stated,
    cancel_amt: typeof cancel_amt === 'number' ? String(cancel_amt) : (cancel_amt ?? null),
  }
}

/** The refund as it would be stored with this settlement. `at`: ISO 8601, now. */
export function asStored({ refund }: StoredRefund, settlement: Settlement, at: string): Refund {
  const { status, provider, refunded_at, failure, resolution } = settlement
  return { ...refund, status, provider, refunded_at, failure, resolution, updated_at: at }
}

/**
 * Whether the provider cancelled another amount than was asked. One that is there and cannot be read, or is
 * zero, is no figure to book, and yet not what was asked.
 */
export function cancelledAnotherAmount(
  asked: Krw,
  { cancelledAmount, provider }: AnsweredOutcome & { outcome: 'succeeded' },
): boolean {
  if (cancelledAmount !== null) return cancelledAmount !== asked
  return provider.cancel_amt !== null && provider.cancel_amt !== ''
}
