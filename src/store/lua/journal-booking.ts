import type { JournalledRefund } from '../journal-entries.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type JournalBookingArguments = Readonly<{
  shard: number
  /** Of the attempt. */
  entry: string
  /** When it was due as it was read; absent where it was not read, but is the attempt's own. */
  dueAt: number | undefined
  /** What it has booked; null: nothing. */
  booked: JournalledRefund | null
  /** For how long the journal is kept. */
  retentionMs: number
}>

/** journal-booking.lua: an attempt's entry leaves its shard's index, and what it has booked is journalled. Throws StoreError. */
export async function journalBooked(
  redis: Scripts,
  { shard, entry, dueAt, booked, retentionMs }: JournalBookingArguments,
): Promise<void> {
  const { at, letter, of } = booked ?? { at: '', letter: '', of: '' }
  await reach(
    redis.journalBooking(
      keys.unsettled(shard),
      keys.journal(shard),
      retentionMs,
      entry,
      dueAt ?? '',
      at,
      letter,
      of,
    ),
  )
}
