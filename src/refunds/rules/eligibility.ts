import type { PaymentGateway, PaymentMethod, RefundKind } from '../payment.ts'

/** Why a payment cannot be refunded this way; the `rule` of a `not_eligible` problem. */
export type EligibilityRule = 'method_not_refundable' | 'partial_not_allowed' | 'gateway_not_allowed'

type MethodRule = {
  readonly full: 'every PG' | readonly PaymentGateway[]
  readonly partial: boolean
}

/**
 * What the cancel API can do for each payment method. Source: docs/provider.md, Cancel call. Cards and bank
 * transfers only; virtual accounts with Toss only; no mobile payments; parts of authenticated and key-in card
 * payments only. Easy payments (KakaoPay, NaverPay) go through the same call; that a part of one does is not
 * proven.
 */
const METHOD_RULES: Readonly<Record<PaymentMethod, MethodRule>> = {
  card_auth: { full: 'every PG', partial: true },
  card_keyin: { full: 'every PG', partial: true },
  card_billing: { full: 'every PG', partial: false },
  easy_pay: { full: 'every PG', partial: false },
  bank_transfer: { full: 'every PG', partial: false },
  virtual_account: { full: ['toss'], partial: false },
  mobile: { full: [], partial: false },
}

/** Whether a stated part of such a payment can be refunded. */
export function partialAllowed(method: PaymentMethod): boolean {
  return METHOD_RULES[method].partial
}

/** The rule that forbids this refund, or null where it is allowed. */
export function brokenEligibilityRule(
  method: PaymentMethod,
  kind: RefundKind,
  pg: PaymentGateway,
): EligibilityRule | null {
  const { full } = METHOD_RULES[method]
  if (full !== 'every PG') {
    if (full.length === 0) return 'method_not_refundable'
    if (!full.includes(pg)) return 'gateway_not_allowed'
  }
  if (kind === 'partial' && !partialAllowed(method)) return 'partial_not_allowed'
  return null
}

/** Whether the provider needs the account that the money goes back to (docs/provider.md, Cancel call). */
export function refundAccountRequired(method: PaymentMethod): boolean {
  return method === 'virtual_account'
}
