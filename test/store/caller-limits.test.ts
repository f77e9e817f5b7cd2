import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { markCounted } from '../../src/refunds/attempt-token.ts'
import type { CallerLimits } from '../../src/refunds/caller-limits.ts'
import type { StoredRefund } from '../../src/refunds/stored-refund.ts'
import { createCallerAllowances } from '../../src/store/caller-limits.ts'
import { keys } from '../../src/store/keys.ts'
import { defineScripts } from '../../src/store/lua/scripts.ts'
import { until } from '../support/calls.ts'
import { startTestRedis } from '../support/redis.ts'

const AT = Date.parse('2026-01-31T14:30:00Z')
const DAY = '2026-01-31'
const KEY = keys.allowance('orders', DAY)

async function startAllowances(t: Test, limits: ReadonlyMap<string, CallerLimits> = new Map()) {
  const server = await startTestRedis(t)
  const client = new Redis(server.port, '127.0.0.1', { enableAutoPipelining: true })
  t.teardown(() => client.disconnect())
  const barriers: string[] = []
  const allowances = createCallerAllowances(defineScripts(client), {
    now: () => AT,
    limits: () => limits,
    durability: () => ({ state: 'durable', needsFileSync: false }),
    requireDurability: true,
    barrier: (key) => {
      barriers.push(key)
      return true
    },
  })
  return { client, allowances, barriers }
}

const taking = (attempt: string, requestedAt = AT) => ({
  caller: 'orders',
  attempt: markCounted(attempt),
  requestedAt,
})

const storedAs = (attempt: string, refund: Partial<StoredRefund['refund']>): StoredRefund =>
  ({
    attempt: markCounted(attempt),
    refund: {
      amount: 300,
      requested_by: 'orders',
      created_at: new Date(AT).toISOString(),
      ...refund,
    },
  }) as StoredRefund

t.test('taking and giving back are so once, however often they are sent', async (t) => {
  const { allowances, client, barriers } = await startAllowances(t)
  const limits = { max_amount_per_day: 1_000, max_refunds_per_day: 2 }
  const used = () => allowances.used({ caller: 'orders', requestedAt: AT })
  for (let count = 0; count < 3; count++) {
    t.strictSame(await allowances.take(taking('a'), 600, limits), { result: 'taken' })
    t.strictSame(await used(), { amount: 600, refunds: 1 })
  }
  t.strictSame(barriers, [KEY, KEY, KEY], 'a refund does not outlive its count')
  t.strictSame(await allowances.take(taking('b'), 401, limits), {
    result: 'exceeded',
    name: 'max_amount_per_day',
    used: 600,
  })
  t.strictSame(await allowances.take(taking('b'), 400, limits), { result: 'taken' })
  t.strictSame(await allowances.take(taking('c'), 0, limits), {
    result: 'exceeded',
    name: 'max_refunds_per_day',
    used: 2,
  })
  // Another amount under the same attempt takes the place of the first.
  t.strictSame(await allowances.take(taking('b'), 100, limits), { result: 'taken' })
  t.strictSame(await allowances.take(taking('b'), 401, limits), {
    result: 'exceeded',
    name: 'max_amount_per_day',
    used: 600,
  })
  t.strictSame(await used(), { amount: 700, refunds: 2 })
  for (let count = 0; count < 3; count++) {
    await allowances.giveBack(taking('b'))
    t.strictSame(await used(), { amount: 600, refunds: 1 })
  }
  await allowances.giveBack(taking('never taken'))
  t.strictSame(await used(), { amount: 600, refunds: 1 })
  await allowances.giveBack(taking('a'))
  t.strictSame(await used(), { amount: 0, refunds: 0 })
  t.equal(await client.exists(KEY), 0, 'nothing is left of nothing')
})

t.test('a refund counts on the day on which it was asked for, and the day is forgotten', async (t) => {
  const { allowances, client } = await startAllowances(t)
  const limits = { max_refunds_per_day: 1 }
  await allowances.take(taking('a'), 100, limits)
  t.match(await allowances.take(taking('b'), 100, limits), { result: 'exceeded' })
  const nextDay = AT + 3_600_000
  t.strictSame(await allowances.take(taking('b', nextDay), 100, limits), { result: 'taken' })
  await allowances.giveBack(taking('a'))
  t.strictSame(await allowances.used({ caller: 'orders', requestedAt: nextDay }), { amount: 100, refunds: 1 })
  const leftMs = await client.pttl(keys.allowance('orders', '2026-02-01'))
  t.ok(leftMs > 7 * 86_400_000 && leftMs <= 8 * 86_400_000, `${leftMs} ms`)
})

t.test('of settled refunds only the sums are kept; what is disputed counts again', async (t) => {
  const { allowances, client } = await startAllowances(t)
  const used = () => allowances.used({ caller: 'orders', requestedAt: AT })
  for (const attempt of ['made', 'declined', 'open']) await allowances.take(taking(attempt), 300, {})
  await allowances.follow(storedAs('made', { status: 'succeeded' }))
  await allowances.follow(storedAs('declined', { status: 'failed' }))
  await allowances.follow(storedAs('open', { status: 'unknown' }))
  await until('the tokens to go', async () => (await client.hlen(KEY)) === 3)
  t.strictSame(await client.hkeys(KEY), ['amount', 'refunds', markCounted('open')])
  t.strictSame(await used(), { amount: 600, refunds: 2 })

  // Beyond any limit: its money has moved.
  for (let count = 0; count < 2; count++) {
    await allowances.follow(storedAs('declined', { status: 'failed', disputed: true }))
    t.strictSame(await used(), { amount: 900, refunds: 3 })
  }
  await allowances.follow(storedAs('declined', { status: 'failed' }))
  t.strictSame(await used(), { amount: 600, refunds: 2 })
  await allowances.follow({ ...storedAs('x', { status: 'failed' }), attempt: 'x' })
  t.strictSame(await used(), { amount: 600, refunds: 2 }, 'what was not counted is not given back')
})

t.test('what is used of all limits is one round trip', async (t) => {
  const limits = new Map<string, CallerLimits>([
    ['orders', { max_amount_per_day: 1_000, max_refunds_per_day: 5 }],
    ['desk', { max_refunds_per_day: 3 }],
    ['free', { max_amount: 10 }],
  ])
  const { allowances, client } = await startAllowances(t, limits)
  await allowances.take(taking('a'), 300, {})
  await allowances.useToday()
  const reads = async () => Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))?.[1])
  const before = await reads()
  t.strictSame(await allowances.useToday(), [
    { caller: 'orders', limit: 'max_amount_per_day', used: 300, max: 1_000 },
    { caller: 'orders', limit: 'max_refunds_per_day', used: 1, max: 5 },
    { caller: 'desk', limit: 'max_refunds_per_day', used: 0, max: 3 },
  ])
  t.equal((await reads()) - before, 2, 'and the reading of the count itself')
})
