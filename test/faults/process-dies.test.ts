import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import pLimit from 'p-limit'
import t, { type Test } from 'tap'
import { buildSandbox } from '../../src/sandbox/app.ts'
import { until } from '../support/calls.ts'
import { client, gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { startTestRedis } from '../support/redis.ts'
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'
import { type SpawnedGateway, spawnGateway } from '../support/spawn-gateway.ts'

/** Short calls, and so a short lease: 500 + 1000 + 5000 ms. */
const SHORT = { COOKIEPAY_CONNECT_TIMEOUT_MS: '500', COOKIEPAY_TIMEOUT_MS: '1000' }
const LEASE_MS = 6_500

type Doomed = Readonly<{ proxy: RedisProxy; provider: Provider; kill(): void }>
type Provider = Awaited<ReturnType<typeof startProvider>>

/** A sandbox of which a test can catch the next call before it is looked at. */
async function startProvider(t: Test) {
  const app: FastifyInstance = buildSandbox({ tokenLifetimeMs: 3_600_000, slowMs: 200 })
  let trap: { path: string; act: () => void; isAnswered: boolean } | undefined
  app.addHook('preHandler', async (request, reply) => {
    if (trap === undefined || !request.url.startsWith(trap.path)) return
    const { act, isAnswered } = trap
    trap = undefined
    act()
    if (!isAnswered) reply.hijack()
  })
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    /** Runs `act` when the next such call has arrived, and then leaves it, or does what it asks for. */
    onNext(path: string, act: () => void, { isAnswered = false } = {}) {
      trap = { path, act, isAnswered }
    },
    async cancels(tid: string): Promise<{ calls: number; applied_total: number }> {
      return (await fetch(`${url}/sandbox/cancels?tid=${tid}`)).json() as never
    },
  }
}

type Row = Readonly<{
  /** The moment at which the process dies. */
  dies: string
  at(doomed: Doomed): void
  /** What the caller's repeat is answered by another process, at once and once the lease is over. */
  expect: 'as the first try' | 'blocked, then unknown' | 'blocked, then found out' | 'replayed'
  /** How many cancel calls the provider has got from the dead process. */
  callsBefore: 0 | 1
}>

const ROWS: readonly Row[] = [
  {
    dies: 'before the claim',
    at: ({ proxy, kill }) => proxy.before('claim', kill),
    expect: 'as the first try',
    callsBefore: 0,
  },
  {
    dies: 'after the claim, before it hears of it',
    at: ({ proxy, kill }) => proxy.after('claim', kill),
    expect: 'as the first try',
    callsBefore: 0,
  },
  {
    dies: 'after the claim, in the token call',
    at: ({ provider, kill }) => provider.onNext('/payAuth/token', kill),
    expect: 'as the first try',
    callsBefore: 0,
  },
  {
    dies: 'between the entry in the index and begin',
    at: ({ proxy, kill }) => proxy.before('begin', kill),
    expect: 'as the first try',
    callsBefore: 0,
  },
  {
    dies: 'after begin, before it relays',
    at: ({ proxy, kill }) => proxy.after('begin', kill),
    expect: 'blocked, then unknown',
    callsBefore: 0,
  },
  {
    dies: 'during the relay, and the provider cancels nothing',
    at: ({ provider, kill }) => provider.onNext('/api/cancel', kill),
    expect: 'blocked, then unknown',
    callsBefore: 0,
  },
  {
    dies: 'during the relay, and the provider cancels all the same',
    at: ({ provider, kill }) => provider.onNext('/api/cancel', kill, { isAnswered: true }),
    expect: 'blocked, then found out',
    callsBefore: 1,
  },
  {
    dies: 'after the provider has answered, before settle',
    at: ({ proxy, kill }) => proxy.before('settle', kill),
    expect: 'blocked, then found out',
    callsBefore: 1,
  },
  {
    dies: 'after settle, before it answers',
    at: ({ proxy, kill }) => proxy.after('settle', kill),
    expect: 'replayed',
    callsBefore: 1,
  },
]

/** Processes that start all at once keep each other from getting anywhere. */
const starting = pLimit(2)

async function startBoth(t: Test) {
  const [redis, provider] = await Promise.all([startTestRedis(t), startProvider(t)])
  const proxy = await startRedisProxy(t, redis)
  const env = gatewayEnv(provider.url, redis, { RECONCILE_INTERVAL_MS: '300' })
  const doomed = await starting(() => spawnGateway(t, { ...env, ...SHORT, REDIS_URL: proxy.url }))
  const survivor = await startTestGateway(t, env)
  const kill = () => process.kill(doomed.pid, 'SIGKILL')
  return { proxy, provider, kill, survivor, doomed }
}

/** Sends it to the process that dies of it; one that is starved of time may first refuse it. */
async function refundUntilDead({ url, ended }: SpawnedGateway, body: unknown, key: string) {
  const { refund } = client(url)
  await until('it is dead', async () => {
    const answer = await refund(body, key).catch(() => null)
    if (answer !== null && answer.status !== 503) throw new Error(`it answered ${answer.status}`)
    return answer === null
  })
  return ended
}

t.test('what a crash leaves behind', async (t) => {
  // Most of the time goes by waiting for leases to end.
  t.jobs = ROWS.length + 1

  // Those that wait for a lease first, so that the others start meanwhile.
  for (const { dies, at, expect, callsBefore } of ROWS.toReversed()) {
    const isBlocked = expect.startsWith('blocked')
    t.test(`the process dies ${dies}: ${expect}`, { buffered: true }, async (t) => {
      const both = await startBoth(t)
      const { provider, survivor, doomed } = both
      const body = refundRequest()
      const key = randomUUID()

      at(both)
      t.equal(await refundUntilDead(doomed, body, key), 'SIGKILL')
      const diedAt = Date.now()

      const repeat = await survivor.refund(body, key)
      if (isBlocked) {
        t.match(repeat.body, { status: 409, code: 'idempotency_in_progress', retry: 'same_key' })
        const other = await survivor.refund({ ...refundRequest(), tid: body.tid })
        t.match(other.body, { code: 'payment_busy' }, 'and blocks what could refund it again')
        const isOver = async () => (await survivor.refund(body, key)).status !== 409
        await until('the lease is over', isOver, LEASE_MS + 5_000)
        t.ok(Date.now() - diedAt > LEASE_MS - 2_000, 'for as long as the lease lasts')
      } else {
        t.equal(repeat.status, 201)
        t.equal(repeat.headers.get('idempotent-replayed'), expect === 'replayed' ? 'true' : null)
      }

      if (expect === 'blocked, then unknown') {
        // More than the pause between two lookups: time enough to do something wrong.
        await sleep(1_000)
        const replay = await survivor.refund(body, key)
        t.equal(replay.status, 202)
        t.match(replay.body, { status: 'unknown', provider: null })
        const { body: ledger } = await survivor.request(`/payments/${body.tid}`)
        t.match(ledger, { unknown: 10_000, in_flight: 0, refunded: 0, remaining: 0 })
      } else {
        if (expect === 'blocked, then found out') {
          const isFound = async () => (await survivor.refund(body, key)).status === 201
          await until('the lookup finds it', isFound)
          const { body: found } = await survivor.refund(body, key)
          t.match(found, { status: 'succeeded', resolution: { source: 'lookup' } })
        }
        const { body: ledger } = await survivor.request(`/payments/${body.tid}`)
        t.match(ledger, { refunded: 10_000, unknown: 0, in_flight: 0 })
      }
      const { calls, applied_total: applied } = await provider.cancels(body.tid)
      t.equal(calls, expect === 'as the first try' ? 1 : callsBefore, 'calls')
      t.equal(applied, expect === 'blocked, then unknown' ? 0 : 10_000, 'KRW')
    })
  }

  t.test('a partial refund whose process died is left for a person', { buffered: true }, async (t) => {
    const { proxy, provider, kill, survivor, doomed } = await startBoth(t)
    const body = refundRequest({ amount: 4_000 })
    proxy.before('settle', kill)
    await refundUntilDead(doomed, body, 'partial')
    const isOver = async () => (await survivor.refund(body, 'partial')).status === 202
    await until('the lease is over', isOver, LEASE_MS + 5_000)
    await sleep(1_000)
    const { body: stored, status } = await survivor.refund(body, 'partial')
    t.equal(status, 202, 'although the provider applied it')
    const rest = await survivor.refund({ ...body, amount: 6_001 })
    t.match(rest.body, { code: 'refund_unresolved', refund: { id: stored.id } }, 'its amount stays reserved')
    const resolved = await survivor.request(`/refunds/${stored.id}/resolve`, {
      body: { outcome: 'succeeded', note: 'seen in the console' },
    })
    t.match(resolved.body, { status: 'succeeded', resolution: { source: 'operator' } })
    t.equal((await provider.cancels(body.tid)).calls, 1)
  })
})
