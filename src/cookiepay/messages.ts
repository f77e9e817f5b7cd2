import type { CancelRequest } from '../refunds/ports.ts'

/** The provider's addresses, below the configured base URL (manual: "TOKEN 발행 URL", "URL"). */
export const TOKEN_PATH = '/payAuth/token'
export const CANCEL_PATH = '/api/cancel'

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

/** The JSON object in a body, or null: the provider is known to answer with nothing or with an HTML page. */
export function readObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
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
