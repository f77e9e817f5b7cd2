import { refundChanges } from '../../refunds/history.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { letterOf, nameInJournal } from '../journal-entries.ts'
import { keys, unsettledShard } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { entryOfStored, unknownEntryOf } from '../unsettled-entries.ts'
import type { Scripts } from './scripts.ts'

export type JournalChangesArguments = Readonly<{
  stored: StoredRefund
  /** The entry that led to it, which may be of another attempt; absent: its own. */
  found?: string | undefined
  /**
   * Of an unknown or disputed refund since when it is due, in milliseconds since 1970; null: now. Of a settled one by
   * when its entry is due which is to leave those that are looked at; null: it stays there.
   */
  dueAt: number | null
  /** For how long the journal is kept. */
  retentionMs: number
}>

/**
 * journal-changes.lua: a refund goes to where it belongs in the index, and what the journal lacks of its changes is
 * appended. False: the refund has changed since it was read, and stays where that has put it. Throws StoreError.
 */
export async function journalChanges(
  redis: Scripts,
  { stored, found, dueAt, retentionMs }: JournalChangesArguments,
): Promise<boolean> {
  const shard = unsettledShard(stored.refund.id)
  const own = entryOfStored(stored)
  const journalled = await reach(
    redis.journalChanges(
      keys.unsettled(shard),
      keys.unknown(shard),
      keys.lookups(shard),
      keys.journal(shard),
      keys.journalled(shard),
      keys.awaiting(shard),
      retentionMs,
      placeOf(stored),
      found ?? own,
      own,
      unknownEntryOf(stored),
      dueAt ?? '',
      nameInJournal(stored),
      ...refundChanges(stored).flatMap(({ change, at }) => [letterOf(change), Date.parse(at)]),
    ),
  )
  return journalled >= 0
}

function placeOf({ refund }: StoredRefund): 'unknown' | 'disputed' | 'awaiting_deposit' | 'settled' {
  if (refund.disputed) return 'disputed'
  if (refund.status === 'processing') throw new Error('bug: a refund in flight has nothing to be journalled')
  return refund.status === 'unknown' || refund.status === 'awaiting_deposit' ? refund.status : 'settled'
}
