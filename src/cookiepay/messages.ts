import type { FullCancel } from '../config/config.ts'
import type { CancelRequest, DepositRequest } from '../refunds/ports/provider.ts'
import type { ProviderAnswer } from '../refunds/refund.ts'
import { sendableReason } from './reason.ts'

/** The provider's addresses, below the configured base URL (docs/provider.md: Tokens, Cancel call, Deposits and Lookups). */
export const TOKEN_PATH = '/payAuth/token'
export const CANCEL_PATH = '/api/cancel'
export const SEARCH_PATH = '/api/paysearch'
export const CERTIFICATE_PATH = '/api/paycert'
export const DEPOSIT_PATH = '/api/get_cancel_bank_account'

const KOREAN_OFFSET_MS = 9 * 3_600_000

/** The value that says yes, in `RTN_CD` of a token answer and in `cancel_code` of a cancel answer. */
export const SUCCESS_CODE = '0000'

/**
 * The body of a cancel call; every value is quoted, as in all of the provider's examples. The amount goes
 * along also where it is everything: without it the provider cancels what was paid, which the caller may have
 * misstated.
 */
export function cancelBody(request: CancelRequest, fullCancel: FullCancel): string {
  const { tid, kind, amount, taxFreeAmount, reason, refundAccount } = request
  // What is undefined is not written.
  return JSON.stringify({
    tid,
    amount: kind === 'full' && fullCancel === 'without_amount' ? undefined : String(amount),
    taxfree_amt: taxFreeAmount === undefined ? undefined : String(taxFreeAmount),
    reason: sendableReason(reason),
    bank: refundAccount?.bank,
    account_no: refundAccount?.account_no,
    account_name: refundAccount?.account_name,
  })
}

/** The body of a call for an account to pay a deposit into. */
export function depositBody({ tid, reason, amount }: DepositRequest): string {
  return JSON.stringify({ tid, reason: sendableReason(reason), amount: String(amount) })
}

/**
 * The body of the search for a payment. The dates are required, and ignored beside a `TID` (docs/provider.md,
 * Lookups).
 */
export function searchBody(id: string, tid: string, now: Date): string {
  const today = new Date(now.getTime() + KOREAN_OFFSET_MS).toISOString().slice(0, 10)
  return JSON.stringify({ API_ID: id, TID: tid, STD_DT: today, END_DT: today })
}

/**
 * The JSON object in a body, or null: the provider is known to answer with nothing or with an HTML page. One that
 * names a member twice is none either: which of the two is meant, nobody can tell.
 */
export function readObject(body: string): Readonly<Record<string, unknown>> | null {
  const value = readJson(body)
  return isObject(value) ? value : null
}

/**
 * The rows of a lookup's answer, which is an array of them, or one object: a row, or why there is none. Null
 * where it is neither.
 */
export function readRows(body: string): Readonly<Record<string, unknown>>[] | null {
  const value = readJson(body)
  const rows = Array.isArray(value) ? value : [value]
  return rows.every(isObject) ? rows : null
}

function readJson(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return countMembers(value) === countColons(body) ? value : undefined
  } catch {
    return undefined
  }
}

/** The members of a value and of all that is in it; of those that were written twice, JSON.parse kept one. */
function countMembers(value: unknown): number {
  let count = 0
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    const values = Object.values(next)
    if (!Array.isArray(next)) count += values.length
    for (const inner of values) if (typeof inner === 'object') open.push(inner)
  }
  return count
}

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/** The colons of a JSON text that are in no string: each stands in one member. */
function countColons(json: string): number {
  let count = 0
  let isInString = false
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at)
    if (char === QUOTE) isInString = !isInString
    else if (char === BACKSLASH) at++
    else if (char === COLON && !isInString) count++
  }
  return count
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The documented members of a cancel answer as received, null where a member is absent or of another type. */
export function receivedAnswer(body: Readonly<Record<string, unknown>>, source: string): ProviderAnswer {
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  const { cancel_tid, cancel_code, cancel_date, cancel_amt } = withNumbersAsTexts(body, source)
  return {
    cancel_tid: text(cancel_tid),
    cancel_code: text(cancel_code),
    cancel_msg: text(body.cancel_msg),
    cancel_date: text(cancel_date),
    cancel_amt: text(cancel_amt),
  }
}

/** A text or a number of JSON; in valid JSON nothing else holds a quotation mark or a digit. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/**
 * The same object, each number as its decimal text. PHP may write ids and dates as numbers (JSON_NUMERIC_CHECK).
 * Those of 17 digits are more than a number of JavaScript holds.
 */
function withNumbersAsTexts(
  body: Readonly<Record<string, unknown>>,
  source: string,
): Readonly<Record<string, unknown>> {
  const { cancel_tid, cancel_code, cancel_date, cancel_amt } = body
  if (![cancel_tid, cancel_code, cancel_date, cancel_amt].some((value) => typeof value === 'number'))
    return body
  return JSON.parse(numbersAsTexts(source))
}

/** A JSON text with each number as its decimal text. */
export function numbersAsTexts(source: string): string {
  return source.replace(TEXT_OR_NUMBER, (token) => {
    if (token.startsWith('"')) return token
    return `"${/^-?\d+$/.test(token) ? token : String(Number(token))}"`
  })
}

const DATE =
  /^(\d{4})-?(\d{2})-?(\d{2})[ T]?(\d{2}):?(\d{2}):?(\d{2})(?:\.\d{1,9})?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/

/** What is earlier or later stands for "none" in back ends that cannot write that: 0001, 1900, 1970, 9999. */
const FIRST_YEAR = '2000'
const LAST_YEAR = '2099'

/**
 * A date of the provider's as ISO 8601 in Korean time, or null where it cannot be read. Its format is not
 * documented; `20250609132911` and `2025-06-09 13:29:11` occur, in Korean time (docs/provider.md, Cancel
 * answers). An offset, where one is given, is heeded.
 */
export function readDate(text: string | null): string | null {
  const match = DATE.exec(text?.trim() ?? '')
  if (match === null) return null
  const [, year = '', month, day, hour, minute, second, offset = '+09:00'] = match
  if (year < FIRST_YEAR || year > LAST_YEAR) return null
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const asUtc = new Date(`${local}Z`)
  // A date that JavaScript had to move, such as February 30th, is not one.
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString().slice(0, 19) !== local) return null
  return koreanTime(asUtc.getTime() - offsetMs(offset))
}

function koreanTime(instant: number): string {
  return `${new Date(instant + KOREAN_OFFSET_MS).toISOString().slice(0, 19)}+09:00`
}

/** `Z`, `+09:00` or `+0900` in milliseconds. */
function offsetMs(offset: string): number {
  if (offset === 'Z') return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}

/** Digits, alone or in thousands, between what stands for the currency; decimals only of nothing. */
const AMOUNT = /^(?:₩|￦|KRW)?\s*(\d+|\d{1,3}(?:,\d{3})+)(?:\.00?)?\s*(?:원|KRW)?$/

/**
 * An amount of the provider's in KRW, or null where it says nothing: absent, with more readings than one
 * (`3.000`), or zero, which a cancel that succeeded cannot have cancelled.
 */
export function readAmount(text: string | null): number | null {
  const digits = AMOUNT.exec(text?.trim() ?? '')?.[1]
    ?.replaceAll(',', '')
    .replace(/^0+/, '')
  if (digits === undefined || digits.length > LONGEST_AMOUNT) return null
  return Number(digits) || null
}

/** In digits (docs/provider.md, Cancel answers). */
const LONGEST_AMOUNT = 10
