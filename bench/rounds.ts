import type { Redis } from 'ioredis'
import type { Contender, Kind } from './contenders.ts'
import { percentile, runLoad } from './load.ts'
import { usageOf } from './machine.ts'
import type { ServerProcess } from './processes.ts'
import { clearRefunds } from './redis.ts'
import type { RequestWriter } from './requests.ts'
import type { Round } from './results.ts'

/** A server under test with what its rounds need. */
export type Runner = Readonly<{
  contender: Contender
  process: ServerProcess
  requests: RequestWriter
  /** On the server's own database; null where it uses none. */
  redis: Redis | null
}>

/** Before each measured time the same load is on already, for connections to open and caches to fill. */
const LEAD_MS = 300

/** For a server of which only replays are measured: how long it takes in what it will replay. */
const FILL_MS = 500

const WARM_UP_CONNECTIONS = 32

/** Long enough for the code of all paths to be compiled; nothing of it is counted. */
export async function warmUp(runner: Runner, durationMs: number): Promise<void> {
  for (const kind of ['new', ...runner.contender.kinds] as const) {
    await measure(runner, kind, WARM_UP_CONNECTIONS, durationMs)
  }
  await forget(runner)
}

/** One round: each kind of request that the server knows, new ones first. */
export async function runRound(
  runner: Runner,
  connections: number,
  durationMs: number,
): Promise<ReadonlyMap<Kind, Round>> {
  const rounds = new Map<Kind, Round>()
  if (!runner.contender.kinds.includes('new')) await measure(runner, 'new', connections, FILL_MS)
  for (const kind of runner.contender.kinds) {
    rounds.set(kind, await measure(runner, kind, connections, durationMs))
  }
  await forget(runner)
  return rounds
}

async function forget({ requests, redis }: Runner): Promise<void> {
  requests.forget()
  if (redis !== null) await clearRefunds(redis)
}

async function measure(
  { contender, process, requests }: Runner,
  kind: Kind,
  connections: number,
  durationMs: number,
): Promise<Round> {
  const usages: ReturnType<typeof usageOf>[] = []
  const result = await runLoad({
    url: process.url,
    connections,
    leadMs: LEAD_MS,
    durationMs,
    nextRequest: kind === 'new' ? requests.next : requests.again,
    onEdge: () => usages.push(usageOf(process.pid)),
  })
  if (Object.keys(result.failures).length > 0) {
    throw new Error(`${contender.name} did not answer 201: ${JSON.stringify(result.failures)}`)
  }
  const [before, after] = usages
  const cpu = before && after ? after.cpuMicroseconds - before.cpuMicroseconds : null
  return {
    requestsPerSecond: result.requests / result.seconds,
    p50Ms: percentile(result.latencies, 0.5),
    p99Ms: percentile(result.latencies, 0.99),
    cpuMicroseconds: cpu === null ? null : cpu / result.requests,
    rssMib: after ? after.rssBytes / 2 ** 20 : null,
    coreBusy: cpu === null ? null : cpu / (result.seconds * 1e6),
  }
}
