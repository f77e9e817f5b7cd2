import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { keys, UNSETTLED_SHARDS } from './keys.ts'
import type { RedisClient } from './scripts.ts'

/** How often, and how far apart, a process that has just started looks for ids that are being written. */
const FIRST_LOOKS = 20
const FIRST_LOOK_PAUSE_MS = 25

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
  const proposed = randomUUID()
  let known = expected

  return {
    async check() {
      const isFirstLook = known === null
      known ??= await findOrWrite(redis, proposed)
      let values = await readIds(redis)
      // A replica that starts at the same moment may still be writing.
      for (let look = 1; look < FIRST_LOOKS && isFirstLook && values.includes(null); look++) {
        await sleep(FIRST_LOOK_PAUSE_MS)
        values = await readIds(redis)
      }
      if (values.every((value) => value?.split(' ').includes(known as string))) {
        known = idIn(values[0] as string)
        return null
      }
      const found = values.some((value) => value === null) ? 'is missing' : 'is another one'
      return `it lost data: the store id ${known} ${found}. Restore it, or accept the loss: npm run accept-store -- ${known}`
    },
  }
}

/**
 * An operator says that a store which lost its id may be used. The new id stands beside the lost one for ever,
 * so that each gateway, whenever it looks, can take the one for the other.
 */
export async function acceptStore(redis: RedisClient, lostId: string): Promise<string> {
  const id = randomUUID()
  await Promise.all(shards().map((key) => redis.set(key, `${id} ${lostId}`)))
  return id
}

/** The id that is there, or the proposed one. Only who proposed it completes it: any other gap is a loss. */
async function findOrWrite(redis: RedisClient, proposed: string): Promise<string> {
  const [first, ...others] = shards() as [string, ...string[]]
  const existing = await redis.set(first, proposed, 'NX', 'GET')
  if (existing !== null && existing !== proposed) return idIn(existing)
  await Promise.all(others.map((key) => redis.set(key, proposed, 'NX')))
  return proposed
}

function readIds(redis: RedisClient): Promise<(string | null)[]> {
  return Promise.all(shards().map((key) => redis.get(key)))
}

function idIn(value: string): string {
  return value.split(' ', 1)[0] as string
}

function shards(): string[] {
  return Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => keys.storeId(shard))
}
