import { medianOf, type SoakSample } from '../results.ts'

/** Whether something has stopped growing: how the median of the last third compares with that of the second. */
export type Flatness = Readonly<{
  what: string
  member: keyof SoakSample
  second: number
  last: number
  ratio: number
  isFlat: boolean
}>

/** What must not grow, and how much larger it may be by chance: latency is at the mercy of the machine. */
const LIMITS = [
  { what: 'RSS, MiB', member: 'rssMib', limit: 1.1 },
  { what: 'heap in use, MiB', member: 'heapMib', limit: 1.1 },
  { what: 'active handles', member: 'handles', limit: 1.1 },
  { what: 'open files', member: 'openFiles', limit: 1.1 },
  { what: 'Redis memory, MiB', member: 'redisMib', limit: 1.1 },
  { what: 'p50, ms', member: 'p50Ms', limit: 1.25 },
  { what: 'p99, ms', member: 'p99Ms', limit: 1.5 },
] as const

/** The first third counts as warm-up. */
export function judgeFlatness(samples: readonly SoakSample[]): readonly Flatness[] {
  const third = Math.floor(samples.length / 3)
  return LIMITS.map(({ what, member, limit }) => {
    const second = medianIn(samples.slice(third, 2 * third), member)
    const last = medianIn(samples.slice(2 * third), member)
    const ratio = last / second
    return { what, member, second, last, ratio, isFlat: ratio <= limit }
  })
}

function medianIn(samples: readonly SoakSample[], member: keyof SoakSample): number {
  const values = samples.map((sample) => sample[member]).filter((value) => value !== null)
  return values.length === 0 ? Number.NaN : medianOf(values.sort((a, b) => a - b))
}
