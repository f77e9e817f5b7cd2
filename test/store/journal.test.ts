import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { JOURNAL_LAG_MS, type JournalEntry } from '../../src/refunds/ports/journal.ts'
import type { UnsettledEntry } from '../../src/refunds/ports/store.ts'
import type { Settlement, StoredRefund } from '../../src/refunds/stored-refund.ts'
import { keys, SHARDS, unsettledShard } from '../../src/store/keys.ts'
import { leaveSettled } from '../../src/store/lua/leave-settled.ts'
import type { JournalledStore, RefundStoreOptions } from '../../src/store/refund-store.ts'
import { unknownEntryOf } from '../../src/store/unsettled-entries.ts'
import { MERCHANT } from '../support/merchant.ts'
import {
  begun,
  byPerson,
  FAILED,
  newClaim,
  newIntent,
  SUCCEEDED,
  settled,
  UNKNOWN,
} from '../support/store-intents.ts'
import { connectStore, startStore } from '../support/store-start.ts'

const DAY_MS = 86_400_000

/** A store whose clock is this far ahead of Redis's, so that what was just appended is read at once. */
const AHEAD_MS = 3_000

async function startAll(t: Test, options: Partial<RefundStoreOptions> = {}) {
  const all = await startStore(t, { now: () => Date.now() + AHEAD_MS, ...options })
  return { ...all, readAll: (fromMs = 0, toMs = Date.now() + 3_600_000) => readAll(all.store, fromMs, toMs) }
}

/** Every entry of the span, page by page. */
async function readAll(store: JournalledStore, fromMs: number, toMs: number, limit = 7) {
  const entries: JournalEntry[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof store.journal.read>> = await store.journal.read({
      fromMs,
      toMs,
      after,
      limit,
    })
    entries.push(...page.entries)
    after = page.next
  } while (after !== null)
  return entries
}

const changesOf = (entries: readonly JournalEntry[]) => entries.map(({ change, number }) => [change, number])

/** Entries of settled refunds leave the index a moment later. */
const untilJournalled = () => sleep(250)

async function settle(store: JournalledStore, stored: StoredRefund, settlement: Settlement) {
  const answer = await store.settle(stored, settlement)
  if (answer.result === 'lost') throw new Error('lost')
  return answer.stored
}

t.test('a refund that settles is journalled once, with when it did', async (t) => {
  const { store, readAll } = await startAll(t)
  const succeeded = await settled(store, newIntent(newClaim()))
  const failed = await settled(store, newIntent(newClaim({ tid: 'a tid with spaces' })), FAILED)
  await untilJournalled()
  const entries = await readAll()
  t.equal(entries.length, 2)
  for (const { refund } of [succeeded, failed]) {
    const entry = entries.find(({ id }) => id === refund.id)
    t.match(entry, { change: refund.status, merchant: MERCHANT, tid: refund.tid, number: 1 })
    t.ok(Math.abs((entry?.at ?? 0) - Date.parse(refund.updated_at)) <= 1)
  }
})

t.test('each change of a refund is journalled once, in order', async (t) => {
  const { store, readAll } = await startAll(t)
  const unknown = await settled(store, newIntent(newClaim()), UNKNOWN)
  const failed = await settle(store, unknown, byPerson('failed'))
  const disputed = await settle(store, failed, SUCCEEDED)
  t.equal(disputed.refund.disputed, true)
  await settle(store, disputed, byPerson('succeeded'))
  await untilJournalled()
  t.strictSame(changesOf(await readAll()), [
    ['unknown', 1],
    ['failed', 2],
    ['disputed', 3],
    ['succeeded', 4],
  ])
})

t.test('a refund that failed in the ordinary way and is disputed has both in the journal', async (t) => {
  const { store, readAll } = await startAll(t)
  const intent = newIntent(newClaim())
  const stored = await begun(store, intent)
  await store.settle(stored, FAILED)
  // Before and after its attempt's entry has left.
  await store.settle(stored, SUCCEEDED)
  const other = await begun(store, newIntent(newClaim()))
  await store.settle(other, FAILED)
  await untilJournalled()
  await store.settle(other, SUCCEEDED)
  await untilJournalled()
  const entries = await readAll()
  for (const { id } of [stored.refund, other.refund]) {
    t.strictSame(changesOf(entries.filter((entry) => entry.id === id)), [
      ['failed', 1],
      ['disputed', 2],
    ])
  }
})

t.test('who has read a refund before it changed takes it from nowhere, and keeps its key', async (t) => {
  const { store, redis } = await startAll(t)
  const stored = await begun(store, newIntent(newClaim()))
  const failed = await settle(store, stored, FAILED)
  await untilJournalled()
  const disputed = await settle(store, stored, SUCCEEDED)
  await untilJournalled()
  const { id } = stored.refund
  const lookups = keys.lookups(unsettledShard(id))
  const entry = unknownEntryOf(disputed)
  const dueAt = Number(await redis.zscore(lookups, entry))
  t.ok(dueAt > 0)
  await store.drop({ entry, id, merchant: MERCHANT, tid: stored.refund.tid, dueAt }, failed)
  t.equal(Number(await redis.zscore(lookups, entry)), dueAt, 'it is looked at')
  t.equal(await redis.pttl(keys.claim(id)), -1, 'and found')
})

t.test('what a dead gateway left in the index is journalled by the sweep, and not twice', async (t) => {
  const { store, redis, readAll } = await startAll(t)
  const intent = newIntent(newClaim(), { leaseMs: 300 })
  const stored = await settled(store, intent)
  const shard = unsettledShard(stored.refund.id)
  const [entry = ''] = await redis.zrange(keys.unsettled(shard), '0', '-1')
  await untilJournalled()
  t.equal((await readAll()).length, 1)
  // A broken connection has delivered the attempt's entry once more.
  await redis.zadd(keys.unsettled(shard), 1, entry)
  await store.expireLeases()
  t.equal((await readAll()).length, 1)
  // The journal of another day, for all that the sweep can see.
  await redis.del(keys.journal(shard))
  await redis.zadd(keys.unsettled(shard), 1, entry)
  await store.expireLeases()
  t.strictSame(changesOf(await readAll()), [['succeeded', 1]])
  t.equal(await redis.zcard(keys.unsettled(shard)), 0)
})

t.test('an entry that is put into the index once more has its refund journalled once', async (t) => {
  const { redis, readAll } = await startAll(t)
  const shard = 3
  const leave = (number: number, at: number) => {
    const journalled = { letter: 's', at, of: `1R7501J8MPH7FF4458S16QHRQ8 ${MERCHANT} tid` }
    const leaving = [{ entry: 'an entry', journalled }]
    return leaveSettled(redis, { shard, leaving, owner: 'process', number, retentionMs: DAY_MS })
  }
  const putBack = () => redis.zadd(keys.unsettled(shard), 1, 'an entry')
  await putBack()
  await leave(2, Date.now())
  t.equal((await readAll()).length, 1)
  await putBack()
  await leave(2, Date.now())
  await leave(1, Date.now())
  t.equal((await readAll()).length, 1, 'what is sent twice, or arrives behind a later one, does nothing')
  await leave(3, Date.now() - 2_500)
  t.equal((await readAll()).length, 1, 'others may have journalled what settled a while ago')
  t.equal(await redis.zcard(keys.unsettled(shard)), 1, 'the sweep asks the journal')
})

t.test('pages over all shards have each entry once, in the order of the journal', async (t) => {
  const { store, readAll } = await startAll(t)
  for (let batch = 0; batch < 10; batch++) {
    await Promise.all(Array.from({ length: 20 }, () => settled(store, newIntent(newClaim()))))
    await sleep(20)
  }
  await untilJournalled()
  const entries = await readAll()
  t.equal(new Set(entries.map(({ id }) => id)).size, 200)
  t.equal(entries.length, 200)
  t.equal(new Set(entries.map(({ id }) => unsettledShard(id))).size, SHARDS.length)
  const times = entries.map(({ position }) => Number(position.split('-')[0]))
  t.strictSame(
    times,
    times.toSorted((one, other) => one - other),
  )
})

t.test('many refunds are read in their order, those of one payment among them', async (t) => {
  const { store } = await startAll(t)
  const tid = 'of one payment'
  const one = await settled(store, newIntent(newClaim({ tid }), { amount: 100 }), {
    ...SUCCEEDED,
    bookedAmount: null,
  })
  const other = await settled(store, newIntent(newClaim({ tid }), { amount: 200 }), FAILED)
  const third = await settled(store, newIntent(newClaim()))
  const claims = [other, third, one].map(({ refund, merchant }) => ({
    id: refund.id,
    merchant,
    tid: refund.tid,
  }))
  const missing = newClaim()
  const found = await store.findMany([...claims, missing, ...claims.slice(0, 1)])
  t.strictSame(
    found.map((stored) => stored?.refund.id ?? null),
    [other.refund.id, third.refund.id, one.refund.id, null, other.refund.id],
  )
})

t.test(
  'what a dead gateway left is journalled once somebody reads on, long before its lease is over',
  async (t) => {
    // It gathers what leaves, and dies.
    const { store, server } = await startAll(t, { gather: () => {} })
    const stored = await settled(store, newIntent(newClaim(), { requestedAt: Date.now() - 10_000 }))
    const reader = await connectStore(t, server, { now: () => Date.now() + 10_000 })
    const read = () => readAll(reader.store, 0, Date.now() + 3_600_000)
    t.strictSame(await read(), [])
    await sleep(1_100)
    t.match(await read(), [{ id: stored.refund.id, change: 'succeeded' }])
    await sleep(1_100)
    t.equal((await read()).length, 1)
  },
)

t.test('what is journalled late counts as of when it was', async (t) => {
  const { store, redis, readAll } = await startAll(t, { gather: () => {} })
  const { refund } = await settled(store, newIntent(newClaim()))
  await sleep(JOURNAL_LAG_MS + 500)
  const inFlight = keys.unsettled(unsettledShard(refund.id))
  const [entry = ''] = await redis.zrange(inFlight, '0', '-1')
  await redis.zadd(inFlight, 1, entry)
  await store.expireLeases()
  const [late] = await readAll()
  t.ok((late?.at ?? 0) >= Date.parse(refund.updated_at) + JOURNAL_LAG_MS)
  t.equal(late?.at, Number(late?.position.split('-')[0]))
  // A span that was over before is complete without it.
  t.strictSame(await readAll(0, Date.parse(refund.updated_at) + 1_000), [])
})

t.test('a span is from its start inclusive to its end exclusive, by when the change was', async (t) => {
  const { store, readAll } = await startAll(t)
  await settled(store, newIntent(newClaim()))
  await untilJournalled()
  const [{ at }] = (await readAll()) as [JournalEntry]
  t.equal((await readAll(at, at + 1)).length, 1)
  t.equal((await readAll(at + 1)).length, 0)
  t.equal((await readAll(0, at)).length, 0)
})

t.test('pages neither repeat nor hide what is appended meanwhile', async (t) => {
  const { store } = await startAll(t, { now: Date.now })
  const settledIds: string[] = []
  let isOver = false
  async function goOn() {
    while (!isOver) settledIds.push((await settled(store, newIntent(newClaim()))).refund.id)
  }
  const writers = Array.from({ length: 4 }, goOn)
  const seen: string[] = []
  let after: string | null = null
  const readOn = async () => {
    const { journal } = store
    const page = await journal.read({ fromMs: 0, toMs: Date.now() + 60_000, after, limit: 50 })
    seen.push(...page.entries.map(({ id }) => id))
    after = page.entries.at(-1)?.position ?? after
  }
  const until = Date.now() + 4_000
  while (Date.now() < until) await readOn()
  t.ok(seen.length > 50, `${seen.length} were read meanwhile`)
  isOver = true
  await Promise.all(writers)
  await sleep(2_500)
  for (let before = -1; before < seen.length; ) {
    before = seen.length
    await readOn()
  }
  t.equal(seen.length, settledIds.length)
  t.strictSame(new Set(seen), new Set(settledIds))
})

t.test('the journal is kept for its retention, and never longer than the ledger', async (t) => {
  const { store, redis, readAll } = await startAll(t, {
    journalRetentionMs: 90_000_000,
    ledgerRetentionMs: 1,
  })
  const claim = newClaim()
  const journal = keys.journal(unsettledShard(claim.id))
  // The ledger is kept for as long as a claim, a day: older than that, and two whole nodes of the stream.
  const oldMs = Date.now() - 88_000_000
  for (let count = 1; count <= 250; count++) await redis.xadd(journal, `${oldMs}-${count}`, 'e', 'old')
  await settled(store, newIntent(claim))
  await untilJournalled()
  t.equal(await redis.xlen(journal), 51)
  t.match(await readAll(), [{ id: claim.id }])
})

t.test('a position that is none is not taken for one', async (t) => {
  const { store } = await startAll(t)
  for (const after of ['', '1', '1-1', 'x-1.1', '1-1.1.1', '1795-0.-1']) {
    await t.rejects(
      store.journal.read({ fromMs: 0, toMs: 1, after, limit: 1 }),
      { message: /no position/ },
      after,
    )
  }
})

t.test('what settles late is journalled whoever settled it dies', async (t) => {
  const { store, redis, server, readAll } = await startAll(t)
  const unknown = await settled(store, newIntent(newClaim()), UNKNOWN)
  const failed = await settled(store, newIntent(newClaim()), FAILED)
  await untilJournalled()
  // It dies once the refund has settled.
  const dying = await connectStore(t, server)
  Object.assign(dying.redis, { journalChanges: () => Promise.reject(new Error('it is dead')) })
  await settle(dying.store, unknown, byPerson('succeeded'))
  await t.rejects(settle(dying.store, failed, SUCCEEDED), { name: 'StoreError' })
  for (const { refund } of [unknown, failed]) {
    const lookups = keys.lookups(unsettledShard(refund.id))
    for (const entry of await redis.zrange(lookups, '0', '-1')) await redis.zadd(lookups, 'XX', 1, entry)
  }
  for (const taken of await store.takeDue(10)) {
    const stored = await store.findByClaim(taken)
    if (stored?.refund.disputed) await store.keepDisputed(stored)
    else await store.drop(taken, stored)
  }
  const entries = await readAll()
  const ofRefund = ({ refund }: StoredRefund) => changesOf(entries.filter(({ id }) => id === refund.id))
  t.strictSame(ofRefund(unknown), [
    ['unknown', 1],
    ['succeeded', 2],
  ])
  t.strictSame(ofRefund(failed), [
    ['failed', 1],
    ['disputed', 2],
  ])
})

t.test(
  'an entry that is about to be settled by another is not taken away by who has read it before',
  async (t) => {
    const { store, redis, server, readAll } = await startAll(t)
    const failed = await settle(
      store,
      await settled(store, newIntent(newClaim()), UNKNOWN),
      byPerson('failed'),
    )
    await untilJournalled()
    const lookups = keys.lookups(unsettledShard(failed.refund.id))
    await redis.zadd(lookups, 1, unknownEntryOf(failed))
    const [taken] = (await store.takeDue(1)) as [UnsettledEntry]
    const dying = await connectStore(t, server)
    Object.assign(dying.redis, { journalChanges: () => Promise.reject(new Error('it is dead')) })
    await t.rejects(settle(dying.store, failed, SUCCEEDED), { name: 'StoreError' })
    await store.drop(taken, failed)
    await store.lookAgain(taken, 3_600_000)
    t.ok(Number(await redis.zscore(lookups, unknownEntryOf(failed))) < Date.now() + 61_000)
    t.equal((await readAll()).length, 2)
  },
)
