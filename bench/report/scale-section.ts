import type { TopLevelSpec } from 'vega-lite'
import { type Round, type ScaleResults, type Series, spreadOf } from '../results.ts'
import { drawSvg } from './chart.ts'
import { machineText } from './machine-text.ts'
import { image, table } from './markdown.ts'
import type { Section } from './section.ts'
import { scaleTargets, targetTable } from './targets.ts'

export async function scaleSection(results: ScaleResults): Promise<Section> {
  const { storeSizes, partials, accounts, sweeps } = results
  return {
    charts: { 'scale-latency.svg': await drawSvg(latencyChart(results)) },
    text: [
      machineText(results.machine, results.command),
      targetTable(scaleTargets(results)),
      '### Settled refunds in the store',
      `New refunds at ${results.requestsPerSecond} a second, AOF always; medians of the rounds, with the lowest and the highest in brackets.`,
      image('Latency by the number of refunds in the store', 'scale-latency.svg'),
      table([
        [
          'settled refunds',
          'in the end',
          'p50 ms',
          'p99 ms',
          'CPU µs',
          'Redis CPU µs',
          'bytes in Redis, each',
          'its claim',
          'its payment',
        ],
        ...storeSizes.map(({ refunds, refundsInTheEnd, memory, series }) => [
          grouped(refunds),
          grouped(refundsInTheEnd),
          ...newRefunds(series, ['p50Ms', 'p99Ms', 'cpuMicroseconds', 'redisCpuMicroseconds']),
          memory === null ? '-' : memory.bytesPerRefund.toFixed(0),
          memory === null ? '-' : memory.claimBytes.toFixed(0),
          memory === null ? '-' : memory.paymentBytes.toFixed(0),
        ]),
      ]),
      '### Partial refunds of one payment',
      'One more of them: claim, begin and settle with a provider that answers at once, without HTTP.',
      table([
        ['partial refunds so far', 'p50 ms', 'of that, in scripts of Redis, µs'],
        ...partials.map((one) => [
          grouped(one.partials),
          one.p50Ms.toFixed(2),
          one.scriptMicroseconds.toFixed(0),
        ]),
      ]),
      '### Accounts',
      'New refunds from 32 connections, spread evenly over so many accounts.',
      table([
        ['accounts', 'refunds/s', 'p50 ms', 'p99 ms', 'CPU µs', 'RSS MiB'],
        ...accounts.map((one) => [
          grouped(one.accounts),
          ...newRefunds(one.series, ['requestsPerSecond', 'p50Ms', 'p99Ms', 'cpuMicroseconds', 'rssMib']),
        ]),
      ]),
      '### Sweeps of the reconciler',
      table([
        [
          'unsettled refunds',
          'due',
          'looked at in one sweep, on average',
          'ms',
          'commands, those in scripts included',
        ],
        ...sweeps.map(({ unsettled, due, looked, ms, commands }) => [
          grouped(unsettled),
          due,
          looked.toFixed(0),
          ms.toFixed(1),
          commands.toFixed(0),
        ]),
      ]),
    ].join('\n\n'),
  }
}

const DECIMALS: Partial<Record<keyof Round, number>> = { p50Ms: 2, p99Ms: 2 }

function newRefunds(all: readonly Series[], members: readonly (keyof Round)[]): string[] {
  const series = all.find(({ kind }) => kind === 'new')
  return members.map((member) => {
    const spread = series === undefined ? null : spreadOf(series, member)
    if (spread === null) return '-'
    const shown = (value: number) => value.toFixed(DECIMALS[member] ?? 0)
    return `${shown(spread.median)} (${shown(spread.min)}..${shown(spread.max)})`
  })
}

const grouped = (number: number) => number.toLocaleString('en-US')

function latencyChart({ storeSizes }: ScaleResults): TopLevelSpec {
  const measures = { p50Ms: 'p50', p99Ms: 'p99' } as const
  const values = storeSizes.flatMap(({ refunds, series }) =>
    series
      .filter(({ kind }) => kind === 'new')
      .flatMap((one) =>
        (['p50Ms', 'p99Ms'] as const).map((member) => ({
          refunds: grouped(refunds),
          measure: measures[member],
          ...spreadOf(one, member),
        })),
      ),
  )
  return {
    title: 'Latency of new refunds by what the store holds',
    data: { values },
    width: 420,
    height: 220,
    layer: [
      {
        mark: { type: 'line', point: true },
        encoding: { y: { field: 'median', type: 'quantitative', title: 'milliseconds' } },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { y: { field: 'min', type: 'quantitative' }, y2: { field: 'max' } },
      },
    ],
    encoding: {
      x: {
        field: 'refunds',
        type: 'ordinal',
        sort: null,
        title: 'settled refunds in the store',
        axis: { labelAngle: 0 },
      },
      color: { field: 'measure', type: 'nominal', title: null },
    },
  }
}
