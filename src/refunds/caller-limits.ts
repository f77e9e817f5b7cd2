import type { Krw } from './krw.ts'

/** Limits that are counted by days of Korea, over all replicas. */
export const DAILY_LIMITS = ['max_amount_per_day', 'max_refunds_per_day'] as const
export type DailyLimit = (typeof DAILY_LIMITS)[number]

/** What a caller may refund, by the names that an operator gives and a caller is told; `max_amount` is of one refund. */
export const LIMIT_NAMES = ['max_amount', ...DAILY_LIMITS] as const
export type LimitName = (typeof LIMIT_NAMES)[number]

/** The largest limit that a configuration takes; the sums of a day stay far within what a number holds. */
export const MOST_OF_LIMIT = 1_000_000_000_000_000

/** KRW, or for `max_refunds_per_day` a number of refunds; absent: as much as the caller likes. */
export type CallerLimits = Readonly<Partial<Record<LimitName, number>>>

/** What a caller's refunds of a day come to. */
export type UsedAllowance = Readonly<{ amount: Krw; refunds: number }>

/** What is used of a caller's daily limit. */
export type LimitUse = Readonly<{ caller: string; limit: DailyLimit; used: number; max: number }>

/** A limit that a refund would break. `used` and `resets_at` (ISO 8601) are null for what is not counted. */
export type BrokenLimit = Readonly<{
  name: LimitName
  max: number
  used: number | null
  resets_at: string | null
}>

/** Whether a refund of this caller has to be counted at all. */
export function isCountedByDay(limits: CallerLimits | undefined): boolean {
  return limits !== undefined && DAILY_LIMITS.some((name) => limits[name] !== undefined)
}
