import { medianOf, type SoakSample } from '../results.ts'

/** Whether something has stopped growing: how the median of the last third compares with that of the second. */
export type Flatness = Readonly<{
  what: string
  second: number
  last: number
  ratio: number
  isFlat: boolean
}>

type Measure = Readonly<{
  what: string
  /** Null where there was none. */
  of(sample: SoakSample): number | null
  limit: number
}>

/**
 * What must not grow, and how much larger it may be by chance: latency is at the mercy of the machine, and what is open
 * follows it. Redis keeps each refund for longer than a run, so that its memory grows with the time, and no faster.
 */
const MEASURES: readonly Measure[] = [
  { what: 'RSS, MiB', of: ({ rssMib }) => rssMib, limit: 1.1 },
  { what: 'heap in use, MiB', of: ({ heapMib }) => heapMib, limit: 1.1 },
  { what: 'active handles', of: ({ handles }) => handles, limit: 1.25 },
  { what: 'open files', of: ({ openFiles }) => openFiles, limit: 1.25 },
  {
    what: 'Redis memory, MiB a minute',
    of: ({ redisMib, seconds }) => (60 * redisMib) / seconds,
    limit: 1.1,
  },
  { what: 'p50, ms', of: ({ p50Ms }) => p50Ms, limit: 1.25 },
  { what: 'p99, ms', of: ({ p99Ms }) => p99Ms, limit: 1.5 },
]

/** The first third counts as warm-up. */
export function judgeFlatness(samples: readonly SoakSample[]): readonly Flatness[] {
  const third = Math.floor(samples.length / 3)
  return MEASURES.map(({ what, of, limit }) => {
    const second = medianIn(samples.slice(third, 2 * third), of)
    const last = medianIn(samples.slice(2 * third), of)
    const ratio = last / second
    return { what, second, last, ratio, isFlat: ratio <= limit }
  })
}

function medianIn(samples: readonly SoakSample[], of: Measure['of']): number {
  const values = samples.map(of).filter((value) => value !== null)
  return values.length === 0 ? Number.NaN : medianOf(values.sort((a, b) => a - b))
}
