import type { Krw } from '../../src/refunds/amounts.ts'
import type { RefundKind } from '../../src/refunds/eligibility.ts'
import type { Payment, RefundStatus } from '../../src/refunds/refund.ts'

/** What the model knows of a refund; `booked` is what the ledger counts for it. */
export type ModelRefund = {
  id: string
  attempt: string
  status: RefundStatus
  kind: RefundKind
  amount: Krw
  booked: Krw
  taxFree: Krw
}

/** One payment by the contract's words, in memory and without regard to speed: what the scripts must equal. */
export type ModelPayment = { pinned: Payment | null; refunds: Map<string, ModelRefund> }

export type ModelRequest = Readonly<{
  id: string
  attempt: string
  payment: Payment
  amount: Krw | undefined
  taxFreeAmount: Krw | undefined
  partialAllowed: boolean
}>

export function emptyPayment(): ModelPayment {
  return { pinned: null, refunds: new Map() }
}

export function sumOf(payment: ModelPayment, ...statuses: RefundStatus[]): Krw {
  return sum(payment, 'booked', statuses)
}

const STANDING: RefundStatus[] = ['processing', 'unknown', 'succeeded']

function sum(payment: ModelPayment, member: 'booked' | 'taxFree', statuses: RefundStatus[]): Krw {
  let total = 0
  for (const refund of payment.refunds.values()) {
    if (statuses.includes(refund.status)) total += refund[member]
  }
  return total
}

/** What begin must answer, and does to the model. */
export function modelBegin(payment: ModelPayment, request: ModelRequest): string {
  const existing = payment.refunds.get(request.id)
  if (existing !== undefined) {
    return existing.attempt === request.attempt && existing.status === 'processing' ? 'begun' : 'exists'
  }
  const standing = [...payment.refunds.values()].filter(({ status }) => status !== 'failed')
  const facts = standing.length === 0 ? request.payment : (payment.pinned as Payment)
  if (
    facts.method !== request.payment.method ||
    facts.amount !== request.payment.amount ||
    facts.tax_free_amount !== request.payment.tax_free_amount
  ) {
    return 'payment_mismatch'
  }
  const wantsEverything = request.amount === undefined || request.amount === facts.amount
  const isUnsettled = standing.some(({ status }) => status !== 'succeeded')
  if (wantsEverything && isUnsettled) return 'refund_unresolved'

  const used = sum(payment, 'booked', STANDING)
  const left = Math.max(0, facts.amount - used)
  const amount = request.amount ?? left
  if (left === 0 || amount > left) return 'amount_exceeds_remaining'
  const kind = standing.length === 0 && amount === facts.amount ? 'full' : 'partial'
  if (kind === 'partial' && !request.partialAllowed) return 'partial_not_allowed'

  let taxFree = request.taxFreeAmount
  if (taxFree !== undefined && taxFree > amount) return 'tax_free_exceeds_amount'
  if (facts.tax_free_amount !== undefined) {
    const usedTaxFree = sum(payment, 'taxFree', STANDING)
    const taxableLeft = Math.max(0, facts.amount - facts.tax_free_amount - (used - usedTaxFree))
    taxFree ??= Math.max(0, amount - taxableLeft)
    if (taxFree > facts.tax_free_amount - usedTaxFree || amount - taxFree > taxableLeft) {
      return 'tax_free_exceeds_amount'
    }
  }
  payment.pinned = facts
  payment.refunds.set(request.id, {
    id: request.id,
    attempt: request.attempt,
    status: 'processing',
    kind,
    amount,
    booked: amount,
    taxFree: taxFree ?? 0,
  })
  return 'begun'
}

/** What settle must answer, and does to the model. */
export function modelSettle(
  payment: ModelPayment,
  { id, attempt }: { id: string; attempt: string },
  status: 'succeeded' | 'failed' | 'unknown',
  bookedAmount: Krw | null,
): string {
  const refund = payment.refunds.get(id)
  if (refund === undefined) return 'lost'
  if (refund.attempt !== attempt) return 'conflict'
  if (refund.status === 'succeeded' || refund.status === 'failed') {
    return refund.status === status ? 'settled' : 'conflict'
  }
  refund.status = status
  refund.booked = bookedAmount ?? refund.amount
  refund.taxFree = Math.min(refund.taxFree, refund.booked)
  return 'settled'
}

/** What release does to the model. */
export function modelRelease(payment: ModelPayment, { id, attempt }: { id: string; attempt: string }): void {
  const refund = payment.refunds.get(id)
  if (refund?.attempt !== attempt) return
  if (refund.status === 'processing') payment.refunds.delete(id)
}
