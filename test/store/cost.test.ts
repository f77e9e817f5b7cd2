import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'

const COUNT = 200

/** What one look at the durability costs: it happens every second, whatever the refunds do. */
const CHECK = { 'config|get': 1, info: 1, zadd: 16, get: 16 } as const

/** What takes entries out of the index together and journals them: the more of them, the more there are. */
const LEAVING = { evalsha: 1, time: 1, get: 1, set: 1, xtrim: 1 } as const

type Calls = Readonly<Record<string, number>>

/** How often each command was called so far, those within scripts too, and how often something was read from a client. */
async function cost(redis: Redis): Promise<{ calls: Calls; reads: number }> {
  const [commands, stats] = await Promise.all([redis.info('commandstats'), redis.info('stats')])
  const calls = [...commands.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, count]) => [
    name,
    Number(count),
  ])
  return {
    calls: Object.fromEntries(calls),
    reads: Number(/^total_reads_processed:(\d+)/m.exec(stats)?.[1]),
  }
}

async function startAll(t: Test) {
  const [server, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
  const redis = new Redis(server.port, '127.0.0.1')
  t.teardown(() => redis.disconnect())
  const gateway = await startTestGateway(
    t,
    gatewayEnv(provider.url, server, { RECONCILE_INTERVAL_MS: '3600000', RATE_LIMIT_MAX: '100000' }),
  )
  // The token is there, and the server knows the scripts.
  await gateway.refund(refundRequest())

  /** Commands and reads of one request, one after the other, on average; without what a look at the durability costs. */
  async function costOf(request: (index: number) => Promise<unknown>) {
    const before = await cost(redis)
    for (let index = 0; index < COUNT; index++) await request(index)
    // Entries of settled refunds leave the index a little later.
    await new Promise((resolve) => setTimeout(resolve, 300))
    const after = await cost(redis)
    const called = (name: string) => (after.calls[name] ?? 0) - (before.calls[name] ?? 0)
    const checks = called('config|get')
    const leavings = called('xtrim')
    const perRequest = Object.keys(after.calls)
      .map((name) => {
        const byChecks = (CHECK[name as keyof typeof CHECK] ?? 0) * checks
        const byLeaving = (LEAVING[name as keyof typeof LEAVING] ?? 0) * leavings
        return [name, Math.round((called(name) - byChecks - byLeaving) / COUNT)] as const
      })
      .filter(([, count]) => count !== 0)
    return { commands: Object.fromEntries(perRequest), reads: (after.reads - before.reads) / COUNT }
  }
  return { gateway, costOf }
}

t.test('a refund costs three round trips, and no command more than these', async (t) => {
  const { gateway, costOf } = await startAll(t)
  const { commands, reads } = await costOf(async (index) => gateway.refund(refundRequest(), `key-${index}`))
  t.strictSame(commands, {
    // The claim; the entry in the index; begin and settle.
    set: 1,
    zadd: 1,
    evalsha: 2,
    // Within begin and settle.
    exists: 1,
    time: 2,
    hmget: 2,
    hset: 2,
    hdel: 1,
    pexpire: 1,
    // A moment later, with others.
    zrem: 1,
    xadd: 1,
  })
  t.ok(reads > 2.9 && reads < 3.9, `${reads} reads: entries leave the index together, and checks come on top`)
})

t.test('a replay costs two round trips and two commands', async (t) => {
  const { gateway, costOf } = await startAll(t)
  const body = refundRequest()
  await gateway.refund(body, 'key')
  const { commands, reads } = await costOf(async () => gateway.refund(body, 'key'))
  t.strictSame(commands, { set: 1, hget: 1 })
  t.ok(reads > 1.9 && reads < 2.9, `${reads} reads`)
})

t.test('a ledger and its refunds are one read, so that they never contradict each other', async (t) => {
  const { gateway, costOf } = await startAll(t)
  const body = refundRequest()
  await gateway.refund(body, 'key')
  const { commands } = await costOf(async () => gateway.request(`/payments/${body.tid}`))
  // What the provider has notified of lies apart.
  t.strictSame(commands, { evalsha: 1, hmget: 1, time: 1, hget: 1, hgetall: 1 })
})
