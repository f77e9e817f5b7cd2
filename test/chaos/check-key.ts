import { isDeepStrictEqual } from 'node:util'
import type { Refund } from '../../src/refunds/refund.ts'
import type { RefundStatus } from '../../src/refunds/refund-states.ts'
import {
  type Histories,
  type KeyHistory,
  type Kill,
  type Payload,
  paidAmount,
  type Told,
} from './histories.ts'
import { MOST_AT_ONCE } from './limits.ts'
import { shownMethod } from './stories.ts'
import type { Invariant } from './violations.ts'

/** Takes a violation of one key. */
export type KeyReport = (invariant: Invariant, detail: string) => void

/** What `POST /refunds` answers to the run's requests, all of which are valid; by status. */
export const ANSWERS: Readonly<Record<number, readonly (string | null)[]>> = {
  0: ['lost', 'refused'],
  201: [null],
  202: [null],
  403: ['limit_exceeded'],
  409: [
    'idempotency_in_progress',
    'payment_busy',
    'payment_mismatch',
    'possible_duplicate',
    'refund_unresolved',
    'remaining_mismatch',
  ],
  422: [
    'amount_exceeds_remaining',
    'idempotency_key_reused',
    'provider_declined',
    'already_cancelled',
    'deposit_required',
  ],
  502: ['provider_auth_failed'],
  503: ['provider_unavailable', 'store_unavailable', 'store_not_durable'],
}

/** Within this time of its line, a log, which is written in the background, may not have been written yet. */
const LOG_FLUSH_MS = 1_000

type Circumstances = Pick<Histories, 'postponed' | 'kills' | 'lapses' | 'pauses'>

/** Says nothing about the refund, whatever its state is. */
const SAYS_NOTHING = ['lost', 'refused', 'store_unavailable', 'store_not_durable']

/** The latest request of this payload, and its answer. */
export function lastAnswer({ told }: KeyHistory, payload: number): Told | undefined {
  return told
    .filter((answer) => answer.what === 'refund' && answer.payload === payload)
    .reduce<Told | undefined>(
      (last, answer) => (last && last.sentAt > answer.sentAt ? last : answer),
      undefined,
    )
}

/** The state of the key's refund as an answer tells it, or null where it tells of none. */
function stateIn({ refund }: Told, key: string): RefundStatus | null {
  return refund !== null && refund.metadata.key === key ? refund.status : null
}

/** What is wrong with a guard's refusal of this payload, or null. */
function misplacedGuard(
  { code, rule, remaining, refund }: Told,
  key: string,
  payload: Payload,
): string | null {
  const { tid, amount, reference, expected_remaining: expected, payment } = payload
  if (code === 'payment_mismatch') {
    const isRight = payment.amount === paidAmount(tid) && payment.method === shownMethod(tid)
    return isRight ? 'the payment is as it was stated' : null
  }
  if (code === 'remaining_mismatch') {
    return expected === undefined || expected === remaining ? `${remaining} remain, as expected` : null
  }
  if (code === 'limit_exceeded') {
    return (amount ?? paidAmount(tid)) <= MOST_AT_ONCE ? 'no limit is so low' : null
  }
  if (code !== 'possible_duplicate') return null
  if (refund === null || refund.metadata.key === key) return 'no other refund is named'
  if (refund.tid !== tid) return `${refund.id} is of another payment`
  if (refund.status === 'failed' && !refund.disputed) return `${refund.id} has failed`
  const isSame =
    reference === undefined
      ? rule === 'same_amount' && refund.amount === amount && refund.reference === null
      : rule === 'same_reference' && refund.reference === reference
  return isSame ? null : `${refund.id} is not the same, by ${rule}`
}

/** Answers after which nothing is stored. */
const LEAVES_FREE = ['possible_duplicate', 'remaining_mismatch', 'limit_exceeded']

/** What frees a key may be put off for this long where the store is away. */
const FREEING_SLACK_MS = 10_000

/** Whether every other payload of a key that is said to be used up was refused by a guard, the store being there. */
export function checkFree({ payloads, told }: KeyHistory, how: Circumstances, report: KeyReport): void {
  if (payloads.length === 1) return
  const asked = told.filter(({ what }) => what === 'refund')
  for (const answer of asked.filter(({ code }) => code === 'idempotency_key_reused')) {
    const others = asked.filter(({ payload }) => payload !== answer.payload)
    const isFree = others.every(
      ({ answeredAt, code }) => answeredAt < answer.sentAt && LEAVES_FREE.includes(code ?? ''),
    )
    if (isFree && !mayBeLate(answer, how)) report('free', `it was not free at ${answer.atMs} ms`)
  }
}

function mayBeLate({ atMs }: Told, { kills, lapses, pauses }: Circumstances): boolean {
  return (
    kills.some((kill) => Math.abs(kill.atMs - atMs) < FREEING_SLACK_MS) ||
    [...lapses, ...pauses].some(({ fromMs, toMs }) => fromMs < atMs && atMs < toMs + FREEING_SLACK_MS)
  )
}

/** What callers were told about one key: each answer by itself, and against every answer before it. */
export function checkTold(history: KeyHistory, how: Circumstances, report: KeyReport): void {
  const { key, payloads, told } = history
  for (const answer of told) checkAnswer(answer, key, payloads, report)

  const facts = told.filter((answer) => stateIn(answer, key) !== null && !isInLapse(answer, how))
  const ids = new Set(facts.map(({ refund }) => refund?.id))
  if (ids.size > 1) report('key', `it was told of the refunds ${[...ids].join(' and ')}`)
  const sentAs = new Set(
    facts.filter(({ what, status }) => what === 'refund' && status !== 409).map(({ payload }) => payload),
  )
  if (sentAs.size > 1) report('key', 'two payloads were answered with its refund')

  for (const fact of facts) {
    const contradiction = told
      .filter((later) => later.sentAt > fact.answeredAt && !isInLapse(later, how))
      .map((later) => contradictionIn(fact, later, key, how))
      .find((found) => found !== null)
    if (contradiction !== undefined) {
      report('told', contradiction)
      return
    }
  }
}

/** Whether the store may not have known its newest data: what it said then is no fact, but that no money moved twice. */
function isInLapse({ atMs }: Told, { lapses }: Circumstances): boolean {
  return lapses.some(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs)
}

/** One answer by itself. */
function checkAnswer(answer: Told, key: string, payloads: readonly Payload[], report: KeyReport): void {
  const { what, status, code, refund } = answer
  const said = `${what} was answered ${status} ${code ?? ''}`
  if (what !== 'refund') {
    const isKnown =
      status === 200 || status === 0 || status === 404 || status === 409 || code === 'store_unavailable'
    if (!isKnown) report('answer', said)
    return
  }
  const isForReuse = code !== 'idempotency_key_reused' || payloads.length > 1
  if (!ANSWERS[status]?.includes(code) || !isForReuse) report('answer', said)
  const misplaced = misplacedGuard(answer, key, payloads[answer.payload] as Payload)
  if (misplaced !== null) report('answer', `${said}: ${misplaced}`)
  if (code === 'possible_duplicate') return
  if (code === 'refund_unresolved') {
    const isUnsettled = refund?.status === 'processing' || refund?.status === 'unknown'
    if (!isUnsettled) report('answer', `${said} because of ${refund?.id}, which is ${refund?.status}`)
    return
  }
  if (refund === null) return
  const payload = payloads[answer.payload]
  const isOwn = refund.metadata.key === key && refund.metadata.payload === payload?.metadata.payload
  if (!isOwn)
    report('key', `${said} with the refund of ${refund.metadata.key}, payload ${refund.metadata.payload}`)
  const expected = { succeeded: 201, unknown: 202, failed: 422, processing: 409, awaiting_deposit: 202 }[
    refund.status
  ]
  if (status !== expected) report('answer', `${said} with a refund that is ${refund.status}`)
}

/**
 * What `later` says against what was told before it was sent, or null. Where the gateway could not store what
 * it told at first hand, the store may lag behind, but never say the opposite.
 */
function contradictionIn(fact: Told, later: Told, key: string, how: Circumstances): string | null {
  const known = stateIn(fact, key)
  if (known === 'processing' || SAYS_NOTHING.includes(later.code ?? '')) return null
  const what = `it was told ${known} at ${fact.atMs} ms, and ${later.status} ${later.code ?? later.refund?.status} at ${later.atMs} ms`
  if (later.what === 'refund' && later.payload !== Number(fact.refund?.metadata.payload)) {
    return later.code === 'idempotency_key_reused' ? null : what
  }
  const isBehind = mayBeAhead(fact, how)
  const now = stateIn(later, key)
  if (known === 'unknown') return now === null || (now === 'processing' && !isBehind) ? what : null
  if (now !== known) return isBehind && (now === 'processing' || now === 'unknown') ? null : what
  if (!isBehind && !isDeepStrictEqual(fact.refund, later.refund)) {
    return `it was told ${JSON.stringify(fact.refund)}, and later ${JSON.stringify(later.refund)}`
  }
  return null
}

/** Whether the gateway may have told this before it was stored: its log says so, or was lost with it. */
function mayBeAhead(
  { what, isReplay, refund, gateway, atMs }: Told,
  { postponed, kills }: Circumstances,
): boolean {
  if (what !== 'refund' || isReplay) return false
  const wasKilled = ({ name, atMs: killedAtMs }: Kill) =>
    name === `gateway ${gateway}` && Math.abs(killedAtMs - atMs) < LOG_FLUSH_MS
  return postponed.has(refund?.id ?? '') || kills.some(wasKilled)
}

/** The last answer against what is stored. */
export function checkStored(
  history: KeyHistory,
  refund: Refund | undefined,
  isSettled: boolean,
  report: KeyReport,
): void {
  if (refund === undefined) {
    // What was `processing` may have been undone since: nothing was sent.
    const told = history.told.find((answer) => ![null, 'processing'].includes(stateIn(answer, history.key)))
    if (told !== undefined) report('stored', `it was told ${told.status}, and nothing is stored`)
    return
  }
  const payload = Number(refund.metadata.payload)
  const { tid, amount } = history.payloads[payload] as Payload
  if (refund.tid !== tid || (amount !== undefined && refund.amount !== amount)) {
    report('key', `${refund.id} is of another payload than it says`)
  }
  if (!isSettled) return
  const last = lastAnswer(history, payload)
  if (last?.refund?.id !== refund.id || last.refund.status !== refund.status) {
    report('stored', `it is ${refund.status}, and the last answer was ${last?.status} ${last?.code}`)
  }
}
