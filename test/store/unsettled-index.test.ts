import { randomBytes, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Claim, Intent } from '../../src/refunds/claim.ts'
import type { RefundStore, UnsettledQuery } from '../../src/refunds/ports/store.ts'
import { bookingId, refundId } from '../../src/refunds/refund-id.ts'
import type { Settlement, StoredRefund } from '../../src/refunds/stored-refund.ts'
import { BOOKING_ATTEMPT_MS } from '../../src/store/booking-journal.ts'
import { keys, UNSETTLED_SHARDS, unsettledShard } from '../../src/store/keys.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { createRefundStore, type RefundStoreOptions } from '../../src/store/refund-store.ts'
import { MERCHANT } from '../support/merchant.ts'
import { startTestRedis } from '../support/redis.ts'
import { newIntent as intentOf } from '../support/store-intents.ts'
import { storeTimes } from '../support/store-times.ts'

const LEASE_MS = 20_000
const HOUR_MS = 3_600_000
const START_MS = Date.now() - HOUR_MS

const UNKNOWN: Settlement = {
  status: 'unknown',
  provider: null,
  refunded_at: null,
  failure: null,
  resolution: null,
  bookedAmount: null,
}
const SUCCEEDED: Settlement = { ...UNKNOWN, status: 'succeeded' }

type Overrides = { requestedAt?: number; leaseMs?: number; merchant?: string; by?: string }

function newClaim(merchant = MERCHANT): Claim {
  return {
    id: refundId('test', randomUUID()),
    token: randomBytes(12).toString('base64url'),
    fingerprint: 'fingerprint',
    merchant,
    tid: randomUUID(),
  }
}

function newIntent(claim: Claim, { requestedAt, leaseMs, by }: Overrides): Intent {
  const intent = intentOf(claim, { requestedAt: requestedAt ?? Date.now(), leaseMs: leaseMs ?? LEASE_MS })
  return { ...intent, details: { ...intent.details, requested_by: by ?? 'one' } }
}

async function startAll(t: Test) {
  const server = await startTestRedis(t)
  const redis = connectRedis({ kind: 'url', url: server.url })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  /** Another process on the same Redis. */
  const startStore = (options: Partial<RefundStoreOptions> = {}) =>
    createRefundStore(redis, {
      ...storeTimes(LEASE_MS),
      idempotencyRetentionMs: 1_000,
      ledgerRetentionMs: 30 * 24 * HOUR_MS,
      journalRetentionMs: 30 * 24 * HOUR_MS,
      durability: () => ({ state: 'durable', needsFileSync: false }),
      requireDurability: true,
      barrier: async () => true,
      ...options,
    })
  const store = startStore()

  async function begin(overrides: Overrides = {}) {
    const claim = newClaim(overrides.merchant)
    await store.claim(claim)
    const begun = await store.begin(newIntent(claim, overrides))
    if (begun.result !== 'begun') throw new Error(begun.result)
    return { claim, stored: begun.stored }
  }
  async function beginUnknown(overrides: Overrides = {}): Promise<StoredRefund> {
    const settled = await store.settle((await begin(overrides)).stored, UNKNOWN)
    if (settled.result !== 'settled') throw new Error(settled.result)
    return settled.stored
  }
  /** So many unknown refunds, asked for a millisecond after each other. */
  async function manyUnknown(count: number, overridesOf: (index: number) => Overrides = () => ({})) {
    const stored: StoredRefund[] = []
    for (let start = 0; start < count; start += 50) {
      const batch = Array.from({ length: Math.min(50, count - start) }, (_, index) => start + index)
      stored.push(
        ...(await Promise.all(
          batch.map((index) => beginUnknown({ requestedAt: START_MS + index, ...overridesOf(index) })),
        )),
      )
    }
    return stored
  }
  /** The commands that Redis does for this, and how much it says. */
  async function costOf(work: () => Promise<unknown>) {
    const read = async () => {
      const stats = await redis.info('stats')
      const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stats)?.[1])
      return { commands: field('total_commands_processed'), bytes: field('total_net_output_bytes') }
    }
    const [first, second] = [await read(), await read()]
    await work()
    const third = await read()
    return {
      commands: third.commands - second.commands - (second.commands - first.commands),
      bytes: third.bytes - second.bytes - (second.bytes - first.bytes),
    }
  }
  return { server, redis, store, startStore, begin, beginUnknown, manyUnknown, costOf }
}

async function listAll(store: RefundStore, query: Omit<UnsettledQuery, 'cursor'>) {
  const pages: string[][] = []
  let cursor: string | null = null
  do {
    const page = await store.listUnsettled({ ...query, cursor })
    pages.push(page.refunds.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return pages
}

const idsOf = (stored: readonly StoredRefund[]) => stored.map(({ refund }) => refund.id)

t.test('pages are full, in order and complete, whatever the limit and whatever matches', async (t) => {
  const { store, manyUnknown } = await startAll(t)
  // Several in one millisecond, and of two accounts and callers.
  const stored = (
    await manyUnknown(300, (index) => ({
      requestedAt: START_MS + Math.floor(index / 7),
      merchant: index % 5 === 0 ? 'rare' : MERCHANT,
      by: index % 97 === 0 ? 'other' : 'one',
    }))
  ).toSorted((one, other) =>
    one.refund.created_at + one.refund.id < other.refund.created_at + other.refund.id ? -1 : 1,
  )
  for (const limit of [1, 3, 20, 100, 299, 300, 301]) {
    const rows: [string, Partial<UnsettledQuery>, (stored: StoredRefund) => boolean][] = [
      ['all', {}, () => true],
      ['of a merchant', { merchant: 'rare' }, ({ merchant }) => merchant === 'rare'],
      ['that match', { caller: 'other' }, ({ refund }) => refund.requested_by === 'other'],
      ['none', { caller: 'nobody' }, () => false],
    ]
    for (const [what, query, isListed] of limit === 1 ? rows.slice(1) : rows) {
      const pages = await listAll(store, { status: 'unknown', limit, ...query })
      t.same(pages.flat(), idsOf(stored.filter(isListed)), `${what}, ${limit} a page`)
      t.ok(
        pages.slice(0, -1).every(({ length }) => length === limit),
        'each is full but for the last',
      )
    }
  }
})

t.test('what one page, a count and the oldest cost does not grow with what is unknown', async (t) => {
  const { store, manyUnknown, costOf } = await startAll(t)
  const few = 32
  const costs = async () => ({
    page: await costOf(() => store.listUnsettled({ status: 'unknown', limit: 1, cursor: null })),
    processing: await costOf(() => store.listUnsettled({ status: 'processing', limit: 20, cursor: null })),
    count: await costOf(() => store.countUnsettled()),
    oldest: await costOf(() => store.oldestUnknownAt()),
  })
  await manyUnknown(few)
  const first = await costs()
  await manyUnknown(2_000)
  const then = await costs()
  for (const [what, { commands, bytes }] of Object.entries(then)) {
    const before = first[what as keyof typeof first]
    // Whatever the durability of a test adds, or its scripts that are sent for the first time.
    t.ok(commands <= before.commands + 5, `${what}: ${before.commands} and ${commands} commands`)
    t.ok(bytes <= before.bytes + 3_000 && bytes < 10_000, `${what}: ${before.bytes} and ${bytes} bytes`)
  }
  t.equal(await store.countUnsettled(), few + 2_000)
})

t.test('a page that was read goes on where it ended, whatever was settled meanwhile', async (t) => {
  const { redis, store, manyUnknown } = await startAll(t)
  const stored = await manyUnknown(30)
  const ids = idsOf(stored)
  const first = await store.listUnsettled({ status: 'unknown', limit: 10, cursor: null })
  t.same(
    idsOf(stored).slice(0, 10),
    first.refunds.map(({ id }) => id),
  )
  for (const index of [9, 10, 12]) await store.settle(stored[index] as StoredRefund, SUCCEEDED)
  // One whose entry was left behind where its process died.
  const { refund, attempt } = stored[14] as StoredRefund
  const entry = `${START_MS + 14}.${refund.id} ${attempt} ${MERCHANT} ${refund.tid} one`
  await store.settle(stored[14] as StoredRefund, SUCCEEDED)
  await redis.zadd(keys.unknown(unsettledShard(refund.id)), 0, entry)
  const rest = await store.listUnsettled({ status: 'unknown', limit: 100, cursor: first.nextCursor })
  const expected = ids.filter((_, index) => index > 9 && ![10, 12, 14].includes(index))
  t.same(
    rest.refunds.map(({ id }) => id),
    expected,
  )
  t.equal(await store.countUnsettled(), 26, 'and what is left over is taken out')
})

t.test('whatever is in flight beyond its lease is unknown to every reader, before any sweep', async (t) => {
  for (const read of ['list', 'oldest'] as const) {
    const { store, redis, begin } = await startAll(t)
    const { claim } = await begin({ requestedAt: START_MS, leaseMs: -200 })
    await begin()
    if (read === 'oldest') t.equal(await store.oldestUnknownAt(), START_MS)
    else {
      const { refunds } = await store.listUnsettled({ status: 'unknown', limit: 10, cursor: null })
      t.same(
        refunds.map(({ id }) => id),
        [claim.id],
      )
    }
    t.equal((await store.listUnsettled({ status: 'processing', limit: 10, cursor: null })).refunds.length, 1)
    t.equal(await redis.pttl(keys.claim(claim.id)), -1, 'and its key is kept')
    t.equal(await store.countUnsettled(), 2)
  }
})

t.test('the key of an unknown refund is not free, however long nobody has looked', async (t) => {
  const { store, redis, startStore, begin } = await startAll(t)
  const { claim: died } = await begin({ requestedAt: START_MS, leaseMs: -200 })
  const shard = unsettledShard(died.id)
  const [entry] = (await redis.zrange(keys.unsettled(shard), '0', '-1')) as [string]
  /** Every gateway was down since it died, for longer than a claim lives. */
  async function longAfter(): Promise<void> {
    await redis.del(keys.claim(died.id), keys.unknown(shard), keys.lookups(shard))
    await redis.zadd(keys.unsettled(shard), START_MS, entry)
  }
  const other: Claim = { ...died, token: 'other', fingerprint: 'another payload', tid: 'another payment' }

  await longAfter()
  t.match(
    await startStore().claim(other),
    { tid: died.tid, fingerprint: died.fingerprint },
    'its key is taken',
  )

  await longAfter()
  const stored = await startStore().findById(died.id)
  t.match(stored, { refund: { status: 'unknown', tid: died.tid } }, 'it is read by its id')

  // A process that goes on for as long, and whose reconciler does nothing.
  const clock = { ms: 0 }
  const running = startStore({ clock: () => clock.ms })
  await running.claim(other)
  await longAfter()
  clock.ms += 24 * HOUR_MS
  t.match(await running.claim(other), { tid: died.tid })

  t.match(await store.settle(stored as StoredRefund, SUCCEEDED), { result: 'settled' })
  t.ok((await redis.pttl(keys.claim(died.id))) > 0, 'once it is settled its key has its retention')
})

t.test('entries that are due later than anything can be are looked at, whoever put them there', async (t) => {
  const { store, redis, begin, beginUnknown } = await startAll(t)
  const inFlight = (await begin()).claim.id
  const { refund, attempt } = await beginUnknown({ requestedAt: START_MS })
  // As an older version, or one whose clock is ahead, has written them.
  const entry = `${START_MS}.${refund.id} ${attempt} ${MERCHANT} ${refund.tid}`
  const shard = unsettledShard(refund.id)
  const known = `${entry} one`
  await redis.zrem(keys.unknown(shard), known)
  await redis.zrem(keys.lookups(shard), known)
  await redis.zadd(keys.unsettled(shard), Date.now() + 2 * HOUR_MS, entry)
  const [mine] = await redis.zrange(keys.unsettled(unsettledShard(inFlight)), '0', '-1')
  await redis.zadd(keys.unsettled(unsettledShard(inFlight)), Date.now() + 2 * HOUR_MS, mine as string)
  const soon = `${Date.now()}.${refundId('test', 'soon')} attempt default soon`
  await redis.zadd(keys.unsettled(unsettledShard(refundId('test', 'soon'))), Date.now() + 2 * HOUR_MS, soon)

  await store.expireLeases()
  t.match(await store.takeDue(10), [
    { entry: known, id: refund.id, merchant: MERCHANT, tid: refund.tid, caller: 'one' },
  ])
  const due = Number(await redis.zscore(keys.unsettled(unsettledShard(inFlight)), mine as string))
  t.ok(due <= Date.now() + 1_000, 'what is in flight is looked at again soon')
  const later = Number(await redis.zscore(keys.unsettled(unsettledShard(refundId('test', 'soon'))), soon))
  t.ok(later > Date.now() && later <= Date.now() + LEASE_MS, 'what is not begun has its time to be')
})

t.test('what an attempt enters once more after its entry was read due is not taken from it', async (t) => {
  const { store, redis } = await startAll(t)
  // An attempt at a refund and one at a booking, of paused processes which go on just now.
  const ids = [refundId('test', 'paused'), bookingId('test', 'paused')]
  const entries = ids.map((id, index) => ({
    key: keys.unsettled(unsettledShard(id)),
    entry: `${START_MS}.${id} ${randomBytes(12).toString('base64url')} ${MERCHANT} tid-${index}`,
  }))
  for (const { key, entry } of entries) await redis.zadd(key, START_MS + LEASE_MS, entry)
  const hget = redis.hget.bind(redis)
  const goOn = async () => {
    for (const { key, entry } of entries) await redis.zadd(key, Date.now() + LEASE_MS, entry)
  }
  Object.assign(redis, {
    hget: async (key: string, field: string) => {
      const found = await hget(key, field)
      await goOn()
      return found
    },
  })
  await store.expireLeases()
  for (const { key, entry } of entries) t.ok(Number(await redis.zscore(key, entry)) > Date.now(), entry)

  Object.assign(redis, { hget })
  for (const { key, entry } of entries) await redis.zadd(key, START_MS, entry)
  await store.expireLeases()
  for (const { key, entry } of entries) t.equal(await redis.zscore(key, entry), null, 'else it leaves')
})

t.test('what is about to be booked is left in the index by every sweep', async (t) => {
  const { store, redis } = await startAll(t)
  const id = bookingId('test', 'under way')
  const key = keys.unsettled(unsettledShard(id))
  // Within its time, and beyond any: of a process whose clock is ahead.
  for (const aheadMs of [BOOKING_ATTEMPT_MS, 2 * HOUR_MS]) {
    await redis.zadd(key, Date.now() + aheadMs, `${Date.now()}.${id} attempt ${MERCHANT} tid`)
    await store.expireLeases()
    const [, due] = await redis.zrange(key, '0', '-1', 'WITHSCORES')
    t.ok(Number(due) > Date.now() + LEASE_MS && Number(due) <= Date.now() + BOOKING_ATTEMPT_MS, `${due}`)
    await redis.del(key)
  }
})

t.test('what has been due longest is taken first, over all shards, and by one replica', async (t) => {
  const { store, redis, startStore, manyUnknown } = await startAll(t)
  const stored = await manyUnknown(40)
  // In no order of shards or of times asked for.
  const order = stored.map((one, index) => ({ ...one, due: START_MS + ((index * 17) % 40) }))
  for (const { refund, attempt, due } of order) {
    const entry = `${Date.parse(refund.created_at)}.${refund.id} ${attempt} ${MERCHANT} ${refund.tid} one`
    await redis.zadd(keys.lookups(unsettledShard(refund.id)), due, entry)
  }
  const expected = idsOf(order.toSorted((one, other) => one.due - other.due))
  const taken: string[] = []
  for (let count = 0; count < 5; count++) taken.push(...(await store.takeDue(4)).map(({ id }) => id))
  t.same(taken, expected.slice(0, 20))

  const replicas = [store, startStore(), startStore()]
  const all = (await Promise.all(replicas.map(({ takeDue }) => takeDue(10)))).flat().map(({ id }) => id)
  t.equal(new Set(all).size, all.length, 'each by one')
  t.same(all.toSorted(), expected.slice(20, 30).toSorted(), 'who comes second looks again later')
  t.equal(new Set(stored.map(({ refund }) => unsettledShard(refund.id))).size > UNSETTLED_SHARDS / 2, true)
})

t.test('one that stays inconclusive comes after those that became due meanwhile', async (t) => {
  const { store, manyUnknown } = await startAll(t)
  const ids = idsOf(await manyUnknown(4))
  const [first] = await store.takeDue(1)
  const stubborn = first?.id as string
  const others = ids.filter((id) => id !== stubborn)
  await store.lookAgain(first as NonNullable<typeof first>, 2)
  // Within one millisecond their order is that of their entries.
  await new Promise((resolve) => setTimeout(resolve, 5))
  const taken = (await store.takeDue(10)).map(({ id }) => id)
  t.same(taken.toSorted(), [...others, stubborn].toSorted())
  t.equal(taken.at(-1), stubborn)
})

t.test('times that are kept go by the clock of Redis, however wrong that of the process is', async (t) => {
  const { redis, startStore, begin } = await startAll(t)
  const { claim } = await begin()
  t.equal(startStore({ now: () => 42 }).now(), 42, 'the flow asks the store for it')
  const [entry = '', due] = await redis.zrange(
    keys.unsettled(unsettledShard(claim.id)),
    '0',
    '-1',
    'WITHSCORES',
  )
  t.ok(entry.includes(claim.id))
  t.ok(Math.abs(Number(due) - Date.now() - LEASE_MS) < 5_000)
})
