import type { RedisClient } from './lua/scripts.ts'

/** How long entries of settled refunds may wait for others to leave with. */
const GATHERING_MS = 100

/**
 * Takes entries out of the index of unsettled refunds, many at a time and in nobody's way. One that is left behind,
 * where the process or Redis fails before, is dropped when it is due.
 */
export function createIndexCleaner(redis: RedisClient): (shard: string, entry: string) => void {
  const leaving = new Map<string, string[]>()

  function removeAll(): void {
    for (const [shard, entries] of leaving) redis.zrem(shard, ...entries).catch(() => {})
    leaving.clear()
  }

  return (shard, entry) => {
    if (leaving.size === 0) setTimeout(removeAll, GATHERING_MS).unref()
    const entries = leaving.get(shard)
    if (entries === undefined) leaving.set(shard, [entry])
    else entries.push(entry)
  }
}
