import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { keys, unsettledShard } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { entryOfStored, unknownEntryOf } from '../unsettled-entries.ts'
import type { Scripts } from './scripts.ts'

export type IndexUnknownArguments = Readonly<{
  stored: StoredRefund
  /** The entry that led to it, which may be of another attempt. */
  found: string
  /** Since when it is due, in milliseconds since 1970; null: not known. */
  dueAt: number | null
}>

/** index-unknown.lua: moves a refund from those in flight to the unknown ones or to those that await a deposit. Throws StoreError. */
export async function indexUnknown(
  redis: Scripts,
  { stored, found, dueAt }: IndexUnknownArguments,
): Promise<void> {
  const shard = unsettledShard(stored.refund.id)
  await reach(
    redis.indexUnknown(
      keys.unsettled(shard),
      stored.refund.status === 'awaiting_deposit' ? keys.awaiting(shard) : keys.unknown(shard),
      keys.lookups(shard),
      found,
      unknownEntryOf(stored),
      dueAt ?? '',
      entryOfStored(stored),
    ),
  )
}
