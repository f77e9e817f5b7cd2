import t from 'tap'
import { koreanDay, koreanMidnightMs } from '../../src/refunds/korean-day.ts'
import { DATE_OR_TIME, dayOf, readTimeSpan } from '../../src/refunds/time-span.ts'

const MIDNIGHT = Date.UTC(2026, 10, 25, 15)
const DAY_MS = 86_400_000

t.test('a date is its day in Korea, which as the end is included', async (t) => {
  t.same(readTimeSpan({ from: '2026-11-26', to: '2026-11-26' }), {
    fromMs: MIDNIGHT,
    toMs: MIDNIGHT + DAY_MS,
  })
  t.same(readTimeSpan({ from: '2026-11-26' }), { fromMs: MIDNIGHT, toMs: null })
  t.same(readTimeSpan({ from: '2026-11-25', to: '2026-11-26' }), {
    fromMs: MIDNIGHT - DAY_MS,
    toMs: MIDNIGHT + DAY_MS,
  })
  t.same(dayOf('2026-11-26'), { fromMs: MIDNIGHT, toMs: MIDNIGHT + DAY_MS })
  t.same(dayOf('2024-02-29'), { fromMs: Date.UTC(2024, 1, 28, 15), toMs: Date.UTC(2024, 1, 29, 15) })
  t.same(dayOf('2026-12-31')?.toMs, koreanMidnightMs('2027-01-01'))
  t.equal(koreanDay(MIDNIGHT - 1), '2026-11-25')
  t.equal(koreanDay(MIDNIGHT), '2026-11-26')
})

t.test('a time is the moment that its offset says, and as the end is not included', async (t) => {
  const same: Record<string, number> = {
    '2026-11-26T00:00:00+09:00': MIDNIGHT,
    '2026-11-26T00:00+09:00': MIDNIGHT,
    '2026-11-25T15:00:00Z': MIDNIGHT,
    '2026-11-25T15:00:00.000Z': MIDNIGHT,
    '2026-11-25T10:00:00.001-05:00': MIDNIGHT + 1,
    '2026-11-26T00:00:00 09:00': MIDNIGHT,
  }
  for (const [text, at] of Object.entries(same)) {
    t.match(text, new RegExp(DATE_OR_TIME))
    t.same(readTimeSpan({ from: text }), { fromMs: at, toMs: null }, text)
    t.same(readTimeSpan({ from: '2026-01-01', to: text }), { fromMs: Date.UTC(2025, 11, 31, 15), toMs: at })
  }
})

t.test('what is no time is refused, and points at itself', async (t) => {
  const wrong = [
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-11-31T00:00:00Z',
    '2026-11-26T24:00:00Z',
    '2026-11-26T10:60:00Z',
    '2026-11-26T10:00:60Z',
    '2026-11-26T10:00:00+24:00',
    '2026-11-26T10:00:00+09:60',
  ]
  for (const text of wrong) {
    t.match(text, new RegExp(DATE_OR_TIME), 'by its form it could be one')
    t.match(readTimeSpan({ from: text }), { member: 'from' }, text)
    t.match(readTimeSpan({ from: '2026-01-01', to: text }), { member: 'to' }, text)
  }
  for (const text of [
    '',
    'today',
    '2026-11-26T10:00:00',
    '20261126',
    '2026-11-26T',
    '2026-11-26\n',
    '2026-11-26T10:00:00+0900',
    '2026-11-26t10:00:00z',
    '02026-11-26',
  ]) {
    t.notMatch(text, new RegExp(DATE_OR_TIME), JSON.stringify(text))
  }
  t.equal(dayOf('2026-02-29'), null)
})

t.test('a span that is empty is refused', async (t) => {
  for (const [from, to] of [
    ['2026-11-26', '2026-11-25'],
    ['2026-11-26', '2026-11-26T00:00:00+09:00'],
    ['2026-11-26T10:00:00Z', '2026-11-26T10:00:00Z'],
    ['2026-11-27T00:00:00+09:00', '2026-11-26'],
  ] as const) {
    t.match(readTimeSpan({ from, to }), { member: 'to' }, `${from} to ${to}`)
  }
})
