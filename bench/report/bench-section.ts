import type { TopLevelSpec } from 'vega-lite'
import { type BenchResults, type Kind, type Round, ratioOf, type Series, spreadOf } from '../results.ts'
import { drawSvg } from './chart.ts'
import { machineText } from './machine-text.ts'
import { image, table } from './markdown.ts'
import type { Section } from './section.ts'
import { benchTargets, targetTable } from './targets.ts'

const KIND_NAMES = { new: 'New refunds', replay: 'Replays' } as const satisfies Record<Kind, string>

/** Side by side in the charts; the gateway stands out. */
const COLOR = { field: 'own', scale: { domain: [true, false], range: ['#1f6feb', '#b8bec6'] }, legend: null }

export async function benchSection(results: BenchResults): Promise<Section> {
  const loads = loadsOf(results)
  return {
    charts: {
      'bench-new.svg': await drawSvg(throughputChart(results, 'new')),
      'bench-replay.svg': await drawSvg(throughputChart(results, 'replay')),
      'bench-latency.svg': await drawSvg(latencyChart(results)),
      'bench-cpu.svg': await drawSvg(cpuChart(results)),
    },
    text: [
      machineText(results.machine, results.command),
      roundsText(results),
      targetTable(benchTargets(results)),
      image('Throughput of new refunds, by server and connections', 'bench-new.svg'),
      image('Latency of new refunds, by server and connections', 'bench-latency.svg'),
      image('Throughput of replays, by server and connections', 'bench-replay.svg'),
      image('Processor time of the server for one request', 'bench-cpu.svg'),
      '### What one request asks of Redis',
      costTable(results),
      ...loads.flatMap((load) => [`### ${titleOf(load)}`, loadTable(load)]),
    ].join('\n\n'),
  }
}

function roundsText({ series, seconds, providerDelayMs }: BenchResults): string {
  const rounds = series[0]?.rounds.length ?? 0
  return `Medians of ${rounds} rounds of ${seconds} s each, with the lowest and the highest round in brackets; the provider answers after ${providerDelayMs} ms.`
}

/** The series that were measured under one load, in the order of the servers. */
function loadsOf({ series }: BenchResults): Series[][] {
  const loads = new Map<string, Series[]>()
  for (const one of series) {
    const title = titleOf([one])
    loads.set(title, [...(loads.get(title) ?? []), one])
  }
  return [...loads.values()]
}

function titleOf([series]: readonly Series[]): string {
  if (series === undefined) throw new Error('bug: a load without a series')
  const { kind, connections, aof } = series
  return `${KIND_NAMES[kind]}, ${connections} ${connections === 1 ? 'connection' : 'connections'}, AOF ${aof}`
}

function loadTable(load: readonly Series[]): string {
  const bare = load.find(({ server }) => server === 'bare')
  return table([
    [
      '',
      'requests/s',
      ...(bare === undefined ? [] : ['of `bare`']),
      'p50 ms',
      'p99 ms',
      'CPU µs',
      'Redis CPU µs',
      'busy: its core',
      'busy: the others',
      'RSS MiB',
    ],
    ...load.map((series) => [
      `\`${series.server}\``,
      withSpread(series, 'requestsPerSecond', 0),
      ...(bare === undefined ? [] : [ratioOf(series, bare, 'requestsPerSecond').toFixed(2)]),
      withSpread(series, 'p50Ms', 2),
      withSpread(series, 'p99Ms', 2),
      withSpread(series, 'cpuMicroseconds', 0),
      median(series, 'redisCpuMicroseconds', 0),
      median(series, 'coreBusy', 2),
      median(series, 'otherCoresBusy', 2),
      median(series, 'rssMib', 0),
    ]),
  ])
}

function median(series: Series, member: keyof Round, decimals: number): string {
  return spreadOf(series, member)?.median.toFixed(decimals) ?? '-'
}

function withSpread(series: Series, member: keyof Round, decimals: number): string {
  const spread = spreadOf(series, member)
  if (spread === null) return '-'
  const [middle, min, max] = [spread.median, spread.min, spread.max].map((value) => value.toFixed(decimals))
  return `${middle} (${min}..${max})`
}

function costTable({ redisCosts }: BenchResults): string {
  return table([
    ['', '', 'round trips', 'commands', 'run by its scripts', 'bytes to Redis', 'bytes from Redis'],
    ...redisCosts.map(({ server, kind, cost }) => [
      `\`${server}\``,
      KIND_NAMES[kind].toLowerCase(),
      ...[
        cost.roundTrips,
        cost.commandsSent,
        cost.commandsInScripts,
        cost.bytesToRedis,
        cost.bytesFromRedis,
      ].map(String),
    ]),
  ])
}

type Row = Readonly<{
  server: string
  own: boolean
  connections: string
  median: number
  min: number
  max: number
  measure: string
}>

function rowsOf({ series }: BenchResults, kind: Kind, members: Partial<Record<keyof Round, string>>): Row[] {
  return series
    .filter((one) => one.kind === kind && one.aof === 'always')
    .flatMap((one) =>
      (Object.keys(members) as (keyof Round)[]).flatMap((member) => {
        const spread = spreadOf(one, member)
        if (spread === null) return []
        const { server } = one
        const connections = `${one.connections} at a time`
        return [{ server, own: server === 'gateway', connections, measure: members[member] ?? '', ...spread }]
      }),
    )
}

/** By server from top to bottom, by load from left to right. */
const SERVER_AXIS = { field: 'server', type: 'nominal', sort: null, title: null } as const

function loadColumns(rows: readonly Row[]) {
  const sort = [...new Set(rows.map(({ connections }) => connections))]
  return { column: { field: 'connections', type: 'nominal', sort, title: null } } as const
}

function throughputChart(results: BenchResults, kind: Kind): TopLevelSpec {
  const rows = rowsOf(results, kind, { requestsPerSecond: '' })
  return {
    title: `${KIND_NAMES[kind]} a second, AOF always`,
    data: { values: rows },
    facet: loadColumns(rows),
    spec: {
      width: 200,
      height: { step: 24 },
      layer: [
        {
          mark: { type: 'bar', height: 14 },
          encoding: {
            x: { field: 'median', type: 'quantitative', title: 'requests a second' },
            color: COLOR,
          },
        },
        {
          mark: { type: 'rule', strokeWidth: 1.5, color: '#333' },
          encoding: { x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
        },
      ],
      encoding: { y: SERVER_AXIS },
    },
  }
}

function latencyChart(results: BenchResults): TopLevelSpec {
  const rows = rowsOf(results, 'new', { p50Ms: 'p50', p99Ms: 'p99' })
  return {
    title: 'Latency of new refunds, AOF always: p50 and p99',
    data: { values: rows },
    facet: loadColumns(rows),
    spec: {
      width: 200,
      height: { step: 24 },
      layer: [
        {
          mark: { type: 'line', color: '#b8bec6' },
          encoding: { detail: { field: 'server', type: 'nominal' } },
        },
        {
          mark: { type: 'point', filled: true, size: 70, opacity: 1 },
          encoding: {
            shape: { field: 'measure', type: 'nominal', title: null },
            color: COLOR,
          },
        },
      ],
      encoding: {
        x: {
          field: 'median',
          type: 'quantitative',
          title: 'milliseconds',
          scale: { type: 'log', nice: true },
        },
        y: SERVER_AXIS,
      },
    },
  }
}

function cpuChart(results: BenchResults): TopLevelSpec {
  const rows = (['new', 'replay'] as const).flatMap((kind) =>
    rowsOf(results, kind, { cpuMicroseconds: KIND_NAMES[kind] }),
  )
  return {
    title: 'Processor time of the server for one request, 32 at a time, AOF always',
    data: { values: rows.filter(({ connections }) => connections === '32 at a time') },
    facet: { column: { field: 'measure', type: 'nominal', sort: null, title: null } },
    spec: {
      width: 300,
      height: { step: 24 },
      layer: [
        {
          mark: { type: 'bar', height: 14 },
          encoding: {
            x: { field: 'median', type: 'quantitative', title: 'microseconds' },
            color: COLOR,
          },
        },
        {
          mark: { type: 'text', align: 'left', dx: 4, fontSize: 11 },
          encoding: {
            x: { field: 'median', type: 'quantitative' },
            text: { field: 'median', format: '.0f' },
          },
        },
      ],
      encoding: { y: SERVER_AXIS },
    },
    resolve: { scale: { y: 'independent' } },
  }
}
