import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { keys, SHARDS } from '../keys.ts'
import type { RedisClient } from '../lua/scripts.ts'
import { acceptCommand } from './how-to-accept.ts'

/** How often, and how far apart, a process that has just started looks for ids that are being written. */
const FIRST_LOOKS = 20
const FIRST_LOOK_PAUSE_MS = 25

export type StoreIdOptions = Readonly<{
  /** The id that the store must have (REDIS_STORE_ID); null: the one that is found. */
  expectedId: string | null
  /** Whether it may write. A mere look leaves all as it is. */
  mayWrite: boolean
}>

export type StoreIdFound = Readonly<
  | { lost: string }
  /** `storeId` null: a new store, at which was only looked. */
  | { lost: null; storeId: string | null }
>

/**
 * An id that is written once, into as many slots as the index has shards, so that every server of a Cluster is
 * likely to hold one of them. This process remembers it: where it is missing or another one later, data
 * was lost, and with them the protection against second refunds. REDIS_STORE_ID, or else a file (`remembered`), makes
 * it remembered beyond the process.
 */
export function createStoreId(
  redis: RedisClient,
  { expectedId, mayWrite }: StoreIdOptions,
): { check(remembered: string | null): Promise<StoreIdFound> } {
  const proposed = randomUUID()
  let known = expectedId

  return {
    async check(remembered) {
      known ??= remembered
      const isFirstLook = known === null
      known ??= mayWrite ? await findOrWrite(redis, proposed) : await find(redis)
      if (known === null) return { lost: null, storeId: null }
      let values = await readIds(redis)
      // A replica that starts at the same moment may still be writing.
      for (let look = 1; look < FIRST_LOOKS && isFirstLook && values.includes(null); look++) {
        await sleep(FIRST_LOOK_PAUSE_MS)
        values = await readIds(redis)
      }
      const found = values.some((value) => value === null) ? 'is missing' : 'is another one'
      const restore = (lostId: string) => `Restore it, or accept the loss: ${acceptCommand(lostId)}`
      if (!values.every((value) => value?.split(' ').includes(known as string))) {
        return { lost: `it lost data: the store id ${known} ${found}. ${restore(known)}` }
      }
      const ids = (values[0] as string).split(' ')
      known = ids[0] as string
      if (remembered !== null && !ids.includes(remembered)) {
        return {
          lost: `it lost data, or STORE_MARK_FILE is of another store: its id is ${known}, and ${remembered} is remembered. ${restore(remembered)}`,
        }
      }
      return { lost: null, storeId: known }
    },
  }
}

/**
 * An operator says that a store which lost its id may be used. The new id stands beside the lost one for ever,
 * so that each gateway, whenever it looks, can take the one for the other.
 */
export async function acceptStore(redis: RedisClient, lostId: string): Promise<string> {
  const id = randomUUID()
  const [first, ...others] = shards() as [string, ...string[]]
  const write = (key: string) => redis.set(key, `${id} ${lostId}`)
  await Promise.all(others.map(write))
  // Last: a gateway takes over what stands here, and then expects it everywhere.
  await write(first)
  return id
}

/** Whether the store has this id, whole, so that nothing of it is to be accepted. */
export async function hasStoreId(redis: RedisClient, id: string): Promise<boolean> {
  return (await readIds(redis)).every((value) => value !== null && idIn(value) === id)
}

/** The id that is there, or the proposed one. Only who proposed it completes it: any other gap is a loss. */
async function findOrWrite(redis: RedisClient, proposed: string): Promise<string> {
  const [first, ...others] = shards() as [string, ...string[]]
  const existing = await redis.set(first, proposed, 'NX', 'GET')
  if (existing !== null && existing !== proposed) return idIn(existing)
  await Promise.all(others.map((key) => redis.set(key, proposed, 'NX')))
  return proposed
}

async function find(redis: RedisClient): Promise<string | null> {
  const existing = (await readIds(redis)).find((value) => value !== null)
  return existing === undefined ? null : idIn(existing as string)
}

function readIds(redis: RedisClient): Promise<(string | null)[]> {
  return Promise.all(shards().map((key) => redis.get(key)))
}

function idIn(value: string): string {
  return value.split(' ', 1)[0] as string
}

function shards(): string[] {
  return SHARDS.map(keys.storeId)
}
