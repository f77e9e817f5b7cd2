import type { Redis } from 'ioredis'
import type { Contender } from './contenders.ts'
import { type LoadOptions, type LoadResult, percentile, runLoad } from './load.ts'
import { OTHER_CORES, type Usage, usageOf } from './machine.ts'
import type { ServerProcess } from './processes.ts'
import { clearRefunds } from './redis.ts'
import type { RequestWriter } from './requests.ts'
import type { Kind, Round, Series } from './results.ts'

/** A server under test with what its rounds need. */
export type Runner = Readonly<{
  contender: Contender
  process: ServerProcess
  requests: RequestWriter
  /** On the server's own database; null where it uses none. */
  redis: Redis | null
  /** The processes beside it, by their ids. */
  helpers: Readonly<{ redis: number; provider: number }>
}>

/** Before each measured time the same load is on already, for connections to open and caches to fill. */
const LEAD_MS = 300

/** For a server of which only replays are measured: how long it takes in what it will replay. */
const FILL_MS = 500

const WARM_UP_CONNECTIONS = 32

/** How often it is looked whether there were enough. */
const WARM_UP_SLICE_MS = 500

/**
 * So many requests of each kind that the code of all paths is compiled; nothing of them is measured. Counted, since the
 * compilers go by how often something runs: in as many seconds, a server that is slow is not as warm as the others.
 */
export async function warmUp(runner: Runner, requests: number): Promise<void> {
  for (const kind of new Set<Kind>(['new', ...runner.contender.kinds])) {
    const load = { connections: WARM_UP_CONNECTIONS, durationMs: WARM_UP_SLICE_MS }
    for (let made = 0; made < requests; ) made += (await run(runner, kind, load)).requests
  }
  await forget(runner)
}

/** What a server is put under for a while. */
type Load = Pick<LoadOptions, 'connections' | 'durationMs' | 'requestsPerSecond'>

export type RoundsOptions = Load & Readonly<{ rounds: number; onRound(number: number): void }>

type Measured = Pick<Series, 'server' | 'kind'> & { rounds: Round[] }

/** So many rounds of each server; they take turns, so that a slow minute of the machine hits them all. */
export async function runRounds(runners: readonly Runner[], options: RoundsOptions): Promise<Measured[]> {
  const measured = runners.flatMap((runner) =>
    runner.contender.kinds.map((kind) => ({
      runner,
      kind,
      server: runner.contender.name,
      rounds: [] as Round[],
    })),
  )
  for (let number = 1; number <= options.rounds; number += 1) {
    options.onRound(number)
    for (const runner of runners) {
      const rounds = await runRound(runner, options)
      for (const one of measured.filter((one) => one.runner === runner)) {
        one.rounds.push(rounds.get(one.kind) as Round)
      }
    }
  }
  return measured.map(({ server, kind, rounds }) => ({ server, kind, rounds }))
}

/** One round: each kind of request that the server knows, new ones first. */
async function runRound(runner: Runner, load: Load): Promise<ReadonlyMap<Kind, Round>> {
  const rounds = new Map<Kind, Round>()
  if (!runner.contender.kinds.includes('new')) await measure(runner, 'new', { ...load, durationMs: FILL_MS })
  for (const kind of runner.contender.kinds) {
    rounds.set(kind, await measure(runner, kind, load))
  }
  await forget(runner)
  return rounds
}

async function forget({ requests, redis }: Runner): Promise<void> {
  requests.forget()
  if (redis !== null) await clearRefunds(redis)
}

async function measure(runner: Runner, kind: Kind, load: Load): Promise<Round> {
  const { process: server, helpers } = runner
  const pids = [server.pid, helpers.redis, helpers.provider, process.pid]
  const usages: (Usage | null)[][] = []
  const result = await run(runner, kind, load, () => usages.push(pids.map(usageOf)))
  return { ...latencyOf(result), ...usageBetween(usages, result) }
}

/** Puts the load on. Throws where an answer was another than 201. */
export async function run(
  { contender, process: server, requests }: Runner,
  kind: Kind,
  load: Load,
  onEdge: () => void = () => {},
): Promise<LoadResult> {
  const nextRequest = kind === 'new' ? requests.next : requests.again
  const result = await runLoad({ ...load, url: server.url, leadMs: LEAD_MS, nextRequest, onEdge })
  if (Object.keys(result.failures).length > 0) {
    throw new Error(`${contender.name} did not answer 201: ${JSON.stringify(result.failures)}`)
  }
  return result
}

function latencyOf({ requests, seconds, latencies }: LoadResult) {
  return {
    requestsPerSecond: requests / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  }
}

/** What was used between two looks at server, Redis, provider and this process. */
function usageBetween(usages: readonly (readonly (Usage | null)[])[], { requests, seconds }: LoadResult) {
  const [before = [], after = []] = usages
  const [server, redis, ...others] = after.map((used, index) => {
    const then = before[index]
    return used && then ? used.cpuMicroseconds - then.cpuMicroseconds : null
  })
  const each = (used: number | null | undefined) => (used == null ? null : used / requests)
  const busy = (used: readonly (number | null | undefined)[], cores: number) =>
    used.includes(null)
      ? null
      : used.reduce<number>((sum, one) => sum + (one ?? 0), 0) / (seconds * cores * 1e6)
  return {
    cpuMicroseconds: each(server),
    redisCpuMicroseconds: each(redis),
    allCpuMicroseconds: server == null || redis == null ? null : each(server + redis),
    coreBusy: busy([server], 1),
    otherCoresBusy: busy([redis, ...others], OTHER_CORES),
    rssMib: after[0] ? after[0].rssBytes / 2 ** 20 : null,
  }
}
