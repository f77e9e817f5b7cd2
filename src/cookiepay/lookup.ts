import type { CancelOutcome, CancelRow, LookupOutcome, LookupQuery } from '../refunds/ports/provider.ts'
import type { Exchange } from './exchange.ts'
import { readAmount, readDate, readObject, readRows, SUCCESS_CODE } from './messages.ts'
import { isTokenError, tokenErrorDetail } from './token-answer.ts'

/** What one lookup led to. `not_found`: the provider knows no such payment there, and may elsewhere. */
export type LookupAnswer =
  | LookupOutcome
  | Extract<CancelOutcome, { outcome: 'token_rejected' }>
  | Readonly<{ outcome: 'not_found'; detail: string }>

export type Row = Readonly<Record<string, unknown>>

/** The row of a payment, or why there is none to judge by. */
export type RowAnswer =
  | Readonly<{ outcome: 'row'; row: Row }>
  | Exclude<LookupAnswer, { outcome: 'cancelled' }>

/** `/api/paysearch` takes no longer `TID` (docs/provider.md, Lookups). */
export const LONGEST_SEARCHED_TID = 20

/** Where nothing matches what was looked for (docs/provider.md, Lookups). */
const NO_MATCH_CODE = 'E008'

/** How much earlier than the request a cancel may be dated, by a clock that is not ours. */
const EARLIEST_BEFORE_MS = 10 * 60_000

/**
 * Sums of partial cancels, as early clients of the lookup read them, in both spellings (docs/provider.md,
 * Lookups).
 */
const SUMS = ['CANCEL_SUM_AMOUNT', 'CANCLE_SUM_AMOUNT']

/**
 * What the lookup says of a full cancel (docs/operating.md, Unknown and disputed refunds). It is conclusive
 * only where the one row for this `TID` says `0000` and its `CANCELDATE` lies between the request and `now`. Whatever else it says, the cancel may still be applied late. A date in the future
 * settles nothing yet: it is looked at again, and then is none.
 */
export function classifyLookup(exchange: Exchange, query: LookupQuery, now: number): LookupAnswer {
  const found = classifyRow(exchange, query.tid)
  return found.outcome === 'row' ? judge(found.row, query, now) : found
}

/** The one row for this `TID` that says `0000`. */
export function classifyRow(exchange: Exchange, tid: string): RowAnswer {
  if (exchange.seen !== 'answer') return { outcome: 'inconclusive', detail: exchange.detail }
  const { status, body } = exchange
  const error = readObject(body)
  if (status < 500 && error !== null && error.RESULTCODE === undefined && isTokenError(status, error)) {
    return { outcome: 'token_rejected', detail: tokenErrorDetail(status, error) }
  }
  if (status < 200 || status > 299) return inconclusive(`answered with status ${status}`)
  const rows = readRows(body)
  if (rows === null) return inconclusive('gave no answer that can be read')
  const [row, ...others] = rows.filter(({ TID }) => TID === tid)
  if (row === undefined) return isNoMatch(rows) ? notFound() : inconclusive('answered with an error')
  if (others.length > 0) return inconclusive('has more than one row for the payment')
  return row.RESULTCODE === SUCCESS_CODE ? { outcome: 'row', row } : inconclusive('answered with an error')
}

/** What the one row for this `TID` shows of cancels. */
export function classifyCancels(
  exchange: Exchange,
  tid: string,
  now: number,
): Exclude<RowAnswer, { outcome: 'row' }> | Readonly<{ outcome: 'found'; row: CancelRow }> {
  const found = classifyRow(exchange, tid)
  return found.outcome === 'row' ? { outcome: 'found', row: cancelRowOf(found.row, now) } : found
}

/** A sum of 0 is none: whether the provider still keeps those members is not known. */
function cancelRowOf(row: Row, now: number): CancelRow {
  const sums = sumsOf(row)
    .map((sum) => readAmount(amountText(sum)))
    .filter((sum) => sum !== null)
  const [cancelledSum = null, ...others] = new Set(sums)
  const cancelDate = row.CANCELDATE ?? ''
  return {
    paid: paidAmount(row),
    cancelledAt: readDate(textOf(cancelDate)),
    isUntouched: textOf(cancelDate)?.trim() === '' && sums.length === 0,
    cancelledSum: others.length > 0 ? null : cancelledSum,
    fullCancelAt({ amount, requestedAt }) {
      const found = judge(row, { amount, requestedAt }, now)
      return found.outcome === 'cancelled' ? found.refundedAt : null
    },
  }
}

/** What was paid, or null where the row does not say that. */
export function paidAmount({ AMOUNT }: Row): number | null {
  return readAmount(amountText(AMOUNT))
}

function judge(
  row: Row,
  { amount, requestedAt }: Pick<LookupQuery, 'amount' | 'requestedAt'>,
  now: number,
): LookupAnswer {
  const refundedAt = readDate(textOf(row.CANCELDATE))
  if (refundedAt === null) return inconclusive('shows no date of a cancel')
  const cancelledAt = Date.parse(refundedAt)
  if (cancelledAt < requestedAt - EARLIEST_BEFORE_MS || cancelledAt > now) {
    return inconclusive('shows a cancel from before the request, or in the future')
  }
  // The caller may have stated less than was paid. What was sent then was a part, and a row says nothing of parts.
  const paid = paidAmount(row)
  if (paid !== null && paid !== amount) return inconclusive('shows another amount of the payment')
  if (sumsOf(row).some((sum) => readAmount(textOf(sum)) !== amount))
    return inconclusive('shows a partial cancel')
  return { outcome: 'cancelled', refundedAt }
}

function sumsOf(row: Row): readonly unknown[] {
  return SUMS.map((name) => row[name]).filter((sum) => sum !== undefined && sum !== '')
}

function amountText(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : textOf(value)
}

/** The provider's code for it, or rows of other payments, or none. */
function isNoMatch(rows: readonly Row[]): boolean {
  return rows.every(({ RESULTCODE, TID }) => RESULTCODE === NO_MATCH_CODE || typeof TID === 'string')
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function notFound(): Extract<LookupAnswer, { outcome: 'not_found' }> {
  return { outcome: 'not_found', detail: 'The lookup does not know the payment.' }
}

function inconclusive(what: string): Extract<LookupOutcome, { outcome: 'inconclusive' }> {
  return { outcome: 'inconclusive', detail: `The lookup ${what}.` }
}
