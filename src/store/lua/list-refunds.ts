import type { Ledger } from '../../refunds/ledger-sums.ts'
import type { OutsideRefund } from '../../refunds/outside-refund.ts'
import type { Refund } from '../../refunds/refund.ts'
import { decodeBookings } from '../booking-text.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { decodeLedger, decodeRefund, numberOf } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

export type ListArguments = Readonly<{
  merchant: string
  tid: string
  /** The number of the payment's refund to begin with. */
  from: string
  limit: number
}>

export type ListedRefunds = Readonly<{
  /** The number that the next page begins with; null: there is none. */
  next: string | null
  ledger: Ledger | null
  bookings: readonly OutsideRefund[]
  refunds: readonly Readonly<{ number: string; refund: Refund }>[]
}>

/** list-refunds.lua: one page of a payment's refunds, oldest first, and its ledger at that moment. Throws StoreError. */
export async function listRefunds(
  redis: Scripts,
  { merchant, tid, from, limit }: ListArguments,
): Promise<ListedRefunds> {
  const [next, ledger, verified, bookings, ...idsAndTexts] = await reach(
    redis.listRefunds(keys.payment(merchant, tid), from, limit),
  )
  const refunds = Array.from({ length: idsAndTexts.length / 2 }, (_, index) => {
    const [id = '', text = ''] = idsAndTexts.slice(2 * index, 2 * index + 2)
    return { number: numberOf(text), refund: decodeRefund(text, { id, merchant, tid }).refund }
  })
  return {
    next: next === '' ? null : next,
    ledger: ledger === '' ? null : decodeLedger({ text: ledger, verified, tid }),
    bookings: decodeBookings(bookings),
    refunds,
  }
}
