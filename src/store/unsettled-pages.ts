import type { Claim } from '../refunds/claim.ts'
import type { RefundPage, UnsettledEntry, UnsettledQuery } from '../refunds/ports/store.ts'
import type { Refund } from '../refunds/refund.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { keys, SHARDS, UNSETTLED_SHARDS } from './keys.ts'
import type { RedisClient } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'
import { decodeEntry, decodeUnknown, type Entry, mayMatch, positionOf } from './unsettled-entries.ts'

/** How many entries of one shard are read at a time. */
const MOST_LISTED = 64

/** How many refunds in flight of one shard are listed: those whose leases end first. */
const MOST_IN_FLIGHT = 1_000

/** How many refunds one page reads at a time. */
const MOST_READ = 50

export type Entries = Readonly<{
  entries: readonly Entry[]
  /** Whether nothing comes behind them. */
  isLast: boolean
}>

export type PageParts = Readonly<{
  redis: RedisClient
  find(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<StoredRefund | null>
  /** Gets an entry of those whose refund is not unknown, or does not await a deposit, any more. */
  onLeftOver(entry: UnsettledEntry, stored: StoredRefund): void
}>

const KEY_OF = { unknown: keys.unknown, awaiting_deposit: keys.awaiting } as const

/** One page of what is in flight, unknown or awaits a deposit, oldest first. Throws StoreError. */
export async function pageOfUnsettled(parts: PageParts, query: UnsettledQuery): Promise<RefundPage> {
  const { status, limit, cursor } = query
  const refunds: Refund[] = []
  let perShard = Math.min(MOST_LISTED, Math.max(2, Math.ceil((limit + 1) / (UNSETTLED_SHARDS / 2))))
  for (let after = cursor; ; perShard = Math.min(MOST_LISTED, 2 * perShard)) {
    const { entries, isLast } =
      status === 'processing'
        ? await readInFlight(parts.redis, after)
        : await readUnknown(parts.redis, { keyOf: KEY_OF[status], after, perShard })
    const last = await fillPage(parts, query, { entries, refunds })
    if (last !== null) {
      const isEnd = isLast && last === entries.at(-1)
      return { refunds, nextCursor: isEnd ? null : positionOf(last) }
    }
    if (isLast) return { refunds, nextCursor: null }
    after = positionOf(entries.at(-1) as Entry)
  }
}

/** Appends the refunds of these entries that match, until the page is full: then answers its last entry, else null. */
async function fillPage(
  parts: PageParts,
  query: UnsettledQuery,
  { entries, refunds }: { entries: readonly Entry[]; refunds: Refund[] },
): Promise<Entry | null> {
  const { status, caller, limit } = query
  for (let start = 0, size: number; start < entries.length; start += size) {
    size = Math.min(MOST_READ, Math.max(2, limit - refunds.length))
    const batch = entries.slice(start, start + size)
    const found = await Promise.all(batch.map((entry) => (mayMatch(entry, query) ? parts.find(entry) : null)))
    for (const [index, entry] of batch.entries()) {
      const stored = found[index] ?? null
      if (status !== 'processing' && stored !== null && stored.refund.status !== status)
        parts.onLeftOver(entry, stored)
      if (stored?.refund.status !== status) continue
      if (caller !== undefined && stored.refund.requested_by !== caller) continue
      refunds.push(stored.refund)
      if (refunds.length === limit) return entry
    }
  }
  return null
}

/** The next unknown refunds, or of those that await a deposit, behind this position, oldest first. Throws StoreError. */
export async function readUnknown(
  redis: RedisClient,
  {
    keyOf,
    after,
    perShard,
  }: Readonly<{
    keyOf: (shard: number) => string
    after: string | null
    perShard: number
  }>,
): Promise<Entries> {
  // An entry goes on after its position with a space, which is less than '!'.
  const start = after === null ? '-' : `[${after}!`
  const shards = await reach(
    Promise.all(SHARDS.map((shard) => redis.zrangebylex(keyOf(shard), start, '+', 'LIMIT', 0, perShard))),
  )
  // A shard may have more: what other shards have behind its last entry here may not be next.
  const ends = shards.filter(({ length }) => length === perShard).map((entries) => entries.at(-1) as string)
  const end = ends.sort()[0]
  const entries = shards.flat().sort()
  return {
    entries: (end === undefined ? entries : entries.filter((entry) => entry <= end)).map(decodeUnknown),
    isLast: end === undefined,
  }
}

async function readInFlight(redis: RedisClient, after: string | null): Promise<Entries> {
  const shards = await reach(
    Promise.all(SHARDS.map((shard) => redis.zrange(keys.unsettled(shard), '0', String(MOST_IN_FLIGHT - 1)))),
  )
  const entries = shards.flat().sort().map(decodeEntry)
  return {
    entries: after === null ? entries : entries.filter((entry) => positionOf(entry) > after),
    isLast: true,
  }
}
