import { newAttemptToken } from '../refunds/attempt-token.ts'
import type { Attempt } from '../refunds/claim.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { journalledAs } from './journal-entries.ts'
import { unsettledShard } from './keys.ts'
import { type Leaving, leaveSettled } from './lua/leave-settled.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { entryOf, entryOfStored } from './unsettled-entries.ts'

/** How long entries of settled refunds may wait for others to leave with. */
const GATHERING_MS = 100

export type LeavingParts = Readonly<{
  /** For how long the journal is kept. */
  journalRetentionMs: number
  /** Does the work once others had the time to join; by default a tenth of a second later. */
  gather?: (work: () => void) => void
}>

export type LeavingSoon = Readonly<{
  /** An attempt which has begun no refund. */
  leaveSoon(attempt: Attempt): void
  /** A refund that has settled in the ordinary way: it is journalled as it leaves. */
  journalSoon(stored: StoredRefund): void
}>

/** Keeps no process from ending: what is left behind is found. */
function gatherAWhile(work: () => void): void {
  setTimeout(work, GATHERING_MS).unref()
}

/**
 * Takes entries of attempts out of the index of unsettled refunds, many at a time and in nobody's way. One that is left
 * behind, where the process or Redis fails before, is journalled and dropped when it is due.
 */
export function createLeaving(
  redis: ScriptedClient,
  { journalRetentionMs, gather = gatherAWhile }: LeavingParts,
): LeavingSoon {
  const leaving = new Map<number, Leaving[]>()
  const owner = newAttemptToken()
  let number = 0

  function removeAll(): void {
    number += 1
    const common = { owner, number, retentionMs: journalRetentionMs }
    for (const [shard, entries] of leaving) {
      leaveSettled(redis, { shard, leaving: entries, ...common }).catch(() => {})
    }
    leaving.clear()
  }

  function add(id: string, entry: Leaving): void {
    if (leaving.size === 0) gather(removeAll)
    const shard = unsettledShard(id)
    const entries = leaving.get(shard)
    if (entries === undefined) leaving.set(shard, [entry])
    else entries.push(entry)
  }

  return {
    leaveSoon: (attempt) => add(attempt.claim.id, { entry: entryOf(attempt), journalled: null }),
    journalSoon: (stored) =>
      add(stored.refund.id, { entry: entryOfStored(stored), journalled: journalledAs(stored) }),
  }
}
