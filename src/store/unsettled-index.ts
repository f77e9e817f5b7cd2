import type { Attempt, Claim } from '../refunds/claim.ts'
import type { MonotonicClock } from '../refunds/clock.ts'
import type { RefundPage, UnsettledEntry, UnsettledQuery } from '../refunds/ports/store.ts'
import type { Refund } from '../refunds/refund.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { createIndexCleaner } from './index-cleaner.ts'
import { keys, UNSETTLED_SHARDS, unsettledShard } from './keys.ts'
import type { RedisClient, Scripts } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'

/** A refund is due a little after its lease is over, since the two are written one after the other. */
const DUE_SLACK_MS = 100

/** A `processing` that is due all the same had its lease renewed: it is over soon. */
const LEASED_PAUSE_MS = 1_000

/** An unknown refund is due within the reconciler's longest pause. A clock that was put back may have said later. */
const FURTHEST_LOOKUP_MS = 7 * 3_600_000

/** A replica that takes entries to look at has this long before another one gets them. */
const TAKEN_MS = 60_000

/** How many entries of one shard are read at a time. */
const MOST_DUE = 32
const MOST_LISTED = 64

/** How many refunds in flight of one shard are listed: those whose leases end first. */
const MOST_IN_FLIGHT = 1_000

/** How many refunds one page reads at a time. */
const MOST_READ = 50

/** How many of the oldest entries are looked at for the oldest unknown refund. */
const SURVEYED_REFUNDS = 16

/**
 * After this long without a whole look at what is in flight, the next claim waits for one. Well within the least life
 * of a claim, so that no claim of an unsettled refund is gone when another one is made.
 */
const LOOKED_AFTER_MS = 6 * 3_600_000

export type UnsettledIndexParts = Readonly<{
  /** The time of the Redis server, about; in milliseconds since 1970. */
  now(): number
  clock: MonotonicClock
  /** The longest lease that any account has had. */
  longestLeaseMs(): number
  find(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<StoredRefund | null>
  /** The key of an unknown refund does not expire. */
  keepKey(stored: StoredRefund): Promise<void>
  /** That of one which was found settled, or not at all, does. */
  expireKey(unsettled: UnsettledEntry): Promise<void>
}>

/** Where unsettled refunds are found without their payments. Every method throws StoreError, where it can fail. */
export type UnsettledIndex = Readonly<{
  /** Before an attempt begins, so that whatever is begun is found. */
  enter(attempt: Attempt, leaseMs: number): Promise<unknown>
  /** An attempt whose refund ended in the ordinary way, or which has begun none: a moment later, with others. */
  leaveSoon(attempt: Attempt): void
  leave(attempt: Attempt): Promise<void>
  /** A refund whose outcome is not known: it is due at once. */
  addUnknown(stored: StoredRefund): Promise<void>
  /** A refund that failed and may have been made: its key is kept until a person has settled it. */
  addDisputed(stored: StoredRefund): Promise<void>
  /** One that was unknown or disputed has been settled. */
  removeUnknown(stored: StoredRefund): void
  /** Whether {@link UnsettledIndex.expireLeases} has lately been through. */
  isLookedAfter(): boolean
  expireLeases(): Promise<void>
  list(query: UnsettledQuery): Promise<RefundPage>
  count(): Promise<number>
  oldestUnknownAt(): Promise<number | null>
  takeDue(limit: number): Promise<readonly UnsettledEntry[]>
  lookAgain(unsettled: UnsettledEntry, delayMs: number): Promise<void>
  drop(unsettled: UnsettledEntry): Promise<void>
}>

/** What is due of one shard, and when. */
type Due = Readonly<{ entry: string; dueAt: number }>

/**
 * The index of unsettled refunds, in shards so that it spreads over a Cluster. A refund enters it before it is begun,
 * among those in flight, by when its lease is over. Whatever is due there is read, which makes it unknown: it
 * is moved to the unknown ones, once its key is kept, or dropped where it has been settled. So what is in flight is
 * few, and the unknown ones are counted and listed exactly. Entries are of attempts, and may be left over: none is
 * believed, each leads to its refund.
 */
export function createUnsettledIndex(
  redis: RedisClient & Scripts,
  { now, clock, longestLeaseMs, find, keepKey, expireKey }: UnsettledIndexParts,
): UnsettledIndex {
  const clean = createIndexCleaner(redis)
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  /** Everything whose lease is over becomes unknown, in the index, too, and its key is kept. */
  async function expireAll(): Promise<void> {
    const startedAt = clock()
    let isMore = true
    while (isMore) {
      const shards = await readDue(keys.unsettled, longestLeaseMs() + DUE_SLACK_MS, MOST_DUE)
      await Promise.all(shards.flat().map(lookAfter))
      isMore = shards.some(({ length }) => length >= MOST_DUE)
    }
    lookedAt = startedAt
  }

  function expireLeases(): Promise<void> {
    looking ??= expireAll().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function lookAfter({ entry, dueAt }: Due): Promise<void> {
    const unsettled = decodeEntry(entry)
    // Reading it makes an expired `processing` unknown.
    const stored = await find(unsettled)
    const isImpossible = dueAt > now() + longestLeaseMs()
    if (stored?.refund.status === 'unknown') {
      await keepKey(stored)
      await moveToUnknown(stored, { entry, dueAt: isImpossible ? null : dueAt })
    } else if (stored?.refund.status === 'processing') {
      await postpone(keys.unsettled, unsettled, LEASED_PAUSE_MS)
    } else if (stored?.refund.disputed) {
      await addDisputed(stored)
      await reach(redis.zrem(keys.unsettled(unsettledShard(unsettled.id)), entry))
    } else if (stored === null && isImpossible) {
      // It may be about to be begun.
      await postpone(keys.unsettled, unsettled, longestLeaseMs())
    } else {
      await drop(unsettled)
    }
  }

  async function readDue(
    keyOf: (shard: number) => string,
    furthestMs: number,
    limit: number,
  ): Promise<readonly Due[][]> {
    const replies = await reach(
      Promise.all(SHARDS.map((shard) => redis.readDue(keyOf(shard), furthestMs, limit))),
    )
    return (replies as string[][]).map((reply) =>
      Array.from({ length: reply.length / 2 }, (_, index) => ({
        entry: reply[2 * index] as string,
        dueAt: Number(reply[2 * index + 1]),
      })),
    )
  }

  async function moveToUnknown(stored: StoredRefund, found: { entry: string; dueAt: number | null }) {
    const { id } = stored.refund
    const entries = [found.entry, unknownEntryOf(stored), found.dueAt ?? '', entryOfStored(stored)] as const
    await reach(redis.indexUnknown(...shardKeys(id), ...entries))
  }

  async function addDisputed(stored: StoredRefund): Promise<void> {
    await keepKey(stored)
    const { id } = stored.refund
    await reach(redis.zadd(keys.lookups(unsettledShard(id)), now(), unknownEntryOf(stored)))
  }

  async function postpone(keyOf: (shard: number) => string, { entry, id }: UnsettledEntry, delayMs: number) {
    await reach(redis.lookAgain(keyOf(unsettledShard(id)), entry, delayMs))
  }

  async function drop(unsettled: UnsettledEntry): Promise<void> {
    const { entry, id } = unsettled
    await Promise.all([reach(redis.leaveIndex(...shardKeys(id), entry)), expireKey(unsettled)])
  }

  /** Nobody waits for it: one that is left behind is dropped when it is due. */
  function removeSoon({ entry, id }: Pick<UnsettledEntry, 'entry' | 'id'>): void {
    redis.leaveIndex(...shardKeys(id), entry).catch(() => {})
  }

  /** The next entries behind this position, in order, and whether they are the last ones. */
  async function readUnknown(after: string | null, perShard: number): Promise<Entries> {
    // An entry goes on after its position with a space, which is less than '!'.
    const start = after === null ? '-' : `[${after}!`
    const shards = await reach(
      Promise.all(
        SHARDS.map((shard) => redis.zrangebylex(keys.unknown(shard), start, '+', 'LIMIT', 0, perShard)),
      ),
    )
    // Where a shard has more, what comes behind its last entry here may not be next.
    const ends = shards.filter(({ length }) => length === perShard).map((entries) => entries.at(-1) as string)
    const end = ends.sort()[0]
    const entries = shards.flat().sort()
    return {
      entries: (end === undefined ? entries : entries.filter((entry) => entry <= end)).map(decodeUnknown),
      isLast: end === undefined,
    }
  }

  async function readInFlight(after: string | null): Promise<Entries> {
    const shards = await reach(
      Promise.all(
        SHARDS.map((shard) => redis.zrange(keys.unsettled(shard), '0', String(MOST_IN_FLIGHT - 1))),
      ),
    )
    const entries = shards.flat().sort().map(decodeEntry)
    return {
      entries: after === null ? entries : entries.filter((entry) => positionOf(entry) > after),
      isLast: true,
    }
  }

  return {
    enter: (attempt, leaseMs) =>
      redis.zadd(
        keys.unsettled(unsettledShard(attempt.claim.id)),
        now() + leaseMs + DUE_SLACK_MS,
        entryOf(attempt),
      ),

    leaveSoon: (attempt) => clean(keys.unsettled(unsettledShard(attempt.claim.id)), entryOf(attempt)),

    async leave(attempt) {
      await reach(redis.zrem(keys.unsettled(unsettledShard(attempt.claim.id)), entryOf(attempt)))
    },

    async addUnknown(stored) {
      await keepKey(stored)
      await moveToUnknown(stored, { entry: entryOfStored(stored), dueAt: null })
    },

    addDisputed,

    removeUnknown(stored) {
      const { id } = stored.refund
      for (const entry of [unknownEntryOf(stored), entryOfStored(stored)]) removeSoon({ entry, id })
    },

    isLookedAfter: () => clock() - lookedAt < LOOKED_AFTER_MS,
    expireLeases,

    async list({ status, merchant, caller, limit, cursor }) {
      await expireLeases()
      const refunds: Refund[] = []
      let perShard = Math.min(MOST_LISTED, Math.max(2, Math.ceil((limit + 1) / (UNSETTLED_SHARDS / 2))))
      for (let after = cursor; ; perShard = Math.min(MOST_LISTED, 2 * perShard)) {
        const { entries, isLast } =
          status === 'unknown' ? await readUnknown(after, perShard) : await readInFlight(after)
        for (let start = 0, size: number; start < entries.length; start += size) {
          size = Math.min(MOST_READ, Math.max(2, limit - refunds.length))
          const batch = entries.slice(start, start + size)
          const found = await Promise.all(
            batch.map((entry) => (isOf(entry, { merchant, caller }) ? find(entry) : null)),
          )
          for (const [index, stored] of found.entries()) {
            const isLeftOver = status === 'unknown' && stored != null && stored.refund.status !== status
            if (isLeftOver) removeSoon(batch[index] as UnsettledEntry)
            if (stored?.refund.status !== status) continue
            if (caller !== undefined && stored.refund.requested_by !== caller) continue
            refunds.push(stored.refund)
            if (refunds.length < limit) continue
            const isEnd = isLast && start + index === entries.length - 1
            return { refunds, nextCursor: isEnd ? null : positionOf(batch[index] as UnsettledEntry) }
          }
        }
        if (isLast) return { refunds, nextCursor: null }
        after = positionOf(entries.at(-1) as UnsettledEntry)
      }
    },

    async count() {
      const counts = SHARDS.flatMap((shard) => [
        redis.zcard(keys.unsettled(shard)),
        redis.zcard(keys.unknown(shard)),
      ])
      return (await reach(Promise.all(counts))).reduce((total, count) => total + count, 0)
    },

    async oldestUnknownAt() {
      await expireLeases()
      const { entries } = await readUnknown(null, 2)
      // Mostly the first one; entries that are left over are taken out, so that the next look is past them.
      for (const entry of entries.slice(0, SURVEYED_REFUNDS)) {
        const stored = await find(entry)
        if (stored?.refund.status === 'unknown') return requestedAtOf(entry)
        await drop(entry)
      }
      const next = entries[SURVEYED_REFUNDS]
      return next === undefined ? null : requestedAtOf(next)
    },

    async takeDue(limit) {
      const shards = await readDue(keys.lookups, FURTHEST_LOOKUP_MS, limit)
      const due = shards.flatMap((entries, shard) => entries.map((entry) => ({ ...entry, shard })))
      const oldest = due.sort((one, other) => one.dueAt - other.dueAt).slice(0, limit)
      const taken = await reach(
        Promise.all(
          SHARDS.map((shard) => oldest.filter((entry) => entry.shard === shard).map(({ entry }) => entry))
            .map((entries, shard) => ({ entries, shard }))
            .filter(({ entries }) => entries.length > 0)
            .map(({ entries, shard }) =>
              redis.takeDue(keys.lookups(shard), TAKEN_MS, FURTHEST_LOOKUP_MS, ...entries),
            ),
        ),
      )
      const isTaken = new Set((taken as string[][]).flat())
      return oldest.filter(({ entry }) => isTaken.has(entry)).map(({ entry }) => decodeUnknown(entry))
    },

    lookAgain: (unsettled, delayMs) => postpone(keys.lookups, unsettled, delayMs),
    drop,
  }
}

/** `caller`: who asked for it; absent of a refund in flight, of which the index does not say it. */
type Entry = UnsettledEntry & Readonly<{ caller?: string }>

type Entries = Readonly<{ entries: readonly Entry[]; isLast: boolean }>

const SHARDS: readonly number[] = Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => shard)

function shardKeys(id: string): [inFlight: string, unknown: string, lookups: string] {
  const shard = unsettledShard(id)
  return [keys.unsettled(shard), keys.unknown(shard), keys.lookups(shard)]
}

/**
 * An attempt's entry in the index. Of the attempt as well as of the refund, so that a request which joined the
 * claim and was not the one to begin takes its own entry back and not the other's. Sorted as text, entries are
 * sorted by time: until the year 2286 it has thirteen digits.
 */
function entryOf({ claim, token: attempt, requestedAt }: Attempt): string {
  return `${requestedAt}.${claim.id} ${attempt} ${claim.merchant} ${claim.tid}`
}

function entryOfStored({ refund, merchant, attempt }: StoredRefund): string {
  return `${Date.parse(refund.created_at)}.${refund.id} ${attempt} ${merchant} ${refund.tid}`
}

/** The same, and who asked for it, so that one caller's are found among many without reading the others'. */
function unknownEntryOf(stored: StoredRefund): string {
  return `${entryOfStored(stored)} ${stored.refund.requested_by}`
}

function decodeUnknown(entry: string): Entry {
  const end = entry.lastIndexOf(' ')
  return { ...decodeEntry(entry.slice(0, end)), entry, caller: entry.slice(end + 1) }
}

/** Whether it may be what is asked for, as far as the index says. */
function isOf(entry: Entry, { merchant, caller }: Pick<UnsettledQuery, 'merchant' | 'caller'>): boolean {
  if (merchant !== undefined && entry.merchant !== merchant) return false
  return caller === undefined || entry.caller === undefined || entry.caller === caller
}

function decodeEntry(entry: string): UnsettledEntry {
  const [position, attempt, merchant] = entry.split(' ', 3) as [string, string, string]
  const id = position.slice(position.indexOf('.') + 1)
  return { entry, id, merchant, tid: entry.slice(position.length + attempt.length + merchant.length + 3) }
}

function requestedAtOf({ entry }: UnsettledEntry): number {
  return Number(entry.slice(0, entry.indexOf('.')))
}

/** Where an entry is in the list; a cursor names the last one of its page. */
function positionOf({ entry }: UnsettledEntry): string {
  return entry.slice(0, entry.indexOf(' '))
}
