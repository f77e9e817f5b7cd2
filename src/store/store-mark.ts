import calculateSlot from 'cluster-key-slot'
import { Cluster } from 'ioredis'
import type { Refund } from '../refunds/refund.ts'
import { acceptCommand } from './accept-command.ts'
import { createBarrier } from './barrier.ts'
import { keys, UNSETTLED_SHARDS } from './keys.ts'
import type { RedisClient, Scripts } from './scripts.ts'
import type { MarkMemory } from './store-mark-file.ts'

/** Nobody has this name: a memory of it is contradicted by every store. */
const NOBODY = '-'

/** As it was at `since`, while `remembered` is remembered; both in milliseconds, `since` 0 where nobody knows. */
export type GoneBack = Readonly<{ since: number; remembered: number }>

export type MarkFound = Readonly<
  | { result: 'raised'; isRemembered: boolean }
  /** Looked at only: nothing contradicts what is remembered. */
  | { result: 'unwritten' }
  | { result: 'other_store' }
  | ({ result: 'gone_back' } & GoneBack)
>

export type StoreMark = Readonly<{
  /**
   * Compares the store of this id with what this process and `fileMarks` remember, and raises its mark.
   * `needsFileSync`: a write is durable only after WAITAOF.
   */
  raise(storeId: string, fileMarks: MarkMemory['marks'], needsFileSync: boolean): Promise<MarkFound>
  /** The marks that this process remembers of this store. */
  remembered(storeId: string): MarkMemory['marks']
  /** The outcome of this refund was stored as durably as Redis promises. */
  refundSettled(paymentKey: string, refund: Refund): void
}>

/**
 * A mark that rises with Redis's clock, so that a store which came back older is noticed (lua/raise-mark.lua). On a
 * single server one shard has it; on a Cluster each shard, so that each server is likely to have one. A mark is
 * remembered once it is as durable as an intent: what a failover may lose was never promised.
 */
export function createStoreMark(
  redis: RedisClient & Scripts,
  instance: string,
  options: Readonly<{ minReplicas: number; mayWrite: boolean }>,
): StoreMark {
  let store = { id: '', marks: new Map<number, number>() }
  /** By server, the last refund that was settled since the mark was raised: a server loses the last writes first. */
  const settled = new Map<string, { paymentKey: string; refund: Refund }>()
  let syncsFile = false
  const barrier = createBarrier(
    redis,
    () => ({ state: 'durable', needsFileSync: syncsFile }),
    options.minReplicas,
  )

  /** Memories of what was settled and is gone. */
  async function missing(looked: readonly { paymentKey: string; refund: Refund }[]): Promise<number[]> {
    const found = await Promise.all(looked.map(({ paymentKey, refund }) => redis.hget(paymentKey, refund.id)))
    return looked
      .filter((_, index) => found[index] === null)
      .map(({ refund }) => Date.parse(refund.updated_at))
  }

  async function raiseShard(
    shard: number,
    storeId: string,
    memories: readonly (string | number)[],
  ): Promise<MarkFound> {
    const key = keys.storeMark(shard)
    const scripted = [key, keys.storeInstances(shard), keys.storeId(shard), storeId, instance]
    const reply = await redis.raiseMark(...scripted, options.mayWrite ? 1 : 0, ...memories)
    const [result, first, second] = reply as string[]
    if (result === 'gone_back') return { result, since: Number(first), remembered: Number(second) }
    if (result === 'unwritten' || result === 'other_store') return { result }
    if (result !== 'raised') throw new Error(`bug: raise-mark.lua answered ${result}`)
    const isRemembered = (await barrier(key)) && store.id === storeId
    if (isRemembered) store.marks.set(shard, Math.max(Number(first), store.marks.get(shard) ?? 0))
    return { result, isRemembered }
  }

  return {
    async raise(storeId, fileMarks, needsFileSync) {
      syncsFile = needsFileSync
      if (store.id !== storeId) {
        // What is remembered of a lost store was accepted with its loss.
        store = { id: storeId, marks: new Map() }
        settled.clear()
      }
      const looked = [...settled]
      const gone = await missing(looked.map(([, last]) => last))
      const found = await Promise.all(
        shardsOf(redis).map((shard) => {
          const own = store.marks.get(shard)
          const file = fileMarks[shard]
          return raiseShard(shard, storeId, [
            ...(own === undefined ? [] : [instance, own]),
            ...(file === undefined ? [] : [file.instance, file.mark]),
            ...(shard === 0 ? gone.flatMap((at) => [NOBODY, at]) : []),
          ])
        }),
      )
      if (found.every((one) => one.result === 'raised' && one.isRemembered)) {
        for (const [server, last] of looked) if (settled.get(server) === last) settled.delete(server)
      }
      return worstOf(found)
    },

    remembered(storeId) {
      if (store.id !== storeId) return {}
      return Object.fromEntries([...store.marks].map(([shard, mark]) => [shard, { instance, mark }]))
    },

    refundSettled(paymentKey, refund) {
      settled.set(serverOf(redis, paymentKey), { paymentKey, refund })
    },
  }
}

export function goneBackText({ since, remembered }: GoneBack): string {
  const from = since === 0 ? 'an unknown time' : timeText(since)
  return `it has gone back: it is as it was at ${from}, while ${timeText(remembered)} is remembered, and what was refunded between is lost. Put the newer data back, or accept the loss: ${acceptCommand(`--gone-back=${timeText(remembered)}`)}`
}

/**
 * An operator accepts that the store has gone back behind what is remembered until this time. Answers what was
 * accepted. Throws an Error where nothing is to accept, or another time is remembered by now.
 */
export async function acceptGoneBack(redis: RedisClient, remembered: string): Promise<GoneBack> {
  const shards = await Promise.all(
    shardsOf(redis).map(async (shard) => {
      const [lost, since, mark] = await redis.hmget(keys.storeMark(shard), 'lost', 'lost_since', 'mark')
      return { shard, lost: Number(lost ?? 0), since: Number(since ?? 0), mark: Number(mark ?? 0) }
    }),
  )
  const lost = shards.filter((shard) => shard.lost > 0)
  if (lost.length === 0) throw new Error('No gateway has found that this store has gone back.')
  const found = {
    since: Math.min(...lost.map(({ since }) => since)),
    remembered: Math.max(...lost.map((shard) => shard.lost)),
  }
  const expected = timeText(found.remembered)
  if (remembered !== expected) {
    throw new Error(`What is remembered goes until ${expected}: look until then, and name that.`)
  }
  for (const { shard, lost: voidUntil, mark } of lost) {
    // The mark as well: above it, later losses are noticed at once. While `lost` stands, nobody raises it.
    const key = keys.storeMark(shard)
    await redis.hset(key, 'void_until', voidUntil, 'mark', Math.max(mark, voidUntil))
    await redis.hdel(key, 'lost', 'lost_since')
  }
  return found
}

/** As it is shown, and named in a command. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

function worstOf(found: readonly MarkFound[]): MarkFound {
  const goneBack = found.filter((one) => one.result === 'gone_back')
  if (goneBack.length > 0) {
    return {
      result: 'gone_back',
      since: Math.min(...goneBack.map(({ since }) => since)),
      remembered: Math.max(...goneBack.map(({ remembered }) => remembered)),
    }
  }
  return found.find(({ result }) => result === 'other_store') ?? (found[0] as MarkFound)
}

function shardsOf(redis: RedisClient): number[] {
  return Array.from({ length: redis instanceof Cluster ? UNSETTLED_SHARDS : 1 }, (_, shard) => shard)
}

/** What tells the servers of a Cluster apart. */
function serverOf(redis: RedisClient, key: string): string {
  return redis instanceof Cluster ? (redis.slots[calculateSlot(key)]?.[0] ?? '') : ''
}
