import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { keys } from '../../src/store/keys.ts'
import { ageEvents } from '../support/age-events.ts'
import { metric, until as untilWithin } from '../support/calls.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import { gatewayEnv, refundRequest, startAll, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

/** Events wait for nobody, but a machine may be busy. */
const until = (what: string, isThere: Parameters<typeof untilWithin>[1]) => untilWithin(what, isThere, 30_000)

// Processes and waits of its own; two at a time.
t.jobs = 2

const endpointsOf = (...endpoints: object[]) => ({ EVENT_ENDPOINTS: JSON.stringify(endpoints) })

/** Until then, what happens is before the endpoint's time. */
const met = (redis: TestRedis, count: number) =>
  until('the endpoints are met', async () => {
    const known = await withRedis(redis, (client) => client.hlen(keys.eventEndpoints))
    return known === count
  })

const typesOf = ({ events }: EventReceiver) => events.map(({ body }) => body.type)

t.test('each change of a refund is told, with the refund as it is', async (t) => {
  const orders = await startEventReceiver(t)
  const { refund, request, redis } = await startAll(t, endpointsOf(orders.endpoint('orders')))
  await met(redis, 1)
  const { body: made } = await refund(refundRequest({ metadata: { order: '1042' } }))
  await until('it is told', () => orders.events.length === 1)
  const { refund_account, metadata, ...shown } = made
  const { type, timestamp, data } = orders.events[0]?.body ?? {}
  t.same([type, data], ['refund.succeeded', shown])
  // By the clock of Redis, where that of the gateway is ahead of it.
  t.ok(Math.abs(Date.parse(timestamp ?? '') - Date.parse(made.updated_at)) < 1_000, `${timestamp}`)
  t.equal(orders.events[0]?.id, `evt_${made.id}_1`)

  await refund(refundRequest({ tid: 'declined-10000' }))
  const { body: unknown, status } = await refund(refundRequest({ tid: 'html-events-10000' }))
  t.equal(status, 202)
  await until('both are told', () => orders.events.length === 3)
  t.same(typesOf(orders).slice(1).sort(), ['refund.failed', 'refund.unknown'])
  await request(`/refunds/${unknown.id}/resolve`, { body: { outcome: 'succeeded', note: 'seen' } })
  await until('the end is told', () => orders.events.length === 4)
  const last = orders.events[3]
  t.match(last, {
    id: `evt_${unknown.id}_2`,
    body: { type: 'refund.succeeded', data: { status: 'succeeded' } },
  })
  t.ok(orders.events.every(({ isVerified }) => isVerified))
  await until('they are counted', async () => {
    const delivered = 'refund_gateway_events_total{endpoint="orders",result="delivered"}'
    return (await metric({ request }, delivered)) === 4
  })
  const age = 'refund_gateway_oldest_event_age_seconds{endpoint="orders"}'
  await until('none is under way', async () => (await metric({ request }, age)) === 0)
})

t.test('what was refunded outside is told with the ledger as it is shown', async (t) => {
  const all = await startEventReceiver(t)
  const { refund, request, redis } = await startAll(t, endpointsOf(all.endpoint('all')))
  await met(redis, 1)
  const body = refundRequest({ amount: 1_000 })
  await refund(body)
  const booked = await request(`/payments/${body.tid}/outside-refunds`, {
    method: 'POST',
    headers: { 'idempotency-key': 'booking' },
    body: { amount: 3_000, note: '콘솔에서 취소함' },
  })
  t.equal(booked.status, 201)
  await until('both are told', () => all.events.length === 2)
  const told = all.events.find(({ body }) => body.type === 'payment.refunded_outside')?.body.data
  const shown = (await request<Record<string, unknown>>(`/payments/${body.tid}`)).body
  t.match(told, { outside: 3_000, remaining: 6_000, notifications: [] })
  t.match(told, { outside_refunds: [{ amount: 3_000, note: '콘솔에서 취소함' }] })
  const { refunds: _, ...ledger } = shown
  t.match(told, ledger)
  t.same(Object.keys(told ?? {}).sort(), Object.keys(shown).sort())
})

t.test('an endpoint of certain callers gets theirs alone, and whole', async (t) => {
  const [shop, all] = [await startEventReceiver(t), await startEventReceiver(t)]
  const { refund, redis } = await startAll(t, {
    API_KEYS: [apiKey('shop', 'shop-key-1'), apiKey('other', 'other-key-1')].join(),
    ...endpointsOf(
      shop.endpoint('shop', { callers: ['shop'], events: ['refund.succeeded'] }),
      all.endpoint('all'),
    ),
  })
  await met(redis, 2)
  const account = { bank: '088', account_no: '110123456789', account_name: '홍길동' }
  const body = refundRequest({
    payment: { method: 'virtual_account', amount: 10_000 },
    refund_account: account,
    metadata: { order: '1042' },
  })
  const { body: made } = await refund(body, undefined, bearer('shop-key-1'))
  await refund(refundRequest(), undefined, bearer('other-key-1'))
  await refund(refundRequest({ tid: 'declined-10000' }), undefined, bearer('shop-key-1'))
  await until('all are told', () => all.events.length === 3 && shop.events.length === 1)
  await sleep(1_300)
  t.same(shop.events[0]?.body.data, made)
  t.match(made.refund_account, { account_no: '********6789' })
  t.equal(shop.events.length, 1)
  for (const { body } of all.events) {
    t.notOk('refund_account' in body.data || 'metadata' in body.data)
  }
  t.notMatch(JSON.stringify(all.events), /홍길동|110123456789/)
})

t.test('a process that is killed in mid-delivery leaves its events to another replica', async (t) => {
  const orders = await startEventReceiver(t)
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const env = gatewayEnv(sandbox.base, redis, endpointsOf(orders.endpoint('orders')))
  const victim = await spawnGateway(t, env)
  await met(redis, 1)
  orders.behave(() => undefined)
  const ids: string[] = []
  for (let count = 0; count < 5; count += 1) ids.push((await victim.refund(refundRequest())).body.id)
  await until('they are under way', () => orders.events.length === 5)
  victim.signal('SIGKILL')
  await victim.ended
  orders.behave(() => 204)
  await startTestGateway(t, env)
  await sleep(1_500)
  t.equal(orders.events.length, 5, 'who has taken them may be alive')
  await ageEvents(redis, 'orders', 40_000)
  const told = () => orders.events.filter(({ status }) => status === 204)
  await until('another one tells them', () => told().length === 5)
  t.same(
    told()
      .map(({ body }) => body.data.id)
      .sort(),
    ids.sort(),
  )
  t.ok(told().every(({ isVerified }) => isVerified))
})

t.test('a receiver that is slow, and one that is dead, delay no refund', async (t) => {
  const [slow, dead, good] = await Promise.all([1, 2, 3].map(() => startEventReceiver(t)))
  if (!slow || !dead || !good) return
  slow.behave(async () => {
    await sleep(5_000)
    return 204
  })
  await dead.close()
  const { refund, redis } = await startAll(
    t,
    endpointsOf(slow.endpoint('slow'), dead.endpoint('dead'), good.endpoint('good')),
  )
  await met(redis, 3)
  const startedAt = Date.now()
  const made: string[] = []
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => refund(refundRequest())))
    made.push(...answers.flatMap(({ status, body }) => (status === 201 ? [body.id] : [])))
  }
  // Far less than what one delivery to the slow one takes for each of the rounds.
  t.ok(Date.now() - startedAt < 25_000, `${Date.now() - startedAt} ms for 50 refunds`)
  t.ok(made.length > 40, `${made.length} of 50`)
  const isTold = (id: string) => good.events.some(({ body }) => body.data.id === id)
  await until('the good one has all', () => made.every(isTold))
})

t.test('events of a span of time are sent again, under the same ids', async (t) => {
  const orders = await startEventReceiver(t)
  const { refund, request, redis } = await startAll(t, {
    API_KEYS: [apiKey('shop', 'shop-key-1', 'create+read'), apiKey('ops', 'ops-key-1', 'resolve')].join(),
    ...endpointsOf(orders.endpoint('orders', { events: ['refund.succeeded'] })),
  })
  await met(redis, 1)
  for (let count = 0; count < 5; count += 1) await refund(refundRequest(), undefined, bearer('shop-key-1'))
  await refund(refundRequest({ tid: 'declined-10000' }), undefined, bearer('shop-key-1'))
  await until('they are told', () => orders.events.length === 5)
  // What was just journalled is not read yet.
  await sleep(2_500)
  const again = (body: object, key = 'ops-key-1') =>
    request<{ count?: number; code?: string; errors?: object }>('/events/redeliver', {
      headers: bearer(key),
      body: { endpoint: 'orders', from: '2026-01-01', to: '2100-01-01', ...body },
    })
  t.match(await again({}), { status: 202, body: { endpoint: 'orders', count: 5, next_from: null } })
  await until('they are told again', () => orders.events.length === 10)
  const ids = orders.events.map(({ id }) => id)
  t.same(ids.slice(5).sort(), ids.slice(0, 5).sort())
  t.ok(orders.events.every(({ isVerified }) => isVerified))

  t.match(await again({ to: new Date(Date.now() - 3_600_000).toISOString() }), {
    status: 202,
    body: { count: 0 },
  })
  t.match(await again({ endpoint: 'others' }), { status: 404, body: { code: 'not_found' } })
  t.match(await again({}, 'shop-key-1'), { status: 403, body: { code: 'forbidden' } })
  const wrong = [
    { from: '2026-02-30' },
    { from: 'yesterday' },
    { to: '2026-01-01T10:00:00' },
    { endpoint: 'A b' },
  ]
  for (const body of wrong) t.match(await again(body), { status: 400, body: { code: 'invalid_request' } })
  t.match((await again({ from: '2026-02-30' })).body.errors, [{ pointer: '#/from' }])
})

t.test('endpoints are read again while it runs, and their secrets are nowhere', async (t) => {
  const [orders, finance] = [await startEventReceiver(t), await startEventReceiver(t)]
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const file = join(t.testdir({}), 'endpoints.json')
  const write = async (text: string) => {
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  await write(JSON.stringify([orders.endpoint('orders')]))
  const gateway = await spawnGateway(t, gatewayEnv(sandbox.base, redis, { EVENT_ENDPOINTS_FILE: file }))
  await met(redis, 1)
  await write(JSON.stringify([orders.endpoint('orders'), finance.endpoint('finance')]))
  await met(redis, 2)
  const { body } = await gateway.refund(refundRequest())
  await until('both have it', () => orders.events.length === 1 && finance.events.length === 1)
  t.ok(finance.events[0]?.isVerified)

  await write(JSON.stringify([{ ...finance.endpoint('finance'), url: 'http://example.com/hush' }]))
  await until('a mistake is told', () => gateway.output().includes('not rotated'))
  await gateway.refund(refundRequest())
  await until('what was read last is in force', () => orders.events.length === 2)

  const kept = await withRedis(redis, async (client) =>
    JSON.stringify(await client.hgetall(keys.eventEndpoints)),
  )
  const metrics = (await gateway.request<string>('/metrics')).body
  const seen = [gateway.output(), kept, metrics, JSON.stringify(body)].join('\n')
  for (const secret of [orders.secret, finance.secret, 'hooks', 'hush']) {
    t.notOk(seen.includes(secret.replace('whsec_', '')), 'no secret, and no path of a URL')
  }
  gateway.signal('SIGTERM')
  t.equal(await gateway.ended, 0, 'and it ends')
})

t.test('a stop in mid-delivery ends in time, and the next start sends what is left', async (t: Test) => {
  const orders = await startEventReceiver(t)
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const env = gatewayEnv(sandbox.base, redis, endpointsOf(orders.endpoint('orders')))
  const first = await spawnGateway(t, env)
  await met(redis, 1)
  orders.behave(() => undefined)
  await first.refund(refundRequest())
  await until('it is under way', () => orders.events.length === 1)
  const startedAt = Date.now()
  first.signal('SIGTERM')
  t.equal(await first.ended, 0)
  t.ok(Date.now() - startedAt < 12_000, `${Date.now() - startedAt} ms`)
  orders.behave(() => 204)
  await startTestGateway(t, env)
  await until('it is sent', () => orders.events.length === 2)
  t.equal(orders.events[0]?.id, orders.events[1]?.id)
})
