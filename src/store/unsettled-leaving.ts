import type { Attempt } from '../refunds/claim.ts'
import { keys, unsettledShard } from './keys.ts'
import type { RedisClient } from './lua/scripts.ts'
import { entryOf } from './unsettled-entries.ts'

/** How long entries of settled refunds may wait for others to leave with. */
const GATHERING_MS = 100

/**
 * Takes entries of attempts out of the index of unsettled refunds, many at a time and in nobody's way. One that is left
 * behind, where the process or Redis fails before, is dropped when it is due.
 */
export function createLeaving(redis: RedisClient): (attempt: Attempt) => void {
  const leaving = new Map<string, string[]>()

  function removeAll(): void {
    for (const [shard, entries] of leaving) redis.zrem(shard, ...entries).catch(() => {})
    leaving.clear()
  }

  return (attempt) => {
    if (leaving.size === 0) setTimeout(removeAll, GATHERING_MS).unref()
    const shard = keys.unsettled(unsettledShard(attempt.claim.id))
    const entries = leaving.get(shard)
    if (entries === undefined) leaving.set(shard, [entryOf(attempt)])
    else entries.push(entryOf(attempt))
  }
}
