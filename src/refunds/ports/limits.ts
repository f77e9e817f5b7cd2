import type { BrokenLimit, CallerLimits, DailyLimit, UsedAllowance } from '../caller-limits.ts'
import type { Krw } from '../krw.ts'

/** Whose allowance a refund is taken from, and by which attempt. */
export type Taking = Readonly<{
  caller: string
  /** The attempt's token: what is taken or given back twice under it is so once. */
  attempt: string
  /** When the refund was asked for, in milliseconds since 1970: it counts on that day, whenever it settles. */
  requestedAt: number
}>

/** A daily limit that does not let the refund be taken; nothing is, then. */
export type TakeResult =
  | Readonly<{ result: 'taken' }>
  | Readonly<{ result: 'exceeded'; name: DailyLimit; used: number }>

/** What would break a limit was not begun. */
export type LimitExceeded = Readonly<{ result: 'limit_exceeded'; limit: BrokenLimit }>

/** What callers may refund, and what they have. Every promise rejects with a StoreError. */
export type Allowances = Readonly<{
  /** The limits that are in force now; undefined: none. */
  limitsOf(caller: string): CallerLimits | undefined
  /** Counts a refund, unless a daily limit is broken by it. Under the same attempt, it takes the place of what was. */
  take(taking: Taking, amount: Krw, limits: CallerLimits): Promise<TakeResult>
  /** What was taken does not count any more. Only where the refund was not made. */
  giveBack(taking: Taking): Promise<void>
  /** What the caller's refunds of that day come to. */
  used(of: Pick<Taking, 'caller' | 'requestedAt'>): Promise<UsedAllowance>
}>
