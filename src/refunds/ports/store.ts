import type { LeaseLeft } from '../lease.ts'
import type { FailureCode, Payment, ProviderAnswer, Refund, RefundAccount, Resolution } from '../refund.ts'
import type { Krw, LedgerSums } from '../rules/amounts.ts'
import type { PaymentMethod, RefundKind } from '../rules/eligibility.ts'
import type { StepTimings } from '../step-timings.ts'

/** The binding of an idempotency key to one payload. */
export type Claim = Readonly<{
  id: string
  /** Random token of the attempt that made the claim; whoever frees the claim must name it. */
  token: string
  fingerprint: string
  /** Whose payment it is, see merchantOf(). */
  merchant: string
  tid: string
}>

/** What a refund is made of before anything is known of its amount and outcome. */
export type RefundDetails = Pick<
  Refund,
  'account' | 'tax_free_amount' | 'reason' | 'refund_account' | 'requested_by' | 'metadata'
>

/** One try at a refund under a claim, its own or one that it joined. */
export type Attempt = Readonly<{
  claim: Claim
  /** Random token of this attempt; a begin that is sent twice finds its own. */
  attempt: string
  /** Milliseconds since 1970; the same when a begin is sent again. */
  requestedAt: number
}>

/** What begin needs to reserve money and to write the refund as `processing`. */
export type Intent = Attempt &
  Readonly<{
    payment: Payment
    /** Absent: everything that remains. */
    amount: Krw | undefined
    partialAllowed: boolean
    /** How long the refund is this attempt's own, from begin on. */
    leaseMs: number
    details: RefundDetails
    /** Of a second try: what was begun is to go on, and nothing is to begin. */
    isRenewal?: boolean
  }>

/**
 * What happened to a refund beside its intent and its outcome. `unknown` because of its `lease` or of the
 * `provider`; a `conflict`, whose cause is the status that the contradicting answer would have set; `failed`, before
 * that was `disputed` by the `provider`, the `lookup` or the answer to another attempt; `other`: an answer to another
 * attempt, of which the store had forgotten one.
 */
export type HistoryEntry = Readonly<{
  event: 'unknown' | 'conflict' | 'failed' | 'disputed' | 'other'
  cause: string
  at: string
}>

/** A refund with what only the gateway knows of it. */
export type StoredRefund = Readonly<{
  refund: Refund
  merchant: string
  attempt: string
  fingerprint: string
  history: readonly HistoryEntry[]
  /** What the ledger counts as its tax-free part. */
  countedTaxFree: Krw
  /** What was said, and by whom, each time that it had failed and was disputed, but for the last; oldest first. */
  earlier: readonly (Resolution | null)[]
  /** The answer that disputes it; null where none does. */
  disputedBy: Pick<Refund, 'provider' | 'refunded_at'> | null
}>

/** Where the index of unsettled refunds points to; `entry` is how the store names it. */
export type UnsettledRefund = Readonly<{ entry: string; id: string; merchant: string; tid: string }>

/** What the atomic begin decided. */
export type BeginResult =
  | Readonly<{ result: 'begun'; stored: StoredRefund }>
  | Readonly<{ result: 'exists'; stored: StoredRefund }>
  | Readonly<{ result: 'claim_abandoned' }>
  /** Only of a renewal: the store does not know the refund any more. */
  | Readonly<{ result: 'lost' }>
  | Readonly<{ result: 'payment_mismatch' }>
  | Readonly<{ result: 'partial_not_allowed' }>
  | Readonly<{ result: 'tax_free_exceeds_amount' }>
  | Readonly<{ result: 'amount_exceeds_remaining'; remaining: Krw }>
  | Readonly<{ result: 'refund_unresolved'; stored: StoredRefund }>

/** What became of a refund whose provider call is over. */
export type Settlement = Readonly<
  Pick<Refund, 'provider' | 'refunded_at' | 'failure' | 'resolution'> & {
    status: 'succeeded' | 'failed' | 'unknown'
    /** What the ledger takes as refunded; null: what was asked. */
    bookedAmount: Krw | null
  }
>

/**
 * `settled`: stored now, or by an earlier sending of the same command. `conflict`: another truth stands.
 * `disputed`: it had failed, and this answer says otherwise. `lost`: the store does not know the refund any more.
 */
export type SettleResult =
  | Readonly<{ result: 'settled' | 'conflict' | 'disputed'; stored: StoredRefund }>
  | Readonly<{ result: 'lost' }>

/** A payment with the sums of its refunds, in KRW. */
export type PaymentLedger = LedgerSums &
  Readonly<{ tid: string; method: PaymentMethod; tax_free_amount: Krw | null }>

/** One page of refunds, oldest first; `nextCursor` null: there are no more. */
export type RefundPage = Readonly<{ refunds: readonly Refund[]; nextCursor: string | null }>

/** What a refusal for now may say: of this request alone, since an earlier one with its key may have moved money. */
export const NOTHING_SENT = 'Nothing was sent for this request; what an earlier one did stands. Try again.'

/** One page of what is unsettled, over all payments. A cursor is the `nextCursor` of the page before; null starts. */
export type UnsettledQuery = Readonly<{
  status: 'processing' | 'unknown'
  /** Absent: of all merchants. */
  merchant?: string | undefined
  limit: number
  cursor: string | null
  /** Who asked for them; absent: anybody. A page is full, unless it is the last. */
  caller?: string | undefined
}>

/** Thrown by every method of the store: nothing can be said about what it was asked. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: 'store_unavailable' | 'store_not_durable'

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Where refunds are kept. Every method throws {@link StoreError}. */
export type RefundStore = Readonly<{
  /** Binds a key to a payload unless it is bound already; answers with the claim that is in force. */
  claim(claim: Claim): Promise<Claim>
  /** Renews a claim without a refund that another request made; false where it is not in force any more. */
  joinClaim(claim: Claim): Promise<boolean>
  /** Atomically: an existing refund is answered; else the amount is reserved and the intent written. */
  begin(intent: Intent): Promise<BeginResult>
  /**
   * Records the outcome, from `processing` of the same attempt, from `unknown` or, by a person who has seen that it
   * is disputed, from that.
   */
  settle(stored: StoredRefund, settlement: Settlement): Promise<SettleResult>
  /**
   * Writes back what the store forgot of a refund in flight: its intent, whatever stands in its way, and its key.
   * False where another payload has the key by now, which it then keeps.
   */
  restore(begun: StoredRefund, intent: Pick<Intent, 'payment' | 'leaseMs'>): Promise<boolean>
  /** A claim that was refused beside a refund of the same key gives way to the claim of that. */
  yieldClaim(refused: Claim, stored: StoredRefund): Promise<void>
  /**
   * Undoes this attempt's begin, if there was one, and frees the key. Only where nothing was sent. A refund that was
   * called `unknown` meanwhile is left as it is and answered; null: there is none.
   */
  release(attempt: Attempt): Promise<StoredRefund | null>
  /** The refund that a claim stands for, or null where none was begun. */
  findByClaim(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<StoredRefund | null>
  /** The refund of this id, or null. */
  findById(id: string): Promise<StoredRefund | null>
  /** The payment's ledger, or null where nothing was ever refunded of it. */
  findPayment(merchant: string, tid: string): Promise<PaymentLedger | null>
  /**
   * The payment's refunds that match (absent: all), and its ledger at the same moment, or null where nothing was ever refunded of
   * it. A cursor is the `nextCursor` of the page before; null starts.
   */
  listByPayment(query: {
    merchant: string
    tid: string
    limit: number
    cursor: string | null
    matches?: (refund: Refund) => boolean
  }): Promise<RefundPage & Readonly<{ ledger: PaymentLedger | null }>>
  /** The refunds of all payments that are `processing` or `unknown`, oldest first. */
  listUnsettled(query: UnsettledQuery): Promise<RefundPage>
  /** How many refunds are `processing` or `unknown`. */
  countUnsettled(): Promise<number>
  /** When the oldest `unknown` refund was asked for, in milliseconds since 1970; null where there is none. */
  oldestUnknownAt(): Promise<number | null>
  /**
   * What the store's clock shows, about, in milliseconds since 1970: what replicas agree on. Times that are kept are
   * by it.
   */
  now(): number
  /** Whatever is `processing` and whose lease is over becomes `unknown`, and its key is kept. */
  expireLeases(): Promise<void>
  /** The unknown refunds that have been due longest, at most so many. For a while no other replica gets them. */
  takeDue(limit: number): Promise<readonly UnsettledRefund[]>
  /** An unknown refund is due again after this time. */
  lookAgain(unsettled: UnsettledRefund, delayMs: number): Promise<void>
  /** The key of an unknown refund does not expire before that is settled. */
  keepKey(stored: StoredRefund): Promise<void>
  /** Takes an entry out of the index whose refund is settled, or was never begun. */
  drop(unsettled: UnsettledRefund): Promise<void>
}>

/** What one cancel call asks of the provider; amounts in KRW. */
export type CancelRequest = Readonly<{
  merchant: string
  tid: string
  reason: string
  /** `full`: a first refund of everything. */
  kind: RefundKind
  amount: Krw
  taxFreeAmount: Krw | undefined
  refundAccount: RefundAccount | undefined
  /** Looked at where the call is written: it is not, where less is left than the rest of the call may take. */
  leaseLeft: LeaseLeft
  /** The caller's W3C trace context, to pass on. */
  traceparent?: string | undefined
}>

/** Nothing was sent, or what was sent was refused before it was looked at. */
export type NotSent = Readonly<{
  outcome: 'not_sent'
  code: 'provider_unavailable' | 'provider_auth_failed'
  detail: string
}>

/** What one cancel call led to. */
export type CancelOutcome =
  | NotSent
  | Readonly<{ outcome: 'token_rejected'; detail: string }>
  | Readonly<{
      outcome: 'unknown'
      detail: string
      provider: ProviderAnswer | null
      /** The provider declined in readable words that nobody here knows: it is well, whatever became of the refund. */
      isUnknownDecline?: true
    }>
  | Readonly<{
      outcome: 'succeeded'
      provider: ProviderAnswer
      refundedAt: string | null
      /** What the provider says it cancelled, where that can be read. */
      cancelledAmount: Krw | null
    }>
  | Readonly<{ outcome: 'failed'; code: FailureCode; detail: string; provider: ProviderAnswer }>

/** A token of the provider, or why there is none. */
export type Authorization = Readonly<{ outcome: 'authorized'; token: string }> | NotSent

/** Which full cancel is looked for. */
export type LookupQuery = Readonly<{
  merchant: string
  tid: string
  /** What was asked for: everything that was paid, by what the caller stated. */
  amount: Krw
  /** Milliseconds since 1970. */
  requestedAt: number
}>

/** What the provider's lookup says of a full cancel. Only `cancelled` is conclusive. */
export type LookupOutcome =
  | Readonly<{ outcome: 'cancelled'; refundedAt: string }>
  | Readonly<{ outcome: 'inconclusive'; detail: string }>

/** The payment provider. No method throws: every failure is an outcome. */
export type Provider = Readonly<{
  /** A token for this merchant, from the nearest place that holds a valid one. */
  authorize(merchant: string): Promise<Authorization>
  /** A token other than the one that was just rejected. */
  renew(merchant: string, rejectedToken: string): Promise<Authorization>
  /**
   * Runs `work` with a place among the calls that this merchant may have under way, of which each caller gets its
   * share. Where there is none in time, or the provider has been failing, `work` is not run: nothing was sent.
   */
  admit<Result>(
    whose: Readonly<{ merchant: string; caller: string }>,
    work: (cancel: CancelCall) => Promise<Result>,
  ): Promise<Result | NotSent>
  /** Whether a payment has been cancelled in full since this refund was asked for. */
  lookUp(query: LookupQuery): Promise<LookupOutcome>
  /** What a cancel answer says of time and amount, each null where it cannot be read. */
  readAnswer(answer: ProviderAnswer): Readonly<{ refundedAt: string | null; cancelledAmount: Krw | null }>
}>

/** One cancel call, sent at most once. */
export type CancelCall = (request: CancelRequest, token: string) => Promise<CancelOutcome>

/**
 * Time that only moves forward, in milliseconds, for measuring how long something took. It counts the time for which
 * the machine was suspended.
 */
export type MonotonicClock = () => number

/** Whose request it was, for finding its log line: nothing of this decides anything. */
export type RequestOrigin = Readonly<{
  caller: string
  requestId?: string | undefined
  /** The W3C trace context that the request came with. */
  traceparent?: string | undefined
}>

/** What the flow reports at each change of state, for logs and metrics. */
export type RefundObserver = Readonly<{
  /** The provider was called and the outcome is recorded, or held for recording; `detail` says why it is `unknown`. */
  recorded(
    refund: Refund,
    how: Readonly<{ timings: StepTimings; detail: string | undefined; origin: RequestOrigin }>,
  ): void
  /** A refund that was unknown is settled, by the lookup or by a person. */
  resolved(refund: Refund): void
  /** Nothing was sent; the key is free. */
  notSent(refund: Pick<Refund, 'id' | 'account'>, outcome: NotSent, origin: RequestOrigin): void
  /** The provider says that it cancelled another amount than was asked; null: one that cannot be read. */
  amountMismatch(refund: Refund, cancelledAmount: Krw | null): void
  /** An answer contradicts what stands in the store; `isOther`: to another attempt than the one that stands. */
  conflict(refund: Refund, settlement: Settlement, isOther: boolean): void
  /** A refund had failed, and this answer says that it was made: it counts as refunded until a person clears it. */
  disputed(refund: Refund, settlement: Settlement): void
  /**
   * The store forgot a refund while the provider was being called. It is written back where it was sent, `keepsKey`
   * false: but for its key, which another payload has by now.
   */
  lost(refund: Refund, how: Readonly<{ isWrittenBack: boolean; keepsKey: boolean }>): void
  /** The store could not be written to; it will be tried again. */
  postponed(id: string, error: unknown): void
}>
