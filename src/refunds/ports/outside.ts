import type { Krw } from '../krw.ts'
import type { OutsideRefund } from '../outside-refund.ts'

/** A booking that is to be made, under the fingerprint of its request. */
export type BookingWish = Pick<OutsideRefund, 'id' | 'amount' | 'tax_free_amount' | 'note' | 'by'> &
  Readonly<{ merchant: string; tid: string; fingerprint: string }>

/**
 * `exists`: it was booked before, by a request of this fingerprint. `taken`: its key belongs to a request of another
 * payment, or of another body, whose fingerprint is told. `remaining` and `booked` in KRW.
 */
export type BookResult =
  | Readonly<{ result: 'booked'; booking: OutsideRefund }>
  | Readonly<{ result: 'exists'; booking: OutsideRefund; fingerprint: string }>
  | Readonly<{ result: 'taken'; fingerprint: string; isOtherPayment: boolean }>
  | Readonly<{ result: 'not_known' | 'too_many' }>
  | Readonly<{ result: 'amount_exceeds_remaining' | 'tax_free_exceeds_amount'; remaining: Krw; booked: Krw }>

/** Where it is kept what was refunded outside of the gateway. Every method throws StoreError. */
export type OutsideRefunds = Readonly<{
  /** Atomically: a booking of this id is answered; else its amount takes its place of the payment. */
  book(wish: BookingWish, isSameRequest: (fingerprint: string) => boolean): Promise<BookResult>
}>
