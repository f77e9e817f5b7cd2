import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { Claim } from '../../../src/refunds/claim.ts'
import { startReconciler } from '../../../src/refunds/jobs/settle-unknown.ts'
import type { RefundObserver } from '../../../src/refunds/ports/observer.ts'
import type { LookupOutcome, LookupQuery, Provider } from '../../../src/refunds/ports/provider.ts'
import type { RefundStore } from '../../../src/refunds/ports/store.ts'
import type { Refund } from '../../../src/refunds/refund.ts'
import { refundId } from '../../../src/refunds/refund-id.ts'
import type { Settlement, StoredRefund } from '../../../src/refunds/stored-refund.ts'
import { keys, unsettledShard } from '../../../src/store/keys.ts'
import { connectRedis } from '../../../src/store/redis/connection.ts'
import { createRefundStore } from '../../../src/store/refund-store.ts'
import { metric, resolveAsFailed, until } from '../../support/calls.ts'
import { isProblem, isRefund } from '../../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../../support/gateway.ts'
import { MERCHANT } from '../../support/merchant.ts'
import { startProviderStub } from '../../support/provider-stub.ts'
import { startTestRedis } from '../../support/redis.ts'
import { startRedisProxy } from '../../support/redis-proxy.ts'
import { startSandbox } from '../../support/sandbox.ts'
import { storeTimes } from '../../support/store-times.ts'
import { wish } from '../../support/wish.ts'

const LEASE_MS = 1_500
const RETENTION_MS = 24 * 3_600_000
const SIX_HOURS_MS = 6 * 3_600_000
/** How much later than computed a thing may happen here. */
const LATE_MS = 1_500

const FOUND: LookupOutcome = { outcome: 'cancelled', refundedAt: '2025-06-09T13:29:11+09:00' }
const NOT_FOUND: LookupOutcome = { outcome: 'inconclusive', detail: 'E008' }

const SUCCEEDED: Settlement = {
  status: 'succeeded',
  provider: {
    cancel_tid: 'C1',
    cancel_code: '0000',
    cancel_msg: '정상취소',
    cancel_date: '20250609132911',
    cancel_amt: '1000',
  },
  refunded_at: '2025-06-09T13:29:11+09:00',
  failure: null,
  resolution: null,
  bookedAmount: 1000,
}
const UNKNOWN: Settlement = {
  ...SUCCEEDED,
  status: 'unknown',
  provider: null,
  refunded_at: null,
  bookedAmount: null,
}
const DECLINED: Settlement = {
  ...UNKNOWN,
  status: 'failed',
  failure: { code: 'provider_declined', detail: 'declined' },
}
const FAILED_BY_OPERATOR: Settlement = {
  ...UNKNOWN,
  status: 'failed',
  failure: { code: 'provider_declined', detail: 'not cancelled' },
  resolution: { source: 'operator', by: 'finance', note: 'console', at: '2026-01-01T00:00:00.000Z' },
}

/** A real store with a short lease, and reconcilers on it that sweep when they are told to. */
async function startAll(
  t: Test,
  { intervalMs = 3_600_000, leaseMs = LEASE_MS, idempotencyRetentionMs = RETENTION_MS } = {},
) {
  const server = await startTestRedis(t)
  const redis = connectRedis({ kind: 'url', url: server.url })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  const store = createRefundStore(redis, {
    ...storeTimes(leaseMs),
    idempotencyRetentionMs,
    ledgerRetentionMs: 7 * 86_400_000,
    journalRetentionMs: 7 * 86_400_000,
    durability: () => ({ state: 'durable', needsFileSync: false }),
    requireDurability: true,
    barrier: async () => true,
  })
  const postponedBy: number[] = []
  let now = store.now
  const watched: RefundStore = {
    ...store,
    now: () => now(),
    lookAgain(unsettled, delayMs) {
      postponedBy.push(delayMs)
      return store.lookAgain(unsettled, delayMs)
    },
  }
  const lookups: string[] = []
  const resolved: Refund[] = []
  const conflicts: Refund[] = []
  const disputed: Refund[] = []
  let lookUp = async (_tid: string): Promise<LookupOutcome> => NOT_FOUND
  const startReplica = () => {
    const provider = {
      lookUp({ tid }: LookupQuery) {
        lookups.push(tid)
        return lookUp(tid)
      },
    } as Provider
    const observer = {
      resolved: (refund) => resolved.push(refund),
      conflict: (refund) => conflicts.push(refund),
      disputed: (refund) => disputed.push(refund),
    } as Partial<RefundObserver> as RefundObserver
    const reconciler = startReconciler({ store: watched, provider, observer, intervalMs })
    t.teardown(reconciler.stop)
    return reconciler
  }

  type Indexed = { key: string; entry: string; dueAt: number }
  /** Its entry in the index and when that is due, in flight or to be looked up; null where there is none. */
  async function indexed({ id }: Pick<Refund, 'id'>): Promise<Indexed | null> {
    for (const key of [keys.unsettled(unsettledShard(id)), keys.lookups(unsettledShard(id))]) {
      const found = await redis.zrange(key, '0', '-1', 'WITHSCORES')
      const index = found.findIndex((entry) => entry.includes(id))
      if (index >= 0) return { key, entry: found[index] as string, dueAt: Number(found[index + 1]) }
    }
    return null
  }
  return {
    server,
    redis,
    store,
    lookups,
    postponedBy,
    resolved,
    conflicts,
    disputed,
    startReplica,
    /** From now on, it has been unknown for so long, by a clock that stands still. */
    async makeOlder({ id, tid }: Refund, ageMs: number) {
      const payment = keys.payment(MERCHANT, tid)
      const text = (await redis.hget(payment, id)) as string
      const at = Date.now()
      now = () => at
      await redis.hset(payment, id, text.replace(/unknown:provider@\d+/, `unknown:provider@${at - ageMs}`))
    },
    sweep: startReplica().sweep,
    onLookUp(respond: typeof lookUp) {
      lookUp = respond
    },
    indexed,
    dueAt: async (refund: Refund) => (await indexed(refund))?.dueAt ?? Number.NaN,
    /** In how many milliseconds. */
    dueIn: async (refund: Refund) => ((await indexed(refund))?.dueAt ?? Number.NaN) - Date.now(),
    async makeDue(refund: Refund, leftOver?: Indexed | null) {
      const found = (await indexed(refund)) ?? leftOver
      if (found != null) await redis.zadd(found.key, Date.now(), found.entry)
    },
    countEntries: store.countUnsettled,
    claimTtlMs: (id: string) => redis.pttl(keys.claim(id)),
    statusOf: async (id: string) => (await store.findById(id))?.refund.status,
  }
}

async function begin(
  store: RefundStore,
  amount?: number,
  leaseMs = LEASE_MS,
): Promise<{ claim: Claim; stored: StoredRefund }> {
  const token = randomBytes(12).toString('base64url')
  const id = refundId('test', randomUUID())
  const claim = { id, token, fingerprint: 'fingerprint', merchant: MERCHANT, tid: randomUUID() }
  await store.claim(claim)
  const begun = await store.begin({
    claim,
    token,
    requestedAt: Date.now(),
    wish: wish({ payment: { method: 'card_auth', amount: 1000 }, amount }),
    leaseMs,
    details: {
      account: 'default',
      tax_free_amount: null,
      reason: '',
      reference: null,
      refund_account: null,
      requested_by: 'test',
      metadata: {},
    },
  })
  if (begun.result !== 'begun') throw new Error(begun.result)
  return { claim, stored: begun.stored }
}

async function beginUnknown(store: RefundStore, amount?: number): Promise<StoredRefund> {
  const { stored } = await begin(store, amount)
  const settled = await store.settle(stored, UNKNOWN)
  if (settled.result !== 'settled') throw new Error(settled.result)
  return settled.stored
}

t.jobs = 6

t.test('an expired lease: unknown, looked up at once, and settled', { buffered: true }, async (t) => {
  const { store, sweep, lookups, resolved, onLookUp, dueIn, claimTtlMs, countEntries } = await startAll(t)
  const { stored } = await begin(store)
  const { id, tid } = stored.refund
  const due = await dueIn(stored.refund)
  t.ok(due > 0 && due <= LEASE_MS + 100, `it is due when its lease is over, in ${due} ms`)
  await sweep()
  t.same(lookups, [], 'not before')

  onLookUp(async () => FOUND)
  await sleep(LEASE_MS + 150)
  await sweep()
  t.same(lookups, [tid])
  const found = await store.findById(id)
  t.match(found?.refund, {
    status: 'succeeded',
    provider: null,
    refunded_at: '2025-06-09T13:29:11+09:00',
    failure: null,
    resolution: { source: 'lookup', by: null, note: null, at: /^\d{4}-/ },
  })
  t.match(found?.history, [{ event: 'unknown', cause: 'lease' }])
  t.same(resolved, [found?.refund])
  t.match(await store.findPayment(MERCHANT, tid), { refunded: 1000, unknown: 0, in_flight: 0 })
  t.equal(await countEntries(), 0)
  const ttl = await claimTtlMs(id)
  t.ok(ttl > RETENTION_MS - 10_000 && ttl <= RETENTION_MS, 'its key has its retention again')
  await sweep()
  t.equal(lookups.length, 1)
})

t.test('an answer that is unknown: looked up at once', { buffered: true }, async (t) => {
  const { store, sweep, lookups, dueIn } = await startAll(t)
  const { refund } = await beginUnknown(store)
  t.ok((await dueIn(refund)) <= 0)
  await sweep()
  t.equal(lookups.length, 1)
})

t.test('a lease that was renewed is left alone', { buffered: true }, async (t) => {
  const { store, sweep, lookups, makeDue, dueIn, statusOf } = await startAll(t, { leaseMs: 60_000 })
  const { stored } = await begin(store, undefined, 60_000)
  await makeDue(stored.refund)
  await sweep()
  t.same(lookups, [])
  t.equal(await statusOf(stored.refund.id), 'processing')
  const due = await dueIn(stored.refund)
  t.ok(due > 0 && due <= 1_000, `and looked at in ${due} ms`)
})

t.test('what is inconclusive is asked again after pauses that double', { buffered: true }, async (t) => {
  const { store, sweep, lookups, makeDue, makeOlder, postponedBy, statusOf } = await startAll(t, {
    intervalMs: 300_000,
  })
  const { refund } = await beginUnknown(store)
  const pauses: number[] = []
  for (const [ageMs, pauseMs] of [
    [0, 300_000],
    [299_000, 300_000],
    [600_000, 600_000],
    [1_200_000, 1_200_000],
    [4 * 3_600_000, 4 * 3_600_000],
    [5 * 24 * 3_600_000, SIX_HOURS_MS],
  ] as const) {
    await makeOlder(refund, ageMs)
    await makeDue(refund)
    await sweep()
    pauses.push(postponedBy.at(-1) as number)
    t.equal(pauses.at(-1), pauseMs, `${ageMs} ms old`)
  }
  t.equal(lookups.length, pauses.length)
  t.equal(await statusOf(refund.id), 'unknown')
})

t.test('a partial refund is never looked up, and waits for a person', { buffered: true }, async (t) => {
  const { store, sweep, lookups, onLookUp, dueIn, claimTtlMs, statusOf } = await startAll(t)
  onLookUp(async () => FOUND)
  const { stored } = await begin(store, 400)
  const { refund } = stored
  t.ok((await claimTtlMs(refund.id)) > 0)
  await sleep(LEASE_MS + 150)
  await sweep()
  t.same(lookups, [])
  t.equal(await statusOf(refund.id), 'unknown')
  t.ok((await dueIn(refund)) > SIX_HOURS_MS - LATE_MS)
  t.equal(await claimTtlMs(refund.id), -1, 'its key does not expire')
})

t.test(
  'the key of what is unknown does not expire, whatever the lookup says',
  { buffered: true },
  async (t) => {
    const { store, sweep, onLookUp, makeDue, claimTtlMs } = await startAll(t)
    const { stored } = await begin(store)
    const { refund } = stored
    await sleep(LEASE_MS + 150)
    await sweep()
    t.equal(await claimTtlMs(refund.id), -1)
    onLookUp(async () => FOUND)
    await makeDue(refund)
    await sweep()
    t.ok((await claimTtlMs(refund.id)) > 0)
  },
)

t.test('entries whose refund is settled, or was never begun, are dropped', { buffered: true }, async (t) => {
  const { store, redis, sweep, lookups, makeDue, indexed, countEntries } = await startAll(t)
  const { stored: settled } = await begin(store)
  const settledEntry = await indexed(settled.refund)
  await store.settle(settled, SUCCEEDED)
  await until('it has left the index', async () => (await countEntries()) === 0)
  await makeDue(settled.refund, settledEntry)

  const { stored: undone, claim } = await begin(store)
  const undoneEntry = await indexed(undone.refund)
  await store.release({ claim, token: claim.token, requestedAt: Date.parse(undone.refund.created_at) })
  await makeDue(undone.refund, undoneEntry)

  const id = refundId('test', 'never begun')
  const entry = `${Date.now()}.${id} attempt default a tid with spaces`
  await redis.zadd(keys.unsettled(unsettledShard(id)), Date.now(), entry)
  t.equal(await countEntries(), 3)
  await sweep()
  t.equal(await countEntries(), 0)
  t.same(lookups, [])
})

t.test(
  'replicas that sweep at the same time never look at the same refund',
  { buffered: true },
  async (t) => {
    const { store, startReplica, lookups, onLookUp, countEntries } = await startAll(t)
    const COUNT = 120
    let [running, most] = [0, 0]
    onLookUp(async () => {
      running += 1
      most = Math.max(most, running)
      await sleep(10)
      running -= 1
      return FOUND
    })
    const begun = await Promise.all(Array.from({ length: COUNT }, () => beginUnknown(store)))
    const replicas = [startReplica(), startReplica(), startReplica()]
    while ((await countEntries()) > 0) await Promise.all(replicas.map(({ sweep }) => sweep()))
    t.same(lookups.toSorted(), begun.map(({ refund }) => refund.tid).toSorted(), 'each once')
    t.ok(most <= 4 * replicas.length, `and few at a time: ${most}`)
  },
)

t.test(
  'what a replica took and did not look at is due again after a minute',
  { buffered: true },
  async (t) => {
    const { store, sweep, lookups, dueIn } = await startAll(t)
    const { refund } = await beginUnknown(store)
    const [taken] = await store.takeDue(64)
    t.match(taken, { id: refund.id, merchant: MERCHANT, tid: refund.tid })
    t.same(await store.takeDue(64), [])
    const due = await dueIn(refund)
    t.ok(due > 60_000 - LATE_MS && due <= 60_000, `in ${due} ms`)
    await sweep()
    t.same(lookups, [])
  },
)

t.test('what is settled while it is looked at is not put back', { buffered: true }, async (t) => {
  const { store, sweep, onLookUp, countEntries, conflicts, resolved } = await startAll(t)
  const stored = await beginUnknown(store)
  onLookUp(async () => {
    await store.settle(stored, FAILED_BY_OPERATOR)
    return NOT_FOUND
  })
  await sweep()
  t.equal(await countEntries(), 0)
  t.equal((await store.findById(stored.refund.id))?.refund.status, 'failed')
  t.same([conflicts, resolved], [[], []])
})

t.test(
  'a lookup disputes what a person called failed meanwhile, and its key is kept',
  { buffered: true },
  async (t) => {
    const {
      store,
      redis,
      sweep,
      onLookUp,
      indexed,
      dueIn,
      makeDue,
      claimTtlMs,
      lookups,
      disputed,
      resolved,
    } = await startAll(t)
    const stored = await beginUnknown(store)
    const { refund } = stored
    onLookUp(async () => {
      await store.settle(stored, FAILED_BY_OPERATOR)
      return FOUND
    })
    await sweep()
    t.match(await store.findById(refund.id), { refund: { status: 'failed', disputed: true } })
    t.match(await store.findPayment(MERCHANT, refund.tid), { disputed: 1000, unknown: 0 })
    t.match(disputed, [{ id: refund.id }])
    t.same(resolved, [])

    await redis.pexpire(keys.claim(refund.id), 60_000)
    await makeDue(refund)
    await sweep()
    t.equal(lookups.length, 1, 'it waits for a person')
    t.ok((await dueIn(refund)) > 60_000)
    t.equal(await claimTtlMs(refund.id), -1)

    const found = (await store.findById(refund.id)) as StoredRefund
    t.match(await store.settle(found, FAILED_BY_OPERATOR), { result: 'settled' })
    t.equal(await indexed(refund), null)
    t.ok((await claimTtlMs(refund.id)) > 0)
  },
)

t.test('a lookup that throws leaves the others alone', { buffered: true }, async (t) => {
  const { store, sweep, onLookUp, lookups } = await startAll(t)
  for (let count = 0; count < 8; count++) await beginUnknown(store)
  let isFirst = true
  onLookUp(async () => {
    if (!isFirst) return FOUND
    isFirst = false
    throw new Error('bug')
  })
  await t.rejects(sweep(), { message: 'bug' })
  await until('the others are looked at', () => lookups.length === 8)
})

t.test('a store that is away stops a sweep, not the next one', { buffered: true }, async (t) => {
  const { server, store, sweep, lookups, redis } = await startAll(t)
  await beginUnknown(store)
  await server.stop()
  await t.rejects(sweep(), { code: 'store_unavailable' })
  const isBack = new Promise((resolve) => redis.once('ready', resolve))
  await server.start()
  await isBack
  await sweep()
  t.equal(lookups.length, 1)
})

t.test('it sweeps by itself, until it is stopped', { buffered: true }, async (t) => {
  const { store, lookups, startReplica, onLookUp } = await startAll(t, { intervalMs: 100 })
  let finish: () => void = () => {}
  onLookUp(
    () =>
      new Promise((resolve) => {
        finish = () => resolve(FOUND)
      }),
  )
  await beginUnknown(store)
  await until('it is looked up', () => lookups.length === 1)
  const other = startReplica()
  await other.stop()
  const { refund } = await beginUnknown(store)
  finish()
  await until('the next is', () => lookups.includes(refund.tid))
  finish()
})

t.test('a late answer settles what was swept', { buffered: true }, async (t) => {
  const { store, sweep, claimTtlMs } = await startAll(t)
  const { stored } = await begin(store)
  const { id } = stored.refund
  await sleep(LEASE_MS + 150)
  await sweep()
  t.match(await store.settle(stored, SUCCEEDED), { result: 'settled' })
  t.match((await store.findById(id))?.refund, {
    status: 'succeeded',
    provider: { cancel_tid: 'C1' },
    resolution: { source: 'provider', by: null, note: null },
  })
  t.ok((await claimTtlMs(id)) > 0)
})

t.test(
  'a late decline of what a person called succeeded changes nothing but the history',
  { buffered: true },
  async (t) => {
    const { store, redis, countEntries } = await startAll(t)
    const { stored } = await begin(store)
    const { id, tid } = stored.refund
    await sleep(LEASE_MS + 50)
    t.match(await store.settle(stored, { ...FAILED_BY_OPERATOR, status: 'succeeded' }), { result: 'settled' })
    const before = await store.findById(id)
    const ledger = await redis.hget(keys.payment(MERCHANT, tid), 'ledger')
    for (const _ of [1, 2]) t.match(await store.settle(stored, DECLINED), { result: 'conflict' })
    const after = await store.findById(id)
    t.same(after?.refund, before?.refund)
    t.match(
      after?.history.map(({ event, cause }) => `${event} ${cause}`),
      ['unknown lease', 'conflict failed'],
      'told once',
    )
    t.equal(await redis.hget(keys.payment(MERCHANT, tid), 'ledger'), ledger)
    t.equal(await countEntries(), 0)
  },
)

// Through real gateways: one whose line to Redis breaks just before it can record the answer, and another one.
const SHORT = {
  COOKIEPAY_CONNECT_TIMEOUT_MS: '1000',
  COOKIEPAY_TIMEOUT_MS: '1500',
  RECONCILE_INTERVAL_MS: '300',
}
const GATEWAY_LEASE_MS = 7_500

async function startTwo(t: Test) {
  const [redis, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
  const proxy = await startRedisProxy(t, redis)
  const env = gatewayEnv(provider.url, redis, SHORT)
  const [cutOff, other] = await Promise.all([
    startTestGateway(t, { ...env, REDIS_URL: proxy.url }),
    startTestGateway(t, env),
  ])
  /** A partial refund that succeeded at the provider, and has become unknown to everybody else. */
  async function refundUntold() {
    const body = refundRequest({ amount: 4_000 })
    proxy.before('settle', () => {})
    const told = await cutOff.refund(body, 'key')
    isRefund(t, told, 'succeeded', { about: 'its caller is told the true outcome' })
    const isUnknown = async () => (await other.refund(body, 'key')).status === 202
    await until('its lease is over', isUnknown, GATEWAY_LEASE_MS + 3_000)
    return { body, id: told.body.id }
  }
  const conflicts = () => metric(cutOff, 'refund_gateway_conflicts_total')
  const pendingWrites = () => metric(cutOff, 'refund_gateway_pending_writes')
  const reconnect = async () => {
    proxy.breakConnections()
    await until('what was pending is written', async () => (await pendingWrites()) === 0)
  }
  return { redis, provider, cutOff, other, refundUntold, reconnect, conflicts }
}

type Events = { data: { event: string; source: string; by: string | null; note: string | null }[] }

t.test('an outcome that reaches the store after the lease', { buffered: true }, async (t) => {
  const { other, refundUntold, reconnect, conflicts, provider } = await startTwo(t)
  const { body, id } = await refundUntold()
  await reconnect()
  const replay = await other.refund(body, 'key')
  isRefund(t, replay, 'succeeded', { replayed: true })
  t.match(replay.body, { resolution: { source: 'provider', by: null, note: null } })
  const { body: events } = await other.request<Events>(`/refunds/${id}/events`)
  t.match(
    events.data.map(({ event, source }) => `${event} ${source}`),
    ['processing caller', 'unknown lease', 'succeeded provider'],
  )
  t.equal(await conflicts(), 0)
  t.equal(provider.cancels.length, 1)
})

t.test(
  'a success of what an operator resolved as failed meanwhile is disputed',
  { buffered: true },
  async (t) => {
    const { cutOff, other, provider, refundUntold, reconnect, conflicts } = await startTwo(t)
    const { body, id } = await refundUntold()
    const resolved = await resolveAsFailed(other, id, { note: 'not in the console' })
    t.equal(resolved.status, 200)
    await reconnect()
    t.equal(await metric(cutOff, 'refund_gateway_disputed_refunds_total'), 1)
    t.equal(await conflicts(), 0)
    const disputed = await other.request<Refund>(`/refunds/${id}`)
    t.match(disputed.body, { ...(resolved.body as Refund), updated_at: String, disputed: true })
    const { body: ledger } = await other.request(`/payments/${body.tid}`)
    t.match(ledger, { refunded: 0, unknown: 0, in_flight: 0, disputed: 4_000, remaining: 6_000 })
    isProblem(t, await other.refund(body, 'key'), 'refund_unresolved')
    for (const amount of [undefined, 6_001]) {
      const refused = await other.refund({ ...body, amount })
      isProblem(t, refused, 'refund_unresolved')
      t.equal(refused.body.refund?.id, id, 'it says what is in the way')
    }
    isProblem(
      t,
      await other.refund({ ...body, payment: { ...body.payment, amount: 20_000 } }),
      'payment_mismatch',
    )
    t.equal(provider.cancels.length, 1)
    const { body: events } = await cutOff.request<Events>(`/refunds/${id}/events`)
    t.match(events.data, [
      { event: 'processing', source: 'caller', by: 'anonymous', note: null },
      { event: 'unknown', source: 'lease', by: null, note: null },
      { event: 'failed', source: 'operator', by: 'anonymous', note: 'not in the console' },
      { event: 'disputed', source: 'provider', by: null, note: /was made/ },
    ])

    const settled = await other.request<Refund>(`/refunds/${id}/resolve`, {
      body: { outcome: 'succeeded', note: 'seen after all' },
    })
    t.match(settled.body, {
      status: 'succeeded',
      failure: null,
      provider: { cancel_code: '0000' },
      resolution: { note: 'seen after all' },
    })
    t.notOk('disputed' in settled.body)
    t.match((await other.request(`/payments/${body.tid}`)).body, { refunded: 4_000, disputed: 0 })
    isRefund(t, await other.refund(body, 'key'), 'succeeded', { replayed: true })
    const then = await cutOff.request<Events>(`/refunds/${id}/events`)
    t.match(
      then.body.data.map(({ event, note }) => `${event} ${note}`),
      [
        'processing null',
        'unknown null',
        'failed not in the console',
        /^disputed /,
        'succeeded seen after all',
      ],
    )
    const again = { body: { outcome: 'failed', note: 'no' } }
    t.match((await other.request(`/refunds/${id}/resolve`, again)).body, { code: 'not_resolvable' })
  },
)

t.test('what the sandbox applied without saying so is found out', { buffered: true }, async (t) => {
  const [redis, sandbox] = await Promise.all([startTestRedis(t), startSandbox(t)])
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, SHORT))
  const faults = ['timeout', 'reset', 'error500', 'html', 'empty', 'truncated', 'trickle', 'busy']
  // Every other tid is longer than the search takes.
  const bodies = faults.map((fault, index) =>
    refundRequest({ tid: index % 2 === 0 ? `${fault}-10000` : `${fault}-of-more-than-20-10000` }),
  )
  const unfindable = refundRequest({ tid: `hang-10000` })
  const all = [...bodies, unfindable]
  const first = await Promise.all(all.map((body) => gateway.refund(body, body.tid)))
  for (const answer of first) isRefund(t, answer, 'unknown')
  await until(
    'all are settled',
    async () => {
      const answers = await Promise.all(bodies.map((body) => gateway.refund(body, body.tid)))
      return answers.every(({ status }) => status === 201)
    },
    10_000,
  )
  t.match((await gateway.refund(unfindable, unfindable.tid)).body, { status: 'unknown' })
  t.equal(await metric(gateway, 'refund_gateway_unsettled_refunds'), 1)
  t.equal(
    await metric(gateway, 'refund_gateway_resolutions_total{source="lookup",status="succeeded"}'),
    faults.length,
  )
  const operator = new Redis(redis.port, '127.0.0.1')
  t.teardown(() => operator.disconnect())
  const claims = await operator.keys('claim:*')
  const ttls = await Promise.all(claims.map((claim) => operator.ttl(claim)))
  t.equal(ttls.filter((ttl) => ttl === -1).length, 1, 'one key does not expire')
  for (const { tid } of all) t.equal((await sandbox.cancels(tid)).calls, 1, `${tid} was sent once`)
})
