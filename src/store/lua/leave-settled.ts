import type { JournalledRefund } from '../journal-entries.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/** An entry that leaves the index; `journalled` null: its attempt has begun no refund. */
export type Leaving = Readonly<{ entry: string; journalled: JournalledRefund | null }>

export type LeaveSettledArguments = Readonly<{
  shard: number
  leaving: readonly Leaving[]
  /** For how long the journal is kept. */
  retentionMs: number
}>

/** leave-settled.lua: entries leave a shard's index, and what has settled is journalled. Throws StoreError. */
export async function leaveSettled(
  redis: Scripts,
  { shard, leaving, retentionMs }: LeaveSettledArguments,
): Promise<void> {
  const entries: (string | number)[] = []
  for (const { entry, journalled } of leaving) {
    if (journalled === null) entries.push(entry, '', '')
    else entries.push(entry, journalled.at, `${journalled.letter} ${journalled.of}`)
  }
  await reach(redis.leaveSettled(keys.unsettled(shard), keys.journal(shard), retentionMs, ...entries))
}
