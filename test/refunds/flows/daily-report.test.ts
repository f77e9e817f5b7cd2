import t from 'tap'
import { readAmount } from '../../../src/cookiepay/messages.ts'
import { dailyReport, MOST_NAMED } from '../../../src/refunds/flows/daily-report.ts'
import type { ProviderAnswer, Refund } from '../../../src/refunds/refund.ts'
import { dayOf } from '../../../src/refunds/time-span.ts'
import { createMemoryJournal, MIDNIGHT } from '../../support/memory-journal.ts'

const DATE = '2026-11-26'

function createWorld() {
  const world = createMemoryJournal()
  world.setNow(MIDNIGHT + 30 * 86_400_000)
  const provider = {
    readAnswer: ({ cancel_amt }: ProviderAnswer) => ({
      refundedAt: null,
      cancelledAmount: readAmount(cancel_amt),
    }),
  }
  const report = (date = DATE) => {
    const day = dayOf(date)
    if (day === null) throw new Error(date)
    return dailyReport({ ...world, provider }, { date, ...day })
  }
  return { ...world, report }
}

const answer = (cancel_amt: string): ProviderAnswer => ({
  cancel_tid: 'c',
  cancel_code: '0000',
  cancel_msg: '',
  cancel_date: '',
  cancel_amt,
})
const of = (account: string, requested_by: string, amount: number): Partial<Refund> => ({
  account,
  requested_by,
  amount,
})

t.test('a day without refunds has no rows, and says until when that is known', async (t) => {
  const { report, setNow } = createWorld()
  const empty = { date: DATE, rows: [], disputes: [], disputes_count: 0, mismatches: [], mismatches_count: 0 }
  t.same(await report(), { ...empty, complete_until: '2026-11-26T15:00:00.000Z' })
  setNow(MIDNIGHT + 3_600_000)
  t.same(await report(), { ...empty, complete_until: '2026-11-25T15:59:55.000Z' })
})

t.test(
  'each refund counts once, on the day of its last change, with its account, caller and outcome',
  async (t) => {
    const { report, happen } = createWorld()
    const at = MIDNIGHT + 1_000
    happen({ id: 'a', at, change: 'succeeded', refund: of('second', 'pos', 300) })
    happen({ id: 'b', at, change: 'succeeded', refund: of('default', 'pos', 500) })
    happen({ id: 'c', at, change: 'succeeded', refund: of('default', 'orders', 700) })
    happen({ id: 'd', at, change: 'succeeded', refund: of('default', 'orders', 1_000) })
    happen({ id: 'e', at, change: 'failed', refund: of('default', 'orders', 20) })
    happen({
      id: 'f',
      at,
      change: 'failed',
      refund: { ...of('default', 'orders', 30), failure: { code: 'already_cancelled', detail: 'x' } },
    })
    happen({ id: 'g', at, change: 'failed', refund: of('default', 'orders', 40) })
    happen({ id: 'h', at, change: 'unknown', refund: of('default', 'orders', 50) })
    happen({ id: 'i', at: MIDNIGHT - 1, change: 'unknown', refund: of('default', 'orders', 60) })
    happen({ id: 'i', at, change: 'succeeded' })
    happen({ id: 'j', at, change: 'unknown', refund: of('default', 'orders', 70) })
    happen({ id: 'j', at: MIDNIGHT + 86_400_000, change: 'succeeded' })
    happen({ id: 'booking', at, change: 'outside', refund: of('default', 'orders', 80) })
    const nothing = { count: 0, amount: 0 }
    t.match(await report(), {
      rows: [
        {
          account: 'default',
          caller: 'orders',
          succeeded: { count: 3, amount: 1_760 },
          failed: [
            { code: 'already_cancelled', count: 1, amount: 30 },
            { code: 'provider_declined', count: 2, amount: 60 },
          ],
          unknown: { count: 1, amount: 50 },
        },
        {
          account: 'default',
          caller: 'pos',
          succeeded: { count: 1, amount: 500 },
          failed: [],
          unknown: nothing,
        },
        {
          account: 'second',
          caller: 'pos',
          succeeded: { count: 1, amount: 300 },
          failed: [],
          unknown: nothing,
        },
      ],
      disputes: [],
      mismatches: [],
    })
    t.match((await report('2026-11-27')).rows, [{ caller: 'orders', succeeded: { count: 1, amount: 70 } }])
  },
)

t.test('what is disputed stands in no sum, and is named', async (t) => {
  const { report, happen } = createWorld()
  happen({ id: 'a', at: MIDNIGHT + 1, change: 'failed' })
  happen({ id: 'a', at: MIDNIGHT + 2, change: 'disputed', counted: 900 })
  t.match(await report(), {
    rows: [],
    disputes: [{ id: 'a', account: 'default', caller: 'orders', tid: 't-a', amount: 1_000, counted: 900 }],
    disputes_count: 1,
    mismatches: [],
  })
  happen({ id: 'a', at: MIDNIGHT + 3, change: 'succeeded', counted: 900 })
  t.match(await report(), {
    rows: [{ succeeded: { count: 1, amount: 900 } }],
    disputes: [],
    mismatches: [{ id: 'a', counted: 900 }],
  })
})

t.test('where the provider named another amount, its figure counts, and the refund is named', async (t) => {
  const { report, happen } = createWorld()
  const cases = [
    ['less', 900, answer('900'), true],
    ['as asked', 1_000, answer('1000'), false],
    ['unreadable', 1_000, answer('about 1000'), true],
    ['zero', 1_000, answer('0'), true],
    ['not said', 1_000, answer(''), false],
  ] as const
  for (const [id, counted, provider] of cases) {
    happen({ id, at: MIDNIGHT + 1, change: 'succeeded', counted, refund: { provider } })
  }
  const resolution = { source: 'lookup', by: null, note: null, at: '' } as const
  happen({ id: 'lookup', at: MIDNIGHT, change: 'succeeded', refund: { provider: answer('0'), resolution } })
  const { rows, mismatches, mismatches_count } = await report()
  t.same(
    mismatches.map(({ id }) => id),
    cases.filter(([, , , isNamed]) => isNamed).map(([id]) => id),
  )
  t.equal(mismatches_count, 3)
  t.match(rows, [{ succeeded: { count: 6, amount: 5_900 } }])
})

t.test('a report is bounded, however much is odd', async (t) => {
  const { report, happen } = createWorld()
  const odd = MOST_NAMED + 5
  for (let index = 0; index < odd; index += 1) {
    happen({ id: `r${index}`, at: MIDNIGHT + index, change: 'succeeded', counted: 1 })
  }
  const { mismatches, mismatches_count, rows } = await report()
  t.equal(mismatches.length, MOST_NAMED)
  t.equal(mismatches_count, odd)
  t.match(rows, [{ succeeded: { count: odd, amount: odd } }])
})
