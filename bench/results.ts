import type { Machine } from './machine.ts'

/** New keys, or keys that were used before. */
export type Kind = 'new' | 'replay'

/** What the gateway is held against: the least that a design like its own costs. */
export const FLOOR = { new: 'redis3', replay: 'redis2' } as const satisfies Record<Kind, string>

/** One round of load on one server. */
export type Round = Readonly<{
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Of the server's process and of those that it has started, from the system; null where that does not tell. */
  cpuMicroseconds: number | null
  rssMib: number | null
  /** Of Redis, for one request: what decides how much a Redis carries. */
  redisCpuMicroseconds: number | null
  /** Of the server's processes and the store's together: what a request costs, wherever its work is done. */
  allCpuMicroseconds: number | null
  /** How much of its core the server had: near 1 it was the server that set the pace. */
  coreBusy: number | null
  /** The same of the cores that Redis, provider and load share: near 1 it was these. */
  otherCoresBusy: number | null
}>

/** The rounds of one server under one load. */
export type Series = Readonly<{
  server: string
  kind: Kind
  connections: number
  /** Whether Redis wrote each command to the disk before it answered. */
  aof: 'always' | 'off'
  rounds: readonly Round[]
}>

/** What one request asks of Redis, made by itself. */
export type RedisCost = Readonly<{
  /** Commands that leave together are one, and so is one that nobody waits for. */
  roundTrips: number
  commandsSent: number
  /** What the scripts among them run. */
  commandsInScripts: number
  bytesToRedis: number
  bytesFromRedis: number
}>

/** What `npm run bench` writes. */
export type BenchResults = Readonly<{
  command: string
  machine: Machine
  seconds: number
  providerDelayMs: number
  servers: Readonly<Record<string, string>>
  series: readonly Series[]
  redisCosts: readonly Readonly<{ server: string; kind: Kind; cost: RedisCost }>[]
  /** From the start of the process until it is ready, with Redis up; of the gateway and of `bare`. */
  starts: readonly Readonly<{ server: string; ms: readonly number[] }>[]
  /** What the processes hold after so many refunds. */
  memory: readonly Readonly<{ server: string; refunds: number; rssMib: number | null }>[]
}>

/** What `npm run bench:scale` writes. */
export type ScaleResults = Readonly<{
  command: string
  machine: Machine
  requestsPerSecond: number
  /** The gateway with so many settled refunds in its store, an empty one first. */
  storeSizes: readonly Readonly<{
    refunds: number
    /** With those that were made while it was measured. */
    refundsInTheEnd: number
    /** Null for the empty store. */
    memory: Readonly<{
      usedBytes: number
      bytesPerRefund: number
      /** Of that, by MEMORY USAGE of its two keys. */
      claimBytes: number
      paymentBytes: number
    }> | null
    series: readonly Series[]
  }>[]
  /** One more partial refund of a payment that has so many. */
  partials: readonly Readonly<{
    partials: number
    /** Claim, begin and settle, with a provider that answers at once. */
    p50Ms: number
    /** Of that, what Redis spent in the scripts. */
    scriptMicroseconds: number
  }>[]
  accounts: readonly Readonly<{ accounts: number; series: readonly Series[] }>[]
  /** One sweep of the reconciler. */
  sweeps: readonly Readonly<{
    unsettled: number
    due: 'all' | 'none'
    /** How many of them the sweep looked at. */
    looked: number
    ms: number
    /** Those in scripts included. */
    commands: number
  }>[]
}>

/** A look at the gateway and its Redis in a soak. */
export type SoakSample = Readonly<{
  /** Since the start. */
  seconds: number
  rssMib: number
  heapMib: number
  handles: number
  openFiles: number
  redisMib: number
  unsettled: number
  /** Of new refunds without a fault, since the sample before; null where there was none. */
  p50Ms: number | null
  p99Ms: number | null
}>

/** What `npm run soak` writes. */
export type SoakResults = Readonly<{
  command: string
  machine: Machine
  requestsPerSecond: number
  /** How many answers there were, by status and code. */
  answers: Readonly<Record<string, number>>
  samples: readonly SoakSample[]
}>

/** The middle of the rounds, and how far they were apart. */
export type Spread = Readonly<{ median: number; min: number; max: number }>

export function spreadOf(series: Series, member: keyof Round): Spread | null {
  const values = series.rounds.map((round) => round[member]).filter((value) => value !== null)
  return values.length === 0 ? null : spread(values)
}

function spread(values: readonly number[]): Spread {
  const ascending = [...values].sort((a, b) => a - b)
  return { median: medianOf(ascending), min: ascending[0] as number, max: ascending.at(-1) as number }
}

export function medianOf(ascending: readonly number[]): number {
  const middle = ascending.length / 2
  const upper = ascending[Math.floor(middle)] as number
  return Number.isInteger(middle) ? (upper + (ascending[middle - 1] as number)) / 2 : upper
}

/** How two servers relate, round by round: those of one number were measured one after the other. */
export function ratioSpread(series: Series, to: Series, member: keyof Round): Spread | null {
  const ratios = series.rounds.map((round, number) => {
    const [own, other] = [round[member], to.rounds[number]?.[member]]
    return own == null || other == null ? Number.NaN : own / other
  })
  if (ratios.length === 0 || ratios.some(Number.isNaN)) return null
  return spread(ratios)
}

/** The middle one of these ratios. */
export function ratioOf(series: Series, to: Series, member: keyof Round): number {
  return ratioSpread(series, to, member)?.median ?? Number.NaN
}
