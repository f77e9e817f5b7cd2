const OFFSET_MS = 9 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** The date in Korea at this moment, as `2026-01-31`; `at` in milliseconds since 1970. */
export function koreanDay(at: number): string {
  return new Date(at + OFFSET_MS).toISOString().slice(0, 10)
}

/** The last second of that day in Korea, as ISO 8601; `at` in milliseconds since 1970. */
export function endOfKoreanDay(at: number): string {
  return `${koreanDay(at)}T23:59:59+09:00`
}

/** When the next day begins in Korea, as ISO 8601; `at` in milliseconds since 1970. */
export function nextKoreanMidnight(at: number): string {
  return `${koreanDay(at + DAY_MS)}T00:00:00+09:00`
}

/** When this date, such as `2026-01-31`, begins in Korea, in milliseconds since 1970; null: there is no such date. */
export function koreanMidnightMs(date: string): number | null {
  const at = Date.parse(`${date}T00:00:00+09:00`)
  // Date.parse takes the 30th of February for the 2nd of March.
  return Number.isNaN(at) || koreanDay(at) !== date ? null : at
}

/** The date after this one; where there is no such date, what is none either. */
export function dayAfter(date: string): string {
  const at = koreanMidnightMs(date)
  return at === null ? date : koreanDay(at + DAY_MS)
}
