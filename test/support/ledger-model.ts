import type { Wish } from '../../src/refunds/claim.ts'
import type { Krw } from '../../src/refunds/krw.ts'
import type { Payment, RefundKind } from '../../src/refunds/payment.ts'
import type { Resolution } from '../../src/refunds/refund.ts'
import type { RefundState } from '../../src/refunds/refund-states.ts'

/** What the model knows of a refund; `booked` is what the ledger counts for it. */
export type ModelRefund = {
  id: string
  attempt: string
  status: RefundState
  kind: RefundKind
  amount: Krw
  booked: Krw
  taxFree: Krw
  askedTaxFree: Krw
  reference: string | null
  leaseUntilMs: number
  /** When its state changed last. */
  updatedAtMs: number
  /** The text of the settlement that stands, by which one that is sent twice is known. */
  settledAs: string | null
  /** The token of the last asking for a deposit. */
  asking: string | null
  /** The answers that have disputed it: `provider`, `lookup`, or of which other attempt. */
  disputedBy: Set<string>
  /** The other attempts that have moved money, too, and those that may have, as `unknown.` and the attempt. */
  others: Set<string>
}

/** One payment by the contract's words, in memory and without regard to speed: what the scripts must equal. */
export type ModelPayment = {
  pinned: Payment | null
  refunds: Map<string, ModelRefund>
  /** Abandoned claims and askings, and until when that is remembered. */
  abandonedUntilMs: Map<string, number>
  /** What was moved beside its refunds, by attempts that no refund stands for. */
  moved: { booked: Krw; taxFree: Krw }[]
  /** What was refunded outside, by the ids of its bookings; negative what was taken back. */
  outside: Map<string, { booked: Krw; taxFree: Krw }>
}

export type ModelRequest = Readonly<{
  id: string
  attempt: string
  claimToken: string
  wish: Wish
  /** Its JSON, which an outcome that says nothing more may repeat. */
  text?: string | undefined
  /** Of what was begun before, and so begins nothing. */
  isRenewal?: boolean
}>

/** What is decided of a wish; of a refusal whatever comes along with it. */
export type ModelDecision = Readonly<
  | { result: 'allowed'; kind: RefundKind; amount: Krw; taxFree: Krw; remaining: Krw }
  | { result: string; rule?: string; id?: string; remaining?: Krw; isInFlight?: boolean }
>

export type ModelSettlement = Readonly<{
  status: 'succeeded' | 'failed' | 'unknown'
  source: Resolution['source']
  bookedAmount: Krw | null
  text: string
  /** What a person has seen that it is. */
  settles?: 'unknown' | 'disputed' | 'awaiting_deposit'
}>

/** The time, and how long an attempt has for its call and a mark of an abandoned claim is kept. */
export type ModelTime = Readonly<{ nowMs: number; leaseMs: number; markMs: number }>

export function emptyPayment(): ModelPayment {
  return { pinned: null, refunds: new Map(), abandonedUntilMs: new Map(), moved: [], outside: new Map() }
}

/** As a reader is shown it: nobody waits any more for the answer of a `processing` whose lease is over. */
export function shownStatus({ status, leaseUntilMs }: ModelRefund, nowMs: number): RefundState {
  return status === 'processing' && nowMs >= leaseUntilMs ? 'unknown' : status
}

export function sumOf(payment: ModelPayment, nowMs: number, status: RefundState): Krw {
  const counted = [...payment.refunds.values()].filter((refund) => shownStatus(refund, nowMs) === status)
  return sum(counted, 'booked') + (status === 'succeeded' ? sum(payment.moved, 'booked') : 0)
}

type Taken = readonly Pick<ModelRefund, 'booked' | 'taxFree'>[]

function sum(refunds: Taken, member: 'booked' | 'taxFree'): Krw {
  return refunds.reduce((total, refund) => total + refund[member], 0)
}

/** What looking at a refund does to it. */
export function modelRead(payment: ModelPayment, id: string, nowMs: number): void {
  const refund = payment.refunds.get(id)
  if (refund === undefined || refund.status === shownStatus(refund, nowMs)) return
  refund.status = 'unknown'
  refund.updatedAtMs = nowMs
}

/** The same of all. */
export function modelReadAll(payment: ModelPayment, nowMs: number): void {
  for (const id of payment.refunds.keys()) modelRead(payment, id, nowMs)
}

/** What check must answer. */
export function modelCheck(
  { pinned, refunds, moved, outside }: ModelPayment,
  wish: Wish,
  nowMs: number,
): ModelDecision {
  const looked: ModelPayment = {
    pinned,
    refunds: new Map([...refunds].map(([id, refund]) => [id, { ...refund }])),
    abandonedUntilMs: new Map(),
    moved,
    outside,
  }
  modelReadAll(looked, nowMs)
  return decide(looked, wish, nowMs)
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
  if (request.isRenewal) return 'lost'
  if (time.nowMs < (payment.abandonedUntilMs.get(request.claimToken) ?? 0)) return 'claim_abandoned'
  const { wish } = request
  modelReadAll(payment, time.nowMs)
  const decision = decide(payment, wish, time.nowMs)
  if (decision.result === 'payment_busy') return decision.result
  if (!('kind' in decision)) {
    payment.abandonedUntilMs.set(request.claimToken, time.nowMs + time.markMs)
    return decision.result
  }
  const latest = [...payment.refunds.values()].at(-1)
  if (latest !== undefined && time.nowMs < latest.updatedAtMs + wish.spacingMs) return 'payment_busy'
  if (!isPinned(payment)) payment.pinned = wish.payment
  payment.refunds.set(request.id, {
    id: request.id,
    attempt: request.attempt,
    status: 'processing',
    kind: decision.kind,
    amount: decision.amount,
    booked: decision.amount,
    taxFree: decision.taxFree,
    askedTaxFree: decision.taxFree,
    reference: wish.reference ?? null,
    leaseUntilMs: time.nowMs + time.leaseMs,
    updatedAtMs: time.nowMs,
    settledAs: request.text ?? null,
    asking: null,
    disputedBy: new Set(),
    others: new Set(),
  })
  return 'begun'
}

/** What keeps another refund from its place only until it is settled. */
const UNCERTAIN: readonly RefundState[] = ['unknown', 'disputed', 'awaiting_deposit']

function standingOf({ refunds }: ModelPayment): ModelRefund[] {
  return [...refunds.values()].filter(({ status }) => status !== 'failed')
}

/** What is booked as refunded outside, and not taken back. */
export function outsideOf({ outside }: ModelPayment): Krw {
  return sum([...outside.values()], 'booked')
}

function isPinned(payment: ModelPayment): boolean {
  return standingOf(payment).length > 0 || payment.moved.length > 0 || outsideOf(payment) !== 0
}

/** Whether a wish may be granted, by a payment on which no lease is over; the order is that of docs/calling.md. */
function decide(payment: ModelPayment, wish: Wish, nowMs: number): ModelDecision {
  const standing = standingOf(payment)
  const facts = isPinned(payment) ? (payment.pinned as Payment) : wish.payment
  if (
    facts.method !== wish.payment.method ||
    facts.amount !== wish.payment.amount ||
    facts.tax_free_amount !== wish.payment.tax_free_amount
  ) {
    return { result: 'payment_mismatch' }
  }
  const outside = [...payment.outside.values()]
  const all = [...payment.moved, ...outside, ...standing]
  const remaining = Math.max(0, facts.amount - sum(all, 'booked'))
  const amount = wish.amount ?? remaining
  const kind = !isPinned(payment) && amount === facts.amount ? 'full' : 'partial'

  const duplicate = duplicateOf(standing, wish, { kind, amount, nowMs })
  if (duplicate !== undefined) return { result: 'possible_duplicate', ...duplicate }
  if (standing.some(({ status }) => status === 'processing')) {
    return { result: 'payment_busy', isInFlight: true }
  }
  const asked = { amount, taxFreeAmount: wish.taxFreeAmount }
  const place = placeBeside(facts, asked, all)
  const uncertain = standing.filter(({ status }) => UNCERTAIN.includes(status))
  const certain = standing.filter((refund) => !uncertain.includes(refund))
  const fitsLater = typeof placeBeside(facts, asked, [...payment.moved, ...outside, ...certain]) === 'number'
  const wantsEverything = wish.amount === undefined || wish.amount === facts.amount
  if (uncertain.length > 0 && (wantsEverything || (typeof place === 'string' && fitsLater))) {
    return { result: 'refund_unresolved' }
  }
  if (wish.expectedRemaining !== undefined && wish.expectedRemaining !== remaining) {
    return { result: 'remaining_mismatch', remaining }
  }
  if (typeof place === 'string') return { result: place, remaining }
  if (kind === 'partial' && !wish.partialAllowed) return { result: 'partial_not_allowed' }
  return { result: 'allowed', kind, amount, taxFree: place, remaining }
}

/** The refund that the wished one may repeat. */
function duplicateOf(
  standing: readonly ModelRefund[],
  wish: Wish,
  { kind, amount, nowMs }: Pick<ModelRefund, 'kind' | 'amount'> & { nowMs: number },
): { rule: string; id: string } | undefined {
  if (wish.reference !== undefined) {
    const holder = standing.find(({ reference }) => reference === wish.reference)
    return holder && { rule: 'same_reference', id: holder.id }
  }
  if (kind === 'full' || wish.duplicateWindowMs === 0) return undefined
  const latest = standing.findLast(
    (refund) =>
      refund.reference === null &&
      refund.kind === 'partial' &&
      refund.amount === amount &&
      (refund.status !== 'succeeded' || nowMs < refund.updatedAtMs + wish.duplicateWindowMs),
  )
  if (latest === undefined || latest.id === wish.duplicateOf) return undefined
  return { rule: 'same_amount', id: latest.id }
}

/** The tax-free part that a refund has beside what is taken, or why it has no place there. */
function placeBeside(
  { amount: paid, tax_free_amount: paidTaxFree }: Payment,
  { amount, taxFreeAmount }: { amount: Krw; taxFreeAmount: Krw | undefined },
  taken: Taken,
): Krw | string {
  const left = Math.max(0, paid - sum(taken, 'booked'))
  if (left === 0 || amount > left) return 'amount_exceeds_remaining'
  if (taxFreeAmount !== undefined && taxFreeAmount > amount) return 'tax_free_exceeds_amount'
  if (paidTaxFree === undefined) return taxFreeAmount ?? 0
  const usedTaxFree = sum(taken, 'taxFree')
  const taxableLeft = Math.max(0, paid - paidTaxFree - (sum(taken, 'booked') - usedTaxFree))
  const taxFree = taxFreeAmount ?? Math.max(0, amount - taxableLeft)
  const isTooLarge = taxFree > paidTaxFree - usedTaxFree || amount - taxFree > taxableLeft
  return isTooLarge ? 'tax_free_exceeds_amount' : taxFree
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
  if (refund.attempt !== attempt) return settleOther(payment, refund, attempt, settlement, nowMs)
  // The answer after which a deposit was asked for may come once more.
  const stoodBefore = refund.status === 'awaiting_deposit' ? 'failed' : refund.status
  if ((refund.status === status || stoodBefore === status) && refund.settledAs === text) return 'settled'
  const isPaidIn = refund.status === 'awaiting_deposit' && status === 'succeeded'
  if (source === 'operator') {
    modelRead(payment, id, nowMs)
    if (refund.status !== (settlement.settles ?? 'unknown')) return 'conflict'
  } else if (refund.status !== 'processing' && refund.status !== 'unknown' && !isPaidIn) {
    return settleLate(refund, settlement, nowMs)
  }
  const asked = refund.status === 'disputed' && status === 'succeeded' ? refund.booked : refund.amount
  refund.status = status
  refund.updatedAtMs = nowMs
  refund.settledAs = text
  book(refund, bookedAmount ?? asked)
  // The decline may be of what another attempt did, which is counted already where it is known.
  if (status === 'failed' && source !== 'operator' && refund.others.size > 0) {
    const isOpen = [...refund.others].some((cause) => cause.startsWith('unknown.'))
    return dispute(refund, source, { figure: isOpen ? refund.amount : 0, nowMs })
  }
  return 'settled'
}

function book(refund: ModelRefund, booked: Krw): void {
  refund.booked = booked
  refund.taxFree = Math.min(refund.askedTaxFree, booked)
}

/** An answer to this attempt, when what became of it is recorded already. */
function settleLate(
  refund: ModelRefund,
  { status, source, bookedAmount }: ModelSettlement,
  nowMs: number,
): string {
  const figure = bookedAmount ?? refund.amount
  if (status === 'succeeded' && refund.status !== 'succeeded')
    return dispute(refund, source, { figure, nowMs })
  if (status === 'succeeded' && source === 'provider' && figure > refund.booked) {
    book(refund, figure)
    return 'conflict'
  }
  return refund.status === status ? 'settled' : 'conflict'
}

/** An answer to an attempt that the store had forgotten. */
function settleOther(
  payment: ModelPayment,
  refund: ModelRefund,
  attempt: string,
  { status, source, bookedAmount }: ModelSettlement,
  nowMs: number,
): string {
  if (source === 'operator' || status === 'failed') return 'conflict'
  const figure = bookedAmount ?? refund.amount
  if (refund.status === 'failed' || refund.status === 'disputed')
    return dispute(refund, attempt, { figure, nowMs })
  const cause = status === 'succeeded' ? attempt : `unknown.${attempt}`
  if (!refund.others.has(cause) && status === 'succeeded') {
    payment.moved.push({ booked: figure, taxFree: Math.min(refund.askedTaxFree, figure) })
  }
  refund.others.add(cause)
  return 'conflict'
}

function dispute(
  refund: ModelRefund,
  cause: string,
  { figure, nowMs }: { figure: Krw; nowMs: number },
): string {
  if (refund.disputedBy.has(cause)) return refund.status === 'disputed' ? 'disputed' : 'conflict'
  refund.disputedBy.add(cause)
  if (refund.status === 'failed') {
    refund.status = 'disputed'
    refund.updatedAtMs = nowMs
    book(refund, figure)
  }
  return 'disputed'
}

type ModelAsking = Readonly<{
  id: string
  token: string
  wish: Wish
  /** Whether the store holds the refund as whoever asks has seen it. */
  isAsSeen: boolean
}>

/** What awaitDeposit must answer, and does to the model. */
export function modelAwaitDeposit(
  payment: ModelPayment,
  { id, token, wish, isAsSeen }: ModelAsking,
  nowMs: number,
): string {
  const refund = payment.refunds.get(id)
  if (refund === undefined) return 'lost'
  if (refund.asking === token) return 'awaiting'
  if (!isAsSeen || nowMs < (payment.abandonedUntilMs.get(token) ?? 0)) return 'changed'
  if (refund.status !== 'awaiting_deposit') {
    modelReadAll(payment, nowMs)
    const decision = decide(payment, { ...wish, payment: payment.pinned as Payment }, nowMs)
    if (!('kind' in decision)) return decision.result
    Object.assign(refund, { status: 'awaiting_deposit', kind: decision.kind, taxFree: decision.taxFree })
    refund.booked = refund.amount
  }
  refund.asking = token
  refund.updatedAtMs = nowMs
  return 'awaiting'
}

/** What undoDeposit must answer, and does to the model. */
export function modelUndoDeposit(
  payment: ModelPayment,
  { id, token, before }: { id: string; token: string; before: Partial<ModelRefund> },
  { nowMs, leaseMs, markMs }: ModelTime,
): string {
  payment.abandonedUntilMs.set(token, nowMs + markMs)
  const refund = payment.refunds.get(id)
  if (refund?.status !== 'awaiting_deposit' || refund.asking !== token) return 'held'
  const isOver = before.status === 'failed' && nowMs >= refund.updatedAtMs + leaseMs
  // Others may have been told by then: it has failed again.
  const { status, kind } = before
  Object.assign(refund, isOver ? { status, kind, updatedAtMs: nowMs } : before)
  return 'undone'
}

/** What keepDeposit must answer. */
export function modelKeepDeposit({ refunds }: ModelPayment, id: string, token: string): string {
  return refunds.get(id)?.asking === token ? 'kept' : 'lost'
}

/** What writing back a refund that was forgotten must answer, and does to the model. */
export function modelRestore(
  payment: ModelPayment,
  refund: Pick<ModelRefund, 'id' | 'attempt' | 'kind' | 'amount' | 'askedTaxFree' | 'reference'>,
  facts: Payment,
  { nowMs, leaseMs }: Pick<ModelTime, 'nowMs' | 'leaseMs'>,
): string {
  if (payment.refunds.has(refund.id)) return 'exists'
  if (!isPinned(payment)) payment.pinned = facts
  payment.refunds.set(refund.id, {
    ...refund,
    status: 'processing',
    booked: refund.amount,
    taxFree: refund.askedTaxFree,
    leaseUntilMs: nowMs + leaseMs,
    updatedAtMs: nowMs,
    settledAs: null,
    asking: null,
    disputedBy: new Set(),
    others: new Set(),
  })
  return 'restored'
}

/** What a booking of what was refunded outside must answer, and does to the model. */
export function modelBook(
  payment: ModelPayment,
  { id, amount, taxFree }: Readonly<{ id: string; amount: Krw; taxFree: Krw | undefined }>,
): string {
  if (payment.refunds.size === 0 && payment.outside.size === 0) return 'not_known'
  if (payment.outside.has(id)) return 'exists'
  const outside = [...payment.outside.values()]
  const booked = outsideOf(payment)
  const bookedTaxFree = sum(outside, 'taxFree')
  let part: Krw | string
  if (amount > 0) {
    const taken = [...payment.moved, ...outside, ...standingOf(payment)]
    part = placeBeside(payment.pinned as Payment, { amount, taxFreeAmount: taxFree }, taken)
  } else {
    const back = -amount
    const partBack = taxFree === undefined ? Math.min(back, bookedTaxFree) : -taxFree
    const isBeyond = partBack > bookedTaxFree || back - partBack > booked - bookedTaxFree
    part = back > booked ? 'amount_exceeds_remaining' : isBeyond ? 'tax_free_exceeds_amount' : -partBack
  }
  if (typeof part === 'string') return part
  payment.outside.set(id, { booked: amount, taxFree: part })
  return 'booked'
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
    if (refund.others.size > 0) return 'unknown'
    payment.refunds.delete(id)
  }
  payment.abandonedUntilMs.set(claimToken, nowMs + markMs)
  return 'released'
}
