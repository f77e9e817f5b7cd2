import t from 'tap'
import { refundRequest, startAll } from '../support/gateway.ts'

t.test('a full refund is sent once, and replayed to every repeat', async (t) => {
  const { refund, request, sandbox } = await startAll(t)
  const body = refundRequest({ metadata: { order: '주문-1' } })

  const first = await refund(body, 'key-1')
  t.equal(first.status, 201)
  t.match(first.body, { status: 'succeeded', kind: 'full', amount: 10_000, reason: '고객 변심' })
  t.equal(first.headers.get('location'), `/refunds/${first.body.id}`)
  t.equal(first.headers.get('idempotent-replayed'), null)

  const repeat = await refund(body, '"key-1"')
  t.equal(repeat.status, 201)
  t.same(repeat.body, first.body)
  t.equal(repeat.headers.get('idempotent-replayed'), 'true')

  const read = await request(`/refunds/${first.body.id}`)
  t.same(read.body, first.body)
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
})
