import { Cluster } from 'ioredis'
import type { StoreIdentity } from './identity.ts'
import { keys, UNSETTLED_SHARDS } from './keys.ts'
import type { RedisClient } from './scripts.ts'

/** What Redis promises just now. */
export type Durability = Readonly<
  /** `needsFileSync`: an acknowledged write is on the disk only after WAITAOF. */
  | { state: 'durable'; needsFileSync: boolean }
  | { state: 'not_durable'; reasons: readonly string[] }
  /** It cannot be reached, or takes no writes. */
  | { state: 'unavailable'; reasons: readonly string[] }
>

export type DurabilityWatch = Readonly<{
  current(): Durability
  /** Looks now, and answers what was found. */
  check(): Promise<Durability>
  stop(): void
}>

/** How often Redis is asked again: its settings can be changed, and its data lost, while it runs. */
const CHECK_INTERVAL_MS = 1_000

/** The oldest Redis whose `SET` takes `NX` and `GET` together. */
const OLDEST_VERSION = 7

/** The first version that can be asked to wait for its append-only file. */
const WAITAOF_VERSION = '7.2'

export type DurabilityOptions = Readonly<{
  identity: StoreIdentity
  /** How many replicas each server must have connected. */
  minReplicas: number
  /** Gets each change of the answer. */
  onChange(durability: Durability): void
}>

/**
 * Watches whether an acknowledged write survives a crash of Redis: asks at once, at every connect, and
 * every second. From a lost connection on nothing is promised until Redis was asked again: it may come
 * back with other settings, or without its data.
 */
export function watchDurability(redis: RedisClient, options: DurabilityOptions): DurabilityWatch {
  let current: Durability = { state: 'unavailable', reasons: ['Redis was not reached yet'] }

  let reported = ''

  function found(durability: Durability): void {
    current = durability
    // Each failed try to connect again has words of its own; it is one outage.
    const news = durability.state === 'unavailable' ? durability.state : JSON.stringify(durability)
    if (news !== reported) options.onChange(durability)
    reported = news
  }

  async function check(): Promise<Durability> {
    found(await inspect(redis, options))
    return current
  }

  const onReady = () => void check()
  const onClose = () => {
    found({ state: 'unavailable', reasons: ['The connection was lost'] })
    void check()
  }
  // The client of a Cluster stays connected as a whole while it loses one server, and gets another.
  const events = { ready: onReady, close: onClose, '-node': onClose, '+node': onReady }
  for (const [event, listener] of Object.entries(events)) redis.on(event, listener)
  const timer = setInterval(onReady, CHECK_INTERVAL_MS).unref()

  return {
    current: () => current,
    check,
    stop() {
      clearInterval(timer)
      for (const [event, listener] of Object.entries(events)) redis.off(event, listener)
    },
  }
}

async function inspect(
  redis: RedisClient,
  { identity, minReplicas }: DurabilityOptions,
): Promise<Durability> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis]
  if (servers.length === 0) return { state: 'unavailable', reasons: ['No node of the Cluster is reachable'] }
  try {
    const found = await Promise.all(servers.map((server) => inspectServer(server, minReplicas)))
    await tryToWrite(redis)
    const reasons = new Set(found.flatMap((server) => server.reasons))
    const needsFileSync = found.some((server) => server.needsFileSync)
    // Asked last: a server that takes no writes cannot be written an id.
    const lost = reasons.size === 0 ? await identity.check(needsFileSync) : null
    if (lost !== null) reasons.add(lost)
    if (reasons.size > 0) return { state: 'not_durable', reasons: [...reasons] }
    return { state: 'durable', needsFileSync }
  } catch (error) {
    return { state: 'unavailable', reasons: [error instanceof Error ? error.message : String(error)] }
  }
}

/**
 * A write that changes nothing: it only moves an entry that is not there. A server that is read-only, full, or short
 * of the replicas or the disk that it needs refuses it like any other. Throws what the server says.
 */
async function tryToWrite(redis: RedisClient): Promise<void> {
  const shards = Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => keys.unsettled(shard))
  await Promise.all(shards.map((key) => redis.zadd(key, 'XX', 0, 'nothing')))
}

/** The reasons why this server may lose an acknowledged write; none where it may not. */
async function inspectServer(
  server: Pick<RedisClient, 'info' | 'config'>,
  minReplicas: number,
): Promise<{ reasons: string[]; needsFileSync: boolean }> {
  const [info, appendfsync] = await Promise.all([server.info(), readAppendfsync(server)])
  const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1]
  const version = field('redis_version') ?? ''
  const hasWaitaof = version.localeCompare(WAITAOF_VERSION, undefined, { numeric: true }) >= 0
  const reasons: string[] = []
  if (Number.parseInt(version, 10) < OLDEST_VERSION) {
    reasons.push(`Redis ${version} is too old: use ${OLDEST_VERSION}.0 or newer`)
  }
  if (field('aof_enabled') !== '1') {
    reasons.push('its append-only file is off: set appendonly yes')
  } else if (appendfsync !== 'always' && !hasWaitaof) {
    reasons.push(`appendfsync is ${appendfsync ?? 'not readable'}: set appendfsync always`)
  }
  if (field('aof_last_write_status') === 'err') {
    reasons.push('it could not write its append-only file: look at its disk and log')
  }
  if (field('maxmemory_policy') !== 'noeviction') {
    reasons.push(`maxmemory-policy is ${field('maxmemory_policy')}: set maxmemory-policy noeviction`)
  }
  const replicas = info.match(/^slave\d+:.*state=online/gm)?.length ?? 0
  if (replicas < minReplicas) reasons.push(`it has ${replicas} of ${minReplicas} replicas: connect more`)
  return { reasons, needsFileSync: appendfsync !== 'always' }
}

/** Managed services may refuse CONFIG: then it is not known. */
async function readAppendfsync(server: Pick<RedisClient, 'config'>): Promise<string | undefined> {
  try {
    const [, value] = (await server.config('GET', 'appendfsync')) as string[]
    return value
  } catch (error) {
    if (error instanceof Error && /^(ERR|NOPERM)/.test(error.message)) return undefined
    throw error
  }
}
