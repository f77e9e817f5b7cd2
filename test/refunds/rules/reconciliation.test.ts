import t from 'tap'
import type { Ledger } from '../../../src/refunds/ledger-sums.ts'
import type { CancelRow } from '../../../src/refunds/ports/provider.ts'
import { DIFFERENCE_KINDS } from '../../../src/refunds/reconciliation.ts'
import type { Refund } from '../../../src/refunds/refund.ts'
import {
  compare,
  differenceOf,
  type Finding,
  isDifference,
  type Shown,
} from '../../../src/refunds/rules/reconciliation.ts'

const AMOUNT = 10_000
const CREATED_AT = '2026-11-26T01:00:00.000Z'
const SINCE = '2026-11-26T10:00:05+09:00'
const BEFORE = '2026-11-25T10:00:00+09:00'

const REFUND: Refund = {
  id: 'rf_1',
  status: 'succeeded',
  account: 'default',
  tid: 't-1',
  kind: 'full',
  amount: AMOUNT,
  tax_free_amount: null,
  reason: 'r',
  reference: null,
  refund_account: null,
  provider: null,
  refunded_at: null,
  failure: null,
  resolution: null,
  deposit: null,
  requested_by: 'orders',
  metadata: {},
  created_at: CREATED_AT,
  updated_at: '2026-11-26T01:00:01.000Z',
}

const LEDGER: Ledger = {
  tid: 't-1',
  method: 'card_auth',
  amount: AMOUNT,
  tax_free_amount: null,
  verified_at: null,
  refunded: 0,
  in_flight: 0,
  unknown: 0,
  awaiting_deposit: 0,
  disputed: 0,
  outside: 0,
}

/** A row of which nothing is known of cancels. */
const ROW: CancelRow = {
  paid: AMOUNT,
  cancelledAt: null,
  isUntouched: false,
  cancelledSum: null,
  fullCancelAt: () => null,
}

/** Rows, by what they show of a full refund. */
const ROWS: Readonly<Record<Shown, readonly CancelRow[]>> = {
  none: [
    { ...ROW, isUntouched: true },
    { ...ROW, isUntouched: true, paid: null },
  ],
  this: [{ ...ROW, cancelledAt: SINCE, fullCancelAt: () => SINCE }],
  earlier: [{ ...ROW, cancelledAt: BEFORE }],
  unclear: [
    ROW,
    { ...ROW, cancelledAt: '2099-01-01T00:00:00+09:00' },
    // It was stated wrongly what was paid: what was sent was a part.
    { ...ROW, isUntouched: true, paid: AMOUNT + 100 },
  ],
}

type Case = Readonly<{ refund: Refund; ledger: Ledger }>

const state = (refund: Partial<Refund>, ledger: Partial<Ledger> = {}): Case => ({
  refund: { ...REFUND, ...refund },
  ledger: { ...LEDGER, ...ledger },
})
const failedAs = (code: 'provider_declined' | 'already_cancelled') =>
  ({ status: 'failed', failure: { code, detail: '' } }) as const

const STATES: Readonly<Record<string, Case>> = {
  succeeded: state({}, { refunded: AMOUNT }),
  failed: state(failedAs('provider_declined')),
  'already cancelled': state(failedAs('already_cancelled')),
  'failed, and another was made': state(failedAs('provider_declined'), { refunded: AMOUNT }),
  'failed, and a part was made': state(failedAs('provider_declined'), { refunded: 1_000 }),
  'failed, and another is unknown': state(failedAs('provider_declined'), { unknown: AMOUNT }),
  disputed: state({ ...failedAs('provider_declined'), disputed: true }, { disputed: AMOUNT }),
  unknown: state({ status: 'unknown' }, { unknown: AMOUNT }),
  'awaiting a deposit': state({ status: 'awaiting_deposit' }, { awaiting_deposit: AMOUNT }),
  processing: state({ status: 'processing' }, { in_flight: AMOUNT }),
}

// The drawn table: what is found of a full refund in this state, by what the row shows.
const TABLE = `
                                 none            this                      earlier                  unclear
succeeded                        not_cancelled   agrees                    cannot_be_told           cannot_be_told
failed                           agrees          cancelled_though_failed   cancelled_though_failed  cannot_be_told
already cancelled                cannot_be_told  cancelled_though_failed   agrees                   cannot_be_told
failed, and another was made     agrees          agrees                    agrees                   cannot_be_told
failed, and a part was made      agrees          cannot_be_told            cannot_be_told           cannot_be_told
failed, and another is unknown   agrees          cannot_be_told            cannot_be_told           cannot_be_told
disputed                         cannot_be_told  cancelled_though_failed   cannot_be_told           cannot_be_told
unknown                          cannot_be_told  cancelled_though_unknown  cannot_be_told           cannot_be_told
awaiting a deposit               agrees          cancelled_though_unknown  cannot_be_told           cannot_be_told
processing                       cannot_be_told  cannot_be_told            cannot_be_told           cannot_be_told
`
const [head = '', ...lines] = TABLE.trim().split('\n')
const columns = head.trim().split(/ {2,}/) as Shown[]

const found = ({ refund, ledger }: Case, row: CancelRow) =>
  compare({ refunds: [refund], ledger, row }).map(({ finding }) => finding)

t.test('a full refund beside its row: the table', async (t) => {
  t.equal(lines.length, Object.keys(STATES).length)
  for (const line of lines) {
    const [name = '', ...cells] = line.trim().split(/ {2,}/)
    t.equal(cells.length, columns.length, name)
    for (const [index, shown] of columns.entries()) {
      for (const row of ROWS[shown]) {
        const isPaidOtherwise = row.paid !== null && row.paid !== AMOUNT
        const { ledger } = STATES[name] as Case
        const expected = isPaidOtherwise && ledger.refunded > 0 ? 'another_amount' : cells[index]
        t.strictSame(found(STATES[name] as Case, row), [expected], `${name}, ${shown}`)
      }
    }
  }
})

t.test('of a partial refund a row alone says nothing', async (t) => {
  for (const [name, { refund, ledger }] of Object.entries(STATES)) {
    const part = { refund: { ...refund, kind: 'partial' as const }, ledger }
    for (const row of [...ROWS.none, ...ROWS.this, ...ROWS.earlier]) {
      t.strictSame(found(part, row), ['cannot_be_told'], name)
    }
  }
})

t.test('a sum of cancels agrees with what was refunded, or is another amount', async (t) => {
  const part = (status: 'succeeded' | 'failed' | 'unknown', ledger: Partial<Ledger>) =>
    state(
      {
        kind: 'partial',
        amount: 3_000,
        ...(status === 'failed' ? failedAs('provider_declined') : { status }),
      },
      ledger,
    )
  const cases: [Case, sum: number | null, Finding][] = [
    [part('succeeded', { refunded: 3_000 }), 3_000, 'agrees'],
    [part('succeeded', { refunded: 3_000 }), 2_900, 'another_amount'],
    [part('succeeded', { refunded: 3_000 }), 3_100, 'another_amount'],
    [part('succeeded', { refunded: 3_000 }), null, 'cannot_be_told'],
    // What is unknown may be in it or not.
    [part('succeeded', { refunded: 3_000, unknown: 1_000 }), 3_000, 'cannot_be_told'],
    [part('succeeded', { refunded: 3_000, unknown: 1_000 }), 4_000, 'cannot_be_told'],
    [part('succeeded', { refunded: 3_000, unknown: 1_000 }), 4_001, 'another_amount'],
    // What a person has booked is in it.
    [part('succeeded', { refunded: 3_000, outside: 2_000 }), 5_000, 'agrees'],
    [part('succeeded', { refunded: 3_000, outside: 2_000 }), 3_000, 'another_amount'],
    [part('unknown', { unknown: 3_000 }), 3_000, 'cannot_be_told'],
    [part('unknown', { refunded: 1_000, unknown: 3_000 }), 1_000, 'cannot_be_told'],
    [part('failed', {}), 3_000, 'another_amount'],
    [part('failed', { refunded: 1_000 }), 1_000, 'agrees'],
    [state({}, { refunded: AMOUNT }), AMOUNT, 'agrees'],
    [state({}, { refunded: AMOUNT }), AMOUNT - 100, 'another_amount'],
  ]
  for (const [one, cancelledSum, expected] of cases) {
    const row = { ...ROW, cancelledSum, cancelledAt: SINCE }
    t.strictSame(found(one, row), [expected], `${one.refund.status} ${cancelledSum}`)
  }
})

t.test('another amount is told once of a payment, and not beside what explains it', async (t) => {
  const row = { ...ROW, cancelledSum: 9_000, cancelledAt: SINCE, fullCancelAt: () => SINCE }
  const part = { ...REFUND, kind: 'partial' as const, amount: 1_000 }
  const later = { ...part, id: 'rf_2', updated_at: '2026-11-26T02:00:00.000Z' }
  const earlier = { ...part, id: 'rf_3', updated_at: '2026-11-26T00:00:00.000Z' }
  const told = compare({ refunds: [part, later, earlier], ledger: { ...LEDGER, refunded: 3_000 }, row })
  t.strictSame(
    told.map(({ refund, finding }) => [refund.id, finding]),
    [
      ['rf_1', 'cannot_be_told'],
      ['rf_2', 'another_amount'],
      ['rf_3', 'cannot_be_told'],
    ],
  )
  t.strictSame(found(STATES.failed as Case, row), ['cancelled_though_failed'])
})

t.test('what was paid is another amount only where something counts as refunded', async (t) => {
  const row = { ...ROW, paid: AMOUNT + 100, cancelledAt: SINCE }
  t.strictSame(found(STATES.succeeded as Case, row), ['another_amount'])
  t.strictSame(found(STATES.failed as Case, row), ['cannot_be_told'])
})

t.test('a line says what is here and what is there, and of its kind what differs', async (t) => {
  const row = { ...ROW, cancelledSum: 9_000, cancelledAt: SINCE }
  const compared = { refund: REFUND, ledger: { ...LEDGER, refunded: AMOUNT }, row }
  t.match(differenceOf(compared, { kind: 'another_amount', settled: false }), {
    kind: 'another_amount',
    id: 'rf_1',
    paid_here: AMOUNT,
    paid_there: AMOUNT,
    refunded_here: AMOUNT,
    refunded_there: 9_000,
    cancelled_there_at: SINCE,
    settled: false,
  })
  for (const kind of DIFFERENCE_KINDS) t.ok(isDifference(kind))
  t.notOk(isDifference('agrees'))
  t.notOk(isDifference('cannot_be_told'))
})
