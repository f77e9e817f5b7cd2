import { CLAIM_TRUST_MS } from '../../refunds/lease.ts'
import type { JournalledRefund } from '../journal-entries.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/** No connection holds a command back for as long. */
const KEPT_MS = 2 * CLAIM_TRUST_MS

/** An entry that leaves the index; `journalled` null: its attempt has begun no refund. */
export type Leaving = Readonly<{ entry: string; journalled: JournalledRefund | null }>

export type LeaveSettledArguments = Readonly<{
  shard: number
  leaving: readonly Leaving[]
  /** The process whose entries leave, and a number that grows: what arrives behind a later one does nothing. */
  owner: string
  number: number
  /** For how long the journal is kept. */
  retentionMs: number
}>

/** leave-settled.lua: entries leave a shard's index, and what has settled is journalled. Throws StoreError. */
export async function leaveSettled(
  redis: Scripts,
  { shard, leaving, owner, number, retentionMs }: LeaveSettledArguments,
): Promise<void> {
  const entries: (string | number)[] = []
  for (const { entry, journalled } of leaving) {
    if (journalled === null) entries.push(entry, '', '')
    else entries.push(entry, journalled.at, `${journalled.letter} ${journalled.of}`)
  }
  const [inFlight, journal, last] = [keys.unsettled(shard), keys.journal(shard), keys.left(shard, owner)]
  await reach(redis.leaveSettled(inFlight, journal, last, retentionMs, number, KEPT_MS, ...entries))
}
