import { randomUUID } from 'node:crypto'
import { keys, UNSETTLED_SHARDS } from './keys.ts'
import type { RedisClient } from './scripts.ts'

/** Notices a store that came back without its data. */
export type StoreIdentity = Readonly<{
  /** What is wrong with the store's identity, or null. Throws where the store cannot be reached. */
  check(): Promise<string | null>
}>

/**
 * An id that is written once, into as many slots as the index has shards, so that every server of a Cluster is
 * likely to hold one of them. This process remembers it: where it is missing or another one later, data
 * was lost, and with them the protection against second refunds. `expected` (REDIS_STORE_ID) makes it
 * remembered beyond the process; an operator accepts the loss with `npm run accept-store`.
 */
export function createStoreIdentity(redis: RedisClient, expected: string | null): StoreIdentity {
  let known = expected

  return {
    async check() {
      known ??= await write(redis)
      const values = await Promise.all(shards().map((key) => redis.get(key)))
      if (values.every((value) => value === known)) return null
      if (values.every((value) => value?.endsWith(` ${known}`))) {
        known = values[0]?.split(' ')[0] as string
        await Promise.all(shards().map((key) => redis.set(key, known as string)))
        return null
      }
      const found = values.some((value) => value === null) ? 'is missing' : 'is another one'
      return `it lost data: the store id ${known} ${found}. Restore it, or accept the loss: npm run accept-store -- ${known}`
    },
  }
}

/** An operator says that a store which lost its id may be used: every gateway takes the new id for the old one. */
export async function acceptStore(redis: RedisClient, lostId: string): Promise<string> {
  const id = randomUUID()
  await Promise.all(shards().map((key) => redis.set(key, `${id} ${lostId}`)))
  return id
}

/** The id that is there, or a new one, in each shard that has none. */
async function write(redis: RedisClient): Promise<string> {
  const [first, ...others] = shards() as [string, ...string[]]
  const created = randomUUID()
  const existing = await redis.set(first, created, 'NX', 'GET')
  const id = existing?.split(' ')[0] ?? created
  await Promise.all(others.map((key) => redis.set(key, id, 'NX')))
  return id
}

function shards(): string[] {
  return Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => keys.storeId(shard))
}
