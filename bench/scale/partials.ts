import type { Redis } from 'ioredis'
import { makeDurable, startBenchRedis } from '../redis.ts'
import { refundBody } from '../requests.ts'
import { medianOf, type ScaleResults } from '../results.ts'
import { type Flow, fill, openFlow } from './flow.ts'
import type { ScaleOptions } from './options.ts'

/** The largest amount that there is, to be refunded in the smallest parts. */
const PAID = 9_999_999_999

/** So many payments of each kind that what is measured adds little to any. */
const MOST_PAYMENTS = 100
const REFUNDS_OF_A_KIND = 20_000

const MEASURED_PER_ROUND = 40

/**
 * One more partial refund of a payment that has so many already: the gateway's flow and store in this process,
 * with a provider that answers at once, so that begin and settle are nearly all there is.
 */
export async function measurePartials(options: ScaleOptions): Promise<ScaleResults['partials']> {
  const redis = await startBenchRedis({ directory: options.directory, durable: false })
  try {
    const client = redis.connect(0)
    const flow = await openFlow(redis.urlOf(0), 'succeeded')
    const kinds = options.partials.map(createKind)
    for (const { partials, tids } of kinds) {
      options.print(`making ${tids.length} payments with ${partials} partial refunds each`)
      await fill(flow, partials * tids.length, (number) => partialOf(tids[number % tids.length] as string))
    }
    await makeDurable(client)
    for (let round = 0; round <= options.rounds; round += 1) {
      for (const kind of kinds) {
        const measured = await measureOnce(flow, client, kind)
        // The first one warms up.
        if (round > 0) kind.measured.push(measured)
      }
    }
    flow.close()
    return kinds.map(({ partials, measured }) => ({ partials, ...mediansOf(measured) }))
  } finally {
    await redis.stop()
  }
}

type Measured = Omit<ScaleResults['partials'][number], 'partials'>
type PaymentKind = Readonly<{ partials: number; tids: readonly string[]; measured: Measured[] }>

function createKind(partials: number): PaymentKind {
  const count = Math.max(1, Math.min(MOST_PAYMENTS, Math.floor(REFUNDS_OF_A_KIND / partials)))
  return {
    partials,
    tids: Array.from({ length: count }, (_, index) => `p${partials}-${index}`),
    measured: [],
  }
}

function partialOf(tid: string) {
  return { ...refundBody(tid), payment: { method: 'card_auth', amount: PAID }, amount: 1 } as const
}

async function measureOnce(flow: Flow, redis: Redis, { tids }: PaymentKind): Promise<Measured> {
  const times: number[] = []
  await redis.config('RESETSTAT')
  for (let index = 0; index < MEASURED_PER_ROUND; index += 1) {
    const startedAt = performance.now()
    await flow.refund(partialOf(tids[index % tids.length] as string))
    times.push(performance.now() - startedAt)
  }
  return {
    p50Ms: medianOf(times.sort((a, b) => a - b)),
    scriptMicroseconds: (await scriptMicroseconds(redis)) / MEASURED_PER_ROUND,
  }
}

/** What Redis itself spent in scripts since the counts were reset. */
async function scriptMicroseconds(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats')
  const spent = stats.matchAll(/^cmdstat_(?:evalsha|eval|fcall):calls=\d+,usec=(\d+)/gm)
  return [...spent].reduce((sum, [, microseconds]) => sum + Number(microseconds), 0)
}

function mediansOf(measured: readonly Measured[]): Measured {
  const median = (member: keyof Measured) =>
    medianOf(measured.map((one) => one[member]).sort((a, b) => a - b))
  return { p50Ms: median('p50Ms'), scriptMicroseconds: median('scriptMicroseconds') }
}
