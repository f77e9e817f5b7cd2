import type { Krw } from '../krw.ts'
import type { Payment, PaymentGateway, RefundKind } from '../payment.ts'

/** The amounts of one request, as far as rules without state look at them. */
export type RequestedAmounts = Readonly<{
  payment: Payment
  amount?: Krw | undefined
  tax_free_amount?: Krw | undefined
}>

/** The amount rule that a request breaks whatever else was refunded. */
export type AmountRule = 'amount_exceeds_remaining' | 'tax_free_not_allowed' | 'tax_free_exceeds_amount'

/**
 * The first amount rule that the request breaks by itself, or null. What depends on earlier refunds is
 * decided inside the store's atomic begin. Source: docs/provider.md, Cancel call, `amount` and `taxfree_amt`.
 */
export function brokenAmountRule(request: RequestedAmounts, pg: PaymentGateway): AmountRule | null {
  const { payment, tax_free_amount: taxFreeAmount } = request
  const amount = request.amount ?? payment.amount
  if (amount > payment.amount) return 'amount_exceeds_remaining'
  if (taxFreeAmount !== undefined && !taxFreeAllowed(pg)) return 'tax_free_not_allowed'
  if ((taxFreeAmount ?? 0) > amount) return 'tax_free_exceeds_amount'
  if ((payment.tax_free_amount ?? 0) > payment.amount) return 'tax_free_exceeds_amount'
  return null
}

/** The kind that a request asks for by itself; the rest of a partly refunded payment becomes partial in begin. */
export function requestedKind(request: RequestedAmounts): RefundKind {
  return request.amount === undefined || request.amount >= request.payment.amount ? 'full' : 'partial'
}

/** Whether this PG takes a tax-free amount (docs/provider.md, Cancel call). */
export function taxFreeAllowed(pg: PaymentGateway): boolean {
  return pg === 'kiwoom'
}
