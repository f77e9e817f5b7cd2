import { DECLINES, type Decline, OPEN_ANSWERS, UNHEARD_ANSWERS } from './answers.ts'

/** How an answer leaves; see delivery.ts. */
export type Delivery =
  | 'json'
  | 'envelope'
  | 'status 500'
  | 'html'
  | 'empty'
  | 'truncated'
  | 'trickle'
  | 'reset'

/** What becomes of the payment. `instead` answers a cancel that was applied with something else. */
export type Effect =
  | {
      readonly applied: 'on arrival' | 'with the answer'
      readonly shortBy: number
      /** One of these, by the tid; none: the answer of a cancel. */
      readonly instead: readonly Decline[]
    }
  | { readonly applied: 'never'; readonly decline: Decline }

/** What the provider does with one cancel call. */
export type Behaviour = {
  readonly tokens: 'accepted' | 'first refused' | 'all refused'
  /** Whether an amount other than what was paid is cancelled. */
  readonly inPart: 'allowed' | 'refused'
  readonly effect: Effect
  /** Milliseconds before the answer; `slowMs` stands for the sandbox's option of that name. */
  readonly waitMs: number | 'slowMs' | 'forever'
  readonly delivery: Delivery
}

/** A behaviour to ask for by naming it in a tid, before the first `-`: `reset-50000`. */
export type Fault = {
  /** The first segment of the tid, in any case. */
  readonly name: string
  /** What the sandbox does. */
  readonly does: string
  /** What a gateway in front of it answers to a first `POST /refunds` for such a tid. */
  readonly gateway: string
  readonly behaviour: Behaviour
}

const applied: Effect = { applied: 'on arrival', shortBy: 0, instead: [] }
const appliedLate: Effect = { ...applied, applied: 'with the answer' }
const notApplied = (decline: Decline): Effect => ({ applied: 'never', decline })

/** A payment without a fault. */
const ORDINARY: Behaviour = {
  tokens: 'accepted',
  inPart: 'allowed',
  effect: applied,
  waitMs: 0,
  delivery: 'json',
}

const SETTLED_BY_LOOKUP = '202 unknown; a full refund becomes succeeded by the lookup'

/** Every fault, and the only place that says what it does. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'slow',
    does: 'cancels, answers after --slow-ms',
    gateway: '201 succeeded after that time; 202 unknown where it is beyond the timeout',
    behaviour: { ...ORDINARY, waitMs: 'slowMs' },
  },
  {
    name: 'delay<N>',
    does: 'cancels, answers after N ms (delay250-50000; N up to 60000)',
    gateway: '201 succeeded after that time; 202 unknown where it is beyond the timeout',
    // N is in the tid: behaviourOf() puts it here.
    behaviour: { ...ORDINARY, waitMs: 0 },
  },
  {
    name: 'late',
    does: 'does nothing for --slow-ms, then cancels (whether or not the client is still there) and answers',
    gateway: '201 succeeded after that time; 202 unknown where it is beyond the timeout',
    behaviour: { ...ORDINARY, effect: appliedLate, waitMs: 'slowMs' },
  },
  {
    name: 'timeout',
    does: 'cancels, never answers',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, waitMs: 'forever' },
  },
  {
    name: 'hang',
    does: 'does not cancel, never answers',
    gateway: '202 unknown, until a person resolves it',
    behaviour: { ...ORDINARY, effect: appliedLate, waitMs: 'forever' },
  },
  {
    name: 'reset',
    does: 'cancels, resets the connection',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'reset' },
  },
  {
    name: 'error500',
    does: 'cancels, answers HTTP 500 with a JSON error',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'status 500' },
  },
  {
    name: 'html',
    does: 'cancels, answers HTTP 200 with an HTML page',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'html' },
  },
  {
    name: 'empty',
    does: 'cancels, answers HTTP 200 with an empty body',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'empty' },
  },
  {
    name: 'truncated',
    does: 'cancels, closes the connection in the middle of the answer',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'truncated' },
  },
  {
    name: 'trickle',
    does: 'cancels, answers one byte every 100 ms and does not come to an end',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'trickle' },
  },
  {
    name: 'busy',
    does: `cancels, answers code ${DECLINES.gatewayTimedOut.code} "${DECLINES.gatewayTimedOut.message}"`,
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, effect: { ...applied, instead: [DECLINES.gatewayTimedOut] } },
  },
  {
    name: 'open',
    does: 'cancels, answers a code and words that leave it open, differing by tid',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, effect: { ...applied, instead: OPEN_ANSWERS } },
  },
  {
    name: 'unheard',
    does: 'cancels, answers a code and words that nobody knows, differing by tid',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, effect: { ...applied, instead: UNHEARD_ANSWERS } },
  },
  {
    name: 'envelope',
    does: 'cancels, answers HTTP 200 with RTN_CD 9999 and no cancel_code',
    gateway: SETTLED_BY_LOOKUP,
    behaviour: { ...ORDINARY, delivery: 'envelope' },
  },
  {
    name: 'mismatch',
    does: 'cancels 100 KRW less than asked (never less than 1) and answers that amount',
    gateway: "201 succeeded, with the provider's figure",
    behaviour: { ...ORDINARY, effect: { ...applied, shortBy: 100 } },
  },
  {
    name: 'nopart',
    does: `cancels in full only; any other amount than what was paid is refused, code ${DECLINES.onlyWhole.code}`,
    gateway: '201 succeeded; 422 provider_declined for a part, also one that was stated as all that was paid',
    behaviour: { ...ORDINARY, inPart: 'refused' },
  },
  {
    name: 'declined',
    does: `does not cancel, answers code ${DECLINES.declined.code}`,
    gateway: '422 provider_declined',
    behaviour: { ...ORDINARY, effect: notApplied(DECLINES.declined) },
  },
  {
    name: 'cancelled',
    does: `does not cancel, answers code ${DECLINES.alreadyCancelled.code} "${DECLINES.alreadyCancelled.message}"`,
    gateway: '422 already_cancelled',
    behaviour: { ...ORDINARY, effect: notApplied(DECLINES.alreadyCancelled) },
  },
  {
    name: 'deposited',
    does: 'does not cancel, answers code 9029',
    gateway: '422 deposit_required',
    behaviour: { ...ORDINARY, effect: notApplied(DECLINES.depositedAlready) },
  },
  {
    name: 'badtoken',
    does: 'refuses the first token that is tried for the tid (HTTP 200, RTN_CD), cancels with any other one',
    gateway: '201 succeeded, after a second token',
    behaviour: { ...ORDINARY, tokens: 'first refused' },
  },
  {
    name: 'nevertoken',
    does: 'refuses every token (HTTP 401, RTN_CD)',
    gateway: '502 provider_auth_failed',
    behaviour: { ...ORDINARY, tokens: 'all refused' },
  },
]

const MAX_DELAY_MS = 60_000
const DELAY = /^delay([0-9]{1,5})$/

/** What the sandbox does with a cancel of this tid. */
export function behaviourOf(tid: string): Behaviour {
  const [segment = ''] = tid.toLowerCase().split('-', 1)
  const delayMs = Number(DELAY.exec(segment)?.[1] ?? 0)
  if (delayMs > 0 && delayMs <= MAX_DELAY_MS) return { ...ORDINARY, waitMs: delayMs }
  return FAULTS.find((fault) => fault.name === segment)?.behaviour ?? ORDINARY
}
