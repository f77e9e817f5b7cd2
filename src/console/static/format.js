// Money, times and ages, as people read them.
import { language, text } from './texts.js'

const KOREA = 'Asia/Seoul'
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Sweden writes a date as ISO 8601 does, which both languages read. */
const TIME = new Intl.DateTimeFormat('sv-SE', { timeZone: KOREA, dateStyle: 'short', timeStyle: 'medium' })
const DATE = new Intl.DateTimeFormat('sv-SE', { timeZone: KOREA, dateStyle: 'short' })
const HOUR = new Intl.DateTimeFormat('sv-SE', { timeZone: KOREA, hour: '2-digit', hourCycle: 'h23' })
const NUMBER = new Intl.NumberFormat('en-US')

/** `₩12,000`; what is no amount is a dash, or what stands in for it. */
export function money(amount, none = '–') {
  if (!Number.isFinite(amount)) return none
  return `${amount < 0 ? '−' : ''}₩${NUMBER.format(Math.abs(amount))}`
}

export function count(number) {
  return Number.isFinite(number) ? NUMBER.format(number) : '–'
}

/** `2026-11-27 17:20:07 KST`. */
export function koreanTime(at) {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : `${TIME.format(date)} KST`
}

/** The date in Korea, as `2026-11-27`. */
export function koreanDate(at) {
  return DATE.format(new Date(at))
}

/** The hour of the day in Korea, 0 to 23. */
export function koreanHour(at) {
  return Number(HOUR.format(new Date(at)))
}

/** That many days later, or earlier. */
export function dateAfter(date, days) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** How long, in words of two units at most: `3 hours 12 minutes`. */
export function duration(ms) {
  const units = [
    ['day', Math.floor(ms / DAY_MS)],
    ['hour', Math.floor(ms / HOUR_MS) % 24],
    ['minute', Math.floor(ms / MINUTE_MS) % 60],
    ['second', Math.floor(ms / SECOND_MS) % 60],
  ]
  const first = units.findIndex(([, number]) => number > 0)
  if (first === -1) return text('lessThanASecond')
  // Seconds beside minutes are read by nobody.
  const shown = units.slice(first, first + (first < 2 ? 2 : 1)).filter(([, number]) => number > 0)
  return shown.map(([unit, number]) => unitText(unit, number)).join(' ')
}

function unitText(unit, number) {
  return new Intl.NumberFormat(language() === 'ko' ? 'ko-KR' : 'en-US', {
    style: 'unit',
    unit,
    unitDisplay: 'long',
  }).format(number)
}
