import type { Krw } from '../krw.ts'
import type { Ledger } from '../ledger-sums.ts'
import type { CancelRow } from '../ports/provider.ts'
import type { Difference, DifferenceKind } from '../reconciliation.ts'
import type { Refund } from '../refund.ts'
import type { RefundState } from '../refund-states.ts'

/** A refund's state, as far as it matters here. `already_cancelled` is `failed` for that reason. */
type State = RefundState | 'already_cancelled'

/**
 * What a row shows of a full refund. `none`: no cancel. `this`: what settles an unknown one. `earlier`: a cancel from
 * before it was asked for. `unclear`: anything else.
 */
export type Shown = 'none' | 'this' | 'earlier' | 'unclear'

/** What is found of one refund. */
export type Finding = 'agrees' | 'cannot_be_told' | DifferenceKind

/**
 * A full refund beside its row. A failed one is told apart by {@link beside} where other refunds of its payment were
 * made. An unknown one without a cancel may still be applied (docs/operating.md, Unknown and disputed refunds).
 */
const FULL: Readonly<Record<State, Readonly<Record<Shown, Finding>>>> = {
  succeeded: {
    none: 'not_cancelled',
    this: 'agrees',
    earlier: 'cannot_be_told',
    unclear: 'cannot_be_told',
  },
  failed: {
    none: 'agrees',
    this: 'cancelled_though_failed',
    earlier: 'cancelled_though_failed',
    unclear: 'cannot_be_told',
  },
  already_cancelled: {
    none: 'cannot_be_told',
    this: 'cancelled_though_failed',
    earlier: 'agrees',
    unclear: 'cannot_be_told',
  },
  disputed: {
    none: 'cannot_be_told',
    this: 'cancelled_though_failed',
    earlier: 'cannot_be_told',
    unclear: 'cannot_be_told',
  },
  unknown: {
    none: 'cannot_be_told',
    this: 'cancelled_though_unknown',
    earlier: 'cannot_be_told',
    unclear: 'cannot_be_told',
  },
  // What was not paid yet was not cancelled.
  awaiting_deposit: {
    none: 'agrees',
    this: 'cancelled_though_unknown',
    earlier: 'cannot_be_told',
    unclear: 'cannot_be_told',
  },
  processing: {
    none: 'cannot_be_told',
    this: 'cannot_be_told',
    earlier: 'cannot_be_told',
    unclear: 'cannot_be_told',
  },
}

/** Refunds of one payment with its ledger, and the provider's row of it. */
export type Compared = Readonly<{ refunds: readonly Refund[]; ledger: Ledger; row: CancelRow }>

/** A refund, and what is found of it. */
export type Found = Readonly<{ refund: Refund; finding: Finding }>

/**
 * Each refund beside the row. Of a partial one a row alone says nothing (docs/provider.md, Lookups): it agrees where the
 * row has a sum of cancels that is what was refunded, and else cannot be told. Another amount is told once of a
 * payment, with the refund that changed last, and not beside what explains it.
 */
export function compare({ refunds, ledger, row }: Compared): readonly Found[] {
  const sum = sumBeside(ledger, row)
  const found = refunds.map((refund) => ({ refund, finding: findingOf(refund, { ledger, row, sum }) }))
  const isExplained = found.some(({ finding }) => isDifference(finding))
  if (isExplained || (sum !== 'other' && !isPaidOtherwise(ledger, row))) return found
  const last = refunds.reduce((latest, refund) => (refund.updated_at > latest.updated_at ? refund : latest))
  return found.map((one) => (one.refund === last ? { ...one, finding: 'another_amount' } : one))
}

/** Whether it is one of the kinds of what differs. */
export function isDifference(finding: Finding): finding is DifferenceKind {
  return finding !== 'agrees' && finding !== 'cannot_be_told'
}

/** The line of what differs. */
export function differenceOf(
  { refund, ledger, row }: Readonly<{ refund: Refund; ledger: Ledger; row: CancelRow }>,
  { kind, settled }: Pick<Difference, 'kind' | 'settled'>,
): Difference {
  return {
    kind,
    account: refund.account,
    caller: refund.requested_by,
    tid: refund.tid,
    id: refund.id,
    status: refund.status,
    refund_kind: refund.kind,
    amount: refund.amount,
    created_at: refund.created_at,
    updated_at: refund.updated_at,
    paid_here: ledger.amount,
    paid_there: row.paid,
    refunded_here: refundedHere(ledger),
    refunded_there: row.cancelledSum,
    cancelled_there_at: row.cancelledAt,
    settled,
  }
}

/** How the row's sum of cancels stands to what was refunded here. `unsure`: there is none, or some is not settled. */
type Sum = 'fits' | 'other' | 'unsure'

function sumBeside(ledger: Ledger, { cancelledSum }: CancelRow): Sum {
  if (cancelledSum === null) return 'unsure'
  const least = refundedHere(ledger)
  const most = least + unsettledHere(ledger)
  if (cancelledSum < least || cancelledSum > most) return 'other'
  return least === most ? 'fits' : 'unsure'
}

function findingOf(
  refund: Refund,
  { ledger, row, sum }: Pick<Compared, 'ledger' | 'row'> & Readonly<{ sum: Sum }>,
): Finding {
  const state = stateOf(refund)
  const finding = refund.kind === 'full' ? beside(refund, ledger, row) : 'cannot_be_told'
  const isSettled = state === 'succeeded' || state === 'failed' || state === 'already_cancelled'
  return finding === 'cannot_be_told' && sum === 'fits' && isSettled ? 'agrees' : finding
}

/** A cancel that a failed refund's row shows may be that of another refund of the payment. */
function beside(refund: Refund, ledger: Ledger, row: CancelRow): Finding {
  const state = stateOf(refund)
  const finding = FULL[state][shownOf(refund, row)]
  const isFailed = state === 'failed' || state === 'already_cancelled'
  if (!isFailed || finding !== 'cancelled_though_failed') return finding
  if (refundedHere(ledger) >= ledger.amount) return 'agrees'
  return refundedHere(ledger) + unsettledHere(ledger) > 0 ? 'cannot_be_told' : finding
}

/** What the row shows of a full refund. One of less than was paid was a part there. */
function shownOf({ amount, created_at }: Refund, row: CancelRow): Shown {
  const requestedAt = Date.parse(created_at)
  if (row.fullCancelAt({ amount, requestedAt }) !== null) return 'this'
  if (row.paid !== null && row.paid !== amount) return 'unclear'
  if (row.isUntouched) return 'none'
  const isSumOther = row.cancelledSum !== null && row.cancelledSum !== amount
  if (row.cancelledAt === null || isSumOther) return 'unclear'
  return Date.parse(row.cancelledAt) < requestedAt ? 'earlier' : 'unclear'
}

function stateOf({ status, disputed, failure }: Refund): State {
  if (disputed) return 'disputed'
  if (status === 'failed' && failure?.code === 'already_cancelled') return 'already_cancelled'
  return status
}

/** What was paid is pinned with what counts as refunded: without that, nobody goes by it. */
function isPaidOtherwise(ledger: Ledger, { paid }: CancelRow): boolean {
  return refundedHere(ledger) > 0 && paid !== null && paid !== ledger.amount
}

/** Also what a person has booked: the row shows those cancels, too. */
function refundedHere({ refunded, outside }: Ledger): Krw {
  return refunded + outside
}

function unsettledHere({ in_flight, unknown, awaiting_deposit, disputed }: Ledger): Krw {
  return in_flight + unknown + awaiting_deposit + disputed
}
