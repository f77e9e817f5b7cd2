import { Type } from 'typebox'

/** An amount of money: an integer of KRW. */
export type Krw = number

/** The largest amount that fits the provider's ten digits (docs/provider.md, Cancel call). */
export const MAX_KRW = 9_999_999_999

/** An amount that was paid or is refunded. `options` say which. */
export function amountSchema(options: Readonly<{ description: string; examples: readonly Krw[] }>) {
  return Type.Integer({
    // Generated clients of most languages would make it 32 bits wide, which it does not fit.
    format: 'int64',
    minimum: 1,
    maximum: MAX_KRW,
    description: options.description,
    examples: [...options.examples],
  })
}

/** The part of an amount on which no tax was paid. */
export const TaxFreeAmount = Type.Integer({
  format: 'int64',
  minimum: 0,
  maximum: MAX_KRW,
  description: 'Integer of KRW, the part of the amount on which no tax was paid',
  examples: [2000],
})
