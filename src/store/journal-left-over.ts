import type { RefundStore, UnsettledEntry } from '../refunds/ports/store.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { keys, SHARDS } from './keys.ts'
import type { RedisClient } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'
import { decodeEntry, requestedAtOf } from './unsettled-entries.ts'

/** What was asked for longer ago than this and is in flight may have been left behind. */
const LEFT_AFTER_MS = 3_000

/** How often one process looks, however often the journal is read. */
const LOOK_EVERY_MS = 1_000

/** How many entries of one shard are looked at: those whose leases end first. */
const MOST_LOOKED_AT = 32

export type LeftOverParts = Readonly<{
  /** The time of the Redis server, about; in milliseconds since 1970. */
  now(): number
  findMany: RefundStore['findMany']
  /** Journals and takes out of the index what was found settled. */
  drop(unsettled: UnsettledEntry, stored: StoredRefund): Promise<void>
}>

/**
 * Journals what settled and whose gateway died before it was journalled, without waiting for its lease to be over.
 * Nobody waits for it: what it finds counts as of when it is journalled. The sweep finds whatever it does not.
 */
export function createLeftOvers(redis: RedisClient, parts: LeftOverParts): () => void {
  let lookedAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = parts.now()
    // A clock that was put back is no reason to look no more.
    if (now >= lookedAt && now < lookedAt + LOOK_EVERY_MS) return
    lookedAt = now
    journalLeftOvers(redis, parts).catch(() => {})
  }
}

async function journalLeftOvers(redis: RedisClient, { now, findMany, drop }: LeftOverParts): Promise<void> {
  const shards = await reach(
    Promise.all(SHARDS.map((shard) => redis.zrange(keys.unsettled(shard), '0', String(MOST_LOOKED_AT - 1)))),
  )
  const before = now() - LEFT_AFTER_MS
  const entries = shards
    .flat()
    .map(decodeEntry)
    .filter((entry) => requestedAtOf(entry) < before)
  const found = await findMany(entries)
  await Promise.all(
    entries.map(async (entry, index) => {
      const stored = found[index]
      // Of one that has just settled the entry is about to leave. The rest is the sweep's.
      if (stored && hasSettled(stored) && Date.parse(stored.refund.updated_at) < before)
        await drop(entry, stored)
    }),
  )
}

function hasSettled({ refund }: StoredRefund): boolean {
  return (refund.status === 'succeeded' || refund.status === 'failed') && !refund.disputed
}
