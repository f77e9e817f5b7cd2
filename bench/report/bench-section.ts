import type { TopLevelSpec } from 'vega-lite'
import {
  type BenchResults,
  FLOOR,
  type Kind,
  medianOf,
  type Round,
  ratioSpread,
  type Series,
  type Spread,
  spreadOf,
} from '../results.ts'
import { drawSvg } from './chart.ts'
import { machineText } from './machine-text.ts'
import { image, table } from './markdown.ts'
import type { Section } from './section.ts'
import { benchTargets, targetTable } from './targets.ts'

const KIND_NAMES = { new: 'New refunds', replay: 'Replays' } as const satisfies Record<Kind, string>

/** Side by side in the charts; the gateway stands out. */
const COLOR = { field: 'own', scale: { domain: [true, false], range: ['#1f6feb', '#b8bec6'] }, legend: null }

/** `name`: of the section, which its charts begin with. */
export async function benchSection(results: BenchResults, name: string): Promise<Section> {
  const loads = loadsOf(results)
  return {
    charts: {
      [`${name}-new.svg`]: await drawSvg(throughputChart(results, 'new')),
      [`${name}-replay.svg`]: await drawSvg(throughputChart(results, 'replay')),
      [`${name}-latency.svg`]: await drawSvg(latencyChart(results)),
      [`${name}-cpu.svg`]: await drawSvg(cpuChart(results)),
    },
    text: [
      machineText(results.machine, results.command),
      roundsText(results),
      targetTable(benchTargets(results)),
      image('Processor time for one request, of the server and of Redis', `${name}-cpu.svg`),
      image('Throughput of new refunds, by server and connections', `${name}-new.svg`),
      image('Latency of new refunds, by server and connections', `${name}-latency.svg`),
      image('Throughput of replays, by server and connections', `${name}-replay.svg`),
      startsTable(results),
      '### What one request asks of Redis',
      costTable(results),
      ...loads.flatMap((load) => [`### ${titleOf(load)}`, loadTable(load)]),
    ].join('\n\n'),
  }
}

function roundsText({ series, seconds, providerDelayMs }: BenchResults): string {
  const rounds = series[0]?.rounds.length ?? 0
  return `Medians of ${rounds} rounds of ${seconds} s each, with the lowest and the highest round in brackets; a ratio is that of the same round, and tells more than any figure, since these move with the machine; the provider answers after ${providerDelayMs} ms.`
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
  const floor = load.find(({ server, kind }) => server === FLOOR[kind])
  return table([
    [
      '',
      'CPU µs, all',
      ...(floor === undefined ? [] : [`of \`${floor.server}\``]),
      'CPU µs, server',
      'CPU µs, Redis',
      'requests/s',
      'p50 ms',
      'p99 ms',
      'busy: its core',
      'busy: the others',
      'RSS MiB',
    ],
    ...load.map((series) => [
      `\`${series.server}\``,
      withSpread(series, 'allCpuMicroseconds', 0),
      ...(floor === undefined ? [] : [spreadText(ratioSpread(series, floor, 'allCpuMicroseconds'), 2)]),
      median(series, 'cpuMicroseconds', 0),
      median(series, 'redisCpuMicroseconds', 0),
      withSpread(series, 'requestsPerSecond', 0),
      withSpread(series, 'p50Ms', 2),
      withSpread(series, 'p99Ms', 2),
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
  return spreadText(spreadOf(series, member), decimals)
}

function spreadText(spread: Spread | null, decimals: number): string {
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

function startsTable({ starts, memory }: BenchResults): string {
  return table([
    ['', 'start to ready, ms', 'RSS in the end, MiB'],
    ...starts.map(({ server, ms }) => {
      const ascending = [...ms].sort((a, b) => a - b)
      const held = memory.find((one) => one.server === server)
      return [
        `\`${server}\``,
        spreadText(
          {
            median: medianOf(ascending),
            min: ascending[0] as number,
            max: ascending.at(-1) as number,
          },
          0,
        ),
        held?.rssMib == null
          ? '-'
          : `${held.rssMib.toFixed(0)} after ${held.refunds.toLocaleString('en-US')} refunds`,
      ]
    }),
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
    rowsOf(results, kind, { allCpuMicroseconds: KIND_NAMES[kind] }),
  )
  return {
    title: 'Processor time for one request, server and Redis, 32 at a time, AOF always',
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
