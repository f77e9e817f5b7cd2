import { isCounted } from '../refunds/attempt-token.ts'
import {
  type CallerLimits,
  DAILY_LIMITS,
  type DailyLimit,
  isCountedByDay,
  type LimitUse,
  type UsedAllowance,
} from '../refunds/caller-limits.ts'
import { koreanDay } from '../refunds/korean-day.ts'
import type { Allowances, TakeResult, Taking } from '../refunds/ports/limits.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { keys } from './keys.ts'
import { giveBackAllowance } from './lua/give-back-allowance.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { takeAllowance } from './lua/take-allowance.ts'
import { createDurableWrites, type DurableWritesOptions } from './redis/durable-writes.ts'
import { reach } from './redis/reach.ts'

/** A day is long over then, and whoever looks into what was refunded on it has had a week for that. */
const KEPT_MS = 8 * 24 * 3_600_000

export type CallerAllowancesOptions = DurableWritesOptions &
  Readonly<{
    /** What time it is on the Redis server, about; in milliseconds since 1970. */
    now(): number
    /** The limits that are in force now, by caller. */
    limits(): ReadonlyMap<string, CallerLimits>
  }>

/** What becomes of what was taken, beside who took it. */
export type CallerAllowances = Allowances &
  Readonly<{
    /**
     * What has failed is given back; of what has succeeded only the sums are kept. What counts against what was called
     * failed is counted again. Changes nothing else, however often it is told.
     */
    follow(stored: StoredRefund): Promise<void>
    /** Of a refund that the store had forgotten, and maybe its count with it. */
    countAgain(stored: StoredRefund): Promise<void>
    /** Every daily limit and what is used of it, in one round trip. */
    useToday(): Promise<readonly LimitUse[]>
  }>

/**
 * What callers have refunded on each day of Korea, in Redis: one hash for each caller and day, in a slot of its own. It
 * is written before the payment and corrected after it, so that a crash in between leaves too much counted.
 */
export function createCallerAllowances(
  redis: ScriptedClient,
  options: CallerAllowancesOptions,
): CallerAllowances {
  const { now, limits } = options
  const writes = createDurableWrites(options)

  function count({ caller, attempt, requestedAt }: Taking, amount: number, within: CallerLimits) {
    const key = keyOf({ caller, requestedAt })
    return takeAllowance(redis, { key, attempt, amount, limits: within, keptMs: KEPT_MS })
  }

  async function take(taking: Taking, amount: number, within: CallerLimits): Promise<TakeResult> {
    const taken = await count(taking, amount, within)
    // The refund must not outlive its count.
    if (taken.result === 'taken') await writes.passBarrier(keyOf(taking))
    return taken
  }

  async function giveBack({ caller, attempt, requestedAt }: Taking): Promise<void> {
    await giveBackAllowance(redis, { key: keyOf({ caller, requestedAt }), attempt })
  }

  async function used(of: Pick<Taking, 'caller' | 'requestedAt'>): Promise<UsedAllowance> {
    const [amount, refunds] = await reach(redis.hmget(keyOf(of), 'amount', 'refunds'))
    return { amount: Number(amount ?? 0), refunds: Number(refunds ?? 0) }
  }

  async function countAgain(stored: StoredRefund): Promise<void> {
    if (isCounted(stored.attempt)) await count(takingOf(stored), stored.refund.amount, {})
  }

  return {
    limitsOf: (caller) => limits().get(caller),
    take,
    giveBack,
    used,
    countAgain,
    async follow(stored) {
      if (!isCounted(stored.attempt)) return
      const { refund, attempt } = stored
      if (refund.disputed) await countAgain(stored)
      else if (refund.status === 'failed') await giveBack(takingOf(stored))
      // Nobody waits for it: a token that is left behind goes with its day.
      else if (refund.status === 'succeeded') redis.hdel(keyOf(takingOf(stored)), attempt).catch(() => {})
    },
    async useToday() {
      const requestedAt = now()
      const limited = [...limits()].filter(([, of]) => isCountedByDay(of))
      // Within one turn of the event loop: they leave in one packet.
      const uses = await Promise.all(limited.map(([caller]) => used({ caller, requestedAt })))
      return limited.flatMap(([caller, of], index) => usesOf(caller, of, uses[index] as UsedAllowance))
    },
  }
}

function usesOf(caller: string, limits: CallerLimits, { amount, refunds }: UsedAllowance): LimitUse[] {
  const used: Readonly<Record<DailyLimit, number>> = {
    max_amount_per_day: amount,
    max_refunds_per_day: refunds,
  }
  return DAILY_LIMITS.flatMap((limit) => {
    const max = limits[limit]
    return max === undefined ? [] : [{ caller, limit, used: used[limit], max }]
  })
}

function keyOf({ caller, requestedAt }: Pick<Taking, 'caller' | 'requestedAt'>): string {
  return keys.allowance(caller, koreanDay(requestedAt))
}

function takingOf({ refund, attempt }: StoredRefund): Taking {
  return { caller: refund.requested_by, attempt, requestedAt: Date.parse(refund.created_at) }
}
