import { stringify } from 'csv-stringify/sync'
import type { Refund } from '../refunds/refund.ts'

type Cell = string | number | null

/**
 * What each column holds. The first fifteen stand in this order for ever, and more may follow at the end. Whom money is
 * paid back to is left out: a table is passed around.
 */
const COLUMNS: Readonly<Record<string, (refund: Refund) => Cell>> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  account: ({ account }) => account,
  caller: ({ requested_by }) => requested_by,
  tid: ({ tid }) => tid,
  reference: ({ reference }) => reference,
  kind: ({ kind }) => kind,
  amount: ({ amount }) => amount,
  tax_free_amount: ({ tax_free_amount }) => tax_free_amount,
  reason: ({ reason }) => reason,
  cancel_tid: ({ provider }) => provider?.cancel_tid ?? null,
  cancel_code: ({ provider }) => provider?.cancel_code ?? null,
  refunded_at: ({ refunded_at }) => refunded_at,
  created_at: ({ created_at }) => created_at,
  updated_at: ({ updated_at }) => updated_at,
  disputed: ({ disputed }) => (disputed ? 'true' : null),
  cancel_amt: ({ provider }) => provider?.cancel_amt ?? null,
  cancel_date: ({ provider }) => provider?.cancel_date ?? null,
  cancel_msg: ({ provider }) => provider?.cancel_msg ?? null,
  failure_code: ({ failure }) => failure?.code ?? null,
  failure_detail: ({ failure }) => failure?.detail ?? null,
  resolution_source: ({ resolution }) => resolution?.source ?? null,
  resolution_by: ({ resolution }) => resolution?.by ?? null,
  resolution_note: ({ resolution }) => resolution?.note ?? null,
  resolution_at: ({ resolution }) => resolution?.at ?? null,
  metadata: ({ metadata }) => (Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata)),
}

/** The columns, in their order. */
export const CSV_COLUMNS: readonly string[] = Object.keys(COLUMNS)
const READ_CELLS = Object.values(COLUMNS)

/** RFC 4180. What has a comma, a quote or a line break is quoted. */
const FORMAT = { record_delimiter: '\r\n' }

/** How a table begins: the mark by which Excel knows UTF-8, and the names of the columns. */
export function csvHead(): string {
  return `\ufeff${stringify([[...CSV_COLUMNS]], FORMAT)}`
}

/** A line for each refund. */
export function csvLines(refunds: readonly Refund[]): string {
  return stringify(
    refunds.map((refund) => READ_CELLS.map((read) => defused(read(refund)))),
    FORMAT,
  )
}

/** What a spreadsheet may pass over before it looks whether a cell is a formula: white space, what is not seen, quotes. */
const PASSED_OVER = /^[\s\p{Z}\p{C}\p{Default_Ignorable_Code_Point}"'`‘’‚‛“”„‟«»‹›]+/u

/** What begins a formula, once the wide, small and raised forms of a sign are the sign itself. */
const FORMULA = /^[=+\-@\u2212]/

const NUMBER = /^-[0-9]+([.][0-9]+)?$/

/** Mostly what a cell begins with, which needs no further look. */
const BEGINS_PLAINLY = /^[0-9A-Za-z가-힣]/

/**
 * The cell as a text that no spreadsheet runs: an apostrophe goes before what it could take for a formula (OWASP, CSV
 * Injection). A number stays one, also where it is below zero.
 */
export function defused(cell: Cell): Cell {
  if (typeof cell !== 'string' || BEGINS_PLAINLY.test(cell) || NUMBER.test(cell)) return cell
  const seen = cell.normalize('NFKC').replace(PASSED_OVER, '')
  const isRun = FORMULA.test(seen) || cell.startsWith('\t') || cell.startsWith('\r') || cell.startsWith('\n')
  return isRun ? `'${cell}` : cell
}
