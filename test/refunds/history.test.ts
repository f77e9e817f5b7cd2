import t from 'tap'
import { refundEvents } from '../../src/refunds/history.ts'
import type { Refund, Resolution } from '../../src/refunds/refund.ts'
import type { HistoryEntry, StoredRefund } from '../../src/refunds/stored-refund.ts'

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()

function stored(
  refund: Partial<Refund>,
  history: readonly HistoryEntry[] = [],
  earlier: StoredRefund['earlier'] = [],
): Pick<StoredRefund, 'refund' | 'history' | 'earlier'> {
  const base = { status: 'processing', requested_by: 'orders', resolution: null, created_at: at(10) }
  return { refund: { ...base, updated_at: at(10), ...refund } as Refund, history, earlier }
}

const eventsOf = (...args: Parameters<typeof stored>) => refundEvents(stored(...args) as StoredRefund)

const PROCESSING = { at: at(10), event: 'processing', source: 'caller', by: 'orders', note: null }
const LEASE_OVER = { event: 'unknown', cause: 'lease', at: at(20) } as const

t.test('a refund in flight has its intent', async (t) => {
  t.same(eventsOf({}), [PROCESSING])
})

for (const status of ['succeeded', 'failed'] as const) {
  t.test(`a refund that ${status} by the provider's answer`, async (t) => {
    t.same(eventsOf({ status, updated_at: at(11) }), [
      PROCESSING,
      { at: at(11), event: status, source: 'provider', by: null, note: null },
    ])
  })
}

for (const cause of ['lease', 'provider'] as const) {
  t.test(`a refund that is unknown by its ${cause}`, async (t) => {
    t.same(eventsOf({ status: 'unknown', updated_at: at(20) }, [{ ...LEASE_OVER, cause }]), [
      PROCESSING,
      { at: at(20), event: 'unknown', source: cause, by: null, note: null },
    ])
  })
}

const RESOLUTIONS: readonly Resolution[] = [
  { source: 'operator', by: 'finance', note: 'seen in the console', at: at(30) },
  { source: 'lookup', by: null, note: null, at: at(30) },
  { source: 'provider', by: null, note: null, at: at(30) },
]
for (const resolution of RESOLUTIONS) {
  t.test(`a refund that was unknown and is settled by ${resolution.source}`, async (t) => {
    const { source, by, note } = resolution
    t.same(eventsOf({ status: 'succeeded', updated_at: at(30), resolution }, [LEASE_OVER]), [
      PROCESSING,
      { at: at(20), event: 'unknown', source: 'lease', by: null, note: null },
      { at: at(30), event: 'succeeded', source, by, note },
    ])
  })
}

t.test('a conflict stands where it happened', async (t) => {
  const [resolution] = RESOLUTIONS as [Resolution]
  const conflict = { event: 'conflict', cause: 'succeeded', at: at(40) } as const
  const events = eventsOf({ status: 'failed', updated_at: at(30), resolution }, [LEASE_OVER, conflict])
  t.match(
    events.map(({ event, at }) => [event, at]),
    [
      ['processing', at(10)],
      ['unknown', at(20)],
      ['failed', at(30)],
      ['conflict', at(40)],
    ],
  )
  t.match(events.at(-1), { source: 'provider', by: null, note: 'an answer said succeeded' })
})

const FAILED_ONCE = { event: 'failed', cause: 'recorded', at: at(30) } as const
const SAYS_OTHERWISE = { event: 'disputed', cause: 'lookup', at: at(40) } as const

t.test('a disputed refund has failed before, by whom it was called so', async (t) => {
  const [resolution] = RESOLUTIONS as [Resolution]
  const history = [LEASE_OVER, FAILED_ONCE, SAYS_OTHERWISE]
  t.same(eventsOf({ status: 'failed', disputed: true, updated_at: at(40), resolution }, history).slice(2), [
    { at: at(30), event: 'failed', source: 'operator', by: 'finance', note: 'seen in the console' },
    { at: at(40), event: 'disputed', source: 'lookup', by: null, note: 'an answer said that it was made' },
  ])
})

t.test('a disputed refund that is settled keeps what each person said', async (t) => {
  const [resolution] = RESOLUTIONS as [Resolution]
  const later = { ...resolution, by: 'head', note: 'seen after all' }
  for (const [earlier, first] of [
    [resolution, { source: 'operator', by: 'finance', note: 'seen in the console' }],
    [null, { source: 'provider', by: null, note: null }],
  ] as const) {
    const refund = { status: 'succeeded', updated_at: at(50), resolution: later } as const
    t.same(eventsOf(refund, [FAILED_ONCE, SAYS_OTHERWISE], [earlier]).slice(1), [
      { at: at(30), event: 'failed', ...first },
      { at: at(40), event: 'disputed', source: 'lookup', by: null, note: 'an answer said that it was made' },
      { at: at(50), event: 'succeeded', source: 'operator', by: 'head', note: 'seen after all' },
    ])
  }
})

t.test("the intent comes first, although the gateway's clock is ahead of Redis's", async (t) => {
  const refund = { status: 'succeeded', created_at: at(50), updated_at: at(30) } as const
  t.same(
    eventsOf(refund, [LEASE_OVER]).map(({ event }) => event),
    ['processing', 'unknown', 'succeeded'],
  )
})

t.test('who asked for a deposit, each time, stands where it was asked for', async (t) => {
  const history = [
    { event: 'awaiting_deposit', cause: String(Date.parse(at(11))), at: at(20) },
    { event: 'awaiting_deposit', cause: 'again', at: at(30) },
  ] as const
  const refund = { status: 'awaiting_deposit', updated_at: at(30) } as const
  const awaiting = { ...stored(refund, history), asking: { token: 't', askedBy: ['finance', 'desk'] } }
  t.same(refundEvents(awaiting as unknown as StoredRefund), [
    PROCESSING,
    { at: at(11), event: 'failed', source: 'provider', by: null, note: null },
    { at: at(20), event: 'awaiting_deposit', source: 'operator', by: 'finance', note: null },
    { at: at(30), event: 'awaiting_deposit', source: 'operator', by: 'desk', note: null },
  ])
})
