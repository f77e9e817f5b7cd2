import type { Krw } from './krw.ts'
import type { Payment } from './payment.ts'
import type { RefundDetails } from './stored-refund.ts'

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

/** One try at a refund under a claim, its own or one that it joined. */
export type Attempt = Readonly<{
  claim: Claim
  /** Random token of this attempt; a begin that is sent twice finds its own. */
  token: string
  /** Milliseconds since 1970; the same when a begin is sent again. */
  requestedAt: number
}>

/** What is wished of a payment: all that begin decides by, beside what it knows of the payment. */
export type Wish = Readonly<{
  payment: Payment
  /** Absent: everything that remains. */
  amount: Krw | undefined
  taxFreeAmount: Krw | undefined
  partialAllowed: boolean
  /** The caller's own name for what is refunded: one refund of the payment that is not `failed` for each. */
  reference: string | undefined
  /** What the caller takes to remain. */
  expectedRemaining: Krw | undefined
  /** The refund of the same amount that the caller knows of. */
  duplicateOf: string | undefined
  /** For how long a succeeded refund counts against one of the same amount; 0: the rule is off. */
  duplicateWindowMs: number
  /** Shortest time between two cancels of one payment; 0: none is kept. */
  spacingMs: number
}>

/** What begin needs to reserve money and to write the refund as `processing`. */
export type Intent = Attempt &
  Readonly<{
    wish: Wish
    /** How long the refund is this attempt's own, from begin on. */
    leaseMs: number
    details: RefundDetails
    /** When the payment's amount and method were looked up at the provider, in milliseconds since 1970; absent: not now. */
    verifiedAt?: number
    /** A second try after a rejected token: what was begun is to go on, and nothing is to begin. */
    isRenewal?: boolean
  }>
