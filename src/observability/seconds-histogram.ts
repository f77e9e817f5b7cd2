import type { Registry } from 'prom-client'

/** What durations are told apart by, in seconds: each bucket counts what took no longer. */
export const SECONDS_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30,
]

/** One series of a histogram. */
export type SecondsSeries = Readonly<{ observe(seconds: number): void }>

/** Finds the series that has these labels, or begins one at 0. */
export type SecondsHistogram<Label extends string> = (
  labels: Readonly<Record<Label, string>>,
) => SecondsSeries

type Counted = { readonly labels: Readonly<Record<string, string>>; readonly counts: number[]; sum: number }

type Value = Readonly<{
  metricName: string
  labels: Readonly<Record<string, string | number>>
  value: number
}>

/**
 * A histogram of prom-client's registry that is counted in arrays, and put into words at a scrape. prom-client's own
 * checks the labels and finds its series by their text at each observation, of which a refund has nine.
 */
export function createSecondsHistogram<Label extends string>(
  registry: Registry,
  { name, help }: Readonly<{ name: string; help: string; labelNames: readonly Label[] }>,
): SecondsHistogram<Label> {
  const all = new Map<string, Counted>()

  async function get() {
    const values = [...all.values()].flatMap((counted) => valuesOf(name, counted))
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
  // All that a registry asks of a metric; the type is that of prom-client's own classes.
  registry.registerMetric({ name, get } as unknown as Parameters<Registry['registerMetric']>[0])

  return (labels) => {
    const key = JSON.stringify(labels)
    let counted = all.get(key)
    if (counted === undefined) {
      // The last one is of what took longer than all buckets.
      counted = { labels, counts: [...SECONDS_BUCKETS, Number.POSITIVE_INFINITY].map(() => 0), sum: 0 }
      all.set(key, counted)
    }
    return seriesOf(counted)
  }
}

function seriesOf(counted: Counted): SecondsSeries {
  const { counts } = counted
  return {
    observe(seconds) {
      let bucket = 0
      while (bucket < SECONDS_BUCKETS.length && seconds > (SECONDS_BUCKETS[bucket] as number)) bucket += 1
      counts[bucket] = (counts[bucket] as number) + 1
      counted.sum += seconds
    },
  }
}

/** A series as Prometheus has it: each bucket counts what is in those before it, too. */
function valuesOf(name: string, { labels, counts, sum }: Counted): Value[] {
  let count = 0
  const buckets = counts.map((inBucket, index) => {
    count += inBucket
    const le = SECONDS_BUCKETS[index] ?? '+Inf'
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
