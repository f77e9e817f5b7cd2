import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { keys } from '../../src/store/keys.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { acceptStore } from '../../src/store/redis/store-id.ts'
import { metric, until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { MERCHANT } from '../support/merchant.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'

/** How soon refunds are taken again once Redis is well again. */
const RECOVERY_MS = 10_000

async function startAll(t: Test, env: Record<string, string> = {}) {
  const [redis, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
  const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis, env))
  const operator = new Redis(redis.port, '127.0.0.1')
  operator.on('error', () => {})
  t.teardown(() => operator.disconnect())
  const isReady = async () => (await gateway.request('/readyz')).status === 200
  await until('it is ready', isReady)
  return {
    redis,
    provider,
    gateway,
    operator,
    isReady,
    freeze: () => process.kill(redis.pid, 'SIGSTOP'),
    thaw: () => process.kill(redis.pid, 'SIGCONT'),
    pendingWrites: () => metric(gateway, 'refund_gateway_pending_writes'),
  }
}

type World = Awaited<ReturnType<typeof startAll>>

/** A refund is refused with this code, and the provider hears nothing of it. */
async function isRefused(
  t: Test,
  { gateway, provider }: World,
  code: 'store_unavailable' | 'store_not_durable',
) {
  const calls = provider.cancels.length
  const body = refundRequest()
  const answer = await gateway.refund(body, 'refused')
  isProblem(t, answer, code)
  t.match(answer.headers.get('retry-after'), /^[1-9]/)
  t.equal(provider.cancels.length, calls, 'nothing is sent')
  return { body, key: 'refused' }
}

/** Without a restart, the request that was refused is made, once. */
async function recovers(
  t: Test,
  { gateway, provider, isReady }: World,
  { body, key }: Awaited<ReturnType<typeof isRefused>>,
) {
  const calls = provider.cancels.length
  await until('it is made', async () => (await gateway.refund(body, key)).status === 201, RECOVERY_MS)
  t.equal(provider.cancels.length, calls + 1, 'sent once')
  t.ok(await isReady())
  const { body: ledger } = await gateway.request(`/payments/${body.tid}`)
  t.match(ledger, { refunded: 10_000, in_flight: 0, unknown: 0 })
}

t.jobs = 5

for (const how of ['stop', 'kill'] as const) {
  t.test(`Redis is away (${how}), and comes back`, { buffered: true }, async (t) => {
    const world = await startAll(t)
    const { redis, gateway, provider } = world
    const earlier = refundRequest()
    isRefund(t, await gateway.refund(earlier, 'earlier'), 'succeeded')

    await redis[how]()
    const startedAt = Date.now()
    const refused = await isRefused(t, world, 'store_unavailable')
    isProblem(t, await gateway.refund(earlier, 'earlier'), 'store_unavailable', 'a repeat')
    t.ok(Date.now() - startedAt < 1_900, 'without waiting for a command')
    t.equal((await gateway.request('/readyz')).status, 503)
    t.equal((await gateway.request('/healthz')).status, 200)

    await redis.start()
    await recovers(t, world, refused)
    isRefund(t, await gateway.refund(earlier, 'earlier'), 'succeeded', { replayed: true })
    t.equal(provider.cancels.length, 2)
  })
}

t.test('a gateway starts while Redis is away', { buffered: true }, async (t) => {
  const [redis, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
  await redis.stop()
  const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis))
  t.equal((await gateway.request('/readyz')).status, 503)
  isProblem(t, await gateway.refund(refundRequest(), 'key'), 'store_unavailable')
  await redis.start()
  const isReady = async () => (await gateway.request('/readyz')).status === 200
  await until('it is ready', isReady, RECOVERY_MS)
  isRefund(t, await gateway.refund(refundRequest(), 'key'), 'succeeded')
})

t.test('Redis is frozen before the request', { buffered: true }, async (t) => {
  const world = await startAll(t)
  world.freeze()
  const startedAt = Date.now()
  const refused = await isRefused(t, world, 'store_unavailable').finally(world.thaw)
  t.ok(Date.now() - startedAt < 6_000, 'when a command has had its time')
  await recovers(t, world, refused)
})

t.test('Redis is frozen between claim and begin', { buffered: true }, async (t) => {
  const world = await startAll(t)
  const { provider, operator, thaw } = world
  provider.onToken((response) => {
    world.freeze()
    sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: 'token' })
  })
  const refused = await isRefused(t, world, 'store_unavailable').finally(thaw)
  // Redis now does what it was sent before, and what was begun without its process knowing is undone.
  await until('the begin is undone', async () => {
    const claims = await operator.keys('claim:*')
    return claims.length === 0 && (await operator.exists(keys.payment(MERCHANT, refused.body.tid))) === 0
  })
  await recovers(t, world, refused)
})

t.test('Redis is frozen while the provider is at work', { buffered: true }, async (t) => {
  const world = await startAll(t)
  const { gateway, provider, operator, pendingWrites } = world
  provider.onCancel((response, { body }) => {
    world.freeze()
    sendJson(response, cancelAnswer(body))
  })
  const body = refundRequest()
  const answer = await gateway.refund(body, 'key').finally(world.thaw)
  isRefund(t, answer, 'succeeded', { about: 'the true outcome' })
  await until('it is stored', async () => (await pendingWrites()) === 0)
  isRefund(t, await gateway.refund(body, 'key'), 'succeeded', { replayed: true })
  t.match(await operator.hget(keys.payment(MERCHANT, body.tid), answer.body.id), /^succeeded /)
  t.equal(provider.cancels.length, 1)
})

const NOT_WRITABLE = {
  'read-only, a replica of a primary that is gone': {
    begins: (operator: Redis) => operator.call('REPLICAOF', '127.0.0.1', '1'),
    ends: (operator: Redis) => operator.call('REPLICAOF', 'NO', 'ONE'),
    postponed: 1,
  },
  'short of replicas': {
    begins: (operator: Redis) => operator.config('SET', 'min-replicas-to-write', '1'),
    ends: (operator: Redis) => operator.config('SET', 'min-replicas-to-write', '0'),
    postponed: 1,
  },
  full: {
    begins: (operator: Redis) => operator.config('SET', 'maxmemory', '1'),
    ends: (operator: Redis) => operator.config('SET', 'maxmemory', '0'),
    // An outcome frees more than it takes, and is stored all the same.
    postponed: 0,
  },
}

for (const [what, { begins, ends, postponed }] of Object.entries(NOT_WRITABLE)) {
  t.test(`Redis is ${what}`, { buffered: true }, async (t) => {
    const world = await startAll(t)
    const { gateway, provider, operator, isReady, pendingWrites } = world
    // One is at the provider when it begins.
    const inFlight = refundRequest()
    provider.onCancel(async (response, { body }) => {
      await begins(operator)
      sendJson(response, cancelAnswer(body))
    })
    isRefund(t, await gateway.refund(inFlight, 'in-flight'), 'succeeded', { about: 'the true outcome' })
    provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
    t.equal(await pendingWrites(), postponed)
    const refused = await isRefused(t, world, 'store_unavailable')
    await until('it is not ready', async () => !(await isReady()))

    await ends(operator)
    await recovers(t, world, refused)
    await until('the outcome is stored', async () => (await pendingWrites()) === 0, RECOVERY_MS)
    isRefund(t, await gateway.refund(inFlight, 'in-flight'), 'succeeded', { replayed: true })
    t.equal(provider.cancels.length, 2)
  })
}

for (const [setting, weak, strong] of [
  ['appendonly', 'no', 'yes'],
  ['appendfsync', 'everysec', 'always'],
  ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
] as const) {
  t.test(`Redis with ${setting} ${weak}`, { buffered: true }, async (t) => {
    const world = await startAll(t)
    const { gateway, operator, isReady } = world
    const { body: earlier } = await gateway.refund(refundRequest(), 'earlier')
    await operator.config('SET', setting, weak)
    await until('it is not ready', async () => !(await isReady()))
    const refused = await isRefused(t, world, 'store_not_durable')
    t.equal((await gateway.request(`/refunds/${earlier.id}`)).status, 200, 'what is known can be read')
    await operator.config('SET', setting, strong)
    await recovers(t, world, refused)
  })
}

t.test('a relaxed gateway takes refunds without an append-only file', { buffered: true }, async (t) => {
  const { gateway, operator } = await startAll(t, { REDIS_DURABILITY: 'relaxed' })
  await operator.config('SET', 'appendonly', 'no')
  await sleep(1_500)
  t.equal((await gateway.request('/readyz')).status, 200)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
})

t.test(
  'Redis comes back empty: nothing is sent until an operator accepts that',
  { buffered: true },
  async (t) => {
    const world = await startAll(t, { RATE_LIMIT_MAX: '1000000' })
    const { redis, gateway, provider, operator, isReady } = world
    const body = refundRequest()
    isRefund(t, await gateway.refund(body, 'key'), 'succeeded')
    const id = (await operator.get(keys.storeId(0))) as string

    // Callers do not pause: one of their repeats meets the first moment of the new connection.
    let isOver = false
    const seen = new Set<string | undefined>()
    const repeats = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const { status, body: answered } = await gateway.refund(body, 'key')
        if (status !== 201 || provider.cancels.length !== 1) seen.add(answered.code)
      }
    })
    await redis.kill()
    await rm(join(redis.dataDir, 'appendonlydir'), { recursive: true })
    await redis.start()
    await sleep(2_000)
    isOver = true
    await Promise.all(repeats)
    t.same([...seen].sort(), ['store_not_durable', 'store_unavailable'])
    t.equal(provider.cancels.length, 1, 'what was refunded is not refunded again')

    const refused = await isRefused(t, world, 'store_not_durable')
    t.notOk(await isReady())
    const { body: readiness } = await gateway.request<{ parts: { store: { detail: string } } }>('/readyz')
    t.match(readiness.parts.store.detail, `npm run accept-store -- ${id}`, 'it says what to do')

    const client = connectRedis({ kind: 'url', url: redis.url })
    await new Promise((resolve) => client.once('ready', resolve))
    await acceptStore(client, id)
    client.disconnect()
    await recovers(t, world, refused)
  },
)

t.test('Redis is killed while refunds are at the provider', { buffered: true }, async (t) => {
  const { redis, gateway, provider, pendingWrites } = await startAll(t)
  const COUNT = 30
  const respond: (() => void)[] = []
  provider.onCancel((response, { body }, index) => {
    // Each tenth is declined.
    const answer = index % 10 === 9 ? { cancel_code: '3001', cancel_msg: '취소 불가' } : {}
    respond.push(() => sendJson(response, cancelAnswer(body, answer)))
  })
  const bodies = Array.from({ length: COUNT }, () => refundRequest())
  const answers = bodies.map((body, index) => gateway.refund(body, `key-${index}`))
  await until('all are at the provider', () => respond.length === COUNT)
  await redis.kill()
  for (const answer of respond) answer()
  const told = await Promise.all(answers)
  t.equal(told.filter(({ status }) => status === 201).length, COUNT - COUNT / 10, 'the true outcomes')
  t.equal(told.filter(({ body }) => body.code === 'provider_declined').length, COUNT / 10)
  t.equal(await pendingWrites(), COUNT)

  await redis.start()
  await until('all are stored', async () => (await pendingWrites()) === 0, RECOVERY_MS)
  const replays = await Promise.all(bodies.map((body, index) => gateway.refund(body, `key-${index}`)))
  t.same(
    replays.map(({ status }) => status),
    told.map(({ status }) => status),
    'and told again',
  )
  t.equal(provider.cancels.length, COUNT)
})

/** As a failover to a replica that was behind, but for what the store is known by: that it is behind is another test's. */
async function forget(operator: Redis): Promise<void> {
  const all = await operator.keys('*')
  await operator.del(...all.filter((key) => !key.startsWith('store-')))
}

t.test('a refund that Redis forgets while it is made is written back', { buffered: true }, async (t) => {
  const { gateway, operator, provider } = await startAll(t)
  const outcomes = [
    ['succeeded', {}, { refunded: 3_000 }],
    ['failed', { cancel_code: '3001', cancel_msg: '취소 불가 거래' }, { refunded: 0 }],
    ['unknown', { cancel_code: 'E999', cancel_msg: '응답 없음' }, { unknown: 3_000 }],
  ] as const
  for (const [status, said, sums] of outcomes) {
    const body = refundRequest({ amount: 3_000 })
    provider.onCancel(async (response, call) => {
      await forget(operator)
      sendJson(response, cancelAnswer(call.body, said))
    })
    const calls = provider.cancels.length
    const told = await gateway.refund(body, status)
    const repeat = await gateway.refund(body, status)
    t.equal(repeat.status, told.status)
    t.equal(repeat.headers.get('idempotent-replayed'), 'true')
    t.equal(provider.cancels.length, calls + 1, 'sent once')
    const { id } = told.body.refund ?? told.body
    t.match((await gateway.request(`/refunds/${id}`)).body, { status, amount: 3_000 })
    t.match((await gateway.request(`/payments/${body.tid}`)).body, { amount: 10_000, ...sums })
  }
  t.match((await gateway.request('/refunds?status=unknown')).body, { data: { length: 1 } })
  t.equal(await metric(gateway, 'refund_gateway_lost_refunds_total'), 3)
})

t.test('while it cannot be reached, nothing is said of earlier requests', { buffered: true }, async (t) => {
  const { redis, gateway } = await startAll(t)
  const body = refundRequest()
  isRefund(t, await gateway.refund(body, 'made'), 'succeeded')
  await redis.stop()
  const answer = await gateway.refund(body, 'made')
  isProblem(t, answer, 'store_unavailable')
  t.match(answer.body.detail, /for this request; what an earlier one did stands/)
})
