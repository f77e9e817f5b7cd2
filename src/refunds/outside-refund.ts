import { type Static, Type } from 'typebox'
import { MAX_KRW } from './krw.ts'
import { nullable } from './nullable.ts'
import { TEXT, VISIBLE_TEXT } from './text.ts'

/** How many bookings one payment takes. */
export const MOST_BOOKINGS = 200

/** KRW, negative where a booking is taken back. */
function signedAmount(options: Readonly<{ description: string; examples: readonly number[] }>) {
  return Type.Integer({
    format: 'int64',
    minimum: -MAX_KRW,
    maximum: MAX_KRW,
    description: options.description,
    examples: [...options.examples],
  })
}

const BookedAmount = signedAmount({
  description: 'Integer of KRW: what was refunded; negative to take back what was booked',
  examples: [3000],
})

const BookedTaxFree = signedAmount({
  description: 'Integer of KRW with the sign of `amount`: its tax-free part',
  examples: [0],
})

/** The body of `POST /payments/{tid}/outside-refunds`. */
export const OutsideRefundRequest = Type.Object(
  {
    account: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 30,
        pattern: TEXT,
        description: 'Name of the configured CookiePay account; optional when there is only one',
        examples: ['default'],
      }),
    ),
    amount: BookedAmount,
    tax_free_amount: Type.Optional(BookedTaxFree),
    note: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: VISIBLE_TEXT,
      description: 'Where and why it was refunded, and how that was seen',
      examples: ['쿠키페이 콘솔에서 취소함'],
    }),
  },
  { additionalProperties: false, description: 'What was refunded outside of the gateway' },
)
export type OutsideRefundRequest = Static<typeof OutsideRefundRequest>

/** What a booking looks like. */
export const BOOKING_ID = '^ob_[0-9A-HJKMNP-TV-Z]{26}$'

/** What a person has booked of a payment, or taken back. */
export const OutsideRefund = Type.Object(
  {
    id: Type.String({
      pattern: BOOKING_ID,
      description: 'Derived from the caller and its idempotency key',
      examples: ['ob_D20N6F0CBDSWY6WVZ8RC1FRXZG'],
    }),
    amount: BookedAmount,
    tax_free_amount: nullable(BookedTaxFree, { description: 'Integer of KRW, as stated', examples: [null] }),
    note: Type.String({ description: 'As stated', examples: ['쿠키페이 콘솔에서 취소함'] }),
    by: Type.String({ description: 'The caller that booked it', examples: ['finance'] }),
    at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T02:00:00.000Z'] }),
  },
  {
    $id: 'OutsideRefund',
    additionalProperties: false,
    description: 'A booking of what was refunded outside',
  },
)
export type OutsideRefund = Static<typeof OutsideRefund>
