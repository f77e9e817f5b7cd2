import type { Krw } from '../../src/refunds/amounts.ts'
import type { RefundKind } from '../../src/refunds/eligibility.ts'
import type { Payment, RefundStatus, Resolution } from '../../src/refunds/refund.ts'

/** What the model knows of a refund; `booked` is what the ledger counts for it. */
export type ModelRefund = {
  id: string
  attempt: string
  status: RefundStatus
  kind: RefundKind
  amount: Krw
  booked: Krw
  taxFree: Krw
  leaseUntilMs: number
  /** The text of the settlement that stands, by which one that is sent twice is known. */
  settledAs: string | null
}

/** One payment by the contract's words, in memory and without regard to speed: what the scripts must equal. */
export type ModelPayment = {
  pinned: Payment | null
  refunds: Map<string, ModelRefund>
  /** Claims that were given up, and until when that is remembered. */
  abandonedUntilMs: Map<string, number>
}

export type ModelRequest = Readonly<{
  id: string
  attempt: string
  claimToken: string
  payment: Payment
  amount: Krw | undefined
  taxFreeAmount: Krw | undefined
  partialAllowed: boolean
}>

export type ModelSettlement = Readonly<{
  status: 'succeeded' | 'failed' | 'unknown'
  source: Resolution['source']
  bookedAmount: Krw | null
  text: string
}>

/** The time, and how long an attempt has for its call and a mark of a given up claim is kept. */
export type ModelTime = Readonly<{ nowMs: number; leaseMs: number; markMs: number }>

export function emptyPayment(): ModelPayment {
  return { pinned: null, refunds: new Map(), abandonedUntilMs: new Map() }
}

/** As a reader is shown it: nobody waits any more for the answer of a `processing` whose lease is over. */
export function shownStatus({ status, leaseUntilMs }: ModelRefund, nowMs: number): RefundStatus {
  return status === 'processing' && nowMs >= leaseUntilMs ? 'unknown' : status
}

export function sumOf(payment: ModelPayment, nowMs: number, status: RefundStatus): Krw {
  const counted = [...payment.refunds.values()].filter((refund) => shownStatus(refund, nowMs) === status)
  return counted.reduce((total, { booked }) => total + booked, 0)
}

function sum(refunds: readonly ModelRefund[], member: 'booked' | 'taxFree'): Krw {
  return refunds.reduce((total, refund) => total + refund[member], 0)
}

function isUnsettled({ status }: ModelRefund): boolean {
  return status === 'processing' || status === 'unknown'
}

/** What looking at a refund does to it. */
export function modelRead(payment: ModelPayment, id: string, nowMs: number): void {
  const refund = payment.refunds.get(id)
  if (refund !== undefined) refund.status = shownStatus(refund, nowMs)
}

/** What begin must answer, and does to the model. */
export function modelBegin(payment: ModelPayment, request: ModelRequest, time: ModelTime): string {
  const existing = payment.refunds.get(request.id)
  if (existing !== undefined) {
    if (existing.attempt === request.attempt && existing.status === 'processing') {
      existing.leaseUntilMs = time.nowMs + time.leaseMs
      return 'begun'
    }
    modelRead(payment, request.id, time.nowMs)
    return 'exists'
  }
  if (time.nowMs < (payment.abandonedUntilMs.get(request.claimToken) ?? 0)) return 'claim_abandoned'
  const refund = reserve(payment, request, time.nowMs)
  if (typeof refund === 'string') {
    payment.abandonedUntilMs.set(request.claimToken, time.nowMs + time.markMs)
    return refund
  }
  payment.refunds.set(request.id, { ...refund, leaseUntilMs: time.nowMs + time.leaseMs })
  return 'begun'
}

/** The refund that a request makes, or why it makes none. */
function reserve(payment: ModelPayment, request: ModelRequest, nowMs: number): ModelRefund | string {
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
  const unsettled = standing.find(isUnsettled)
  if (wantsEverything && unsettled !== undefined) {
    modelRead(payment, unsettled.id, nowMs)
    return 'refund_unresolved'
  }

  const used = sum(standing, 'booked')
  const left = Math.max(0, facts.amount - used)
  const amount = request.amount ?? left
  if (left === 0 || amount > left) return 'amount_exceeds_remaining'
  const kind = standing.length === 0 && amount === facts.amount ? 'full' : 'partial'
  if (kind === 'partial' && !request.partialAllowed) return 'partial_not_allowed'

  let taxFree = request.taxFreeAmount
  if (taxFree !== undefined && taxFree > amount) return 'tax_free_exceeds_amount'
  if (facts.tax_free_amount !== undefined) {
    const usedTaxFree = sum(standing, 'taxFree')
    const taxableLeft = Math.max(0, facts.amount - facts.tax_free_amount - (used - usedTaxFree))
    taxFree ??= Math.max(0, amount - taxableLeft)
    if (taxFree > facts.tax_free_amount - usedTaxFree || amount - taxFree > taxableLeft) {
      return 'tax_free_exceeds_amount'
    }
  }
  payment.pinned = facts
  return {
    id: request.id,
    attempt: request.attempt,
    status: 'processing',
    kind,
    amount,
    booked: amount,
    taxFree: taxFree ?? 0,
    leaseUntilMs: 0,
    settledAs: null,
  }
}

/** What settle must answer, and does to the model. */
export function modelSettle(
  payment: ModelPayment,
  { id, attempt }: { id: string; attempt: string },
  settlement: ModelSettlement,
  nowMs: number,
): string {
  const { status, source, bookedAmount, text } = settlement
  const refund = payment.refunds.get(id)
  if (refund === undefined) return 'lost'
  if (refund.attempt !== attempt) return 'conflict'
  if (refund.status === status && refund.settledAs === text) return 'settled'
  if (source === 'operator') {
    modelRead(payment, id, nowMs)
    if (refund.status !== 'unknown') return 'conflict'
  } else if (!isUnsettled(refund)) {
    return refund.status === status ? 'settled' : 'conflict'
  }
  refund.status = status
  refund.settledAs = text
  refund.booked = bookedAmount ?? refund.amount
  refund.taxFree = Math.min(refund.taxFree, refund.booked)
  return 'settled'
}

/** What release must answer, and does to the model. */
export function modelRelease(
  payment: ModelPayment,
  { id, attempt, claimToken }: { id: string; attempt: string; claimToken: string },
  { nowMs, markMs }: Pick<ModelTime, 'nowMs' | 'markMs'>,
): string {
  const refund = payment.refunds.get(id)
  if (refund !== undefined) {
    if (refund.attempt !== attempt) return 'held'
    if (refund.status === 'unknown') return 'unknown'
    if (refund.status !== 'processing') return 'held'
    payment.refunds.delete(id)
  }
  payment.abandonedUntilMs.set(claimToken, nowMs + markMs)
  return 'released'
}
