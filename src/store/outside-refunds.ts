import { newAttemptToken } from '../refunds/attempt-token.ts'
import type { Attempt } from '../refunds/claim.ts'
import type { BookingWish, BookResult, OutsideRefunds } from '../refunds/ports/outside.ts'
import { BOOKING_ATTEMPT_MS, journalBooking } from './booking-journal.ts'
import { enterInTime } from './enter-in-time.ts'
import { ABANDONED_MARK_MS, createClaims } from './idempotency-keys.ts'
import { keys, unsettledShard } from './keys.ts'
import { bookOutside } from './lua/book-outside.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { createDurableWrites } from './redis/durable-writes.ts'
import { reach } from './redis/reach.ts'
import type { RefundStoreOptions } from './refund-store.ts'
import { decodeEntry, entryOf } from './unsettled-entries.ts'

export type OutsideRefundsOptions = Omit<RefundStoreOptions, 'allowances'>

/**
 * What was refunded outside of the gateway, with its payment. The key of a booking is bound to its request like that of a
 * refund; the booking itself is found again by its id for as long as its payment is kept. Its attempt enters the index
 * before, and leaves it into the journal.
 */
export function createOutsideRefunds(redis: ScriptedClient, options: OutsideRefundsOptions): OutsideRefunds {
  const claims = createClaims(redis, options)
  const writes = createDurableWrites(options)
  const retentionMs = Math.max(options.ledgerRetentionMs, claims.lifeMs)
  const journalRetentionMs = Math.min(options.journalRetentionMs, retentionMs)

  async function bookOnce(wish: BookingWish, attempt: Attempt): Promise<BookResult> {
    const { id, merchant, tid } = wish
    const entry = entryOf(attempt)
    const enter = () =>
      redis.zadd(keys.unsettled(unsettledShard(id)), options.now() + BOOKING_ATTEMPT_MS, entry)
    await enterInTime(options.clock, BOOKING_ATTEMPT_MS, () => reach(enter()))
    const booked = await bookOutside(redis, {
      ...{ wish, token: attempt.token, retentionMs },
      abandonedMs: ABANDONED_MARK_MS,
    })
    if (booked.result === 'booked' || booked.result === 'exists') {
      await writes.passBarrier(keys.payment(merchant, tid), keys.claim(id))
      options.watch?.refundBegun()
    }
    // Where it fails, or the process dies before, the sweep does it.
    await journalBooking(redis, { unsettled: decodeEntry(entry), retentionMs: journalRetentionMs }).catch(
      () => {},
    )
    return booked
  }

  return {
    async book(wish, isSameRequest) {
      writes.assertDurable()
      const { id, merchant, tid, fingerprint } = wish
      const claim = { id, token: newAttemptToken(), fingerprint, merchant, tid }
      const inForce = await claims.bind(claim)
      const isOtherPayment = inForce.merchant !== merchant || inForce.tid !== tid
      if (isOtherPayment || !isSameRequest(inForce.fingerprint)) {
        return { result: 'taken', fingerprint: inForce.fingerprint, isOtherPayment }
      }
      const booked = await bookOnce(wish, { claim, token: claim.token, requestedAt: options.now() })
      if (booked.result !== 'booked' && booked.result !== 'exists') await claims.free(claim)
      return booked
    },
  }
}
