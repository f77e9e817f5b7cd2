import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { JOURNAL_LAG_MS, type JournalEntry } from '../../src/refunds/ports/journal.ts'
import type { Settlement, StoredRefund } from '../../src/refunds/stored-refund.ts'
import { keys, SHARDS, unsettledShard } from '../../src/store/keys.ts'
import type { JournalledStore, RefundStoreOptions } from '../../src/store/refund-store.ts'
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
import { startStore } from '../support/store-start.ts'

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
  t.ok(JOURNAL_LAG_MS > 0)
})
