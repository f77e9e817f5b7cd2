import calculateSlot from 'cluster-key-slot'
import { Cluster } from 'ioredis'
import type { Refund } from '../../refunds/refund.ts'
import { keys, SHARDS } from '../keys.ts'
import { type GoneBack, type MarkOfInstance, raiseMark, type ShardMark } from '../lua/raise-mark.ts'
import type { RedisClient, ScriptedClient } from '../lua/scripts.ts'
import { type Barrier, createBarrier } from './barrier.ts'
import { acceptCommand } from './how-to-accept.ts'
import type { MarkMemory } from './store-mark-file.ts'
import { createWaitingConnection } from './waiting-connection.ts'

/** Nobody has this name: a memory of it is contradicted by every store. */
const NOBODY = '-'

/** The worst that a shard has answered. */
export type MarkFound = Readonly<
  { result: 'raised' | 'fine' | 'other_store' } | ({ result: 'gone_back' } & GoneBack)
>

/** The store as it must be, and what is remembered of it outside of this process. */
export type Expected = Readonly<{
  storeId: string
  fileMarks: MarkMemory['marks']
  /** A write is durable only after WAITAOF. */
  needsFileSync: boolean
}>

export type StoreMark = Readonly<{
  /** Compares the store with what is remembered, and raises its mark, here or soon after. */
  raise(expected: Expected): Promise<MarkFound>
  /** The marks that this process remembers of this store. */
  remembered(storeId: string): MarkMemory['marks']
  /** The outcome of this refund was stored as durably as Redis promises. */
  refundSettled(paymentKey: string, refund: Refund): void
  /** Resolves once what is being raised is remembered, or cannot be. */
  settle(): Promise<void>
  close(): void
}>

export type StoreMarkOptions = Readonly<{
  minReplicas: number
  /** Whether it may raise. */
  mayWrite: boolean
  /** Called when a mark is remembered. */
  onRemembered(expected: Expected): void
}>

/** A refund whose outcome was stored since a mark was remembered. */
type Settled = Readonly<{ paymentKey: string; refund: Refund }>

/** What this process remembers of a store. */
type Memory = Readonly<{
  storeId: string
  /** By shard. */
  marks: Map<number, number>
  /** By server: it loses its last writes first. */
  settled: Map<string, Settled>
}>

const memoryOf = (storeId: string): Memory => ({ storeId, marks: new Map(), settled: new Map() })

/**
 * A mark that rises with Redis's clock, so that a store which came back older is noticed (lua/raise-mark.lua). On a
 * single server one shard has it; on a Cluster each shard, so that each server is likely to have one. A mark is
 * remembered once it is as durable as an intent: what a failover may lose was never promised. Where that takes waiting,
 * the mark is raised on a connection of its own, beside the comparison.
 */
export function createStoreMark(
  redis: ScriptedClient,
  instance: string,
  options: StoreMarkOptions,
): StoreMark {
  let memory = memoryOf('')
  const waiting = createWaitingConnection(redis)
  let raisingApart: Promise<void> | undefined

  /** What was raised is on its way to be durable: remembers it when it is, and then forgets what was settled before. */
  async function remember(
    raised: readonly ShardMark[],
    before: ReadonlyMap<string, Settled>,
    { expected, barrier }: { expected: Expected; barrier: Barrier },
  ): Promise<void> {
    const areDurable = await Promise.all(shardsOf(redis).map((shard) => barrier(keys.storeMark(shard))))
    if (areDurable.includes(false) || memory.storeId !== expected.storeId) return
    takeIn(memory, raised, before)
    options.onRemembered(expected)
  }

  async function raiseApart(expected: Expected): Promise<void> {
    const before = new Map(memory.settled)
    const client = await waiting.open()
    const gone = await missing(redis, [...before.values()])
    const raised = await ask(client, { instance, purpose: 'raise', expected, own: memory.marks, gone })
    if (worstOf(raised).result !== 'raised') return
    const durability = { state: 'durable', needsFileSync: expected.needsFileSync } as const
    const barrier = createBarrier(client, () => durability, options.minReplicas)
    await remember(raised, before, { expected, barrier })
  }

  return {
    async raise(expected) {
      // What is remembered of a lost store was accepted with its loss.
      if (memory.storeId !== expected.storeId) memory = memoryOf(expected.storeId)
      const isApart = expected.needsFileSync || options.minReplicas > 0
      const purpose = options.mayWrite ? (isApart ? 'compare' : 'raise') : 'look'
      const before = new Map(memory.settled)
      const gone = await missing(redis, [...before.values()])
      const answers = await ask(redis, { instance, purpose, expected, own: memory.marks, gone })
      const found = worstOf(answers)
      if (found.result === 'raised') await remember(answers, before, { expected, barrier: () => true })
      if (found.result === 'fine' && purpose === 'compare') {
        raisingApart ??= raiseApart(expected)
          .catch(() => {})
          .finally(() => {
            raisingApart = undefined
          })
      }
      return found
    },

    remembered(storeId) {
      if (memory.storeId !== storeId) return {}
      return Object.fromEntries([...memory.marks].map(([shard, mark]) => [shard, { instance, mark }]))
    },

    refundSettled(paymentKey, refund) {
      memory.settled.set(serverOf(redis, paymentKey), { paymentKey, refund })
    },

    async settle() {
      await raisingApart
    },

    close: waiting.close,
  }
}

/** Remembers the marks that were raised, and forgets what was settled before. */
function takeIn(
  { marks, settled }: Memory,
  raised: readonly ShardMark[],
  before: ReadonlyMap<string, Settled>,
): void {
  for (const [shard, answer] of raised.entries()) {
    if (answer.result === 'raised') marks.set(shard, Math.max(answer.mark, marks.get(shard) ?? 0))
  }
  for (const [server, last] of before) if (settled.get(server) === last) settled.delete(server)
}

/** The memories that are contradicted because a settled refund is gone. */
async function missing(redis: RedisClient, looked: readonly Settled[]): Promise<readonly MarkOfInstance[]> {
  const found = await Promise.all(looked.map(({ paymentKey, refund }) => redis.hget(paymentKey, refund.id)))
  const gone = looked.filter((_, index) => found[index] === null)
  return gone.map(({ refund }) => ({ instance: NOBODY, mark: Date.parse(refund.updated_at) }))
}

type Question = Readonly<{
  instance: string
  purpose: 'raise' | 'compare' | 'look'
  expected: Expected
  /** The marks that this process remembers, by shard. */
  own: ReadonlyMap<number, number>
  /** Further memories, which the first shard is asked about. */
  gone: readonly MarkOfInstance[]
}>

/** What each shard answers. `client` is connected to the same Redis, and may be another connection. */
function ask(
  client: ScriptedClient,
  { instance, purpose, expected, own, gone }: Question,
): Promise<ShardMark[]> {
  const { storeId, fileMarks } = expected
  const asked = shardsOf(client).map((shard) => {
    const mark = own.get(shard)
    const file = fileMarks[shard]
    const memories = [
      ...(mark === undefined ? [] : [{ instance, mark }]),
      ...(file === undefined ? [] : [file]),
      ...(shard === 0 ? gone : []),
    ]
    return raiseMark(client, { shard, storeId, instance, purpose, memories })
  })
  return Promise.all(asked)
}

function worstOf(answers: readonly ShardMark[]): MarkFound {
  const goneBack = answers.filter((answer) => answer.result === 'gone_back')
  if (goneBack.length > 0) {
    return {
      result: 'gone_back',
      since: Math.min(...goneBack.map(({ since }) => since)),
      remembered: Math.max(...goneBack.map(({ remembered }) => remembered)),
    }
  }
  const worst = answers.find(({ result }) => result === 'other_store') ?? answers[0]
  if (worst === undefined || worst.result === 'gone_back') throw new Error('bug: no shard was asked')
  return { result: worst.result }
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

function shardsOf(redis: RedisClient): readonly number[] {
  return redis instanceof Cluster ? SHARDS : [0]
}

/** What tells the servers of a Cluster apart. */
function serverOf(redis: RedisClient, key: string): string {
  return redis instanceof Cluster ? (redis.slots[calculateSlot(key)]?.[0] ?? '') : ''
}
