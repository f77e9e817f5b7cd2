import type { CancelRequest } from '../refunds/ports.ts'

/** The provider's addresses, below the configured base URL (manual: "TOKEN 발행 URL", "URL"). */
export const TOKEN_PATH = '/payAuth/token'
export const CANCEL_PATH = '/api/cancel'
export const LOOKUP_PATH = '/api/paysearch'

const KOREAN_OFFSET_MS = 9 * 3_600_000

/** The value that says yes, in `RTN_CD` of a token answer and in `cancel_code` of a cancel answer. */
export const SUCCESS_CODE = '0000'

/** The body of a cancel call; every value is quoted, as in all of the manual's examples. */
export function cancelBody(request: CancelRequest): string {
  const { tid, reason, amount, taxFreeAmount, refundAccount } = request
  return JSON.stringify({
    tid,
    ...(amount !== undefined && { amount: String(amount) }),
    ...(taxFreeAmount !== undefined && { taxfree_amt: String(taxFreeAmount) }),
    reason,
    ...refundAccount,
  })
}

/** The body of a lookup. The dates are required, and ignored where a `TID` is given (facts, "Lookup"). */
export function lookupBody(id: string, tid: string, now: Date): string {
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

/** The rows of a lookup's answer, which is an array of them, or one object that says why there are none. */
export function readRows(body: string): Readonly<Record<string, unknown>>[] {
  const value = readJson(body)
  return (Array.isArray(value) ? value : [value]).filter(isObject)
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

/**
 * `cancel_date` as ISO 8601, or null where it cannot be read. Its format is not documented; both
 * `20250609132911` and `2025-06-09 13:29:11` occur, in Korean time.
 */
export function readCancelDate(text: string | null): string | null {
  const match = /^(\d{4})-?(\d{2})-?(\d{2})[ T]?(\d{2}):?(\d{2}):?(\d{2})$/.exec(text?.trim() ?? '')
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const time = new Date(`${iso}Z`)
  // A date that JavaScript had to move, such as February 30th, is not one.
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== iso) return null
  return `${iso}+09:00`
}

/**
 * `cancel_amt` in KRW, or null where it says nothing: absent, not an amount, or zero, which a cancel that
 * succeeded cannot have cancelled. It arrives as a string or a number.
 */
export function readCancelAmount(value: string | number | null): number | null {
  const text = String(value ?? '')
    .replaceAll(',', '')
    .trim()
  if (!/^\d{1,10}$/.test(text)) return null
  return Number(text) || null
}
