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
    /** A second try after a rejected token: what was begun is to go on, and nothing is to begin. */
    isRenewal?: boolean
  }>
