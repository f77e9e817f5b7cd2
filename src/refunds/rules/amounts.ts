import type { Payment } from '../refund.ts'
import { type PaymentGateway, type RefundKind, taxFreeAllowed } from './eligibility.ts'

/** An amount of money: an integer of KRW. */
export type Krw = number

/** The amounts of one request, as far as rules without state look at them. */
export type RequestedAmounts = Readonly<{
  payment: Payment
  amount?: Krw | undefined
  tax_free_amount?: Krw | undefined
}>

/** The amount rule that a request breaks whatever else was refunded. */
export type AmountRule = 'amount_exceeds_remaining' | 'tax_free_not_allowed' | 'tax_free_exceeds_amount'

/**
 * What has been done with a payment, in KRW; the sum of the four exceeds what was paid only where the provider moved
 * more than that.
 */
export type LedgerSums = Readonly<{
  amount: Krw
  refunded: Krw
  in_flight: Krw
  unknown: Krw
  disputed: Krw
}>

/**
 * The first amount rule that the request breaks by itself, or null. What depends on earlier refunds is
 * decided inside the store's atomic begin.
 * Source: cancel manual, `amount` and `taxfree_amt`.
 */
export function brokenAmountRule(request: RequestedAmounts, gateway: PaymentGateway): AmountRule | null {
  const { payment, tax_free_amount: taxFreeAmount } = request
  const amount = request.amount ?? payment.amount
  if (amount > payment.amount) return 'amount_exceeds_remaining'
  if (taxFreeAmount !== undefined && !taxFreeAllowed(gateway)) return 'tax_free_not_allowed'
  if ((taxFreeAmount ?? 0) > amount) return 'tax_free_exceeds_amount'
  if ((payment.tax_free_amount ?? 0) > payment.amount) return 'tax_free_exceeds_amount'
  return null
}

/** The kind that a request asks for by itself; the rest of a partly refunded payment becomes partial in begin. */
export function requestedKind(request: RequestedAmounts): RefundKind {
  return request.amount === undefined || request.amount >= request.payment.amount ? 'full' : 'partial'
}

/** What can still be refunded. Zero where the provider cancelled more than was asked. */
export function remaining(ledger: LedgerSums): Krw {
  return Math.max(0, ledger.amount - ledger.refunded - ledger.in_flight - ledger.unknown - ledger.disputed)
}
