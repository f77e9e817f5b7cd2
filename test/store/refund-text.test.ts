import fc from 'fast-check'
import t from 'tap'
import type { ProviderAnswer } from '../../src/refunds/refund.ts'
import { decodeRefund, intentJson, settledJson } from '../../src/store/refund-text.ts'

const AT = { id: 'rf_0', merchant: 'merchant', tid: 'tid' }
const WORDS = 'succeeded full attempt 1 50000 0 0 1767231000000 1767231000000 - -'
const DETAILS = {
  account: 'default',
  tax_free_amount: null,
  reason: '고객 변심',
  reference: null,
  refund_account: null,
  requested_by: 'caller',
  metadata: {},
}
const begun = decodeRefund(`${WORDS} ${intentJson('print', DETAILS).text}`, AT)

/** What is written of a refund that succeeded so. */
function written(provider: ProviderAnswer | null, refundedAt: string | null): string {
  const outcome = { failure: null, resolution: null, bookedAmount: null }
  return settledJson(begun, { status: 'succeeded', provider, refunded_at: refundedAt, ...outcome }).text
}

const answered = (date: string | null): ProviderAnswer => ({
  cancel_tid: 'C1',
  cancel_code: '0000',
  cancel_msg: '취소 성공',
  cancel_date: date,
  cancel_amt: '50000',
})

t.test('the time of a refund is read as it was written, whatever the answer says of it', async (t) => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 14, maxLength: 14 })
  const date = fc.oneof(
    fc.constantFrom(null, '', '20250609132911', '2025-06-09 13:29:11', '2025-06-09T13:29:11Z', '환불'),
    digits,
    fc.string({ maxLength: 20 }),
  )
  const time = fc.oneof(
    fc.constantFrom(null, '2025-06-09T13:29:11+09:00', '2025-06-09T22:29:11+09:00', 'T+09:00'),
    fc.string(),
  )
  fc.assert(
    fc.property(date, time, (date, time) => {
      const provider = answered(date)
      const { refund } = decodeRefund(`${WORDS} ${written(provider, time)}`, AT)
      t.strictSame([refund.refunded_at, refund.provider], [time, provider])
    }),
  )
  t.equal(decodeRefund(`${WORDS} ${written(null, 'T+09:00')}`, AT).refund.refunded_at, 'T+09:00')
})

t.test('it is not written twice where the answer says it', async (t) => {
  for (const date of ['20250609132911', '2025-06-09 13:29:11']) {
    t.notMatch(written(answered(date), '2025-06-09T13:29:11+09:00'), /T13:29/)
  }
})

t.test('a text of an older version has it once more', async (t) => {
  const text = `${WORDS} {"print":"p","reason":"r","by":"c","answer":["C1","0000","m","20250609132911",50000],"at":"2025-06-09T13:29:11+09:00"}`
  const { refund } = decodeRefund(text, AT)
  t.equal(refund.refunded_at, '2025-06-09T13:29:11+09:00')
  t.equal(refund.provider?.cancel_amt, '50000')
})
