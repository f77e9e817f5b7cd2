import {
  type BenchResults,
  FLOOR,
  medianOf,
  type Round,
  ratioSpread,
  type ScaleResults,
  type Series,
  type Spread,
  spreadOf,
} from './results.ts'
import type { Flatness } from './soak/flatness.ts'

/** The results as tables of text, for a terminal. */
export function summaryText(results: BenchResults): string {
  const loads = new Map<string, Series[]>()
  for (const series of results.series) {
    const kind = series.kind === 'new' ? 'new refunds' : 'replays'
    const title = `${kind}, ${series.connections} connections, AOF ${series.aof}`
    loads.set(title, [...(loads.get(title) ?? []), series])
  }
  return [
    ...[...loads].map(([title, series]) => `\n${title}\n${tableText(loadRows(series))}`),
    ...(results.redisCosts.length > 0 ? [`\nRedis, for one request\n${tableText(costRows(results))}`] : []),
    ...results.starts.map(({ server, ms }) => {
      const ascending = [...ms].sort((a, b) => a - b)
      return `\nstart to ready, ${server}: ${medianOf(ascending).toFixed(0)} ms (${ascending.map((one) => one.toFixed(0)).join(' ')})`
    }),
    ...results.memory.map(
      ({ server, refunds, rssMib }) => `\nRSS after ${refunds} refunds, ${server}: ${rssMib?.toFixed(0)} MiB`,
    ),
  ].join('\n')
}

export function scaleText({ storeSizes, partials, accounts, sweeps }: ScaleResults): string {
  const perRefund = storeSizes.map(({ refunds, memory }) => [
    String(refunds),
    memory === null ? '-' : memory.bytesPerRefund.toFixed(0),
    memory === null ? '-' : memory.claimBytes.toFixed(0),
    memory === null ? '-' : memory.paymentBytes.toFixed(0),
  ])
  return [
    ...(['new', 'replay'] as const).flatMap((kind) =>
      [storeSizes, accounts].map((loads) => {
        const series = loads.flatMap((load) => load.series).filter((one) => one.kind === kind)
        return series.length === 0 ? '' : `\n${kind}\n${tableText(loadRows(series))}`
      }),
    ),
    `\n${tableText([['refunds', 'bytes each', 'claim', 'payment'], ...perRefund])}`,
    `\n${tableText([
      ['partials', 'p50 ms', 'script us'],
      ...partials.map((one) => [
        String(one.partials),
        one.p50Ms.toFixed(2),
        one.scriptMicroseconds.toFixed(0),
      ]),
    ])}`,
    `\n${tableText([
      ['unsettled', 'due', 'looked at', 'ms', 'commands'],
      ...sweeps.map(({ unsettled, due, looked, ms, commands }) => [
        String(unsettled),
        due,
        looked.toFixed(0),
        ms.toFixed(2),
        commands.toFixed(0),
      ]),
    ])}`,
  ].join('\n')
}

function loadRows(load: readonly Series[]): string[][] {
  const floor = load.find(({ server, kind }) => server === FLOOR[kind])
  return [
    [
      '',
      'CPU us, all',
      floor === undefined ? '' : `of ${floor.server}`,
      'spread',
      'CPU us',
      'Redis CPU us',
      'req/s',
      'spread',
      'p50 ms',
      'p99 ms',
      'core',
      'others',
      'RSS MiB',
    ],
    ...load.map((series) => {
      const ratio = floor && ratioSpread(series, floor, 'allCpuMicroseconds')
      return [
        series.server,
        shown(series, 'allCpuMicroseconds', 0),
        ratio?.median.toFixed(2) ?? '',
        rangeText(ratio, 2),
        shown(series, 'cpuMicroseconds', 0),
        shown(series, 'redisCpuMicroseconds', 0),
        shown(series, 'requestsPerSecond', 0),
        rangeText(spreadOf(series, 'requestsPerSecond'), 0),
        shown(series, 'p50Ms', 2),
        shown(series, 'p99Ms', 2),
        shown(series, 'coreBusy', 2),
        shown(series, 'otherCoresBusy', 2),
        shown(series, 'rssMib', 0),
      ]
    }),
  ]
}

function rangeText(spread: Spread | null | undefined, decimals: number): string {
  return spread == null ? '' : `${spread.min.toFixed(decimals)}..${spread.max.toFixed(decimals)}`
}

function shown(series: Series, member: keyof Round, decimals: number): string {
  return spreadOf(series, member)?.median.toFixed(decimals) ?? '-'
}

function costRows({ redisCosts }: BenchResults): string[][] {
  return [
    ['', '', 'round trips', 'commands', 'in scripts', 'bytes to', 'bytes from'],
    ...redisCosts.map(({ server, kind, cost }) => [
      server,
      kind,
      String(cost.roundTrips),
      String(cost.commandsSent),
      String(cost.commandsInScripts),
      String(cost.bytesToRedis),
      String(cost.bytesFromRedis),
    ]),
  ]
}

function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const aligned = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(aligned).join('  ')).join('\n')
}

export function flatnessText(flatness: readonly Flatness[]): string {
  return tableText([
    ['', 'second third', 'last third', 'ratio', ''],
    ...flatness.map(({ what, second, last, ratio, isFlat }) => [
      what,
      second.toFixed(1),
      last.toFixed(1),
      ratio.toFixed(2),
      isFlat ? 'flat' : 'grows',
    ]),
  ])
}
