import t from 'tap'
import { refundRequest, startAll } from '../support/gateway.ts'

const part = (tid: string, amount: number) => refundRequest({ tid, amount })

t.test('a Toss account keeps its spacing, and both refunds are made', async (t) => {
  const { refund, sandbox } = await startAll(t, { COOKIEPAY_PAYMENT_SPACING_MS: '1100' })
  t.match(await refund(part('spaced-10000', 1_000)), { status: 201 })
  t.match(await refund(part('spaced-10000', 2_000)), { status: 201 })
  t.match(await sandbox.cancels('spaced-10000'), { calls: 2, applied_total: 3_000 })
})

t.test('without it the second is not made, and nobody takes that for certain', async (t) => {
  const { refund, sandbox } = await startAll(t, { COOKIEPAY_PAYMENT_SPACING_MS: '0' })
  t.match(await refund(part('spaced-10000', 1_000)), { status: 201 })
  t.match(await refund(part('spaced-10000', 2_000)), {
    status: 202,
    body: { status: 'unknown', provider: { cancel_msg: '반복적인 요청은 허용되지 않습니다.' } },
  })
  t.match(await sandbox.cancels('spaced-10000'), { calls: 2, applied_total: 1_000 })
})

t.test('a slow cancel keeps another refund of its payment waiting for 5 s', async (t) => {
  const { refund, sandbox } = await startAll(t)
  const slow = refund(part('delay6500-10000', 1_000))
  while ((await sandbox.cancels('delay6500-10000')).calls === 0) await new Promise(setImmediate)
  t.match(await refund(part('delay6500-10000', 2_000)), {
    status: 409,
    body: { code: 'payment_busy', retry: 'same_key' },
  })
  t.match(await slow, { status: 201 })
  t.match(await sandbox.cancels('delay6500-10000'), { calls: 1, applied_total: 1_000 })
})

t.test('a spacing that is longer than anybody waits: check says so, as the refund does', async (t) => {
  const { refund, request } = await startAll(t, { COOKIEPAY_PAYMENT_SPACING_MS: '3600000' })
  t.match(await refund(part('far-10000', 1_000)), { status: 201 })
  const busy = { status: 409, body: { code: 'payment_busy', retry: 'same_key' } }
  t.match(await refund(part('far-10000', 2_000)), busy)
  t.match(await request('/refunds/check', { method: 'POST', body: part('far-10000', 2_000) }), busy)
})
