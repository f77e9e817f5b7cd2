import { Redis } from 'ioredis'
import { keys, SHARDS } from '../../src/store/keys.ts'
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts'
import type { Random } from './random.ts'

/** An event as a receiver got it. */
export type Received = Readonly<{
  endpoint: string
  id: string
  type: string
  refund: string
  isVerified: boolean
  /** Whether the receiver said that it has it. */
  isTaken: boolean
}>

/** The endpoints of a run, whose receivers are in the run's own process. */
export type Receivers = Readonly<{
  /** EVENT_ENDPOINTS. */
  endpoints: string
  /** From now on both take everything, and at once. */
  settle(): void
  /** Waits until nothing waits for them, and lets no pause be waited for. */
  untilTold(): Promise<boolean>
  received(): readonly Received[]
  stop(): Promise<void>
}>

/** One takes nothing for half of the time. */
const DOWN_EVERY_MS = 4_000

const SHORTEST_ANSWER_MS = 200
const LONGEST_ANSWER_MS = 2_000

const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 500

/** Longer than any pause, and than an event is with a process. */
const LONG_AGO_MS = 11_000_000

export async function startReceivers(random: Random, redisUrl: string): Promise<Receivers> {
  const ends: (() => unknown)[] = []
  const owner = { teardown: (end: () => unknown) => ends.push(end) } as never
  const [flaky, slow] = [await startEventReceiver(owner), await startEventReceiver(owner)]
  let isSettling = false
  flaky.behave((_event, response) => {
    if (isSettling || Date.now() % DOWN_EVERY_MS < DOWN_EVERY_MS / 2) return 204
    if (random.integer(0, 1) === 0) return 500
    response.destroy()
    return undefined
  })
  slow.behave(async () => {
    const waitMs = random.integer(SHORTEST_ANSWER_MS, LONGEST_ANSWER_MS)
    if (!isSettling) await new Promise((resolve) => setTimeout(resolve, waitMs))
    return 204
  })
  const named = Object.entries({ flaky, slow })
  return {
    endpoints: JSON.stringify(named.map(([name, receiver]) => receiver.endpoint(name))),
    settle() {
      isSettling = true
    },
    untilTold: () => untilNothingWaits(redisUrl, Object.keys({ flaky, slow })),
    received: () => named.flatMap(([name, receiver]) => receivedBy(name, receiver)),
    async stop() {
      for (const end of ends) await end()
    },
  }
}

function receivedBy(endpoint: string, { events }: EventReceiver): Received[] {
  return events.map(({ id, body, isVerified, status }) => ({
    ...{ endpoint, id, type: body.type, refund: body.data.id, isVerified },
    isTaken: status === 204,
  }))
}

/** As if the longest pause were over for each event, again and again. */
async function untilNothingWaits(redisUrl: string, endpoints: readonly string[]): Promise<boolean> {
  const redis = new Redis(redisUrl)
  redis.on('error', () => {})
  try {
    const deadline = Date.now() + PATIENCE_MS
    while (Date.now() < deadline) {
      if ((await makeDue(redis, endpoints)) === 0) return true
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
    return false
  } finally {
    redis.disconnect()
  }
}

/** Answers how many wait, those that nobody has taken yet included. */
async function makeDue(redis: Redis, endpoints: readonly string[]): Promise<number> {
  let waiting = 0
  for (const endpoint of endpoints) {
    for (const shard of SHARDS) {
      const key = keys.journal(shard)
      const held = (await redis.xpending(key, endpoint, '-', '+', 1_000)) as [
        string,
        string,
        number,
        number,
      ][]
      for (const [id, holder, idleMs, count] of held) {
        // What is under way is left alone.
        if (holder !== 'waiting' && idleMs < 16_000) continue
        const how = ['IDLE', LONG_AGO_MS, 'RETRYCOUNT', count, 'JUSTID'] as const
        await redis.call('XCLAIM', key, endpoint, holder, 0, id, ...how)
      }
      const groups = (await redis.xinfo('GROUPS', key)) as unknown[][]
      const group = groups.find((facts) => facts[1] === endpoint) ?? []
      const last = String(group[group.indexOf('last-delivered-id') + 1])
      waiting += held.length + (await redis.xrange(key, `(${last}`, '+', 'COUNT', 100)).length
    }
  }
  return waiting
}
