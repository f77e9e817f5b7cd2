import type { Krw } from './krw.ts'
import type { Refund, Resolution } from './refund.ts'

/** What a refund is made of before anything is known of its amount and outcome. */
export type RefundDetails = Pick<
  Refund,
  'account' | 'tax_free_amount' | 'reason' | 'reference' | 'refund_account' | 'requested_by' | 'metadata'
>

/**
 * What happened to a refund beside its intent and its outcome. `unknown` because of its `lease` or of the
 * `provider`; a `conflict`, whose cause is the status that the contradicting answer would have set; `failed`,
 * before that was `disputed` by the `provider`, the `lookup` or the answer to another attempt; `other`: an
 * answer to another attempt, of which the store had forgotten one; `awaiting_deposit`, whose cause is since when it had
 * failed, in milliseconds since 1970, or `again`.
 */
export type HistoryEntry = Readonly<{
  event: 'unknown' | 'conflict' | 'failed' | 'disputed' | 'other' | 'awaiting_deposit'
  cause: string
  at: string
}>

/** A refund with what only the gateway knows of it. */
export type StoredRefund = Readonly<{
  refund: Refund
  merchant: string
  /** Token of the attempt that it was begun by. */
  attempt: string
  fingerprint: string
  history: readonly HistoryEntry[]
  /** What the ledger counts for it: what was asked, or what the provider says that it cancelled. */
  countedAmount: Krw
  /** What the ledger counts as its tax-free part. */
  countedTaxFree: Krw
  /** What was said, and by whom, each time that it had failed and was disputed, but for the last; oldest first. */
  earlier: readonly (Resolution | null)[]
  /** Of the last asking for a deposit its token, and who asked each time; null where nobody has. */
  asking: Readonly<{ token: string; askedBy: readonly string[] }> | null
  /** The answer that disputes it; null where none does. */
  disputedBy: Pick<Refund, 'provider' | 'refunded_at'> | null
}>

/** What became of a refund whose provider call is over. */
export type Settlement = Readonly<
  Pick<Refund, 'provider' | 'refunded_at' | 'failure' | 'resolution'> & {
    status: 'succeeded' | 'failed' | 'unknown'
    /** What the ledger takes as refunded; null: what was asked. */
    bookedAmount: Krw | null
  }
>
