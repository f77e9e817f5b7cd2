/** A span of time, `fromMs` inclusive and `toMs` exclusive, in milliseconds since 1970. */
export type TimeSpan = Readonly<{ fromMs: number; toMs: number }>

const DAY_MS = 24 * 3_600_000
const KOREA = '+09:00'

/** A date of Korea, or a time of ISO 8601 with its offset. */
export const MOMENT =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$'

const MOMENT_FORM = new RegExp(MOMENT)
const DATE_LENGTH = '2026-01-31'.length

/** Null where it is no time, such as the 30th of February. */
function readMoment(text: string): number | null {
  if (!MOMENT_FORM.test(text)) return null
  const date = text.slice(0, DATE_LENGTH)
  // Date.parse takes the 30th of February for the 2nd of March.
  if (!isDate(date)) return null
  const at = Date.parse(text.length === DATE_LENGTH ? `${text}T00:00:00${KOREA}` : text)
  return Number.isNaN(at) ? null : at
}

function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

/** The span between two of them; a date as `to` includes its day. The member that is wrong, where one is. */
export function readSpan(from: string, to: string): TimeSpan | 'from' | 'to' {
  const fromMs = readMoment(from)
  const toMs = readMoment(to)
  if (fromMs === null) return 'from'
  if (toMs === null) return 'to'
  return { fromMs, toMs: to.length === DATE_LENGTH ? toMs + DAY_MS : toMs }
}
