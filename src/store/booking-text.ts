import type { OutsideRefund } from '../refunds/outside-refund.ts'
import type { BookingWish } from '../refunds/ports/outside.ts'

/** What scripts pass on unread. */
type BookingJson = Readonly<{
  print: string
  /** Of the attempt that has booked it, whose entry in the index leads to the journal. */
  token: string
  by: string
  note: string
  tax_free?: number | undefined
}>

/** What is stored of a booking beside its figures. */
export function bookingJson({ fingerprint, by, note, tax_free_amount }: BookingWish, token: string): string {
  return JSON.stringify({
    print: fingerprint,
    token,
    by,
    note,
    tax_free: tax_free_amount ?? undefined,
  } satisfies BookingJson)
}

/** A booking from the line that lua/book-outside.lua writes: four words, then its JSON. */
export function decodeBooking(
  text: string,
): Readonly<{ booking: OutsideRefund; fingerprint: string; token: string }> {
  const words = text.split(' ', 4)
  const [id, amount, , at] = words as [string, string, string, string]
  const json = JSON.parse(text.slice(words.join(' ').length + 1)) as BookingJson
  const booking = {
    id,
    amount: Number(amount),
    tax_free_amount: json.tax_free ?? null,
    note: json.note,
    by: json.by,
    at: new Date(Number(at)).toISOString(),
  }
  return { booking, fingerprint: json.print, token: json.token }
}

/** All bookings of a payment, oldest first; '': it has none. */
export function decodeBookings(text: string): readonly OutsideRefund[] {
  return text === '' ? [] : text.split('\n').map((line) => decodeBooking(line).booking)
}
