import type { UnsettledEntry } from '../refunds/ports/store.ts'
import { decodeBooking } from './booking-text.ts'
import { bookingJournalledAs } from './journal-entries.ts'
import { keys, unsettledShard } from './keys.ts'
import { journalBooked } from './lua/journal-booking.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'

/** By then an attempt has booked or failed; what it has left behind is journalled by the sweep. */
export const BOOKING_ATTEMPT_MS = 60_000

export type JournalBookingArguments = Readonly<{
  unsettled: UnsettledEntry
  /** For how long the journal is kept. */
  retentionMs: number
}>

/**
 * Takes the entry of an attempt at a booking out of the index, and journals in the same step what that attempt has booked,
 * so that each booking is journalled once. Throws StoreError.
 */
export async function journalBooking(
  redis: ScriptedClient,
  { unsettled, retentionMs }: JournalBookingArguments,
): Promise<void> {
  const { entry, id, merchant, tid, dueAt } = unsettled
  const [, token] = entry.split(' ', 2)
  const bookings = await reach(redis.hget(keys.payment(merchant, tid), 'bookings'))
  const own = (bookings ?? '')
    .split('\n')
    .filter((line) => line.startsWith(`${id} `))
    .map(decodeBooking)
    .find((booking) => booking.token === token)
  const booked = own === undefined ? null : bookingJournalledAs(own.booking, { merchant, tid })
  await journalBooked(redis, { shard: unsettledShard(id), entry, dueAt, booked, retentionMs })
}
