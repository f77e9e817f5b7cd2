import type { Krw } from '../krw.ts'
import type { MerchantAccount } from '../merchant.ts'
import type { OutsideRefundRequest } from '../outside-refund.ts'
import { type Refusal, taxFreeExceeds, taxFreeNotAllowed } from './refusals.ts'

/** Why nothing was booked; `pointer`: the member of the body that is at fault. */
export type BookingRefusal =
  | Readonly<{ code: 'invalid_request'; detail: string; pointer: string }>
  | Readonly<{ code: 'not_found' | 'idempotency_key_reused'; detail: string }>
  | Readonly<{ code: 'amount_exceeds_remaining'; detail: string; remaining: Krw }>
  | Extract<Refusal, { code: 'tax_free_not_allowed' | 'tax_free_exceeds_amount' }>

type Figures = Pick<OutsideRefundRequest, 'amount' | 'tax_free_amount'>

/** What is wrong with a booking whatever its payment is, or null. */
export function mistakeInBooking(account: MerchantAccount, figures: Figures): BookingRefusal | null {
  const { amount, tax_free_amount: taxFree } = figures
  if (amount === 0) {
    return { code: 'invalid_request', pointer: '#/amount', detail: 'must be another number than 0' }
  }
  if (taxFree === undefined) return null
  if (account.pg !== 'kiwoom') return taxFreeNotAllowed(account) as BookingRefusal
  const isOther = taxFree !== 0 && taxFree > 0 !== amount > 0
  return isOther || Math.abs(taxFree) > Math.abs(amount) ? bookingRefusals.taxFreeExceeds() : null
}

/** The refusals of a booking that its payment decides. */
export const bookingRefusals = {
  keyReused: (): BookingRefusal => ({
    code: 'idempotency_key_reused',
    detail:
      'This Idempotency-Key belongs to another booking, which may stand. Repeat it as it was first sent, or look at the ledger of its payment.',
  }),
  notKnown: (): BookingRefusal => ({
    code: 'not_found',
    detail:
      'No refund of this payment was ever asked for here, so that it has no ledger. What was refunded outside can be booked once one was.',
  }),
  tooMany: (most: number): BookingRefusal => ({
    code: 'invalid_request',
    pointer: '#',
    detail: `one payment takes ${most} bookings`,
  }),
  amountExceeds({ amount }: Figures, { remaining, booked }: Readonly<{ remaining: Krw; booked: Krw }>) {
    const detail =
      amount < 0
        ? `${-amount} KRW were to be taken back; ${booked} KRW of this payment are booked as refunded outside.`
        : `${amount} KRW were to be booked; ${remaining} KRW of this payment are left beside its refunds. One that is unknown or disputed holds its amount until it is settled.`
    return { code: 'amount_exceeds_remaining', remaining, detail } satisfies BookingRefusal
  },
  taxFreeExceeds: (): BookingRefusal => taxFreeExceeds() as BookingRefusal,
} as const
