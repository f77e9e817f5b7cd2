import t from 'tap'
import type { RefundEvent } from '../../src/refunds/history.ts'
import type { JournalEntry } from '../../src/refunds/ports/journal.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import { findViolations } from './checker.ts'
import type { AppliedPayment, Histories, KeyHistory, Ledger, StoredPayment, Told } from './histories.ts'
import type { Invariant, MayBeUnknown } from './violations.ts'

const TID = 'order-0001-10007'
const PAID = 10_007
const CANCEL_TID = 'C20260101'

type Status = Refund['status']

/** A refund of 4,000 KRW under the key `k`. */
function refundOf(status: Status, others: Partial<Refund> = {}): Refund {
  const { amount = 4_000 } = others
  const answer = {
    cancel_tid: CANCEL_TID,
    cancel_code: '0000',
    cancel_msg: '',
    cancel_date: '',
    cancel_amt: String(amount),
  }
  return {
    id: 'rf_1',
    status,
    account: 'default',
    tid: TID,
    kind: amount === PAID ? 'full' : 'partial',
    amount,
    tax_free_amount: null,
    reason: '',
    reference: null,
    refund_account: null,
    provider: status === 'succeeded' ? answer : null,
    refunded_at: null,
    failure: status === 'failed' ? { code: 'provider_declined', detail: '' } : null,
    resolution: null,
    deposit: null,
    requested_by: 'anonymous',
    metadata: { key: 'k', payload: '0' },
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:01.000Z',
    ...others,
  }
}

const STATUS_CODES = {
  succeeded: 201,
  unknown: 202,
  failed: 422,
  processing: 409,
  awaiting_deposit: 202,
} as const

/** Answers in turn, each to a request that was sent after the one before was answered. */
function tellingOf(answers: readonly (Partial<Told> & { refund: Refund | null })[]): Told[] {
  return answers.map((answer, index) => {
    const { refund } = answer
    const problem = { failed: 'provider_declined', processing: 'idempotency_in_progress' } as const
    return {
      what: 'refund',
      payload: 0,
      gateway: 0,
      sentAt: 2 * index + 1,
      answeredAt: 2 * index + 2,
      atMs: index,
      status: refund === null ? 503 : STATUS_CODES[refund.status],
      code: refund === null ? 'store_unavailable' : (problem[refund.status as 'failed'] ?? null),
      retry: null,
      isReplay: index > 0,
      rule: null,
      remaining: null,
      ...answer,
    }
  })
}

function ledgerOf(refunds: readonly Refund[], changes: Partial<Ledger> = {}): Ledger {
  const sum = (status: Status) =>
    refunds.filter((refund) => refund.status === status).reduce((total, { amount }) => total + amount, 0)
  const disputed = refunds.reduce((total, refund) => total + (refund.disputed ? refund.amount : 0), 0)
  const sums = {
    refunded: sum('succeeded'),
    in_flight: sum('processing'),
    unknown: sum('unknown'),
    awaiting_deposit: sum('awaiting_deposit'),
    disputed,
    outside: 0,
  }
  const remaining = Object.values(sums).reduce((left, figure) => left - figure, PAID)
  return { tid: TID, amount: PAID, ...sums, remaining, ...changes }
}

function eventsOf(...names: RefundEvent['event'][]): RefundEvent[] {
  return names.map((event) => ({ at: '', event, source: 'provider', by: null, note: null }))
}

const WAYS: Readonly<Record<Status, RefundEvent[]>> = {
  processing: eventsOf('processing'),
  unknown: eventsOf('processing', 'unknown'),
  succeeded: eventsOf('processing', 'succeeded'),
  failed: eventsOf('processing', 'failed'),
  awaiting_deposit: eventsOf('processing', 'failed'),
}

type Sides = Readonly<{
  stored?: readonly Refund[]
  told?: readonly Told[]
  /** Amounts; the first is the cancel that the provider named. */
  applied?: readonly number[]
  calls?: number
  ledger?: Partial<Ledger>
  payment?: Partial<StoredPayment>
  postponed?: readonly string[]
  kills?: Histories['kills']
  lapses?: Histories['lapses']
  ledgersSeen?: readonly Ledger[]
  underWay?: AppliedPayment['underWay']
  pauses?: Histories['pauses']
  checked?: Histories['checked']
  counted?: number
  journal?: Histories['journal']
  payloads?: KeyHistory['payloads']
}>

const PAYLOAD: KeyHistory['payloads'][0] = {
  tid: TID,
  reason: '',
  payment: { method: 'card_auth', amount: PAID },
  amount: 4_000,
  metadata: { key: 'k', payload: '0' },
}

function historiesOf(sides: Sides): Histories {
  const refunds = sides.stored ?? [refundOf('succeeded')]
  const told = sides.told ?? tellingOf(refunds.map((refund) => ({ refund })))
  const payment: StoredPayment = {
    ledger: ledgerOf(refunds, sides.ledger),
    refunds,
    listed: refunds,
    byId: new Map(refunds.map((refund) => [refund.id, refund])),
    events: new Map(refunds.map((refund) => [refund.id, WAYS[refund.status]])),
    ...sides.payment,
  }
  const cancels = (sides.applied ?? [4_000]).map((amount, index) => ({
    tid: TID,
    amount,
    at: '',
    cancel_tid: index === 0 ? CANCEL_TID : `C${index}`,
  }))
  const applied: AppliedPayment = {
    calls: sides.calls ?? cancels.length,
    cancels,
    underWay: sides.underWay ?? [],
  }
  return {
    keys: [{ key: 'k', story: 'single', payloads: sides.payloads ?? [PAYLOAD], told: [...told] }],
    stored: new Map([[TID, payment]]),
    applied: new Map([[TID, applied]]),
    ledgersSeen: sides.ledgersSeen ?? [],
    postponed: new Set(sides.postponed),
    kills: sides.kills ?? [],
    lapses: sides.lapses ?? [],
    pauses: sides.pauses ?? [],
    checked: sides.checked ?? [],
    counted: sides.counted ?? null,
    journal: sides.journal ?? null,
    lapsed: new Set(),
  }
}

const succeeded = refundOf('succeeded')
const JOURNALLED: JournalEntry = {
  position: '1-0.0',
  change: 'succeeded',
  at: 1,
  id: succeeded.id,
  merchant: 'shop',
  tid: TID,
  number: 1,
}
const failed = refundOf('failed')
const unknown = refundOf('unknown')
const processing = refundOf('processing')
const second = refundOf('succeeded', { id: 'rf_2', metadata: { key: 'other', payload: '0' }, amount: 5_000 })
const whole = refundOf('unknown', { amount: PAID })
const wholePayload = { ...PAYLOAD, amount: PAID }
const otherPayload = { ...PAYLOAD, amount: 5_000, metadata: { key: 'k', payload: '1' } }
const provider = succeeded.provider as NonNullable<Refund['provider']>
const exceeding = refundOf('failed', { provider: { ...provider, cancel_code: '2003' } })

const succeededLine = refundOf('succeeded', { reference: 'line' })
const called = (beganMs: number, endedMs: number | null) => ({ beganMs, endedMs })
const duplicateOf = (refund: Refund, rule = 'same_amount') => ({
  refund,
  rule,
  status: 409,
  code: 'possible_duplicate',
})

/** A key that a guard refused, beside a refund of another key. */
function refusedRows(): Row[] {
  const row = (
    name: string,
    answer: Partial<Told> & { refund: Refund | null },
    violates: readonly Invariant[],
    changes: Partial<KeyHistory['payloads'][0]> = {},
  ): Row => ({
    name,
    sides: {
      stored: [second],
      applied: [5_000],
      payloads: [{ ...PAYLOAD, ...changes }],
      told: tellingOf([answer]),
    },
    violates,
  })
  const refusal = (status: number, code: string) => ({ refund: null, status, code })
  const line = { reference: 'line' }
  const mismatch = { ...refusal(409, 'remaining_mismatch'), remaining: 5_007 }
  return [
    row('a payment that is busy', refusal(409, 'payment_busy'), []),
    row('a duplicate of the same amount', duplicateOf(second), [], { amount: 5_000 }),
    row('a duplicate of another amount', duplicateOf(second), ['answer']),
    row('a duplicate of a reference', duplicateOf({ ...second, ...line }, 'same_reference'), [], line),
    row('a duplicate of another reference', duplicateOf(second, 'same_reference'), ['answer'], line),
    row('a duplicate of what failed', duplicateOf({ ...second, status: 'failed' }), ['answer'], {
      amount: 5_000,
    }),
    row('a mismatch of what remains', mismatch, [], { expected_remaining: PAID }),
    row('a mismatch that nobody asked about', mismatch, ['answer']),
    row('a limit that is not reached', refusal(403, 'limit_exceeded'), ['answer']),
    row('a payment that is as stated', refusal(409, 'payment_mismatch'), ['answer']),
    row('another method than was stated', refusal(409, 'payment_mismatch'), [], {
      payment: { method: 'card_keyin', amount: PAID },
    }),
  ]
}

type Row = Readonly<{
  name: string
  sides: Sides
  mayBeUnknown?: MayBeUnknown
  violates: readonly Invariant[]
}>

const ROWS: readonly Row[] = [
  { name: 'a refund that succeeded', sides: {}, violates: [] },
  {
    name: 'a refund that failed, and was not applied',
    sides: { stored: [failed], applied: [], calls: 1 },
    violates: [],
  },
  {
    name: 'an unknown refund that the lookup found',
    sides: {
      stored: [refundOf('succeeded', { amount: PAID, provider: null })],
      told: tellingOf([
        { refund: whole },
        { refund: null, status: 0, code: 'lost' },
        { refund: null },
        { refund: refundOf('succeeded', { amount: PAID, provider: null }) },
      ]),
      payloads: [wholePayload],
      applied: [PAID],
    },
    violates: [],
  },
  {
    name: 'nothing stored, and nothing told',
    sides: { stored: [], told: tellingOf([{ refund: null }]), applied: [], payment: { ledger: null } },
    violates: [],
  },
  {
    name: 'a refund that was being processed, and was undone',
    sides: {
      stored: [],
      told: tellingOf([{ refund: processing }, { refund: null }]),
      applied: [],
      payment: { ledger: null },
    },
    violates: [],
  },
  {
    name: 'a partial refund that is unknown before the operator comes',
    sides: { stored: [unknown] },
    mayBeUnknown: 'what no lookup shows',
    violates: [],
  },

  {
    name: 'a cancel that was applied twice',
    sides: { applied: [4_000, 4_000] },
    violates: ['once', 'amount'],
  },
  {
    name: 'an unknown refund that was applied twice',
    sides: { stored: [unknown], applied: [4_000, 4_000] },
    mayBeUnknown: 'anything',
    violates: ['once', 'amount'],
  },
  {
    name: 'more cancelled than was paid',
    sides: { applied: [4_000, 7_000] },
    violates: ['amount', 'applied', 'amount'],
  },
  {
    name: 'an applied cancel that failed',
    sides: { stored: [failed], applied: [4_000] },
    violates: ['applied', 'amount'],
  },
  {
    name: 'an applied cancel without a refund',
    sides: { stored: [], told: tellingOf([{ refund: null }]), payment: { ledger: null } },
    violates: ['applied'],
  },
  {
    name: 'an applied cancel beside the refunds that there are',
    sides: { applied: [4_000, 3_000] },
    violates: ['applied', 'amount'],
  },
  {
    name: 'a refund that succeeded without a cancel',
    sides: { applied: [] },
    violates: ['proven', 'amount'],
  },
  {
    name: 'a refund that succeeded with a cancel of another amount',
    sides: { stored: [refundOf('succeeded', { provider: null })], applied: [3_900] },
    violates: ['applied', 'proven', 'amount'],
  },
  {
    name: 'a ledger that is not the sum of its refunds',
    sides: { ledger: { refunded: 3_000, remaining: PAID - 3_000 } },
    violates: ['amount', 'amount'],
  },
  {
    name: 'a ledger beyond what was paid',
    sides: { ledgersSeen: [ledgerOf([], { refunded: 6_000, unknown: 6_000, remaining: 0 })] },
    violates: ['amount'],
  },
  {
    name: 'a ledger that forgot what was paid',
    sides: { ledger: { amount: 4_000, remaining: 0 } },
    violates: ['amount'],
  },
  {
    name: 'a negative sum',
    sides: { ledgersSeen: [ledgerOf([], { in_flight: -4_000, remaining: PAID + 4_000 })] },
    violates: ['amount'],
  },
  {
    name: 'a call for more than remains, which the provider refused',
    sides: { stored: [exceeding], applied: [], calls: 1 },
    violates: ['asked'],
  },
  {
    name: 'a refund that never settles',
    sides: { stored: [processing] },
    mayBeUnknown: 'anything',
    violates: ['settled'],
  },
  { name: 'a refund that stays unknown', sides: { stored: [unknown] }, violates: ['settled'] },
  {
    name: 'an unknown refund whose cancel the lookup shows',
    sides: { stored: [whole], payloads: [wholePayload], applied: [PAID] },
    mayBeUnknown: 'what no lookup shows',
    violates: ['settled'],
  },
  {
    name: 'success that is taken back',
    sides: { told: tellingOf([{ refund: succeeded }, { refund: unknown }, { refund: succeeded }]) },
    violates: ['told'],
  },
  {
    name: 'success that turns to failure',
    sides: { told: tellingOf([{ refund: succeeded }, { refund: failed }]), postponed: ['rf_1'] },
    violates: ['told', 'stored'],
  },
  {
    name: 'failure that turns to success',
    sides: { told: tellingOf([{ refund: failed }, { refund: succeeded }]) },
    violates: ['told'],
  },
  {
    name: 'a known refund that is forgotten',
    sides: {
      told: tellingOf([
        { refund: unknown },
        { refund: null, status: 422, code: 'amount_exceeds_remaining' },
        { refund: succeeded },
      ]),
    },
    violates: ['told'],
  },
  {
    name: 'a refund that is not found by its id any more',
    sides: {
      told: tellingOf([
        { refund: succeeded },
        { refund: null, what: 'read', status: 404, code: 'not_found' },
        { refund: succeeded },
      ]),
    },
    violates: ['told'],
  },
  {
    name: 'a replay with another body',
    sides: { told: tellingOf([{ refund: { ...succeeded, reason: 'another' } }, { refund: succeeded }]) },
    violates: ['told'],
  },
  {
    name: 'an answer ahead of a store that could not be reached',
    sides: {
      told: tellingOf([
        { refund: succeeded },
        { refund: processing },
        { refund: unknown },
        { refund: succeeded },
      ]),
      postponed: ['rf_1'],
    },
    violates: [],
  },
  {
    name: 'an answer ahead of the store by a gateway that was killed before its log was written',
    sides: {
      told: tellingOf([{ refund: succeeded }, { refund: processing }, { refund: succeeded }]),
      kills: [{ name: 'gateway 0', atMs: 900 }],
    },
    violates: [],
  },
  {
    name: 'an answer ahead of the store by a gateway that was killed later',
    sides: {
      told: tellingOf([{ refund: succeeded }, { refund: processing }, { refund: succeeded }]),
      kills: [
        { name: 'gateway 0', atMs: 2_000 },
        { name: 'gateway 1', atMs: 10 },
      ],
    },
    violates: ['told'],
  },
  {
    name: 'a replay that is taken back by an answer that could not be stored',
    sides: {
      told: tellingOf([
        { refund: null, status: 0, code: 'lost' },
        { refund: succeeded },
        { refund: unknown },
        { refund: succeeded },
      ]),
      postponed: ['rf_1'],
    },
    violates: ['told'],
  },
  {
    name: 'an answer ahead of a store that could be reached',
    sides: { told: tellingOf([{ refund: succeeded }, { refund: processing }, { refund: succeeded }]) },
    violates: ['told'],
  },
  {
    name: 'two answers at the same time',
    sides: {
      told: tellingOf([{ refund: processing }, { refund: succeeded }, { refund: succeeded }]).map((told) => ({
        ...told,
        sentAt: Math.min(told.sentAt, 3),
      })),
    },
    violates: [],
  },
  {
    name: 'a stored refund of which the last answer says something else',
    sides: { told: tellingOf([{ refund: unknown }]) },
    violates: ['stored'],
  },
  {
    name: 'a refund that was told, and is not stored',
    sides: { stored: [], told: tellingOf([{ refund: failed }]), applied: [], payment: { ledger: null } },
    violates: ['stored'],
  },
  {
    name: 'a refund that nobody was told of',
    sides: { told: tellingOf([{ refund: null, status: 422, code: 'amount_exceeds_remaining' }]) },
    violates: ['stored'],
  },
  {
    name: 'two refunds under one key',
    sides: {
      stored: [succeeded, { ...second, metadata: succeeded.metadata, provider: null }],
      told: tellingOf([{ refund: succeeded }]),
      applied: [4_000, 5_000],
    },
    violates: ['key'],
  },
  {
    name: 'a replay with another id',
    sides: { told: tellingOf([{ refund: { ...succeeded, id: 'rf_9' } }, { refund: succeeded }]) },
    violates: ['key', 'told'],
  },
  {
    name: 'another payload under the same key, refused',
    sides: {
      payloads: [PAYLOAD, otherPayload],
      told: tellingOf([
        { refund: null, status: 422, code: 'idempotency_key_reused', payload: 1 },
        { refund: succeeded },
        { refund: null, status: 422, code: 'idempotency_key_reused', payload: 1 },
      ]),
    },
    violates: [],
  },
  {
    name: 'another payload under the same key, answered with the refund of the first',
    sides: {
      payloads: [PAYLOAD, otherPayload],
      told: tellingOf([{ refund: succeeded }, { refund: succeeded, payload: 1 }]),
    },
    violates: ['key', 'key', 'told'],
  },
  {
    name: 'the only payload of a key, refused for another one',
    sides: {
      told: tellingOf([{ refund: null, status: 422, code: 'idempotency_key_reused' }, { refund: succeeded }]),
    },
    violates: ['answer'],
  },
  {
    name: 'an answer that is in no catalog',
    sides: {
      told: tellingOf([{ refund: null, status: 500, code: 'internal_error' }, { refund: succeeded }]),
    },
    violates: ['answer'],
  },
  {
    name: 'a status code that does not go with the refund',
    sides: { told: tellingOf([{ refund: succeeded, status: 202 }]) },
    violates: ['answer'],
  },
  {
    name: 'a refund that waits for a settled one',
    sides: {
      stored: [second],
      told: tellingOf([{ refund: second, status: 409, code: 'refund_unresolved' }]),
      applied: [5_000],
    },
    violates: ['answer'],
  },
  {
    name: 'a refund that was called failed, and was applied after all',
    sides: {
      stored: [refundOf('failed', { disputed: true })],
      told: tellingOf([{ refund: unknown }, { refund: failed }]),
      payment: { events: new Map([['rf_1', eventsOf('processing', 'unknown', 'failed', 'disputed')]]) },
    },
    violates: [],
  },
  {
    name: 'a disputed refund that the ledger does not count',
    sides: {
      stored: [refundOf('failed', { disputed: true })],
      told: tellingOf([{ refund: unknown }, { refund: failed }]),
      payment: {
        ledger: ledgerOf([]),
        events: new Map([['rf_1', eventsOf('processing', 'unknown', 'failed', 'disputed')]]),
      },
    },
    violates: ['amount', 'amount'],
  },
  {
    name: 'a state that was left again',
    sides: { payment: { events: new Map([['rf_1', eventsOf('processing', 'failed', 'succeeded')]]) } },
    violates: ['events'],
  },
  {
    name: 'a last event that is not the state',
    sides: { payment: { events: new Map([['rf_1', eventsOf('processing', 'unknown')]]) } },
    violates: ['events'],
  },
  {
    name: 'a list without a refund that the ledger shows',
    sides: { payment: { listed: [] } },
    violates: ['reads'],
  },
  {
    name: 'a refund that is not found by its id',
    sides: { payment: { byId: new Map() } },
    violates: ['reads'],
  },
  {
    name: 'what was told while the store ran on older data',
    sides: {
      told: tellingOf([{ refund: succeeded }, { refund: unknown }, { refund: succeeded }]),
      lapses: [{ fromMs: 1, toMs: 1 }],
    },
    violates: [],
  },
  {
    name: 'money that moved twice while the store ran on older data',
    sides: { applied: [4_000, 4_000], lapses: [{ fromMs: 0, toMs: 9 }] },
    violates: ['once', 'amount'],
  },
  {
    name: 'a new key for a refund that was made',
    sides: {
      stored: [failed, second],
      told: tellingOf([{ refund: failed, retry: 'new_key' }]),
      applied: [5_000, 4_000],
    },
    violates: ['applied', 'amount', 'renewed'],
  },
  {
    name: 'a new key for a refund that was not made',
    sides: {
      stored: [failed, refundOf('succeeded', { id: 'rf_2', metadata: { key: 'other', payload: '0' } })],
      told: tellingOf([{ refund: failed, retry: 'new_key' }]),
    },
    violates: [],
  },
  {
    name: 'less was stated than was paid',
    sides: {
      payloads: [{ ...PAYLOAD, payment: { method: 'card_auth', amount: 4_000 } }],
      ledger: { amount: 4_000, remaining: 0 },
    },
    violates: [],
  },
  {
    name: 'two refunds that stand with one reference',
    sides: {
      stored: [refundOf('succeeded', { reference: 'line' }), { ...second, reference: 'line' }],
      applied: [4_000, 5_000],
      told: tellingOf([{ refund: succeededLine }]),
    },
    violates: ['reference'],
  },
  {
    name: 'a reference that was free again',
    sides: {
      stored: [refundOf('failed', { reference: 'line' }), { ...second, reference: 'line' }],
      told: tellingOf([{ refund: refundOf('failed', { reference: 'line' }) }]),
      applied: [5_000],
    },
    violates: [],
  },
  {
    name: 'cancels that begin too soon after one another',
    sides: { underWay: [called(0, 100), called(299, 400)] },
    violates: ['spacing'],
  },
  {
    name: 'cancels that are the spacing apart',
    sides: { underWay: [called(300, 400), called(0, 300)] },
    violates: [],
  },
  {
    name: 'cancels that waited for a provider that was stopped',
    sides: {
      underWay: [called(1_000, 1_001), called(1_002, 1_003)],
      pauses: [{ name: 'sandbox', fromMs: 0, toMs: 990 }],
    },
    violates: [],
  },
  {
    name: 'cancels that begin too soon while a gateway was stopped',
    sides: {
      underWay: [called(1_000, 1_001), called(1_002, 1_003)],
      pauses: [{ name: 'gateway 1', fromMs: 0, toMs: 990 }],
    },
    violates: ['spacing'],
  },
  {
    name: 'a cancel beside another of its payment',
    sides: { underWay: [called(0, 700), called(600, 700)] },
    violates: ['overlap'],
  },
  {
    name: 'a cancel beside one that has not ended',
    sides: { underWay: [called(0, null), called(600, 700)] },
    violates: ['overlap'],
  },
  {
    name: 'a cancel beside one of a gateway that was stopped',
    sides: {
      underWay: [called(0, 9_000), called(6_000, 6_100)],
      pauses: [{ name: 'gateway 1', fromMs: 50, toMs: 8_900 }],
    },
    violates: [],
  },
  ...refusedRows(),
  {
    name: 'a key that is not free after a guard refused it',
    sides: {
      stored: [second],
      applied: [5_000],
      payloads: [PAYLOAD, otherPayload],
      told: tellingOf([
        duplicateOf({ ...second, amount: 4_000 }),
        { refund: null, payload: 1, status: 422, code: 'idempotency_key_reused' },
      ]),
    },
    violates: ['free'],
  },
  {
    name: 'a key that may not be free yet, since the store was away',
    sides: {
      stored: [second],
      applied: [5_000],
      payloads: [PAYLOAD, otherPayload],
      told: tellingOf([
        duplicateOf({ ...second, amount: 4_000 }),
        { refund: null, payload: 1, status: 422, code: 'idempotency_key_reused' },
      ]),
      kills: [{ name: 'redis', atMs: 0 }],
    },
    violates: [],
  },
  {
    name: 'a check that allows more than remains',
    sides: {
      checked: [{ body: PAYLOAD, status: 200, code: null, amount: 5, remaining: 4, remaining_after: 0 }],
    },
    violates: ['answer'],
  },
  {
    name: 'checks that allow, and refuse',
    sides: {
      checked: [
        { body: PAYLOAD, status: 200, code: null, amount: 4, remaining: 4, remaining_after: 0 },
        { body: PAYLOAD, status: 409, code: 'payment_busy' },
      ],
    },
    violates: [],
  },
  { name: 'a refund that no limit counts', sides: { counted: 0 }, violates: ['counted'] },
  { name: 'more counted than stands', sides: { counted: 2 }, violates: [] },
  { name: 'a refund that is journalled', sides: { journal: [JOURNALLED] }, violates: [] },
  { name: 'a refund that is not journalled', sides: { journal: [] }, violates: ['journalled'] },
  {
    name: 'a refund that is journalled twice',
    sides: { journal: [JOURNALLED, JOURNALLED] },
    violates: ['journalled'],
  },
  {
    name: 'what is journalled and stored nowhere',
    sides: { journal: [JOURNALLED, { ...JOURNALLED, id: 'rf_other' }] },
    violates: ['journalled'],
  },
  { name: 'a call too many', sides: { calls: 3 }, violates: ['calls'] },
  {
    name: 'calls that a lost answer explains',
    sides: {
      calls: 4,
      told: tellingOf([{ refund: null, status: 0, code: 'lost' }, { refund: succeeded }]),
    },
    violates: [],
  },
]

for (const { name, sides, mayBeUnknown = 'nothing', violates } of ROWS) {
  t.test(name, async (t) => {
    const violations = findViolations(historiesOf(sides), mayBeUnknown)
    t.strictSame(
      violations.map(({ invariant }) => invariant).sort(),
      [...violates].sort(),
      violations.map(({ detail }) => detail).join('; ') || 'no violation',
    )
  })
}
