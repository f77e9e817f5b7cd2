import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { gatewayOf, ROOT } from '../contenders.ts'
import { infoField, makeDurable, startBenchRedis } from '../redis.ts'
import { createRequestWriter, PAID, refundBody } from '../requests.ts'
import type { ScaleResults } from '../results.ts'
import { type Runner, runRounds, warmUp } from '../rounds.ts'
import { openStage, type Stage } from '../stage.ts'
import { fill, openFlow } from './flow.ts'
import type { ScaleOptions } from './options.ts'

/** Few enough that a request seldom waits for another one. */
const CONNECTIONS = 16

/** How many keys of each kind are asked for their size. */
const SAMPLE = 200

type Filled = Readonly<{
  refunds: number
  stage: Stage
  memory: ScaleResults['storeSizes'][number]['memory']
}>

/**
 * A gateway for each size of its store, an empty one among them, all under the same steady load in turn: filled one
 * after the other and measured minutes apart, they would tell of the machine.
 */
export async function measureStoreSizes(options: ScaleOptions): Promise<ScaleResults['storeSizes']> {
  const filled: Filled[] = []
  try {
    for (const refunds of [0, ...options.sizes]) filled.push(await openFilled(refunds, options))
    const runners: Runner[] = []
    for (const { refunds, stage } of filled) runners.push(await startRunner(refunds, stage))
    for (const runner of runners) await warmUp(runner, options.warmUpRequests)
    const measured = await runRounds(runners, {
      connections: CONNECTIONS,
      requestsPerSecond: options.requestsPerSecond,
      rounds: options.rounds,
      durationMs: options.seconds * 1_000,
      onRound: (number) => options.print(`store sizes: round ${number} of ${options.rounds}`),
    })
    const inTheEnd = await Promise.all(filled.map(({ stage }) => countRefunds(stage.redis.connect(0))))
    return filled.map(({ refunds, memory }, index) => ({
      refunds,
      refundsInTheEnd: inTheEnd[index] as number,
      memory,
      series: measured
        .filter(({ server }) => server === nameOf(refunds))
        .map((one) => ({ ...one, connections: CONNECTIONS, aof: 'always' as const })),
    }))
  } finally {
    for (const { stage } of filled) await stage.stop()
  }
}

const nameOf = (refunds: number) => `${refunds} refunds`

async function startRunner(refunds: number, stage: Stage): Promise<Runner> {
  const contender = gatewayOf(nameOf(refunds), join(ROOT, 'dist'))
  const process = await stage.start(contender, 0)
  const helpers = { redis: stage.redis.pid, provider: stage.provider.pid }
  // Without a client to forget with: the store is to stay as full as it is.
  return { contender, process, helpers, redis: null, requests: createRequestWriter(process.url) }
}

/** A stage whose Redis holds so many settled refunds, each of a payment of its own. */
async function openFilled(refunds: number, { directory, print }: ScaleOptions): Promise<Filled> {
  print(`filling a store with ${refunds} refunds`)
  const redis = await startBenchRedis({ directory, durable: false })
  const client = redis.connect(0)
  const flow = await openFlow(redis.urlOf(0), 'succeeded')
  // One refund, and taken away again: the scripts are not to count as data.
  await flow.refund(refundBody(`first-${PAID}`))
  await client.flushdb()
  const before = await usedBytes(client)
  await fill(flow, refunds, (number) => {
    const digits = String(number).padStart(12, '0')
    // A reference is kept beside the refund, and so are the 24 characters of it.
    return { ...refundBody(`fffff${digits}-${PAID}`), reference: `A-2026-104329/${digits.slice(2)}` }
  })
  flow.close()
  const memory = refunds === 0 ? null : await memoryOf(client, refunds, before)
  await makeDurable(client)
  return { refunds, memory, stage: await openStage({ directory, aof: 'always', providerDelayMs: 0, redis }) }
}

async function memoryOf(redis: Redis, refunds: number, before: number): Promise<Filled['memory']> {
  const [claimBytes, paymentBytes] = await Promise.all(
    ['claim:*', 'payment:*'].map((pattern) => averageBytes(redis, pattern)),
  )
  return {
    usedBytes: (await usedBytes(redis)) - before,
    bytesPerRefund: ((await usedBytes(redis)) - before) / refunds,
    claimBytes: claimBytes ?? 0,
    paymentBytes: paymentBytes ?? 0,
  }
}

/** Each has a claim and a payment of its own; all other keys together are a few dozen. */
async function countRefunds(redis: Redis): Promise<number> {
  return Math.floor((await redis.dbsize()) / 2)
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(await infoField(redis, 'memory', 'used_memory'))
}

async function averageBytes(redis: Redis, pattern: string): Promise<number> {
  const keys: string[] = []
  for await (const page of redis.scanStream({ match: pattern, count: 1_000 })) {
    keys.push(...(page as string[]))
    if (keys.length >= SAMPLE) break
  }
  const sizes = await Promise.all(keys.slice(0, SAMPLE).map((key) => redis.memory('USAGE', key)))
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) / sizes.length
}
