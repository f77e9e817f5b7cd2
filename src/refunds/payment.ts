import { type Static, Type } from 'typebox'
import { amountSchema, TaxFreeAmount } from './krw.ts'

/** The PGs behind CookiePay, by the names that configuration uses. */
export const PAYMENT_GATEWAYS = [
  'toss',
  'easypay',
  'kiwoom',
  'danal',
  'mobilpay',
  'welcome',
  'paynuri',
  'eromepay',
] as const
export type PaymentGateway = (typeof PAYMENT_GATEWAYS)[number]

/** How the payment was made. */
export const PAYMENT_METHODS = [
  'card_auth',
  'card_keyin',
  'card_billing',
  'easy_pay',
  'bank_transfer',
  'virtual_account',
  'mobile',
] as const
export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

/** `full`: one cancel of the whole payment. `partial`: a cancel of a stated amount of it. */
export const REFUND_KINDS = ['full', 'partial'] as const
export type RefundKind = (typeof REFUND_KINDS)[number]

/** What the caller says was paid. Pinned while the payment has a refund that is not `failed`. */
export const Payment = Type.Object(
  {
    method: Type.Enum(PAYMENT_METHODS, { description: 'How it was paid', examples: ['card_auth'] }),
    amount: amountSchema({ description: 'Integer of KRW: everything that was paid', examples: [10000] }),
    tax_free_amount: Type.Optional(TaxFreeAmount),
  },
  { additionalProperties: false, description: 'The payment that is being refunded' },
)
export type Payment = Static<typeof Payment>
