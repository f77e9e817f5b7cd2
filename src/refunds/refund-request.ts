import { type Static, Type } from 'typebox'
import { amountSchema, MAX_KRW, TaxFreeAmount } from './krw.ts'
import { Payment } from './payment.ts'
import { RefundAccount } from './refund-account.ts'
import { REFUND_ID } from './refund-id.ts'
import { TEXT, VISIBLE_TEXT } from './text.ts'

/**
 * Visible ASCII with a letter or digit: two spellings of one transaction would be two ledgers, and `.` and
 * `..` cannot be asked for in a path. Its two repeats cannot both take a character, so a long text costs no
 * more than it is long.
 */
export const TID = '^[!-/:-@\\[-`{-~]*[0-9A-Za-z][!-~]*$'

/**
 * What the caller keeps beside its refund: at most ten short texts. Not Type.Record, whose pattern for names
 * would let a name with a line feed past the check of its value.
 */
export const Metadata = Type.Unsafe<Record<string, string>>({
  type: 'object',
  maxProperties: 10,
  propertyNames: { minLength: 1, maxLength: 40, pattern: TEXT },
  additionalProperties: { type: 'string', maxLength: 200, pattern: TEXT },
  description: 'Kept and returned, never sent on',
  examples: [{ order: 'A-1042' }],
})

/** The caller's own name for what is refunded: one refund of the payment for each that is not `failed`. */
export const Reference = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: VISIBLE_TEXT,
  description:
    'Your own name for what is refunded (a return, an order line): one refund of the payment for each',
  examples: ['order-1042-line-1'],
})

/** The body of `POST /refunds`. */
export const RefundRequest = Type.Object(
  {
    tid: Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: TID,
      description: 'The PG transaction id of the payment: visible ASCII, at least one letter or digit',
      examples: ['order1042-10000'],
    }),
    reason: Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: VISIBLE_TEXT,
      description: 'Why, as the provider will show it',
      examples: ['고객 변심'],
    }),
    payment: Payment,
    amount: Type.Optional(
      amountSchema({
        description: 'Integer of KRW to refund; absent: everything that remains',
        examples: [3000],
      }),
    ),
    tax_free_amount: Type.Optional(TaxFreeAmount),
    refund_account: Type.Optional(RefundAccount),
    account: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 30,
        pattern: TEXT,
        description: 'Name of the configured CookiePay account; optional when there is only one',
        examples: ['default'],
      }),
    ),
    reference: Type.Optional(Reference),
    expected_remaining: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 0,
        maximum: MAX_KRW,
        description: 'Integer of KRW: the refund is refused where anything else remains of the payment',
        examples: [10000],
      }),
    ),
    duplicate_of: Type.Optional(
      Type.String({
        minLength: 29,
        maxLength: 29,
        pattern: REFUND_ID,
        description: 'The refund of the same amount that is known of: this is another one',
        examples: ['rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E'],
      }),
    ),
    metadata: Type.Optional(Metadata),
  },
  { additionalProperties: false, description: 'One refund of one payment' },
)
export type RefundRequest = Static<typeof RefundRequest>
