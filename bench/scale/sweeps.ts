import type { Redis } from 'ioredis'
import { startReconciler } from '../../src/refunds/jobs/settle-unknown.ts'
import { startBenchRedis } from '../redis.ts'
import { PAID, refundBody } from '../requests.ts'
import { medianOf, type ScaleResults } from '../results.ts'
import { type Flow, fill, openFlow, SILENT } from './flow.ts'
import type { ScaleOptions } from './options.ts'

const HOUR_MS = 3_600_000
const SWEEPS = 7

type Sweep = ScaleResults['sweeps'][number]

/** A sweep of the reconciler over few and over many unsettled refunds, when all are due and when none is. */
export async function measureSweeps(options: ScaleOptions): Promise<Sweep[]> {
  const sweeps: Sweep[] = []
  for (const unsettled of [Math.min(100, options.unsettled), options.unsettled]) {
    options.print(`sweeping over ${unsettled} unsettled refunds`)
    sweeps.push(...(await measureIndex(unsettled, options.directory)))
  }
  return sweeps
}

async function measureIndex(unsettled: number, directory: string): Promise<Sweep[]> {
  const redis = await startBenchRedis({ directory, durable: true })
  try {
    const client = redis.connect(0)
    const flow = await openFlow(redis.urlOf(0), 'unknown')
    await fill(flow, unsettled, (number) => refundBody(`u${number}-${PAID}`))
    const allDue = await measureSweep(flow, client)
    await postponeAll(flow)
    const noneDue = await measureSweep(flow, client)
    flow.close()
    return [
      { unsettled, due: 'all', ...allDue },
      { unsettled, due: 'none', ...noneDue },
    ]
  } finally {
    await redis.stop()
  }
}

async function measureSweep(flow: Flow, redis: Redis): Promise<Omit<Sweep, 'unsettled' | 'due'>> {
  let looked = 0
  const counted = {
    ...flow.store,
    takeDue: async (limit: number) => {
      const due = await flow.store.takeDue(limit)
      looked += due.length
      return due
    },
  }
  const { provider } = flow
  const reconciler = startReconciler({ store: counted, provider, observer: SILENT, intervalMs: HOUR_MS })
  const times: number[] = []
  await redis.config('RESETSTAT')
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const startedAt = performance.now()
    await reconciler.sweep()
    times.push(performance.now() - startedAt)
  }
  const commands = await countCommands(redis)
  await reconciler.stop()
  return { looked: looked / SWEEPS, ms: medianOf(times.sort((a, b) => a - b)), commands: commands / SWEEPS }
}

/** All commands since the counts were reset, those in scripts included, but for the ones that ask for this. */
async function countCommands(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats')
  const counts = stats.matchAll(/^cmdstat_(?!info|config)[^:]+:calls=(\d+)/gm)
  return [...counts].reduce((sum, [, calls]) => sum + Number(calls), 0)
}

async function postponeAll({ store }: Flow): Promise<void> {
  for (let due = await store.takeDue(64); due.length > 0; due = await store.takeDue(64)) {
    await Promise.all(due.map((unsettled) => store.lookAgain(unsettled, HOUR_MS)))
  }
}
