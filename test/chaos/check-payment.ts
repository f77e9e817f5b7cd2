import { isDeepStrictEqual } from 'node:util'
import type { RefundEvent } from '../../src/refunds/history.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import { type RefundState, TRANSITIONS } from '../../src/refunds/refund-states.ts'
import {
  type AppliedPayment,
  faultOf,
  type KeyHistory,
  type Ledger,
  paidAmount,
  type StoredPayment,
} from './histories.ts'
import { cancelledAmount, isFoundByLookup, matchCancels } from './matching.ts'
import type { Invariant, MayBeUnknown } from './violations.ts'

/** Takes a violation of one payment, and the refund that it is about where that is known. */
export type PaymentReport = (invariant: Invariant, detail: string, refund?: Pick<Refund, 'metadata'>) => void

/** Applied cancels against stored refunds. */
export function checkMoney(
  tid: string,
  { refunds }: StoredPayment,
  { cancels }: AppliedPayment,
  mayBeUnknown: MayBeUnknown,
  report: PaymentReport,
): void {
  const total = cancels.reduce((sum, { amount }) => sum + amount, 0)
  if (total > paidAmount(tid)) report('amount', `${total} were cancelled of ${paidAmount(tid)}`)

  const { cancelOf, strays } = matchCancels(refunds, cancels)
  for (const { amount, cancel_tid } of strays) {
    const sameAmount = refunds.filter((refund) => cancelledAmount(refund) === amount)
    const cancel = `${cancel_tid} of ${amount}`
    const standing = sameAmount.find(({ status }) => status !== 'failed')
    if (standing !== undefined) report('once', `${cancel} is a second cancel for ${standing.id}`, standing)
    else if (sameAmount[0] !== undefined) {
      report('applied', `${cancel} was applied, and ${sameAmount[0].id} failed`, sameAmount[0])
    } else report('applied', `${cancel} was applied, and no refund stands for it`)
  }

  for (const refund of refunds) {
    const { id, status } = refund
    const cancel = cancelOf.get(refund)
    if (status === 'processing') report('settled', `${id} is processing`, refund)
    if (status === 'succeeded' && cancel === undefined) report('proven', `${id} has no cancel`, refund)
    const isShown = isFoundByLookup(refund, cancel)
    const isTooLong = mayBeUnknown === 'nothing' || (mayBeUnknown === 'what no lookup shows' && isShown)
    if (status === 'unknown' && isTooLong) {
      report('settled', `${id} is unknown${isShown ? ', and the lookup shows its cancel' : ''}`, refund)
    }
    const code = refund.provider?.cancel_code ?? ''
    const isByFault = faultOf(tid) === 'cancelled'
    if (/^(1001|200[1-7])$/.test(code) && !isByFault) {
      report('asked', `the provider refused ${id}: ${code} ${refund.provider?.cancel_msg}`, refund)
    }
  }
}

export function checkSums(ledger: Ledger, report: PaymentReport): void {
  const { tid: _, amount, remaining, ...sums } = ledger
  const figures = Object.values(sums)
  const used = figures.reduce((total, figure) => total + figure, 0)
  const isSound = figures.every((figure) => figure >= 0) && used <= amount && remaining === amount - used
  if (!isSound) report('amount', `the ledger does not add up: ${JSON.stringify(ledger)}`)
}

/** What the ledger counts as refunded: the provider's figure where there is one. */
function bookedAmount({ amount, provider }: Refund): number {
  return provider?.cancel_code === '0000' ? Number(provider.cancel_amt) : amount
}

/** A disputed refund aside: its reference was free while it had failed. */
export function checkReferences({ refunds }: StoredPayment, report: PaymentReport): void {
  const holders = new Map<string, Refund>()
  for (const refund of refunds) {
    const { id, reference, status } = refund
    if (!reference || status === 'failed') continue
    const holder = holders.get(reference)
    if (holder) report('reference', `${id} and ${holder.id} share ${reference}`, refund)
    holders.set(reference, refund)
  }
}

/** Callers who were told to take a new key had nothing refunded: each applied cancel has another refund. */
export function checkRenewals(
  { refunds }: StoredPayment,
  { cancels }: AppliedPayment,
  keys: ReadonlySet<KeyHistory>,
  report: PaymentReport,
): void {
  const told = [...keys].flatMap((history) => history.told)
  const renewed = told.find(({ retry, refund }) => retry === 'new_key' && refund !== null)
  const standing = refunds.filter(({ status }) => status !== 'failed').length
  if (renewed && cancels.length > standing) {
    report(
      'renewed',
      `${cancels.length} cancels for ${standing} refunds, and ${renewed.refund?.id} said new_key`,
    )
  }
}

export function checkLedger(
  { tid, stated }: Readonly<{ tid: string; stated: number }>,
  { ledger, refunds }: StoredPayment,
  { cancels }: AppliedPayment,
  report: PaymentReport,
): void {
  if (ledger === null) {
    if (refunds.length > 0) report('amount', 'there are refunds, and no ledger')
    return
  }
  checkSums(ledger, report)
  const sum = (state: RefundState, amountOf: (refund: Refund) => number) =>
    refunds
      .filter((refund) => stateOf(refund) === state)
      .reduce((total, refund) => total + amountOf(refund), 0)
  const expected = {
    tid,
    amount: stated,
    refunded: sum('succeeded', bookedAmount),
    in_flight: sum('processing', ({ amount }) => amount),
    unknown: sum('unknown', ({ amount }) => amount),
    awaiting_deposit: sum('awaiting_deposit', ({ amount }) => amount),
    disputed: sum('disputed', ({ amount }) => amount),
    outside: ledger.outside,
    remaining: ledger.remaining,
  }
  if (!isDeepStrictEqual({ ...ledger }, expected)) {
    report('amount', `the ledger is ${JSON.stringify(ledger)}, its refunds are ${JSON.stringify(expected)}`)
  }
  const cancelled = cancels.reduce((total, { amount }) => total + amount, 0)
  const mostCancelled = ledger.amount - ledger.remaining
  if (cancelled < ledger.refunded || cancelled > mostCancelled) {
    report('amount', `${cancelled} were cancelled, the ledger is ${JSON.stringify(ledger)}`)
  }
}

export function checkReads({ refunds, listed, byId, events }: StoredPayment, report: PaymentReport): void {
  if (!isDeepStrictEqual(refunds, listed)) report('reads', 'the list and the ledger show other refunds')
  for (const refund of refunds) {
    if (!isDeepStrictEqual(byId.get(refund.id), refund)) {
      report('reads', `${refund.id} is another one when it is read by its id`, refund)
    }
    const mistake = mistakeInEvents(refund, events.get(refund.id) ?? [])
    if (mistake !== null) report('events', `${refund.id}: ${mistake}`, refund)
  }
}

function stateOf({ status, disputed }: Refund): RefundState {
  return disputed ? 'disputed' : status
}

/** What is wrong with a refund's events, or null. */
function mistakeInEvents(refund: Refund, events: readonly RefundEvent[]): string | null {
  const [first, ...others] = events.map(({ event }) => event).filter((event) => event !== 'conflict')
  if (first !== 'processing') return `its first event is ${first}`
  let state = first as RefundState
  for (const event of others) {
    if (!TRANSITIONS[state].includes(event as RefundState)) return `it went from ${state} to ${event}`
    state = event as RefundState
  }
  const last = stateOf(refund)
  return state === last ? null : `its last event is ${state}, and it is ${last}`
}

/** Answers after which the key is free, although a call was made whose token was refused; or that hide one of these. */
const MAY_CALL_AGAIN = ['lost', 'provider_auth_failed', 'provider_unavailable', 'store_unavailable']

/** One call for each refund, and a second one for a refused token; both again after each of these answers. */
export function checkCalls(
  { calls }: AppliedPayment,
  keys: ReadonlySet<KeyHistory>,
  report: PaymentReport,
): void {
  if (calls === null) return
  let most = 0
  for (const { told } of keys) {
    most += 2 + 2 * told.filter(({ code }) => code !== null && MAY_CALL_AGAIN.includes(code)).length
  }
  if (calls > most) report('calls', `${calls} calls, and no more than ${most} can be explained`)
}
