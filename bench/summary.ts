import { type BenchResults, type Round, type Series, spreadOf } from './results.ts'

/** The results as tables of text, for a terminal. */
export function summaryText(results: BenchResults): string {
  const loads = new Map<string, Series[]>()
  for (const series of results.series) {
    const title = `${series.kind === 'new' ? 'new refunds' : 'replays'}, ${series.connections} connections, AOF ${series.aof}`
    loads.set(title, [...(loads.get(title) ?? []), series])
  }
  return [...loads].map(([title, series]) => `\n${title}\n${tableText(rowsOf(series))}`).join('\n')
}

const HEADINGS = ['', 'req/s', 'spread', 'of bare', 'p50 ms', 'p99 ms', 'CPU us', 'core', 'RSS MiB']

function rowsOf(load: readonly Series[]): string[][] {
  const bare = load.find(({ server }) => server === 'bare')
  return [
    HEADINGS,
    ...load.map((series) => {
      const spread = spreadOf(series, 'requestsPerSecond')
      return [
        series.server,
        shown(series, 'requestsPerSecond', 0),
        spread === null ? '' : `${spread.min.toFixed(0)}..${spread.max.toFixed(0)}`,
        bare === undefined ? '' : ratio(series, bare, 'requestsPerSecond').toFixed(2),
        shown(series, 'p50Ms', 2),
        shown(series, 'p99Ms', 2),
        shown(series, 'cpuMicroseconds', 0),
        shown(series, 'coreBusy', 2),
        shown(series, 'rssMib', 0),
      ]
    }),
  ]
}

/** How the medians of two servers relate. */
export function ratio(series: Series, to: Series, member: keyof Round): number {
  return (spreadOf(series, member)?.median ?? Number.NaN) / (spreadOf(to, member)?.median ?? Number.NaN)
}

function shown(series: Series, member: keyof Round, decimals: number): string {
  return spreadOf(series, member)?.median.toFixed(decimals) ?? '-'
}

function tableText(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
