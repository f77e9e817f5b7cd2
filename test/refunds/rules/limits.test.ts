import t from 'tap'
import { isCountedByDay } from '../../../src/refunds/caller-limits.ts'
import { koreanDay, nextKoreanMidnight } from '../../../src/refunds/korean-day.ts'
import { brokenByAnother, brokenByOne, limitExceeded } from '../../../src/refunds/rules/limits.ts'

const AT = Date.parse('2026-01-31T14:59:59.999Z')

t.test('a day is one of Korea', async (t) => {
  t.equal(koreanDay(AT), '2026-01-31')
  t.equal(nextKoreanMidnight(AT), '2026-02-01T00:00:00+09:00')
  t.equal(koreanDay(AT + 1), '2026-02-01')
  t.equal(nextKoreanMidnight(AT + 1), '2026-02-02T00:00:00+09:00')
})

t.test('a limit holds to the last KRW and the last refund', async (t) => {
  t.equal(brokenByOne({}, 9_999_999_999), null)
  t.equal(brokenByOne({ max_amount: 500 }, 500), null)
  t.strictSame(brokenByOne({ max_amount: 500 }, 501), {
    name: 'max_amount',
    max: 500,
    used: null,
    resets_at: null,
  })
  const limits = { max_amount_per_day: 1_000, max_refunds_per_day: 3 }
  const broken = (amount: number, used: number, refunds: number) =>
    brokenByAnother(limits, { amount, used: { amount: used, refunds }, at: AT })
  t.equal(broken(200, 800, 2), null)
  const resets_at = '2026-02-01T00:00:00+09:00'
  t.strictSame(broken(201, 800, 2), { name: 'max_amount_per_day', max: 1_000, used: 800, resets_at })
  t.strictSame(broken(1, 800, 3), { name: 'max_refunds_per_day', max: 3, used: 3, resets_at })
  t.match(broken(201, 800, 3), { name: 'max_amount_per_day' }, 'the first of both')
  t.equal(brokenByAnother({ max_amount: 1 }, { amount: 9, used: { amount: 9, refunds: 9 }, at: AT }), null)
})

t.test('only what is limited by day is counted', async (t) => {
  t.notOk(isCountedByDay(undefined))
  t.notOk(isCountedByDay({}))
  t.notOk(isCountedByDay({ max_amount: 1 }))
  t.ok(isCountedByDay({ max_amount_per_day: 0 }))
  t.ok(isCountedByDay({ max_refunds_per_day: 0 }))
})

t.test('a refusal says which limit it is, and until when', async (t) => {
  const one = limitExceeded({ name: 'max_amount', max: 500, used: null, resets_at: null })
  t.match(one.detail, /^This caller may refund 500 KRW at a time\. Do not repeat it by machine/)
  const resets_at = '2026-02-01T00:00:00+09:00'
  const day = limitExceeded({ name: 'max_refunds_per_day', max: 3, used: 3, resets_at })
  t.match(day.detail, /may make 3 refunds a day, and 3 of them are taken\. It counts anew from 2026-02-01T/)
})
