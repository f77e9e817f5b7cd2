import type { Krw } from '../krw.ts'
import type { LeaseLeft } from '../lease.ts'
import type { PaymentMethod, RefundKind } from '../payment.ts'
import type { FailureCode, ProviderAnswer } from '../refund.ts'
import type { RefundAccount } from '../refund-account.ts'

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
      /**
       * The provider declined in readable words that nobody here knows: it is well, whatever became of the
       * refund.
       */
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

/** What one call for an account to pay a deposit into asks; the amount in KRW. */
export type DepositRequest = Pick<
  CancelRequest,
  'merchant' | 'tid' | 'reason' | 'amount' | 'leaseLeft' | 'traceparent'
>

/**
 * What that call led to. `answered`, with its text: whatever that says, the provider may have opened an account. `lost`: it was sent,
 * and no complete answer came back.
 */
export type DepositOutcome =
  | NotSent
  | Readonly<{ outcome: 'token_rejected'; detail: string }>
  | Readonly<{ outcome: 'lost'; detail: string }>
  | Readonly<{ outcome: 'answered'; status: number; answer: string }>

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

/** What the provider's row of a payment says; null: nothing that can be read, which contradicts nothing. */
export type PaymentFacts = Readonly<{
  /** What was paid. */
  amount: Krw | null
  /** Each way in which it may have been paid. */
  methods: readonly PaymentMethod[] | null
}>

/** What was found of a payment. */
export type PaymentLookup =
  | Readonly<{ outcome: 'found'; facts: PaymentFacts }>
  | Readonly<{ outcome: 'inconclusive'; detail: string }>

/** The provider's rows of payments. */
export type PaymentRows = Readonly<{
  /** How much was paid and how, within the time of one call, whatever it takes. Never throws. */
  lookUpPayment(payment: Readonly<{ merchant: string; tid: string }>): Promise<PaymentLookup>
}>

/** What the provider's row of a payment shows of its cancels. How one looks that was cancelled in part is not documented. */
export type CancelRow = Readonly<{
  /** What was paid; null: that cannot be read. */
  paid: Krw | null
  /** ISO 8601; null: no date that can be read. */
  cancelledAt: string | null
  /** There is neither a date nor a sum of cancels. */
  isUntouched: boolean
  /** The sum of its cancels, where the row has one; null: it has none, or more than one. */
  cancelledSum: Krw | null
  /** When it was cancelled in full, by what settles an unknown refund (ISO 8601); null: the row is not conclusive. */
  fullCancelAt(of: Pick<LookupQuery, 'amount' | 'requestedAt'>): string | null
}>

/** `no_row`: the provider, or the configuration, does not know the payment. `no_answer`: nothing that can be read. */
export type CancelLookup =
  | Readonly<{ outcome: 'found'; row: CancelRow }>
  | Readonly<{ outcome: 'no_row' | 'no_answer'; detail: string }>

/** The provider's rows of payments, for what they show of cancels. */
export type CancelRows = Readonly<{
  /** Never throws. */
  lookUpCancels(payment: Readonly<{ merchant: string; tid: string }>): Promise<CancelLookup>
}>

/** The payment provider. No method throws: every failure is an outcome. */
export type Provider = Readonly<{
  /** A token for this merchant, from the nearest place that holds a valid one. */
  authorize(merchant: string): Promise<Authorization>
  /** A token other than the one that was just rejected. */
  renew(merchant: string, rejectedToken: string): Promise<Authorization>
  /**
   * A place among the calls that this merchant may have under way, of which each caller gets its share. None
   * where there is none in time, or the provider has been failing.
   */
  admit(whose: Readonly<{ merchant: string; caller: string }>): Promise<Place | NotSent>
  /** Asks for an account to pay a deposit into, whereupon the payment is cancelled. Sent at most once. */
  askForDeposit: DepositCall
  /** Whether a payment has been cancelled in full since this refund was asked for. */
  lookUp(query: LookupQuery): Promise<LookupOutcome>
  /** What a cancel answer says of time and amount, each null where it cannot be read. */
  readAnswer(answer: ProviderAnswer): Readonly<{ refundedAt: string | null; cancelledAmount: Krw | null }>
}>

/** One cancel call, sent at most once. */
export type CancelCall = (request: CancelRequest, token: string) => Promise<CancelOutcome>

/** One call for an account to pay into, sent at most once. */
export type DepositCall = (request: DepositRequest, token: string) => Promise<DepositOutcome>

/** A place among the provider's calls. Whoever got it leaves it, once, whatever has happened meanwhile. */
export type Place = Readonly<{ outcome: 'admitted'; cancel: CancelCall; leave(): void }>
