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
  'bank_transfer',
  'virtual_account',
  'mobile',
] as const
export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

/** `full`: one cancel of the whole payment. `partial`: a cancel of a stated amount of it. */
export const REFUND_KINDS = ['full', 'partial'] as const
export type RefundKind = (typeof REFUND_KINDS)[number]

/** Why a payment cannot be refunded this way; the `rule` of a `not_eligible` problem. */
export type EligibilityRule = 'method_not_refundable' | 'partial_not_allowed' | 'gateway_not_allowed'

type MethodRule = {
  readonly full: 'every gateway' | readonly PaymentGateway[]
  readonly partial: boolean
}

/**
 * What the cancel API can do for each payment method.
 * Source: cancel manual, "결제취소 시 주의사항" (cards and bank transfers only; virtual accounts with Toss
 * only; no mobile payments) and the note on `amount` (partial cancels: authenticated and key-in cards only).
 */
const METHOD_RULES: Readonly<Record<PaymentMethod, MethodRule>> = {
  card_auth: { full: 'every gateway', partial: true },
  card_keyin: { full: 'every gateway', partial: true },
  card_billing: { full: 'every gateway', partial: false },
  bank_transfer: { full: 'every gateway', partial: false },
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
  gateway: PaymentGateway,
): EligibilityRule | null {
  const { full } = METHOD_RULES[method]
  if (full !== 'every gateway') {
    if (full.length === 0) return 'method_not_refundable'
    if (!full.includes(gateway)) return 'gateway_not_allowed'
  }
  if (kind === 'partial' && !partialAllowed(method)) return 'partial_not_allowed'
  return null
}

/** Whether the provider needs the account that the money goes back to (manual: "가상계좌시 필수"). */
export function refundAccountRequired(method: PaymentMethod): boolean {
  return method === 'virtual_account'
}

/** Whether this gateway takes a tax-free amount (manual: "키움페이 > 복합과세 가맹점만 사용가능합니다"). */
export function taxFreeAllowed(gateway: PaymentGateway): boolean {
  return gateway === 'kiwoom'
}
