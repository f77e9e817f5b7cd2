import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { JournalledChange } from '../../src/refunds/ports/journal.ts'
import { createEventQueue } from '../../src/store/event-queue.ts'
import { letterOf } from '../../src/store/journal-entries.ts'
import { keys, unsettledShard } from '../../src/store/keys.ts'
import type { ScriptedClient } from '../../src/store/lua/scripts.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { startTestRedis, type TestRedis } from './redis.ts'

const PARTS = 17

/** Queues of events on one Redis, each of a process of its own; `login` as a URL has it. */
export async function startEventQueues(t: Test, server?: TestRedis, login = '') {
  const of = server ?? (await startTestRedis(t))
  const redis = connectRedis({ kind: 'url', url: of.url.replace('//', `//${login}`) })
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  return { server: of, redis, ...queuesOn(redis) }
}

export function queuesOn(redis: ScriptedClient) {
  const queueOf = (consumer: string) =>
    createEventQueue(redis, {
      now: Date.now,
      consumer,
      durability: () => ({ state: 'durable', needsFileSync: false }),
      requireDurability: true,
      barrier: () => true,
    })

  /** As the journal's scripts append a change, of `ago` milliseconds before now. */
  async function journal(id: string, { change = 'succeeded', ago = 0 }: JournalWish = {}): Promise<void> {
    const streamId = ago === 0 ? '*' : `${Date.now() - ago}-*`
    const text = `${letterOf(change)} 0 ${id.slice('rf_'.length)} merchant tid of ${id}`
    await redis.xadd(keys.journal(unsettledShard(id)), streamId, 'e', text)
  }

  return { queueOf, journal }
}

export type JournalWish = Readonly<{ change?: JournalledChange; ago?: number }>

/** An id of a refund, in a shard that the last but one of its letters decides. */
export function someRefundId(): string {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const text = randomUUID().replaceAll('-', '').toUpperCase().slice(0, 24)
  return `rf_${text}${letters[Math.floor(Math.random() * letters.length)]}G`
}

/** All that is due for the endpoint. */
export const ALL = { limit: 64, parts: PARTS, recoveredAt: null } as const
