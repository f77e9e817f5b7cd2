import type { Kind } from './contenders.ts'
import type { Machine } from './machine.ts'

/** One round of load on one server. */
export type Round = Readonly<{
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Of the server's process, from the system; null where that does not tell. */
  cpuMicroseconds: number | null
  rssMib: number | null
  /** How much of its core the server had: near 1 it was the server that set the pace. */
  coreBusy: number | null
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

/** What `npm run bench` writes. */
export type BenchResults = Readonly<{
  command: string
  machine: Machine
  seconds: number
  providerDelayMs: number
  servers: Readonly<Record<string, string>>
  series: readonly Series[]
}>

/** The middle of the rounds, and how far they were apart. */
export type Spread = Readonly<{ median: number; min: number; max: number }>

export function spreadOf(series: Series, member: keyof Round): Spread | null {
  const values = series.rounds.map((round) => round[member]).filter((value) => value !== null)
  if (values.length === 0) return null
  const ascending = values.sort((a, b) => a - b)
  return { median: medianOf(ascending), min: ascending[0] as number, max: ascending.at(-1) as number }
}

export function medianOf(ascending: readonly number[]): number {
  const middle = ascending.length / 2
  const upper = ascending[Math.floor(middle)] as number
  return Number.isInteger(middle) ? (upper + (ascending[middle - 1] as number)) / 2 : upper
}
