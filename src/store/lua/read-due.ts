import { SHARDS } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/** An entry of the index, and when it is or was due, in milliseconds since 1970. */
export type Due = Readonly<{ entry: string; dueAt: number }>

export type ReadDueArguments = Readonly<{
  keyOf(shard: number): string
  /** How far ahead an entry may be due; what is due later than that is read, too. */
  furthestMs: number
  /** How many of one shard. */
  limit: number
}>

/** read-due.lua: what is due of each shard. Throws StoreError. */
export async function readDue(
  redis: Scripts,
  { keyOf, furthestMs, limit }: ReadDueArguments,
): Promise<readonly Due[][]> {
  const replies = await reach(
    Promise.all(SHARDS.map((shard) => redis.readDue(keyOf(shard), furthestMs, limit))),
  )
  return replies.map(entriesWithTimes)
}

/** Entries from a reply that has the time behind each. */
export function entriesWithTimes(reply: readonly string[]): Due[] {
  return Array.from({ length: reply.length / 2 }, (_, index) => {
    const [entry = '', dueAt] = reply.slice(2 * index, 2 * index + 2)
    return { entry, dueAt: Number(dueAt) }
  })
}
