import { dayAfter, koreanMidnightMs } from './korean-day.ts'

/** A date of Korea, such as `2026-11-26`. */
export const KOREAN_DATE = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'

/**
 * A date of Korea, or an ISO 8601 time with its offset. A `+` that was not escaped comes out of a query as a space,
 * which can mean nothing else there.
 */
export const DATE_OR_TIME =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+ -][0-9]{2}:[0-9]{2}))?$'

/** From when on and until when, in milliseconds since 1970: `fromMs` inclusive, `toMs` exclusive; null: until now. */
export type TimeSpan<To = number | null> = Readonly<{ fromMs: number; toMs: To }>

/** What of a span is wrong, and why. */
export type SpanMistake = Readonly<{ member: 'from' | 'to'; detail: string }>

const NO_SUCH_TIME =
  'must be a date of Korea such as 2026-11-26, or a time with an offset such as 2026-11-26T09:00:00+09:00'

/** Reads a span; a date as `to` includes its day. */
export function readTimeSpan(span: Readonly<{ from: string; to: string }>): TimeSpan<number> | SpanMistake
export function readTimeSpan(
  span: Readonly<{ from: string; to?: string | undefined }>,
): TimeSpan | SpanMistake
export function readTimeSpan({
  from,
  to,
}: Readonly<{ from: string; to?: string | undefined }>): TimeSpan | SpanMistake {
  const fromMs = startOf(from)
  if (fromMs === null) return { member: 'from', detail: NO_SUCH_TIME }
  if (to === undefined) return { fromMs, toMs: null }
  const toMs = isDate(to) ? koreanMidnightMs(dayAfter(to)) : startOf(to)
  if (toMs === null) return { member: 'to', detail: NO_SUCH_TIME }
  if (fromMs >= toMs) return { member: 'to', detail: 'must be later than from, which it does not include' }
  return { fromMs, toMs }
}

/** The day of Korea from its first moment to that of the next; null: there is no such date. */
export function dayOf(date: string): Readonly<{ fromMs: number; toMs: number }> | null {
  const fromMs = koreanMidnightMs(date)
  const toMs = koreanMidnightMs(dayAfter(date))
  return fromMs === null || toMs === null ? null : { fromMs, toMs }
}

function isDate(text: string): boolean {
  return text.length === '2026-11-26'.length
}

/** When a date or a time begins, in milliseconds since 1970; null: there is none such. */
function startOf(text: string): number | null {
  return isDate(text) ? koreanMidnightMs(text) : readTime(text)
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

function readTime(text: string): number | null {
  const escaped = text.replace(' ', '+')
  const date = TIME.exec(escaped)?.[1]
  // Date.parse takes the 30th of February for the 2nd of March.
  if (date === undefined || koreanMidnightMs(date) === null) return null
  const at = Date.parse(escaped)
  return Number.isNaN(at) ? null : at
}
