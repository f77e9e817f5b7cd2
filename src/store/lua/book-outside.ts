import { MOST_BOOKINGS } from '../../refunds/outside-refund.ts'
import type { BookingWish, BookResult } from '../../refunds/ports/outside.ts'
import { bookingJson, decodeBooking } from '../booking-text.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type BookOutsideArguments = Readonly<{
  wish: BookingWish
  /** Of this attempt. */
  token: string
  /** For how long a payment is kept of which nothing is unsettled. */
  retentionMs: number
  /** For how long it is remembered what the attempt was refused with. */
  abandonedMs: number
}>

/** book-outside.lua: books what was refunded outside, or says why not. Throws StoreError. */
export async function bookOutside(
  redis: Scripts,
  { wish, token, retentionMs, abandonedMs }: BookOutsideArguments,
): Promise<Exclude<BookResult, { result: 'taken' }>> {
  const { id, merchant, tid, amount, tax_free_amount } = wish
  const [result, text = '', booked = ''] = await reach(
    redis.bookOutside(
      keys.payment(merchant, tid),
      keys.abandoned(merchant, tid, token),
      id,
      amount,
      tax_free_amount ?? '',
      bookingJson(wish, token),
      retentionMs,
      MOST_BOOKINGS,
      abandonedMs,
    ),
  )
  switch (result) {
    case 'booked':
      return { result, booking: decodeBooking(text).booking }
    case 'exists': {
      const { booking, fingerprint } = decodeBooking(text)
      return { result, booking, fingerprint }
    }
    case 'not_known':
    case 'too_many':
      return { result }
    case 'amount_exceeds_remaining':
    case 'tax_free_exceeds_amount':
      return { result, remaining: Number(text), booked: Number(booked) }
    default:
      throw new Error(`bug: book-outside.lua answered ${result}`)
  }
}
