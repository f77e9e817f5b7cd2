import { fingerprint, fingerprintMatches } from '../fingerprint.ts'
import type { MerchantAccount } from '../merchant.ts'
import { MOST_BOOKINGS, type OutsideRefund, type OutsideRefundRequest } from '../outside-refund.ts'
import type { OutsideObserver } from '../ports/observer.ts'
import type { OutsideRefunds } from '../ports/outside.ts'
import { bookingId } from '../refund-id.ts'
import { type BookingRefusal, bookingRefusals, mistakeInBooking } from '../rules/bookings.ts'

/** What booking needs. */
export type BookParts = Readonly<{
  outside: OutsideRefunds
  /** For the fingerprint; newest first. */
  storeSecrets: readonly Buffer[]
  outsideObserver: OutsideObserver
}>

/** What a person wants to have booked. */
export type BookCommand = Readonly<{
  caller: string
  idempotencyKey: string
  account: MerchantAccount
  tid: string
  body: OutsideRefundRequest
}>

/** The answer to one `POST /payments/{tid}/outside-refunds`. */
export type BookAnswer =
  | Readonly<{ answer: 'booked'; booking: OutsideRefund; replayed: boolean }>
  | Readonly<{ answer: 'refused'; refusal: BookingRefusal }>

/**
 * Books what was refunded outside of the gateway, or takes a booking back. A repeat of a key changes nothing more. Throws
 * StoreError.
 */
export async function bookOutside(parts: BookParts, command: BookCommand): Promise<BookAnswer> {
  const { account, body, tid } = command
  const { outside, storeSecrets, outsideObserver } = parts
  const refuse = (refusal: BookingRefusal): BookAnswer => ({ answer: 'refused', refusal })
  const mistake = mistakeInBooking(account, body)
  if (mistake !== null) return refuse(mistake)

  const payload = { tid, ...body, account: account.merchant }
  const isSame = (stored: string) => fingerprintMatches(stored, payload, storeSecrets)
  const wish = {
    id: bookingId(command.caller, command.idempotencyKey),
    merchant: account.merchant,
    tid,
    amount: body.amount,
    tax_free_amount: body.tax_free_amount ?? null,
    note: body.note,
    by: command.caller,
    fingerprint: fingerprint(payload, storeSecrets[0] as Buffer),
  }
  const booked = await outside.book(wish, isSame)
  switch (booked.result) {
    case 'booked':
      outsideObserver.booked(booked.booking, account.name)
      return { answer: 'booked', booking: booked.booking, replayed: false }
    case 'exists':
      if (!isSame(booked.fingerprint)) return refuse(bookingRefusals.keyReused())
      return { answer: 'booked', booking: booked.booking, replayed: true }
    case 'taken':
      return refuse(bookingRefusals.keyReused())
    case 'not_known':
      return refuse(bookingRefusals.notKnown())
    case 'too_many':
      return refuse(bookingRefusals.tooMany(MOST_BOOKINGS))
    case 'amount_exceeds_remaining':
      return refuse(bookingRefusals.amountExceeds(body, booked))
    case 'tax_free_exceeds_amount':
      return refuse(bookingRefusals.taxFreeExceeds())
  }
}
