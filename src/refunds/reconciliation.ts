import type { Krw } from './krw.ts'
import type { RefundKind } from './payment.ts'
import type { RefundStatus } from './refund-states.ts'

/**
 * What may differ. `not_cancelled`: it succeeded, and the provider shows no cancel. `cancelled_though_failed`,
 * `cancelled_though_unknown`: the provider shows one that is none of ours by our state. `another_amount`: the
 * provider shows another amount that was paid or given back.
 */
export const DIFFERENCE_KINDS = [
  'not_cancelled',
  'cancelled_though_failed',
  'cancelled_though_unknown',
  'another_amount',
] as const
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number]

/** What becomes of a refund that is held to the provider's row. */
export const VERDICTS = ['agrees', 'differs', 'cannot_be_told'] as const
export type Verdict = (typeof VERDICTS)[number]

/** One thing that differs: a line of the CSV, and what is kept of it. Amounts in KRW, times as ISO 8601. */
export type Difference = Readonly<{
  kind: DifferenceKind
  account: string
  caller: string
  tid: string
  id: string
  status: RefundStatus
  refund_kind: RefundKind
  amount: Krw
  created_at: string
  updated_at: string
  /** What was paid, as it was stated here; and as the provider shows it, null where that cannot be read. */
  paid_here: Krw
  paid_there: Krw | null
  /** What of the payment counts as refunded here; and what the provider shows as given back. */
  refunded_here: Krw
  refunded_there: Krw | null
  cancelled_there_at: string | null
  /** The lookup was conclusive, and the refund has succeeded by it: nothing is left to do. */
  settled: boolean
}>

/** How many refunds were held to the provider's rows, and what came of it. */
export type ReconciliationCounts = Readonly<{
  payments: number
  /** Payments of which the provider's lookup gave no answer. */
  unanswered: number
  refunds: Readonly<Record<Verdict, number>>
  differences: Readonly<Record<DifferenceKind, number>>
}>

export const NOTHING_COUNTED: ReconciliationCounts = {
  payments: 0,
  unanswered: 0,
  refunds: { agrees: 0, differs: 0, cannot_be_told: 0 },
  differences: {
    not_cancelled: 0,
    cancelled_though_failed: 0,
    cancelled_though_unknown: 0,
    another_amount: 0,
  },
}

/** How far the reconciliation of a day has come. */
export type ReconciliationProgress = Readonly<{
  counts: ReconciliationCounts
  /** The place in the journal of the last payment that is done; null: none is. */
  after: string | null
  /** In milliseconds since 1970; null: it goes on. */
  finishedAt: number | null
}>
