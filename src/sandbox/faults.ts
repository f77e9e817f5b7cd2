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

/** What the lookups answer for a payment. */
export type RowBehaviour = {
  readonly answer: 'row' | 'no match' | 'status 500'
  readonly payMethod: string
  readonly cardCode: string
  /** By how much the row shows more than was paid. */
  readonly moreBy: number
  /** What of its cancels: `whole`, one that took all; `never`, none; `always`, one of all since it was paid. */
  readonly cancelDate: 'whole' | 'never' | 'always'
  /** By how much `CANCEL_SUM_AMOUNT` is more than what was cancelled; null: the row has no such member. */
  readonly sumMoreBy: number | null
  readonly waitMs: number | 'slowMs'
}

/** What becomes of a call for an account to pay a deposit into. */
export type DepositBehaviour = {
  readonly opens: boolean
  readonly waitMs: number | 'slowMs'
  readonly delivery: Delivery
}

/** What the provider does with one payment. */
export type Behaviour = {
  readonly tokens: 'accepted' | 'first refused' | 'all refused'
  /** Whether an amount other than what was paid is cancelled. */
  readonly inPart: 'allowed' | 'refused'
  readonly effect: Effect
  /** Milliseconds before the answer; `slowMs` stands for the sandbox's option of that name. */
  readonly waitMs: number | 'slowMs' | 'forever'
  readonly delivery: Delivery
  /** Of two cancels within this time only the first is heeded. */
  readonly spacingMs: number
  readonly row: RowBehaviour
  readonly deposit: DepositBehaviour
}

/** A behaviour, or a kind of payment, to ask for by naming it in a tid, before the first `-`: `reset-50000`. */
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

const CARD: RowBehaviour = {
  answer: 'row',
  payMethod: 'CARD',
  cardCode: '',
  moreBy: 0,
  cancelDate: 'whole',
  sumMoreBy: null,
  waitMs: 0,
}

/** A payment without a fault. */
const ORDINARY: Behaviour = {
  tokens: 'accepted',
  inPart: 'allowed',
  effect: applied,
  waitMs: 0,
  delivery: 'json',
  spacingMs: 0,
  row: CARD,
  deposit: { opens: false, waitMs: 0, delivery: 'json' },
}

const inFullOnly = (row: Partial<RowBehaviour>): Behaviour => ({
  ...ORDINARY,
  inPart: 'refused',
  row: { ...CARD, ...row },
})
/** A payment that was paid out to the merchant: it is cancelled once a deposit is paid. */
const afterDeposit = (deposit: Partial<DepositBehaviour> = {}): Behaviour => ({
  ...ORDINARY,
  effect: notApplied(DECLINES.depositedAlready),
  deposit: { ...ORDINARY.deposit, opens: true, ...deposit },
})
const withRow = (row: Partial<RowBehaviour>): Behaviour => ({ ...ORDINARY, row: { ...CARD, ...row } })

const SETTLED_BY_LOOKUP = '202 unknown; a full refund becomes succeeded by the lookup'

const UNLESS_REQUIRED = '201 succeeded; 503 provider_unavailable with PAYMENT_LOOKUP=require'
const unlessStatedAs = (method: string) =>
  `201 succeeded; with PAYMENT_LOOKUP 409 payment_mismatch unless stated as ${method}`

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
    gateway:
      '201 succeeded after that time; 202 unknown where it is beyond the timeout; 409 payment_busy for another refund of the payment that has waited for 5 s meanwhile',
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
    does: 'does not cancel, answers code 9029; cancels once a deposit is paid into the account that it opens when asked',
    gateway: '422 deposit_required',
    behaviour: afterDeposit(),
  },
  {
    name: 'depositlost',
    does: 'as deposited, but resets the connection in place of an answer about the account',
    gateway: '422 deposit_required',
    behaviour: afterDeposit({ delivery: 'reset' }),
  },
  {
    name: 'depositlate',
    does: 'as deposited, but answers about the account after --slow-ms',
    gateway: '422 deposit_required',
    behaviour: afterDeposit({ waitMs: 'slowMs' }),
  },
  {
    name: 'deposit500',
    does: 'as deposited, but answers about the account with HTTP 500',
    gateway: '422 deposit_required',
    behaviour: afterDeposit({ delivery: 'status 500' }),
  },
  {
    name: 'deposithtml',
    does: 'as deposited, but answers about the account with an HTML page',
    gateway: '422 deposit_required',
    behaviour: afterDeposit({ delivery: 'html' }),
  },
  {
    name: 'nodeposit',
    does: 'does not cancel, answers code 9029; opens no account either, and says so',
    gateway: '422 deposit_required',
    behaviour: afterDeposit({ opens: false }),
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
  {
    name: 'spaced',
    does: `as Toss: cancels, but answers a cancel that comes within 1 s of another of the payment with "${DECLINES.repeated.message}"`,
    gateway:
      '201 succeeded; 202 unknown for the second of two where COOKIEPAY_PAYMENT_SPACING_MS is too short',
    behaviour: { ...ORDINARY, spacingMs: 1_000 },
  },
  {
    name: 'keyin',
    does: 'is a key-in payment: PAYMETHOD CARD_SUGI in lookups',
    gateway: unlessStatedAs('card_keyin'),
    behaviour: withRow({ payMethod: 'CARD_SUGI' }),
  },
  {
    name: 'billing',
    does: 'is a subscription charge: PAYMETHOD CARD_BATCH in lookups, cancelled in full only',
    gateway: unlessStatedAs('card_billing'),
    behaviour: inFullOnly({ payMethod: 'CARD_BATCH' }),
  },
  {
    name: 'kakaopay',
    does: 'is an easy payment: PAYMETHOD KAKAOPAY in lookups, cancelled in full only',
    gateway: unlessStatedAs('easy_pay'),
    behaviour: inFullOnly({ payMethod: 'KAKAOPAY' }),
  },
  {
    name: 'kakaocard',
    does: 'is an easy payment: PAYMETHOD CARD with CARDCODE KAKAO in lookups, cancelled in full only',
    gateway: unlessStatedAs('easy_pay'),
    behaviour: inFullOnly({ cardCode: 'KAKAO' }),
  },
  {
    name: 'naverpay',
    does: 'is an easy payment: PAYMETHOD NAVERPAY in lookups, cancelled in full only',
    gateway: unlessStatedAs('easy_pay'),
    behaviour: inFullOnly({ payMethod: 'NAVERPAY' }),
  },
  {
    name: 'bank',
    does: 'is a bank transfer: PAYMETHOD BANK in lookups, cancelled in full only',
    gateway: unlessStatedAs('bank_transfer'),
    behaviour: inFullOnly({ payMethod: 'BANK' }),
  },
  {
    name: 'vacct',
    does: 'is a virtual account payment: PAYMETHOD VACCT in lookups, cancelled in full only',
    gateway: unlessStatedAs('virtual_account'),
    behaviour: inFullOnly({ payMethod: 'VACCT' }),
  },
  {
    name: 'otheramount',
    does: 'cancels; lookups show 100 KRW more than was paid',
    gateway: '201 succeeded; 409 payment_mismatch with PAYMENT_LOOKUP',
    behaviour: withRow({ moreBy: 100 }),
  },
  {
    name: 'othermethod',
    does: 'cancels; lookups show PAYMETHOD MOBILE',
    gateway: '201 succeeded; 409 payment_mismatch with PAYMENT_LOOKUP',
    behaviour: withRow({ payMethod: 'MOBILE' }),
  },
  {
    name: 'notcancelled',
    does: 'cancels; lookups show no cancel',
    gateway: '201 succeeded; reconcile finds not_cancelled of a full refund',
    behaviour: withRow({ cancelDate: 'never' }),
  },
  {
    name: 'elsewhere',
    does: `does not cancel, answers code ${DECLINES.declined.code}; lookups show a cancel of all, made when the payment was first heard of`,
    gateway: '422 provider_declined; reconcile finds cancelled_though_failed of a full refund',
    behaviour: {
      ...withRow({ cancelDate: 'always' }),
      effect: notApplied(DECLINES.declined),
    },
  },
  {
    name: 'sum',
    does: 'cancels; lookups show the sum of its cancels as CANCEL_SUM_AMOUNT',
    gateway: '201 succeeded',
    behaviour: withRow({ sumMoreBy: 0 }),
  },
  {
    name: 'othersum',
    does: 'cancels; lookups show 100 KRW more as CANCEL_SUM_AMOUNT',
    gateway: '201 succeeded; reconcile finds another_amount',
    behaviour: withRow({ sumMoreBy: 100 }),
  },
  {
    name: 'norow',
    does: 'cancels; lookups find no such payment',
    gateway: UNLESS_REQUIRED,
    behaviour: withRow({ answer: 'no match' }),
  },
  {
    name: 'brokenrow',
    does: 'cancels; lookups answer HTTP 500',
    gateway: UNLESS_REQUIRED,
    behaviour: withRow({ answer: 'status 500' }),
  },
  {
    name: 'slowrow',
    does: 'cancels; lookups answer after --slow-ms',
    gateway:
      '201 succeeded, with PAYMENT_LOOKUP after that time; 503 provider_unavailable with PAYMENT_LOOKUP=require where it is beyond the timeout',
    behaviour: withRow({ waitMs: 'slowMs' }),
  },
]

const MAX_DELAY_MS = 60_000
const DELAY = /^delay([0-9]{1,5})$/

/** What the sandbox does with the payment of this tid. */
export function behaviourOf(tid: string): Behaviour {
  const [segment = ''] = tid.toLowerCase().split('-', 1)
  const delayMs = Number(DELAY.exec(segment)?.[1] ?? 0)
  if (delayMs > 0 && delayMs <= MAX_DELAY_MS) return { ...ORDINARY, waitMs: delayMs }
  return FAULTS.find((fault) => fault.name === segment)?.behaviour ?? ORDINARY
}
