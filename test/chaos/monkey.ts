import { setTimeout as sleep } from 'node:timers/promises'
import type { RunClock } from './clock.ts'
import type { Kill, Lapse, Pause } from './histories.ts'
import type { Gateway, Redis, Sandbox, Target } from './processes.ts'
import type { Random } from './random.ts'

/** What was done to the processes, by name. */
export type Deeds = Readonly<Record<string, number>>

export type Monkey = Readonly<{
  deeds(): Deeds
  /** SIGKILLs so far. */
  kills(): readonly Kill[]
  /** When the store ran on other data than its newest, so far. */
  lapses(): readonly Lapse[]
  /** SIGSTOPs so far. */
  pauses(): readonly Pause[]
  /** Does nothing more, and waits until everything runs again. */
  stop(): Promise<void>
}>

export type MonkeyParts = Readonly<{
  gateways: readonly Gateway[]
  redis: Redis
  sandbox: Sandbox
  /** Of a `processing` refund: a pause beyond it makes refunds unknown under a process that still works on them. */
  leaseMs: number
  random: Random
  clock: RunClock
  /** Makes a gateway busy that is about to be paused for longer than a lease; resolves once it is. */
  keepBusy(gateway: Gateway): Promise<void>
  /** A process that does not start again is not part of the game. */
  onError(error: unknown): void
}>

/** Between two deeds; a kill takes most of a second to recover from. */
const SHORTEST_REST_MS = 600
const LONGEST_REST_MS = 1_800

/** An answer about other data may arrive this long after the newest are back. */
const LAPSE_SLACK_MS = 3_000

/** Kills and pauses processes at random until it is stopped. */
export function startMonkey(parts: MonkeyParts): Monkey {
  const { gateways, redis, sandbox, random } = parts
  const counts: Record<string, number> = {}
  const kills: Kill[] = []
  const pauses: { name: string; fromMs: number; toMs: number }[] = []
  const lapses: { fromMs: number; toMs: number }[] = []
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  const busy = new Set<Target>()

  const isFree = (target: Target) => target.isUp() && !busy.has(target)

  async function act(name: string, targets: readonly Target[], deed: (target: Target) => Promise<void>) {
    for (const target of targets.filter(isFree)) {
      const label = `${name} ${target.name.split(' ')[0]}`
      counts[label] = (counts[label] ?? 0) + 1
      busy.add(target)
      const work = deed(target)
        .catch(parts.onError)
        .finally(() => {
          busy.delete(target)
          underWay.delete(work)
        })
      underWay.add(work)
    }
  }

  const kill = (...targets: Target[]) =>
    act('kill', targets, (target) => {
      kills.push({ name: target.name, atMs: parts.clock.ms() })
      return target.kill()
    })
  /** Notes that the target is stopped at some time during the deed. */
  async function stopped(target: Target, deed: () => Promise<void>): Promise<void> {
    const pause = { name: target.name, fromMs: parts.clock.ms(), toMs: Number.POSITIVE_INFINITY }
    pauses.push(pause)
    await deed()
    pause.toMs = parts.clock.ms()
  }
  const pause = (target: Target, shortestMs: number, longestMs: number) => {
    const durationMs = random.integer(shortestMs, longestMs)
    return act('pause', [target], () => stopped(target, () => target.pause(durationMs, stopping.signal)))
  }
  const pauseBeyondLease = (gateway: Gateway) => {
    const durationMs = parts.leaseMs + random.integer(1_000, 4_000)
    return act('long pause', [gateway], async () => {
      await parts.keepBusy(gateway)
      await stopped(gateway, () => gateway.pause(durationMs, stopping.signal))
    })
  }
  const pauseBeforeWriting = (gateway: Gateway) => {
    const durationMs = parts.leaseMs + random.integer(500, 3_000)
    return act('pause before writing', [gateway], () =>
      stopped(gateway, () => gateway.pauseBeforeWriting(durationMs, stopping.signal)),
    )
  }
  const terminateTwice = (gateway: Gateway) =>
    act('terminate twice', [gateway], () => gateway.terminateTwice(random.integer(1, 50)))
  /** The store forgets; until its newest data are back nobody may take it for the one that it was. */
  const forget = async (name: string, how: (durationMs: number) => Promise<void>) => {
    // One that was down or paused remembers less, would take older data for the store and write to them.
    const rememberedAt = Math.min(...gateways.map((gateway) => gateway.rememberedAt()))
    if (!redis.canForget(rememberedAt)) return kill(redis)
    const durationMs = random.integer(1_000, 3_000)
    await act(name, [redis], async () => {
      const lapse = { fromMs: parts.clock.ms(), toMs: Number.POSITIVE_INFINITY }
      lapses.push(lapse)
      await how(durationMs)
      lapse.toMs = parts.clock.ms() + LAPSE_SLACK_MS
    })
  }
  /** One that something can be done to, if there is one. */
  const anyGateway = () => {
    const first = random.integer(0, gateways.length - 1)
    const inTurn = [...gateways.slice(first), ...gateways.slice(0, first)]
    return (inTurn.find(isFree) ?? inTurn[0]) as Gateway
  }

  const deeds: readonly (readonly [weight: number, deed: () => Promise<void>])[] = [
    [50, () => kill(anyGateway())],
    [16, () => kill(redis)],
    [6, () => kill(redis, anyGateway())],
    [3, () => kill(...gateways)],
    [8, () => pause(anyGateway(), 100, 1_500)],
    [6, () => pauseBeyondLease(anyGateway())],
    [6, () => pause(redis, 200, 3_000)],
    [3, () => pause(sandbox, 300, 1_200)],
    [6, () => revokeTokens()],
    [5, () => forget('put older data back to', redis.putOlderBack)],
    [5, () => forget('cut the tail of', redis.cutTail)],
    [6, () => pauseBeforeWriting(anyGateway())],
    [6, () => terminateTwice(anyGateway())],
  ]

  async function revokeTokens(): Promise<void> {
    counts['tokens revoked'] = (counts['tokens revoked'] ?? 0) + 1
    await fetch(`${sandbox.url}/sandbox/tokens/revoke`, { method: 'POST' })
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(random.integer(SHORTEST_REST_MS, LONGEST_REST_MS), undefined, { signal: stopping.signal })
      await random.weighted(deeds)()
    }
  }

  const running = run().catch((error) => {
    if (!stopping.signal.aborted) parts.onError(error)
  })

  return {
    deeds: () => counts,
    kills: () => kills,
    lapses: () => lapses,
    pauses: () => pauses,
    async stop() {
      stopping.abort()
      await running
      await Promise.all(underWay)
    },
  }
}
