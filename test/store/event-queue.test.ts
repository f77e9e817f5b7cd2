import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { TakenEvent } from '../../src/refunds/ports/events.ts'
import { keys, SHARDS } from '../../src/store/keys.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { ageEvents } from '../support/age-events.ts'
import { startTestCluster } from '../support/cluster.ts'
import { ALL, queuesOn, someRefundId, startEventQueues } from '../support/event-queues.ts'

t.jobs = 2

const ORDERS = { endpoint: 'orders', ...ALL }
const MET = { name: 'orders', host: 'orders.example.com', reach: null, knownForMs: 0 }

async function start(t: Test) {
  const started = await startEventQueues(t)
  const queue = started.queueOf('one')
  const other = started.queueOf('two')
  await queue.meet(MET)
  await other.meet(MET)
  await sleep(2)
  return { ...started, queue, other }
}

const idsOf = (events: readonly TakenEvent[]) => events.map(({ entry }) => entry.id).sort()

t.test('each endpoint gets each change once, by whichever process asks', async (t) => {
  const { journal, queue, other } = await start(t)
  await queue.meet({ ...MET, name: 'finance' })
  await sleep(2)
  const ids = Array.from({ length: 40 }, someRefundId).sort()
  for (const id of ids) await journal(id)
  const [one, two] = await Promise.all([
    queue.take({ ...ORDERS, limit: 1 }),
    other.take({ ...ORDERS, limit: 1 }),
  ])
  const rest = await queue.take(ORDERS)
  t.same(idsOf([...one, ...two, ...rest]), ids)
  t.same(await other.take(ORDERS), [], 'no more than once')
  t.same(idsOf(await queue.take({ ...ORDERS, endpoint: 'finance' })), ids, 'each endpoint for itself')
})

t.test('an entry is told as the journal has it', async (t) => {
  const { journal, queue } = await start(t)
  const id = someRefundId()
  await journal(id, { change: 'disputed' })
  const [event] = await queue.take(ORDERS)
  t.match(event, {
    attempt: 1,
    entry: { id, change: 'disputed', merchant: 'merchant', tid: `tid of ${id}`, number: 1 },
  })
  t.ok(Math.abs((event?.queuedAt ?? 0) - Date.now()) < 2_000)
})

t.test(
  'an endpoint gets what happens from its first configuration on, however late its first look',
  async (t) => {
    const { journal, queueOf, redis } = await startEventQueues(t)
    const before = someRefundId()
    await journal(before)
    await sleep(5)
    const queue = queueOf('one')
    const { since } = await queue.meet(MET)
    await sleep(5)
    const after = someRefundId()
    await journal(after)
    t.equal((await queueOf('two').meet(MET)).since, since, 'the first one counts')
    t.same(idsOf(await queue.take(ORDERS)), [after])

    // It had been configured already when the first one happened, and the store was away.
    const early = queueOf('three')
    await early.meet({ ...MET, name: 'early', knownForMs: 60_000 })
    const told = idsOf(await early.take({ ...ORDERS, endpoint: 'early' }))
    t.same(told.sort(), [before, after].sort(), 'of two shards, in no order')

    for (const shard of SHARDS) await redis.xgroup('DESTROY', keys.journal(shard), 'orders')
    t.same(idsOf(await queue.take(ORDERS)), [after], 'a group that is lost is made again, and tells it again')
  },
)

t.test('what a process took is its own until it must be gone, and then another one’s', async (t) => {
  const started = await start(t)
  const { journal, queue, other } = started
  const id = someRefundId()
  await journal(id)
  const [first] = await queue.take(ORDERS)
  t.equal(first?.attempt, 1)
  await ageEvents(started.server, 'orders', 39_000)
  t.same(await other.take(ORDERS), [], 'it may still be under way')
  await ageEvents(started.server, 'orders', 40_000)
  const [taken, again] = await Promise.all([other.take(ORDERS), started.queueOf('three').take(ORDERS)])
  t.equal(taken.length + again.length, 1, 'one of those that ask')
  t.match([...taken, ...again][0], { attempt: 2, entry: { id } })
})

t.test('what was put back is due after the pause of its attempt', async (t) => {
  const started = await start(t)
  const { journal, queue, other } = started
  await journal(someRefundId())
  const pauses = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 10_800_000]
  for (const [index, pauseMs] of pauses.entries()) {
    const [event] = await other.take(ORDERS)
    t.equal(event?.attempt, index + 1)
    await other.putBack('orders', event as TakenEvent, { isUntried: false })
    t.same(await queue.take(ORDERS), [], 'not at once')
    await ageEvents(started.server, 'orders', pauseMs * 0.9 - 500)
    t.same(await queue.take(ORDERS), [], `not before ${pauseMs} ms`)
    await ageEvents(started.server, 'orders', pauseMs)
  }
})

t.test('a pause is shorter by up to a fifth, so that not all are tried together', async (t) => {
  const { journal, queue, redis } = await start(t)
  for (let count = 0; count < 30; count += 1) await journal(someRefundId())
  for (const event of await queue.take(ORDERS)) await queue.putBack('orders', event, { isUntried: false })
  const pending = await Promise.all(
    SHARDS.map((shard) => redis.xpending(keys.journal(shard), 'orders', '-', '+', 100)),
  )
  const idle = pending.flat().map((held) => Number((held as unknown[])[2]))
  t.equal(idle.length, 30)
  t.ok(Math.max(...idle) > 300 && Math.max(...idle) < 2_000, `${Math.min(...idle)} to ${Math.max(...idle)}`)
})

t.test('an attempt that was none does not count', async (t) => {
  const started = await start(t)
  await started.journal(someRefundId())
  const [event] = await started.queue.take(ORDERS)
  await started.queue.putBack('orders', event as TakenEvent, { isUntried: true })
  await ageEvents(started.server, 'orders', 5_000)
  t.match(await started.queue.take(ORDERS), [{ attempt: 1 }])
})

t.test('an endpoint that has come back gets at once what was tried before', async (t) => {
  const started = await start(t)
  const { journal, queue } = started
  await journal(someRefundId())
  const [event] = await queue.take(ORDERS)
  await queue.putBack('orders', { ...(event as TakenEvent), attempt: 7 }, { isUntried: false })
  await ageEvents(started.server, 'orders', 60_000)
  t.same(await queue.take({ ...ORDERS, recoveredAt: Date.now() - 70_000 }), [], 'tried since')
  t.equal((await queue.take({ ...ORDERS, recoveredAt: Date.now() - 50_000 })).length, 1)
})

t.test('what is acknowledged never comes again', async (t) => {
  const started = await start(t)
  const { journal, queue, redis } = started
  for (let count = 0; count < 20; count += 1) await journal(someRefundId())
  const taken = await queue.take(ORDERS)
  await queue.acknowledge('orders', taken)
  await ageEvents(started.server, 'orders', 40_000)
  t.same(await queue.take(ORDERS), [])
  await queue.putBack('orders', taken[0] as TakenEvent, { isUntried: false })
  t.same(
    await queue.backlog(['orders']),
    [{ endpoint: 'orders', oldestAt: null }],
    'nor where it is put back late',
  )
  const lengths = await Promise.all(SHARDS.map((shard) => redis.xlen(keys.journal(shard))))
  t.equal(
    lengths.reduce((sum, length) => sum + length),
    20,
    'the journal keeps it',
  )
})

t.test('where many are pending no new ones are taken, and no other endpoint waits', async (t) => {
  const { journal, queue } = await start(t)
  await queue.meet({ ...MET, name: 'finance' })
  await sleep(2)
  const id = someRefundId()
  for (let count = 0; count < 70; count += 1) await journal(id)
  t.equal((await queue.take({ ...ORDERS, limit: 1_000 })).length, 64)
  t.equal((await queue.take({ ...ORDERS, limit: 1_000 })).length, 0)
  t.equal((await queue.take({ ...ORDERS, endpoint: 'finance', limit: 10 })).length, 10)
})

t.test('parts take turns where few are asked', async (t) => {
  const { journal, queue } = await start(t)
  const ids = Array.from({ length: 60 }, someRefundId)
  for (const id of ids) await journal(id)
  const taken: TakenEvent[] = []
  for (let count = 0; count < 17 * 20; count += 1) {
    taken.push(...(await queue.take({ ...ORDERS, limit: 1, parts: 1 })))
  }
  t.same(idsOf(taken), ids.sort())
})

t.test('what is to be told again comes beside what is new, and is gone once it is told', async (t) => {
  const { journal, queue, other, redis } = await start(t)
  await journal(someRefundId())
  const [event] = await queue.take(ORDERS)
  await queue.acknowledge('orders', [event as TakenEvent])
  const { entry } = event as TakenEvent
  t.equal(await queue.tellAgain('orders', [entry, { ...entry, change: 'failed', number: 2 }]), 2)
  const again = await other.take(ORDERS)
  t.same(
    again.map((one) => one.entry),
    [entry, { ...entry, change: 'failed', number: 2 }],
  )
  t.ok((again[0]?.queuedAt ?? 0) > Date.now() - 2_000, 'its three days begin anew')
  await other.acknowledge('orders', again)
  t.equal(await redis.xlen(keys.eventsAgain('orders')), 0)
  t.same(await queue.take(ORDERS), [])
})

t.test('the oldest that waits is known, whether it was taken or not', async (t) => {
  const { journal, queue } = await start(t)
  const waiting = async () => {
    const [found] = await queue.backlog(['orders'])
    return found?.oldestAt ?? null
  }
  t.equal(await waiting(), null, 'before the first look')
  await queue.take(ORDERS)
  t.equal(await waiting(), null)
  await journal(someRefundId())
  const first = (await waiting()) ?? 0
  t.ok(Math.abs(first - Date.now()) < 2_000)
  await sleep(5)
  await journal(someRefundId())
  t.equal(await waiting(), first)
  const taken = await queue.take(ORDERS)
  t.equal(await waiting(), first)
  await queue.acknowledge('orders', taken)
  t.equal(await waiting(), null)
})

t.test(
  'where a host leads first is remembered for all replicas, for as long as it is the endpoint’s',
  async (t) => {
    const { queue, other } = await start(t)
    t.equal((await queue.meet({ ...MET, reach: 'public' })).reach, 'public')
    t.equal((await other.meet({ ...MET, reach: 'private' })).reach, 'public')
    t.equal((await other.meet(MET)).reach, 'public')
    t.equal((await other.meet({ ...MET, host: 'orders.internal', reach: 'private' })).reach, 'private')
  },
)

t.test('an endpoint is forgotten once no replica has had it for a week, and no sooner', async (t) => {
  const { journal, queue, other, redis } = await start(t)
  await journal(someRefundId())
  await queue.take(ORDERS)
  await other.clean([])
  t.equal((await queue.take(ORDERS)).length, 0, 'a replica with an older file loses it nothing')
  t.equal((await queue.backlog(['orders']))[0]?.oldestAt === null, false)

  const record = JSON.parse((await redis.hget(keys.eventEndpoints, 'orders')) ?? '')
  const old = { ...record, seen: Date.now() - 8 * 86_400_000 }
  await redis.hset(keys.eventEndpoints, 'orders', JSON.stringify(old))
  await queue.clean(['orders'])
  t.ok(await redis.hexists(keys.eventEndpoints, 'orders'), 'nor does who has it forget it')
  await other.clean([])
  t.notOk(await redis.hexists(keys.eventEndpoints, 'orders'))
  const groups = await Promise.all(
    SHARDS.map((shard) => redis.xinfo('GROUPS', keys.journal(shard)).catch(() => [])),
  )
  t.same(groups.flat(), [])
})

t.test('a process that is gone leaves its name in no group, and what it held to others', async (t) => {
  const { journal, queue, redis } = await start(t)
  const id = someRefundId()
  await journal(id)
  await queue.take(ORDERS)
  const consumers = async () => {
    const found = await Promise.all(
      SHARDS.map((shard) => redis.xinfo('CONSUMERS', keys.journal(shard), 'orders')),
    )
    return (found.flat() as unknown[][]).map((facts) => facts[1])
  }
  t.ok((await consumers()).includes('one'))
  await queue.clean(['orders'])
  t.ok((await consumers()).includes('one'), 'one that was just there is not gone')
  for (const shard of SHARDS) await redis.dropConsumers(keys.journal(shard), 'orders', -1)
  t.same(await consumers(), ['one'], 'one that still holds something stays')
})

t.test('what cannot be read stays for a replica that can', async (t) => {
  const { redis, queue } = await start(t)
  await redis.xadd(keys.journal(0), '*', 'e', 'z 0 OF-A-LATER-VERSION merchant tid')
  t.same(await queue.take(ORDERS), [])
  t.not((await queue.backlog(['orders']))[0]?.oldestAt, null)
})

t.test('a store that is away is said to be so', async (t) => {
  const { server, queue } = await start(t)
  await server.kill()
  await t.rejects(queue.take(ORDERS), { name: 'StoreError', code: 'store_unavailable' })
})

t.test('the documented rights are enough for a user of Redis, and none of them is too many', async (t) => {
  const { server, redis, journal } = await startEventQueues(t)
  const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
  const [, rule = ''] = /^ +ACL SETUSER gateway (~journal:\* .+)$/m.exec(page) ?? []
  const rules = ['on', '>rights', 'resetkeys', '-@all', '+info', '+evalsha', '+eval', ...rule.split(' ')]
  await redis.call('ACL', 'SETUSER', 'events', ...rules)
  const limited = await startEventQueues(t, server, 'events:rights@')
  const queue = limited.queueOf('one')
  await queue.meet({ ...MET, reach: 'public' })
  await queue.take(ORDERS)
  await journal(someRefundId())
  await journal(someRefundId())
  const [one, two] = await queue.take(ORDERS)
  await queue.acknowledge('orders', [one as TakenEvent])
  await queue.putBack('orders', two as TakenEvent, { isUntried: false })
  await queue.tellAgain('orders', [(one as TakenEvent).entry])
  await queue.backlog(['orders'])
  await queue.acknowledge('orders', await queue.take(ORDERS))
  await queue.clean(['orders'])
  for (const shard of SHARDS) await limited.redis.dropConsumers(keys.journal(shard), 'orders', -1)
  const record = JSON.parse((await redis.hget(keys.eventEndpoints, 'orders')) ?? '')
  await redis.hset(keys.eventEndpoints, 'orders', JSON.stringify({ ...record, seen: 0 }))
  await limited.queueOf('two').clean([])
  t.same(await redis.call('ACL', 'LOG'), [], 'Redis refused nothing')

  const used = await redis.info('commandstats')
  for (const [, command = ''] of rule.matchAll(/ \+(\S+)/g)) {
    t.ok(used.includes(`cmdstat_${command}:`), `${command} is needed`)
  }
})

t.test('in a Cluster it is the same', async (t) => {
  const cluster = await startTestCluster(t)
  const nodes = (cluster.env.REDIS_CLUSTER_NODES ?? '').split(',').map((text) => {
    const [host = '', port] = text.split(':')
    return { host, port: Number(port) }
  })
  const redis = connectRedis({ kind: 'cluster', nodes })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  const { queueOf, journal } = queuesOn(redis)
  const queue = queueOf('one')
  await queue.meet(MET)
  await sleep(5)
  const ids = Array.from({ length: 30 }, someRefundId).sort()
  for (const id of ids) await journal(id)
  const taken = await queue.take(ORDERS)
  t.same(idsOf(taken), ids)
  const [first, second, ...rest] = taken as [TakenEvent, TakenEvent, ...TakenEvent[]]
  await queue.putBack('orders', first, { isUntried: false })
  t.equal(await queue.tellAgain('orders', [second.entry]), 1)
  t.same(idsOf(await queue.take(ORDERS)), [second.entry.id])
  t.not((await queue.backlog(['orders']))[0]?.oldestAt, null)
  await queue.acknowledge('orders', [first, second, ...rest])
  await queue.clean(['orders'])
})
