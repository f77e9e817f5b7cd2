import type { Attempt } from '../refunds/claim.ts'
import type { RefundPage, UnsettledEntry, UnsettledQuery } from '../refunds/ports/store.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { createLeaseExpiry, DUE_SLACK_MS, type LeaseExpiry, type LeaseExpiryParts } from './expire-leases.ts'
import { keys, SHARDS, unsettledShard } from './keys.ts'
import { journalChanges } from './lua/journal-changes.ts'
import { leaveIndex } from './lua/leave-index.ts'
import { lookAgain } from './lua/look-again.ts'
import { readDue } from './lua/read-due.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { takeDue } from './lua/take-due.ts'
import { reach } from './redis/reach.ts'
import { decodeUnknown, entryOf, requestedAtOf, unknownEntryOf } from './unsettled-entries.ts'
import { createLeaving, type LeavingParts, type LeavingSoon } from './unsettled-leaving.ts'
import { pageOfUnsettled, readUnknown } from './unsettled-pages.ts'

/** An unknown refund is due within the reconciler's longest pause. A clock that was put back may have said later. */
const FURTHEST_LOOKUP_MS = 7 * 3_600_000

/** A replica that takes entries to look at has this long before another one gets them. */
const TAKEN_MS = 60_000

/** What is settled late is looked at after this long, unless whoever settles it has seen it through. */
const SETTLED_LATE_MS = 60_000

/** How many of the oldest entries are looked at for the oldest unknown refund. */
const SURVEYED_REFUNDS = 16

export type UnsettledIndexParts = Omit<LeaseExpiryParts, 'redis' | 'hold' | 'drop'> &
  LeavingParts &
  Readonly<{
    /** The key of a refund that was found settled, or not at all, expires. */
    expireKey(unsettled: UnsettledEntry): Promise<void>
  }>

/** Where unsettled refunds are found without their payments. Every method throws StoreError, where it can fail. */
export type UnsettledIndex = LeaseExpiry &
  LeavingSoon &
  Readonly<{
    /** Before an attempt begins, so that whatever is begun is found. */
    enter(attempt: Attempt, leaseMs: number): Promise<unknown>
    /**
     * Before a refund settles whose entry may be gone, so that its changes are journalled whoever dies. Answers by when
     * it is looked at.
     */
    watch(stored: StoredRefund): Promise<number>
    leave(attempt: Attempt): Promise<void>
    /**
     * A refund that is unknown, disputed or awaits a deposit: it is due at once, and its key is kept until it is settled.
     * `found`: the entry that led to it, where that is not its attempt's.
     */
    hold(stored: StoredRefund, found?: string): Promise<void>
    /** One that has settled, from the entry of an asking for its deposit. */
    leaveJournalled(stored: StoredRefund, asking: Attempt): Promise<void>
    /** One that was unknown, disputed or awaited a deposit has been settled; `dueAt`: what watch() has answered. */
    removeUnknown(stored: StoredRefund, dueAt: number | null): void
    list(query: UnsettledQuery): Promise<RefundPage>
    count(): Promise<number>
    countAwaiting(): Promise<number>
    oldestUnknownAt(): Promise<number | null>
    takeDue(limit: number): Promise<readonly UnsettledEntry[]>
    lookAgain(unsettled: UnsettledEntry, delayMs: number): Promise<void>
    drop(unsettled: UnsettledEntry, stored: StoredRefund | null): Promise<void>
  }>

/**
 * The index of unsettled refunds, in shards so that it spreads over a Cluster. A refund enters it before it is begun,
 * among those in flight, by when its lease is over. Whatever is due there is read, which makes it unknown: it
 * is moved to the unknown ones, once its key is kept, or dropped where it has been settled. So what is in flight is
 * few, and the unknown ones are counted and listed exactly. Entries are of attempts, and may be left over: none is
 * believed, each leads to its refund.
 */
export function createUnsettledIndex(redis: ScriptedClient, parts: UnsettledIndexParts): UnsettledIndex {
  const { now, find, journalRetentionMs: retentionMs } = parts

  const moves = createMoves(redis, parts)
  const { hold, drop, removeSoon } = moves
  const expiry = createLeaseExpiry({ ...parts, ...moves, redis })
  return {
    ...expiry,

    enter(attempt, leaseMs) {
      const key = keys.unsettled(unsettledShard(attempt.claim.id))
      return reach(redis.zadd(key, now() + leaseMs + DUE_SLACK_MS, entryOf(attempt)))
    },

    ...createLeaving(redis, parts),

    async watch(stored) {
      // Like no other, so that who removes it removes nobody else's.
      const dueAt = now() + SETTLED_LATE_MS + Math.random()
      await reach(redis.zadd(keys.lookups(unsettledShard(stored.refund.id)), dueAt, unknownEntryOf(stored)))
      return dueAt
    },

    async leave(attempt) {
      await reach(redis.zrem(keys.unsettled(unsettledShard(attempt.claim.id)), entryOf(attempt)))
    },

    async leaveJournalled(stored, asking) {
      await journalChanges(redis, { stored, found: entryOf(asking), dueAt: null, retentionMs })
    },

    hold,

    removeUnknown(stored, dueAt) {
      journalChanges(redis, { stored, dueAt, retentionMs }).catch(() => {})
    },

    async list(query) {
      await expiry.expireLeases()
      return pageOfUnsettled({ redis, find, onLeftOver: removeSoon }, query)
    },

    count: () => countEntries(redis, [keys.unsettled, keys.unknown]),
    countAwaiting: () => countEntries(redis, [keys.awaiting]),

    async oldestUnknownAt() {
      await expiry.expireLeases()
      return findOldestUnknown(redis, { find, drop })
    },

    takeDue: (limit) => takeDueLookups(redis, limit),
    lookAgain: ({ entry, id, dueAt }, delayMs) =>
      lookAgain(redis, { key: keys.lookups(unsettledShard(id)), entry, delayMs, dueAt }),
    drop,
  }
}

/** Where a refund goes in the index by what was found of it; what the journal lacks of its changes is appended. */
function createMoves(
  redis: ScriptedClient,
  { keepKey, expireKey, journalRetentionMs: retentionMs }: UnsettledIndexParts,
) {
  async function hold(stored: StoredRefund, found?: string): Promise<void> {
    await keepKey(stored)
    await journalChanges(redis, { stored, found, dueAt: null, retentionMs })
  }

  /** False: it has changed since it was read. */
  async function leave(unsettled: UnsettledEntry, stored: StoredRefund | null): Promise<boolean> {
    // A store that has gone back knows it as in flight, and its attempt's entry is another.
    if (stored === null || stored.refund.status === 'processing') {
      return leaveIndex(redis, unsettled)
    }
    const { entry: found, dueAt = null } = unsettled
    return journalChanges(redis, { stored, found, dueAt, retentionMs })
  }

  async function drop(unsettled: UnsettledEntry, stored: StoredRefund | null): Promise<void> {
    // Its key is kept until it is settled.
    const isHeld = stored?.refund.disputed || stored?.refund.status === 'awaiting_deposit'
    if (isHeld) return hold(stored, unsettled.entry)
    if (await leave(unsettled, stored)) await expireKey(unsettled)
  }

  /** Nobody waits for it: one that is left behind is dropped when it is due. */
  function removeSoon(unsettled: UnsettledEntry, stored: StoredRefund): void {
    leave(unsettled, stored).catch(() => {})
  }

  return { hold, drop, removeSoon }
}

async function countEntries(
  redis: ScriptedClient,
  keysOf: readonly ((shard: number) => string)[],
): Promise<number> {
  const counts = SHARDS.flatMap((shard) => keysOf.map((keyOf) => redis.zcard(keyOf(shard))))
  return (await reach(Promise.all(counts))).reduce((total, count) => total + count, 0)
}

/** When the oldest unknown refund was asked for. Entries that are left over are dropped, so that the next look is past them. */
async function findOldestUnknown(
  redis: ScriptedClient,
  { find, drop }: Pick<LeaseExpiryParts, 'find' | 'drop'>,
): Promise<number | null> {
  const { entries } = await readUnknown(redis, { keyOf: keys.unknown, after: null, perShard: 2 })
  // Mostly the first one.
  for (const entry of entries.slice(0, SURVEYED_REFUNDS)) {
    const stored = await find(entry)
    if (stored?.refund.status === 'unknown') return requestedAtOf(entry)
    await drop(entry, stored)
  }
  const next = entries[SURVEYED_REFUNDS]
  return next === undefined ? null : requestedAtOf(next)
}

/** Takes those that have been due longest, at most so many over all shards. */
async function takeDueLookups(redis: ScriptedClient, limit: number): Promise<readonly UnsettledEntry[]> {
  const shards = await readDue(redis, { keyOf: keys.lookups, furthestMs: FURTHEST_LOOKUP_MS, limit })
  const due = shards.flatMap((entries, shard) => entries.map((entry) => ({ ...entry, shard })))
  const oldest = due.sort((one, other) => one.dueAt - other.dueAt).slice(0, limit)
  const wanted = SHARDS.map((shard) => ({
    key: keys.lookups(shard),
    entries: oldest.filter((entry) => entry.shard === shard).map(({ entry }) => entry),
  }))
  const times = { takenMs: TAKEN_MS, furthestMs: FURTHEST_LOOKUP_MS }
  const taken = await Promise.all(
    wanted.filter(({ entries }) => entries.length > 0).map((some) => takeDue(redis, { ...some, ...times })),
  )
  const dueAgain = new Map(taken.flat().map(({ entry, dueAt }) => [entry, dueAt]))
  return oldest.flatMap(({ entry }) => {
    const dueAt = dueAgain.get(entry)
    return dueAt === undefined ? [] : [{ ...decodeUnknown(entry), dueAt }]
  })
}
