import type { BrokenLimit, CallerLimits, DailyLimit, UsedAllowance } from '../caller-limits.ts'
import { nextKoreanMidnight } from '../korean-day.ts'
import type { Krw } from '../krw.ts'

/** Whether one refund is larger than its caller may make; this needs no count. */
export function brokenByOne(limits: CallerLimits, amount: Krw): BrokenLimit | null {
  const max = limits.max_amount
  return max === undefined || amount <= max ? null : { name: 'max_amount', max, used: null, resets_at: null }
}

/** A daily limit that lets no further refund like this in; `at` in milliseconds since 1970. */
export function brokenOfDay(
  limits: CallerLimits,
  { name, used, at }: Readonly<{ name: DailyLimit; used: number; at: number }>,
): BrokenLimit {
  return { name, max: limits[name] ?? 0, used, resets_at: nextKoreanMidnight(at) }
}

/** The daily limit that another refund would break, in the order in which lua/take-allowance.lua asks. */
export function brokenByAnother(
  limits: CallerLimits,
  { amount, used, at }: Readonly<{ amount: Krw; used: UsedAllowance; at: number }>,
): BrokenLimit | null {
  const { max_amount_per_day: mostAmount, max_refunds_per_day: mostRefunds } = limits
  if (mostAmount !== undefined && used.amount + amount > mostAmount) {
    return brokenOfDay(limits, { name: 'max_amount_per_day', used: used.amount, at })
  }
  if (mostRefunds !== undefined && used.refunds + 1 > mostRefunds) {
    return brokenOfDay(limits, { name: 'max_refunds_per_day', used: used.refunds, at })
  }
  return null
}

const DETAILS: Readonly<Record<BrokenLimit['name'], (limit: BrokenLimit) => string>> = {
  max_amount: ({ max }) => `This caller may refund ${max} KRW at a time.`,
  max_amount_per_day: ({ max, used }) =>
    `This caller may refund ${max} KRW a day, and ${used} KRW of that are taken.`,
  max_refunds_per_day: ({ max, used }) =>
    `This caller may make ${max} refunds a day, and ${used} of them are taken.`,
}

/** The refusal of what would break a limit of its caller. */
export type LimitRefusal = Readonly<{ code: 'limit_exceeded'; limit: BrokenLimit; detail: string }>

export function limitExceeded(limit: BrokenLimit): LimitRefusal {
  const until = limit.resets_at === null ? '' : ` It counts anew from ${limit.resets_at} on.`
  const detail = `${DETAILS[limit.name](limit)}${until} Do not repeat it by machine: have a person see why so much is refunded, or have CALLER_LIMITS raised.`
  return { code: 'limit_exceeded', limit, detail }
}
