import type { Test } from 'tap'
import { createOutsideRefunds } from '../../src/store/outside-refunds.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { createRefundStore, type RefundStoreOptions } from '../../src/store/refund-store.ts'
import { startTestRedis, type TestRedis } from './redis.ts'
import { storeTimes } from './store-times.ts'

/** A store of one gateway on this Redis; another one is another replica. */
export async function connectStore(t: Test, server: TestRedis, options: Partial<RefundStoreOptions> = {}) {
  const redis = connectRedis({ kind: 'url', url: server.url })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  const all: RefundStoreOptions = {
    ...storeTimes(60_000),
    idempotencyRetentionMs: 3_600_000,
    ledgerRetentionMs: 86_400_000,
    journalRetentionMs: 86_400_000,
    durability: () => ({ state: 'durable', needsFileSync: false }),
    requireDurability: true,
    barrier: async () => true,
    ...options,
  }
  return { redis, store: createRefundStore(redis, all), outside: createOutsideRefunds(redis, all) }
}

/** A store on a Redis of its own. */
export async function startStore(t: Test, options: Partial<RefundStoreOptions> = {}) {
  const server = await startTestRedis(t)
  return { server, ...(await connectStore(t, server, options)) }
}
