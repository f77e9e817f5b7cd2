import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { gatewayEnv, refundRequest, startAll, startTestGateway } from '../support/gateway.ts'

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

t.test(
  'a body in another encoding than UTF-8 is refused instead of being stored as something else',
  async (t) => {
    const { url, sandbox } = await startAll(t)
    const body = Buffer.from(
      JSON.stringify(refundRequest({ reason: 'EUC' })).replace('EUC', '\xb0\xed'),
      'latin1',
    )
    const response = await fetch(`${url}/refunds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'euc-kr' },
      body,
    })
    t.equal(response.status, 400)
    t.match(await response.json(), { code: 'invalid_request', errors: [{ pointer: '#/reason' }] })
    t.equal((await sandbox.cancels()).calls, 0)
  },
)

t.test('a repeat is answered with its refund when the accounts have changed meanwhile', async (t) => {
  const { refund, redis, sandbox } = await startAll(t)
  const body = refundRequest({ amount: 3_000 })
  const first = await refund(body, 'before')
  const file = join(t.testdir(), 'accounts.json')
  const accounts = [
    { name: 'default', id: 'shop', key: 'shop-key', pg: 'toss' },
    { name: 'second', id: 'second', key: 'second-key', pg: 'toss' },
  ]
  await writeFile(file, JSON.stringify(accounts))
  const later = await startTestGateway(t, {
    ...gatewayEnv(sandbox.base, redis),
    COOKIEPAY_ID: '',
    COOKIEPAY_KEY: '',
    COOKIEPAY_PG: '',
    COOKIEPAY_ACCOUNTS_FILE: file,
  })
  const repeat = await later.refund(body, 'before')
  t.equal(repeat.status, 201)
  t.same(repeat.body, first.body)
  t.match(await later.refund(body, 'new'), { status: 422, body: { code: 'unknown_account' } })
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
})
