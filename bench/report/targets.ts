import type { BenchResults, Round, ScaleResults, Series } from '../results.ts'
import { medianOf, ratioOf, spreadOf } from '../results.ts'
import { table } from './markdown.ts'

/** What the gateway is held to: `must` at least, better `aim`. */
export type Target = Readonly<{
  what: string
  must: number
  aim: number
  /** Whether less is better. */
  atMost: boolean
  unit: string
  /** Null where it was not measured. */
  measured: number | null
}>

const CONNECTIONS = 32

const RATIO = { atMost: true, unit: 'x' } as const

/** The targets that `npm run bench` answers: AOF always, 32 connections, everything on. */
export function benchTargets(results: BenchResults): Target[] {
  const against = (server: string, kind: Series['kind'], member: keyof Round) => {
    const [own, other] = ['gateway', server].map((name) => find(results, name, kind, CONNECTIONS))
    return own && other ? ratioOf(own, other, member) : null
  }
  const againstBare = (measured: (server: string) => number | null | undefined) => {
    const [own, bare] = [measured('gateway'), measured('bare')]
    return own == null || bare == null ? null : own / bare
  }
  return [
    {
      ...RATIO,
      what: 'new refunds, CPU of all processes against `redis3`',
      must: 1.45,
      aim: 1.25,
      measured: against('redis3', 'new', 'allCpuMicroseconds'),
    },
    {
      ...RATIO,
      what: 'replays, CPU of all processes against `redis2`',
      must: 1.4,
      aim: 1.2,
      measured: against('redis2', 'replay', 'allCpuMicroseconds'),
    },
    {
      what: 'one caller at a time, p50 added over `bare`',
      must: 1.2,
      aim: 0.7,
      atMost: true,
      unit: 'ms',
      measured: addedLatency(results),
    },
    {
      ...RATIO,
      what: 'start to ready, Redis up, against `bare`',
      must: 2.5,
      aim: 1.5,
      measured: againstBare((server) => {
        const ms = results.starts.find((one) => one.server === server)?.ms
        return ms && medianOf([...ms].sort((a, b) => a - b))
      }),
    },
    {
      ...RATIO,
      what: 'RSS after 100,000 refunds, against `bare`',
      must: 1.6,
      aim: 1.3,
      measured: againstBare((server) => results.memory.find((one) => one.server === server)?.rssMib),
    },
  ]
}

/** The targets that `npm run bench:scale` answers, at the largest store that was measured. */
export function scaleTargets({ storeSizes }: ScaleResults): Target[] {
  const [empty] = storeSizes
  const largest = storeSizes.at(-1)
  const size = (largest?.refunds ?? 0).toLocaleString('en-US')
  const grown = (member: 'p50Ms' | 'p99Ms') => {
    const [now, then] = [largest, empty].map((one) => one?.series.find(({ kind }) => kind === 'new'))
    return now && then ? ratioOf(now, then, member) : null
  }
  return [
    {
      what: `latency at ${size} stored refunds against an empty store, p50`,
      must: 1.1,
      aim: 1,
      atMost: true,
      unit: 'x',
      measured: grown('p50Ms'),
    },
    {
      what: `latency at ${size} stored refunds against an empty store, p99`,
      must: 1.1,
      aim: 1,
      atMost: true,
      unit: 'x',
      measured: grown('p99Ms'),
    },
    {
      what: `Redis memory for a settled refund, at ${size}`,
      must: 850,
      aim: 500,
      atMost: true,
      unit: 'bytes',
      measured: largest?.memory?.bytesPerRefund ?? null,
    },
  ]
}

function addedLatency(results: BenchResults): number | null {
  const [own, bare] = ['gateway', 'bare'].map((name) => {
    const series = find(results, name, 'new', 1)
    return series && spreadOf(series, 'p50Ms')?.median
  })
  return own === undefined || bare === undefined ? null : own - bare
}

function find(
  { series }: BenchResults,
  server: string,
  kind: Series['kind'],
  connections: number,
): Series | undefined {
  return series.find(
    (one) =>
      one.server === server && one.kind === kind && one.connections === connections && one.aof === 'always',
  )
}

export function targetTable(targets: readonly Target[]): string {
  return table([
    ['', 'must', 'aim', 'measured', ''],
    ...targets.map((target) => {
      const { what, must, aim, atMost, unit, measured } = target
      const limit = (value: number) => `${atMost ? 'at most ' : ''}${value} ${unit}`
      return [
        what,
        limit(must),
        limit(aim),
        measured === null ? '-' : `${shown(measured)} ${unit}`,
        verdict(target),
      ]
    }),
  ])
}

function verdict({ must, aim, atMost, measured }: Target): string {
  if (measured === null) return 'not measured'
  const reaches = (limit: number) => (atMost ? measured <= limit : measured >= limit)
  if (reaches(aim)) return 'as aimed'
  return reaches(must) ? 'as it must' : '**short**'
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}
