import type { CallerLimits } from '../../refunds/caller-limits.ts'
import type { Krw } from '../../refunds/krw.ts'
import type { TakeResult } from '../../refunds/ports/limits.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type TakeAllowanceArguments = Readonly<{
  key: string
  attempt: string
  amount: Krw
  limits: Pick<CallerLimits, 'max_amount_per_day' | 'max_refunds_per_day'>
  /** For how long the day is remembered. */
  keptMs: number
}>

/** take-allowance.lua: counts a refund, unless it breaks a limit. Throws StoreError. */
export async function takeAllowance(
  redis: Scripts,
  { key, attempt, amount, limits, keptMs }: TakeAllowanceArguments,
): Promise<TakeResult> {
  const [result, name, used] = await reach(
    redis.takeAllowance(
      key,
      attempt,
      amount,
      limits.max_amount_per_day ?? '',
      limits.max_refunds_per_day ?? '',
      keptMs,
    ),
  )
  switch (result) {
    case 'taken':
      return { result }
    case 'exceeded':
      if (name === undefined) break
      return { result, name, used: Number(used) }
  }
  throw new Error(`bug: take-allowance.lua answered ${result}`)
}
