import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Refund } from '../../refunds/refund.ts'
import { keys, UNSETTLED_SHARDS } from '../keys.ts'
import type { RedisClient, Scripts } from '../lua/scripts.ts'
import { acceptCommand } from './accept-command.ts'
import { createStoreMark, type Expected, goneBackText } from './store-mark.ts'
import { createMarkFile, type MarkMemory, NO_MARK_FILE, type Reading } from './store-mark-file.ts'
import { meetTerms, type Terms } from './store-terms.ts'

/** How often, and how far apart, a process that has just started looks for ids that are being written. */
const FIRST_LOOKS = 20
const FIRST_LOOK_PAUSE_MS = 25

/** How long after a refund the mark is raised, once for all refunds until then. */
const RAISE_DELAY_MS = 200

/** How often the last mark is raised until it stands in a file that others write to as well. */
const LAST_RAISES = 5

/** Whether this is the store that was there, as far as it had come, and as this gateway writes it. */
export type StoreIdentity = Readonly<{
  /**
   * What is wrong with the store, in words, or null. `needsFileSync`: a write is on its disk only after WAITAOF.
   * Throws where the store cannot be reached.
   */
  check(needsFileSync: boolean): Promise<string | null>
}>

/** What the store has been written is told here, so that the loss of that is noticed as well. */
export type StoreWatch = Readonly<{
  refundBegun(): void
  refundSettled(paymentKey: string, refund: Refund): void
}>

export type StorePast = StoreIdentity &
  StoreWatch &
  Readonly<{
    /** What is wrong, and keeps no refund from being made; or null. */
    warning(): string | null
    /** Raises the mark for the last time, and writes it down. */
    close(): Promise<void>
  }>

export type StorePastOptions = Terms &
  Readonly<{
    /** The id that the store must have (REDIS_STORE_ID); null: the one that is found. */
    expectedId: string | null
    /** The path of STORE_MARK_FILE, or null. */
    markFile: string | null
    minReplicas: number
    /** Whether it may write, to the store as well as to the file. A mere look leaves all as it is. */
    mayWrite: boolean
    /** Gets a line for the log. */
    report(line: string): void
  }>

/**
 * Notices a store that came back without its data: by an id (below), a mark that rises (store-mark.ts), and the terms
 * that it was written with (store-terms.ts). The process remembers the first two, and STORE_MARK_FILE beyond it.
 * An operator accepts a loss with `npm run accept-store`.
 */
export function createStoreIdentity(redis: RedisClient & Scripts, options: StorePastOptions): StorePast {
  const instance = randomUUID()
  const { markFile, mayWrite, report } = options
  const id = createStoreId(redis, options)
  const file = markFile === null ? NO_MARK_FILE : createMarkFile(markFile, instance, report)
  const mark = createStoreMark(redis, instance, { ...options, onRemembered: save })
  /** As the last check that found the right store has left it. */
  let lastFound: Expected | null = null
  let raising: NodeJS.Timeout | undefined

  function save({ storeId, fileMarks }: Expected): void {
    file.save({ store_id: storeId, marks: highest(mark.remembered(storeId), fileMarks) })
  }

  /** Between two checks, and only where the store was found right: what it finds lost, the next check says. */
  async function raiseAgain(): Promise<void> {
    raising = undefined
    if (lastFound !== null) await mark.raise(lastFound)
  }

  function raiseSoon(): void {
    raising ??= setTimeout(() => void raiseAgain().catch(() => {}), RAISE_DELAY_MS).unref()
  }

  /** What is wrong with the store's id or its mark, or null. Then the file may be written. */
  async function checkPast({ memory, confirm }: Reading, needsFileSync: boolean): Promise<string | null> {
    const found = await id.check(memory?.store_id ?? null)
    if (found.lost !== null) return found.lost
    const { storeId } = found
    if (storeId === null) return null
    const fileMarks = memory?.store_id === storeId ? memory.marks : {}
    const expected = { storeId, fileMarks, needsFileSync }
    const compared = await mark.raise(expected)
    if (compared.result === 'gone_back') return goneBackText(compared)
    if (compared.result === 'other_store') return 'its store id is just being changed'
    confirm()
    lastFound = expected
    if (mayWrite) save(expected)
    return null
  }

  async function checkTerms(): Promise<string | null> {
    const { reasons, isNew } = await meetTerms(redis, options, mayWrite)
    if (isNew && mayWrite) {
      const mode = options.isOpen ? 'an open gateway' : 'a gateway with API_KEYS'
      report(`the store is from now on one that ${mode} writes, with the newest of STORE_SECRETS`)
    }
    return reasons.length === 0 ? null : reasons.join('; ')
  }

  /** Compares once more, so that what another process has written into the file meanwhile may be replaced. */
  async function raiseLast(): Promise<boolean> {
    if (lastFound === null) return true
    const wrong = await checkPast(await file.read(), lastFound.needsFileSync)
    await mark.settle()
    return (await file.flush()) || wrong !== null
  }

  return {
    async check(needsFileSync) {
      let reading: Reading
      try {
        reading = await file.read()
      } catch (error) {
        return (error as Error).message
      }
      // One after the other: a store that has lost its past is given no terms.
      return (await checkPast(reading, needsFileSync)) ?? (await checkTerms())
    },
    refundBegun: raiseSoon,
    refundSettled(paymentKey, refund) {
      mark.refundSettled(paymentKey, refund)
      raiseSoon()
    },
    warning: file.warning,
    async close() {
      clearTimeout(raising)
      try {
        for (let attempt = 1; attempt <= LAST_RAISES && !(await raiseLast()); attempt++);
      } catch {
        // The store or the file is away: what they remember is older then.
      } finally {
        mark.close()
      }
    },
  }
}

type StoreIdFound = Readonly<
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
function createStoreId(
  redis: RedisClient,
  { expectedId, mayWrite }: Pick<StorePastOptions, 'expectedId' | 'mayWrite'>,
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

/** The higher one of each shard. */
function highest(own: MarkMemory['marks'], other: MarkMemory['marks']): MarkMemory['marks'] {
  const marks = { ...other }
  for (const [shard, mark] of Object.entries(own)) {
    if (mark.mark >= (marks[shard]?.mark ?? 0)) marks[shard] = mark
  }
  return marks
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
  return Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => keys.storeId(shard))
}
