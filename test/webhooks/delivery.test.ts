import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { EventEndpoint } from '../../src/config/config.ts'
import type { EventObserver } from '../../src/refunds/ports/events.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import { keys, SHARDS } from '../../src/store/keys.ts'
import { startEventDelivery } from '../../src/webhooks/delivery.ts'
import { ageEvents } from '../support/age-events.ts'
import { until as untilWithin } from '../support/calls.ts'
import { ALL, someRefundId, startEventQueues } from '../support/event-queues.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'

/** Events wait for nobody, but a machine may be busy. */
const until = (what: string, isThere: Parameters<typeof untilWithin>[1]) => untilWithin(what, isThere, 30_000)

t.jobs = 3

const DAY_MS = 86_400_000

const endpointOf = (receiver: Pick<EventReceiver, 'url' | 'secret'>, name: string): EventEndpoint => ({
  ...{ name, url: receiver.url, secret: receiver.secret },
  ...{ events: null, callers: null },
})

/** What was reported, as texts. */
function listening() {
  const told: string[] = []
  const observer: EventObserver = {
    attempted: (endpoint, result) => told.push(`${endpoint} ${result}`),
    gaveUp: (endpoint, { id, type, detail }) => told.push(`${endpoint} gave up ${id} ${type}: ${detail}`),
    down: (endpoint, detail) => told.push(`${endpoint} down: ${detail}`),
    recovered: (endpoint) => told.push(`${endpoint} recovered`),
    postponed: (endpoint, error) => told.push(`${endpoint} postponed ${(error as Error).message}`),
  }
  return { told, observer }
}

/** Deliveries from a real queue, over real HTTP, of refunds that are only made up. */
async function start(t: Test, endpoints: readonly EventEndpoint[]) {
  const queues = await startEventQueues(t)
  const { told, observer } = listening()
  const unknownIds = new Set<string>()
  const trust = { isGiven: true }
  const startOne = (consumer: string) => {
    const delivery = startEventDelivery(endpoints, {
      queue: queues.queueOf(consumer),
      observer,
      mayTell: () => trust.isGiven,
      subjects: {
        findRefund: async ({ id }) =>
          unknownIds.has(id) ? null : ({ id, requested_by: 'shop', metadata: {} } as unknown as Refund),
        findLedger: async () => null,
      },
    })
    t.teardown(delivery.stop)
    return delivery
  }
  const delivery = startOne('one')
  // All of them have been met, and look for the first time.
  await until(
    'the endpoints are met',
    async () => (await queues.redis.hlen(keys.eventEndpoints)) === endpoints.length,
  )
  await sleep(20)
  return { ...queues, told, delivery, startOne, unknownIds, trust }
}

const has = (receiver: EventReceiver, count: number) => () => receiver.events.length >= count

t.test('every change reaches every endpoint, verified, and once where nothing fails', async (t) => {
  const [orders, finance] = [await startEventReceiver(t), await startEventReceiver(t)]
  const started = await start(t, [endpointOf(orders, 'orders'), endpointOf(finance, 'finance')])
  const ids = Array.from({ length: 100 }, someRefundId).sort()
  for (const id of ids) await started.journal(id)
  await until('all are there', () => has(orders, 100)() && has(finance, 100)())
  await sleep(1_500)
  for (const receiver of [orders, finance]) {
    t.same(receiver.events.map(({ body }) => body.data.id).sort(), ids)
    t.ok(receiver.events.every(({ isVerified }) => isVerified))
  }
  t.same(
    (await started.queueOf('two').backlog(['orders', 'finance'])).map(({ oldestAt }) => oldestAt),
    [null, null],
  )
})

t.test('an endpoint that is slow, and one that is dead, delay no other', async (t) => {
  const [good, slow, dead] = [
    await startEventReceiver(t),
    await startEventReceiver(t),
    await startEventReceiver(t),
  ]
  // For as long as a delivery may take.
  slow.behave(() => undefined)
  await dead.close()
  const endpoints = [endpointOf(slow, 'slow'), endpointOf(dead, 'dead'), endpointOf(good, 'good')]
  const started = await start(t, endpoints)
  for (let count = 0; count < 100; count += 1) await started.journal(someRefundId())
  await until('the good one has all', has(good, 100))
  t.ok(slow.events.length <= 16, 'and a slow one has its own places alone')
  t.ok(started.told.includes('dead down: could not be reached or broke off (ECONNREFUSED)'))
})

t.test(
  'what failed is sent again with the same id, and what was down gets all once it is back',
  async (t) => {
    const orders = await startEventReceiver(t)
    orders.behave(() => 500)
    const started = await start(t, [endpointOf(orders, 'orders')])
    const ids = Array.from({ length: 8 }, someRefundId).sort()
    for (const id of ids) await started.journal(id)
    await until('all were tried', has(orders, 8))
    await until('it is down', () => started.told.includes('orders down: answered 500'))
    orders.behave(() => 204)
    // Some are due after their pause; the others at once, since it is back.
    await until(
      'all are taken',
      () => new Set(orders.events.filter(({ status }) => status === 204).map(({ id }) => id)).size === 8,
    )
    t.ok(started.told.includes('orders recovered'))
    const [first] = ids
    t.equal(new Set(orders.events.filter(({ body }) => body.data.id === first).map(({ id }) => id)).size, 1)
  },
)

t.test('an event is given up after three days, and told so', async (t) => {
  const orders = await startEventReceiver(t)
  orders.behave(() => 500)
  const started = await start(t, [endpointOf(orders, 'orders')])
  const { redis, told } = started
  const id = someRefundId()
  // Where the group is that looks from the first of them on.
  for (const shard of SHARDS) await redis.xgroup('SETID', keys.journal(shard), 'orders', '0').catch(() => {})
  await started.journal(id, { ago: 3 * DAY_MS - 3_600_000, change: 'failed' })
  await until('it was tried', has(orders, 1))
  t.notOk(
    told.some((line) => line.includes('gave up')),
    'not before',
  )
  for (let attempt = 2; !told.some((line) => line.includes('gave up')) && attempt < 9; attempt += 1) {
    await ageEvents(started.server, 'orders', 11_000_000)
    await until('it was tried again', has(orders, attempt))
    await sleep(100)
  }
  t.ok(told.includes(`orders gave up ${id} refund.failed: answered 500`), told.join('\n'))
  t.ok(told.includes('orders given_up'))
  t.equal(orders.events.length, 6, 'where no attempt within three days could follow')
  t.same(await started.queueOf('two').backlog(['orders']), [{ endpoint: 'orders', oldestAt: null }])
})

t.test('an endpoint that asks to be left alone is', async (t) => {
  for (const [status, header] of [
    [429, '60'],
    [503, '60'],
    [410, ''],
  ] as const) {
    const orders = await startEventReceiver(t)
    orders.behave((_event, response) => {
      response.writeHead(status, { 'retry-after': header }).end()
      return status
    })
    const started = await start(t, [endpointOf(orders, 'orders')])
    await started.journal(someRefundId())
    await until('it was asked', has(orders, 1))
    await ageEvents(started.server, 'orders', 100_000)
    await started.journal(someRefundId())
    await sleep(2_000)
    t.equal(orders.events.length, 1, `${status}`)
  }
})

t.test('what an endpoint does not ask for, and what nothing is known of, is not sent', async (t) => {
  const [failures, others] = [await startEventReceiver(t), await startEventReceiver(t)]
  const started = await start(t, [
    { ...endpointOf(failures, 'failures'), events: ['refund.failed'] },
    { ...endpointOf(others, 'others'), callers: ['somebody-else'] },
  ])
  const [failed, succeeded, forgotten] = [someRefundId(), someRefundId(), someRefundId()]
  started.unknownIds.add(forgotten)
  await started.journal(succeeded)
  await started.journal(forgotten, { change: 'failed' })
  await started.journal(failed, { change: 'failed' })
  const names = ['failures', 'others']
  await until('all is done', async () => {
    const backlog = await started.queueOf('two').backlog(names)
    return failures.events.length > 0 && backlog.every(({ oldestAt }) => oldestAt === null)
  })
  t.same(
    failures.events.map(({ body }) => body.data.id),
    [failed],
  )
  t.same(others.events, [])
  t.ok(started.told.includes('failures dropped'))
})

t.test('a process that is stopped finishes what is under way, and leaves the rest to others', async (t) => {
  const orders = await startEventReceiver(t)
  orders.behave(async (event) => {
    await sleep(300)
    return event.body.data.id ? 204 : 500
  })
  const started = await start(t, [endpointOf(orders, 'orders')])
  for (let count = 0; count < 40; count += 1) await started.journal(someRefundId())
  await until('some are under way', has(orders, 10))
  const startedAt = Date.now()
  await started.delivery.stop()
  t.ok(Date.now() - startedAt < 2_000)
  t.ok(orders.events.every(({ status }) => status === 204))
  started.startOne('two')
  await until('another one sends the rest', has(orders, 40))
  await sleep(500)
  t.equal(new Set(orders.events.map(({ id }) => id)).size, 40)
  t.equal(orders.events.length, 40, 'and nothing twice')
})

t.test('what hangs when a process is stopped is sent by another one', async (t) => {
  const orders = await startEventReceiver(t)
  orders.behave(() => undefined)
  const started = await start(t, [endpointOf(orders, 'orders')])
  await started.journal(someRefundId())
  await until('it is under way', has(orders, 1))
  const startedAt = Date.now()
  await started.delivery.stop()
  t.ok(Date.now() - startedAt < 7_000, 'not for longer than it may')
  orders.behave(() => 204)
  started.startOne('two')
  await until('another one sends it', has(orders, 2))
  t.equal(orders.events[0]?.id, orders.events[1]?.id)
})

t.test('nothing is told while the store is not to be believed', async (t) => {
  const orders = await startEventReceiver(t)
  const started = await start(t, [endpointOf(orders, 'orders')])
  started.trust.isGiven = false
  // A look that has begun ends.
  await sleep(1_000)
  await started.journal(someRefundId())
  await sleep(2_500)
  t.same(orders.events, [])
  started.trust.isGiven = true
  await until('it is told', has(orders, 1))
})

t.test('endpoints come, change and go while it runs', async (t) => {
  const [orders, finance] = [await startEventReceiver(t), await startEventReceiver(t)]
  const started = await start(t, [endpointOf(orders, 'orders')])
  t.same(started.delivery.names(), ['orders'])
  started.delivery.setEndpoints([endpointOf(finance, 'finance'), endpointOf(orders, 'orders')])
  await until('both are met', async () => (await started.redis.hlen(keys.eventEndpoints)) === 2)
  await sleep(20)
  const id = someRefundId()
  await started.journal(id)
  await until('both have it', () => has(orders, 1)() && has(finance, 1)())

  const moved = await startEventReceiver(t)
  started.delivery.setEndpoints([endpointOf(moved, 'orders')])
  await sleep(100)
  await started.journal(someRefundId())
  await until('the new address has the next one', has(moved, 1))
  t.ok(moved.events[0]?.isVerified, 'signed with its secret')
  await sleep(1_500)
  t.same([orders.events.length, finance.events.length], [1, 1])
})

t.test('idle, it asks the store for little', async (t) => {
  const orders = await startEventReceiver(t)
  const { redis, delivery } = await start(t, [endpointOf(orders, 'orders')])
  await sleep(1_500)
  const calls = async () => {
    const text = await redis.info('commandstats')
    return [...text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].reduce(
      (sum, [, , count]) => sum + Number(count),
      0,
    )
  }
  const before = await calls()
  await sleep(4_000)
  const perSecond = ((await calls()) - before) / 4
  t.comment(`${perSecond} commands a second, those within scripts included`)
  t.ok(perSecond < 80, `${perSecond}`)
  await delivery.stop()
})

t.test('nothing is asked for without an endpoint', async (t) => {
  const { redis } = await startEventQueues(t)
  const { told } = await start(t, [])
  t.same(told, [])
  t.equal(await redis.exists(keys.eventEndpoints), 0)
  t.same(ALL.recoveredAt, null)
})
