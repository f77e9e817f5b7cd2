import type { Claim } from '../refunds/claim.ts'
import type { MonotonicClock } from '../refunds/clock.ts'
import type { UnsettledEntry } from '../refunds/ports/store.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { BOOKING_ATTEMPT_MS, journalBooking } from './booking-journal.ts'
import { isBookingId } from './journal-entries.ts'
import { keys, unsettledShard } from './keys.ts'
import { journalChanges } from './lua/journal-changes.ts'
import { lookAgain } from './lua/look-again.ts'
import { type Due, readDue } from './lua/read-due.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { decodeEntry } from './unsettled-entries.ts'

/** A refund is due a little after its lease is over, since the two are written one after the other. */
export const DUE_SLACK_MS = 100

/** A `processing` that is due all the same had its lease renewed: it is over soon. */
const LEASED_PAUSE_MS = 1_000

/** How many entries of one shard are read at a time. */
const MOST_DUE = 32

/**
 * After this long without a whole look at what is in flight, the next claim waits for one. Well within the least life
 * of a claim, so that no claim of an unsettled refund is gone when another one is made.
 */
const LOOKED_AFTER_MS = 6 * 3_600_000

export type LeaseExpiryParts = Readonly<{
  redis: ScriptedClient
  /** The time of the Redis server, about; in milliseconds since 1970. */
  now(): number
  clock: MonotonicClock
  /** The longest lease that any account has had. */
  longestLeaseMs(): number
  /** Reading a refund makes a `processing` whose lease is over `unknown`. */
  find(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<StoredRefund | null>
  /** The key of an unknown refund does not expire. */
  keepKey(stored: StoredRefund): Promise<void>
  /** Nor does that of a disputed one: see UnsettledIndex. */
  hold(stored: StoredRefund, found?: string): Promise<void>
  drop(unsettled: UnsettledEntry, stored: StoredRefund | null): Promise<void>
  /** For how long the journal is kept. */
  journalRetentionMs: number
}>

export type LeaseExpiry = Readonly<{
  /** Whether a whole look at what is in flight was lately taken. */
  isLookedAfter(): boolean
  /** Everything whose lease is over becomes unknown, in the index, too, and its key is kept. Throws StoreError. */
  expireLeases(): Promise<void>
}>

/** Looks at whatever is due of what is in flight; who asks meanwhile waits for the same look. */
export function createLeaseExpiry(parts: LeaseExpiryParts): LeaseExpiry {
  const { clock } = parts
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  async function expireAll(): Promise<void> {
    const startedAt = clock()
    await lookAfterAll(parts)
    lookedAt = startedAt
  }

  return {
    isLookedAfter: () => clock() - lookedAt < LOOKED_AFTER_MS,
    expireLeases() {
      looking ??= expireAll().finally(() => {
        looking = undefined
      })
      return looking
    },
  }
}

async function lookAfterAll(parts: LeaseExpiryParts): Promise<void> {
  const { redis } = parts
  let isMore = true
  while (isMore) {
    const furthestMs = longestAttemptMs(parts) + DUE_SLACK_MS
    const shards = await readDue(redis, { keyOf: keys.unsettled, furthestMs, limit: MOST_DUE })
    await Promise.all(shards.flat().map((due) => lookAfter(parts, due)))
    isMore = shards.some(({ length }) => length >= MOST_DUE)
  }
}

/** For how long anything can be in flight, a refund or a booking. */
function longestAttemptMs({ longestLeaseMs }: LeaseExpiryParts): number {
  return Math.max(longestLeaseMs(), BOOKING_ATTEMPT_MS)
}

/** Moves an entry to where its refund is by now, or drops it; what the journal lacks of it is appended. */
async function lookAfter(parts: LeaseExpiryParts, { entry, dueAt }: Due): Promise<void> {
  const { redis, now, longestLeaseMs, find, keepKey, hold, drop, journalRetentionMs } = parts
  const unsettled = decodeEntry(entry)
  const key = keys.unsettled(unsettledShard(unsettled.id))
  const isImpossible = dueAt > now() + longestAttemptMs(parts)
  if (isBookingId(unsettled.id)) {
    // It may be about to be booked.
    if (isImpossible) await lookAgain(redis, { key, entry, delayMs: BOOKING_ATTEMPT_MS })
    else await journalBooking(redis, { unsettled: { ...unsettled, dueAt }, retentionMs: journalRetentionMs })
    return
  }
  const stored = await find(unsettled)
  if (stored !== null && isAskedForByAnother(stored, unsettled, now() - longestLeaseMs())) {
    // Whoever is asking may yet undo it, and has an entry of its own.
    await lookAgain(redis, { key, entry, delayMs: LEASED_PAUSE_MS })
  } else if (stored?.refund.status === 'unknown' || stored?.refund.status === 'awaiting_deposit') {
    await keepKey(stored)
    const since = isImpossible ? null : dueAt
    await journalChanges(redis, { stored, found: entry, dueAt: since, retentionMs: journalRetentionMs })
  } else if (stored?.refund.status === 'processing') {
    await lookAgain(redis, { key, entry, delayMs: LEASED_PAUSE_MS })
  } else if (stored?.refund.disputed) {
    await hold(stored, entry)
  } else if (stored === null && isImpossible) {
    // It may be about to be begun.
    await lookAgain(redis, { key, entry, delayMs: longestLeaseMs() })
  } else if (stored === null) {
    await drop({ ...unsettled, dueAt }, null)
  } else {
    await drop(unsettled, stored)
  }
}

/** Whether a deposit was asked for since then, by an attempt that is not this entry's. */
function isAskedForByAnother(
  { refund, asking }: StoredRefund,
  { entry }: UnsettledEntry,
  sinceMs: number,
): boolean {
  if (refund.status !== 'awaiting_deposit' || refund.deposit === null || asking === null) return false
  const isOwn = entry.split(' ', 2)[1] === asking.token
  return !isOwn && Date.parse(refund.deposit.requested_at) > sinceMs
}
