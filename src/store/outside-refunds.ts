import { newAttemptToken } from '../refunds/attempt-token.ts'
import type { OutsideRefunds } from '../refunds/ports/outside.ts'
import { createClaims } from './idempotency-keys.ts'
import { keys } from './keys.ts'
import { bookOutside } from './lua/book-outside.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { createDurableWrites } from './redis/durable-writes.ts'
import type { RefundStoreOptions } from './refund-store.ts'

export type OutsideRefundsOptions = Omit<RefundStoreOptions, 'allowances'>

/**
 * What was refunded outside of the gateway, with its payment. The key of a booking is bound to its request like that of a
 * refund; the booking itself is found again by its id for as long as its payment is kept.
 */
export function createOutsideRefunds(redis: ScriptedClient, options: OutsideRefundsOptions): OutsideRefunds {
  const claims = createClaims(redis, options)
  const writes = createDurableWrites(options)
  const retentionMs = Math.max(options.ledgerRetentionMs, claims.lifeMs)

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
      const booked = await bookOutside(redis, { wish, retentionMs })
      if (booked.result !== 'booked' && booked.result !== 'exists') {
        await claims.free(claim)
        return booked
      }
      await writes.passBarrier(keys.payment(merchant, tid), keys.claim(id))
      options.watch?.refundBegun()
      return booked
    },
  }
}
