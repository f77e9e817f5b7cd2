import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Refund } from '../../../src/refunds/refund.ts'
import { createJournal } from '../../../src/store/journal.ts'
import { keys, UNSETTLED_SHARDS } from '../../../src/store/keys.ts'
import { connectRedis } from '../../../src/store/redis/connection.ts'
import { ledger, resolveAsFailed, until } from '../../support/calls.ts'
import { startTestCluster, type TestCluster } from '../../support/cluster.ts'
import { isProblem, isRefund } from '../../support/contract.ts'
import { refundRequest, startTestGateway } from '../../support/gateway.ts'
import { MERCHANT } from '../../support/merchant.ts'
import type { TestRedis } from '../../support/redis.ts'
import { startSandbox } from '../../support/sandbox.ts'
import { FAILOVER_MS, isEachSentOnce, isHeldUpBy, startStream } from '../../support/stream.ts'

const [sandbox, cluster] = await Promise.all([startSandbox(t), startTestCluster(t)])
const ENV = {
  ...cluster.env,
  COOKIEPAY_BASE_URL: sandbox.base,
  COOKIEPAY_TIMEOUT_MS: '2000',
  RECONCILE_INTERVAL_MS: '500',
  RATE_LIMIT_MAX: '1000000',
}
const gateway = await startTestGateway(t, ENV)

/** A tid whose payment this master has. */
function tidOf({ masterOf }: TestCluster, master: number): string {
  for (;;) {
    const tid = `t${randomUUID().slice(0, 8)}-10000`
    if (masterOf(keys.payment(MERCHANT, tid)) === master) return tid
  }
}

t.test('the id of the store, and the unsettled refunds, are spread over all masters', async (t) => {
  const masters = (keyOf: (shard: number) => string) =>
    new Set(Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => cluster.masterOf(keyOf(shard))))
  t.equal(masters(keys.storeId).size, 3)
  t.equal(masters(keys.unsettled).size, 3)
})

t.test('refunds, replays and reading', async (t) => {
  for (const master of [0, 1, 2]) {
    const body = refundRequest({ tid: tidOf(cluster, master) })
    const first = await gateway.refund(body, `key-${master}`)
    isRefund(t, first, 'succeeded')
    const replay = await gateway.refund(body, `key-${master}`)
    isRefund(t, replay, 'succeeded', { replayed: true })
    t.same((await gateway.request(`/refunds/${first.body.id}`)).body, first.body)
    t.match(await ledger(gateway, body.tid), { refunded: 10_000, remaining: 0, refunds: [first.body] })
    t.equal((await sandbox.cancels(body.tid)).calls, 1)
  }
})

t.test('refunds at the same moment, of one payment and of many', async (t) => {
  const tid = tidOf(cluster, 1)
  const partials = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      gateway.refund(refundRequest({ tid, amount: 900, reference: `line ${index}` })),
    ),
  )
  const refunded = partials.filter(({ status }) => status === 201).length
  t.equal(refunded, 11, 'as many as fit')
  for (const answer of partials.filter(({ status }) => status !== 201)) {
    isProblem(t, answer, 'amount_exceeds_remaining')
  }
  t.match(await ledger(gateway, tid), { refunded: 9_900, in_flight: 0, unknown: 0, remaining: 100 })
  t.equal((await sandbox.cancels(tid)).applied_total, 9_900)

  const many = await Promise.all(Array.from({ length: 100 }, () => gateway.refund(refundRequest())))
  t.ok(many.every(({ status }) => status === 201))
  const body = refundRequest()
  const same = await Promise.all(Array.from({ length: 10 }, () => gateway.refund(body, 'the-same')))
  t.ok(same.every(({ status, body }) => status === 201 || body.code === 'idempotency_in_progress'))
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
})

t.test('what is unknown is listed over all masters, and found out', async (t) => {
  type List = { data: Refund[]; next_cursor: string | null }
  const list = async (status: string) =>
    (await gateway.request<List>(`/refunds?status=${status}&limit=100`)).body
  const found = Array.from({ length: 12 }, () =>
    refundRequest({ tid: `error500-${randomUUID().slice(0, 6)}-10000` }),
  )
  const left = Array.from({ length: 12 }, () =>
    refundRequest({ tid: `error500-${randomUUID().slice(0, 6)}-10000`, amount: 10 }),
  )
  for (const body of [...found, ...left]) isRefund(t, await gateway.refund(body, body.tid), 'unknown')
  await until('the full ones are found out', async () => (await list('unknown')).data.length === left.length)
  for (const body of found) isRefund(t, await gateway.refund(body, body.tid), 'succeeded', { replayed: true })
  const { data } = await list('unknown')
  t.same(
    data.map(({ tid }) => tid),
    left.map(({ tid }) => tid),
    'oldest first',
  )
  for (const { id } of data) {
    t.equal((await resolveAsFailed(gateway, id)).status, 200)
  }
  t.same((await list('unknown')).data, [])
  t.same((await list('processing')).data, [])
})

t.test('the journal of all masters is one, and nothing that settled is missing in it', async (t) => {
  const redis = connectRedis({
    kind: 'cluster',
    nodes: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
  })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  const bodies = Array.from({ length: 30 }, () => refundRequest())
  const answers = await Promise.all(bodies.map((body) => gateway.refund(body)))
  const ids = answers.map(({ body }) => body.id as string)
  const parts = { now: Date.now, retentionMs: 86_400_000, journalLeftOvers: () => {} }
  const { read } = createJournal(redis, parts)
  await until('they are journalled', async () => {
    const { entries } = await read({ fromMs: 0, toMs: Date.now() + 60_000, after: null, limit: 1_000 })
    const own = entries.filter(({ id }) => ids.includes(id))
    t.ok(own.length <= ids.length)
    return own.length === ids.length
  })
})

t.test('a failover that was asked for, in a stream of refunds', async (t) => {
  const stream = startStream(gateway)
  await stream.more(50)
  for (const master of [0, 1, 2]) {
    await cluster.connect(cluster.replicaOf(master)).cluster('FAILOVER')
    await stream.more(50)
  }
  await cluster.untilWhole()
  const made = await stream.stop()
  isHeldUpBy(t, stream, ['store_unavailable'])
  await isEachSentOnce(t, sandbox, gateway, made)
  // The roles as they were, for the tests after this one.
  for (const master of [0, 1, 2]) {
    await cluster.connect(cluster.nodes[master] as TestRedis).cluster('FAILOVER')
    await sleep(500)
    await cluster.untilWhole()
  }
})

t.test('a master that is killed, in a stream of refunds', async (t) => {
  // Without waiting for a replica, what the dead master had acknowledged and not yet replicated would be lost.
  const careful = await startTestGateway(t, { ...ENV, REDIS_MIN_REPLICAS: '1' })
  const stream = startStream(careful)
  await stream.more(50)
  const victim = cluster.nodes[1] as TestRedis
  await victim.kill()
  const heir = cluster.connect(cluster.replicaOf(1))
  const isHeir = async () => (await heir.info('replication')).includes('role:master')
  await until('its replica takes over', isHeir, FAILOVER_MS)
  await victim.start()
  await cluster.untilWhole()
  await stream.more(100)
  const made = await stream.stop()
  isHeldUpBy(t, stream, ['store_unavailable', 'store_not_durable'])
  t.ok(stream.problems.has('store_unavailable'), 'it was noticed')
  await isEachSentOnce(t, sandbox, careful, made)
})

t.test('a master that comes back empty is noticed before anything is sent', async (t) => {
  const victim = cluster.nodes[2] as TestRedis
  const body = refundRequest({ tid: tidOf(cluster, 2) })
  isRefund(t, await gateway.refund(body, 'lost'), 'succeeded')

  let isOver = false
  const seen = new Set<string>()
  const repeats = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const { status, body: answered, headers } = await gateway.refund(body, 'lost')
      if (status === 201 && headers.get('idempotent-replayed') === 'true') continue
      seen.add(answered.code ?? `${status}`)
    }
  })
  // Back before its replica would have taken over.
  await victim.kill()
  await rm(join(victim.dataDir, 'appendonlydir'), { recursive: true })
  await victim.start()
  await until('it is noticed', async () => {
    const { status, body } = await gateway.request<{ parts: { store: { detail: string } } }>('/readyz')
    return status === 503 && body.parts.store.detail.includes('lost data')
  })
  isOver = true
  await Promise.all(repeats)
  t.strictSame(
    [...seen].filter((code) => !/^store_(unavailable|not_durable)$/.test(code)),
    [],
    `${[...seen]}`,
  )
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
  isProblem(t, await gateway.refund(refundRequest({ tid: tidOf(cluster, 0) })), 'store_not_durable')
})
