import { Cluster, type Redis } from 'ioredis'
import { keys, UNSETTLED_SHARDS } from '../keys.ts'
import type { RedisClient } from '../lua/scripts.ts'
import { causeOf, isNoConnection, noConnection } from './causes.ts'

/** What Redis promises just now. */
export type Durability = Readonly<
  /** `needsFileSync`: an acknowledged write is on the disk only after WAITAOF. */
  | { state: 'durable'; needsFileSync: boolean }
  | { state: 'not_durable'; reasons: readonly string[] }
  /** It cannot be reached, or takes no writes. */
  | { state: 'unavailable'; reasons: readonly string[] }
>

/** Whether this is the store that was there, as far as it had come, and as this gateway writes it. */
export type StoreIdentity = Readonly<{
  /**
   * What is wrong with the store, in words, or null. `needsFileSync`: a write is on its disk only after WAITAOF.
   * Throws where the store cannot be reached.
   */
  check(needsFileSync: boolean): Promise<string | null>
}>

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
  /** Gets each change of the answer; of an outage each cause once. */
  onChange(durability: Durability): void
}>

/**
 * Watches whether an acknowledged write survives a crash of Redis: asks at once, at every connect, and
 * every second. From a lost connection on nothing is promised until Redis was asked again: it may come
 * back with other settings, or without its data.
 */
export function watchDurability(redis: RedisClient, options: DurabilityOptions): DurabilityWatch {
  let current: Durability = { state: 'unavailable', reasons: ['Redis was not reached yet'] }
  let connectionError: Error | null = null
  let complete: CompleteFiles = new Set()
  let reported: readonly string[] = []

  function found(durability: Durability): void {
    const before = current
    current = durability
    const isOutage = durability.state === 'unavailable'
    // Each failed try to connect has addresses of its own; of one outage, each cause is news once.
    const news = isOutage ? JSON.stringify(durability).replace(/[\d.:]+/g, '') : JSON.stringify(durability)
    if (reported.includes(news)) return
    reported = isOutage && before.state === 'unavailable' ? [...reported, news] : [news]
    options.onChange(durability)
  }

  /** What the connection failed of says more than that there is none. */
  function unavailable(error: Error): Durability {
    if (!isNoConnection(error)) return { state: 'unavailable', reasons: [causeOf(error)] }
    if (connectionError !== null) return { state: 'unavailable', reasons: [causeOf(connectionError)] }
    return current.state === 'unavailable' ? current : LOST_CONNECTION
  }

  async function check(): Promise<Durability> {
    try {
      const { durability, files } = await inspect(redis, options, complete)
      complete = files
      connectionError = null
      found(durability)
    } catch (error) {
      found(unavailable(error as Error))
    }
    return current
  }

  const onReady = () => {
    connectionError = null
    void check()
  }
  const onClose = () => {
    // Whatever is there at the next look may be another server, or another file.
    complete = new Set()
    found(unavailable(noConnection()))
    void check()
  }
  const onError = (error: Error) => {
    if (!isNoConnection(error)) connectionError = error
  }
  // The client of a Cluster stays connected as a whole while it loses one server, and gets another.
  const onNode = () => {
    if (redis.status === 'ready') void check()
  }
  const events = {
    ...{ ready: onReady, close: onClose, error: onError },
    ...{ '-node': onClose, '+node': onNode, 'node error': onError },
  }
  for (const [event, listener] of Object.entries(events)) redis.on(event, listener)
  const timer = setInterval(() => void check(), CHECK_INTERVAL_MS).unref()

  return {
    current: () => current,
    check,
    stop() {
      clearInterval(timer)
      for (const [event, listener] of Object.entries(events)) redis.off(event, listener)
    },
  }
}

const LOST_CONNECTION: Durability = { state: 'unavailable', reasons: ['The connection was lost'] }

type Found = Readonly<{ durability: Durability; files: CompleteFiles }>

/** Throws an Error where Redis cannot be asked, or takes no writes. */
async function inspect(
  redis: RedisClient,
  { identity, minReplicas }: DurabilityOptions,
  complete: CompleteFiles,
): Promise<Found> {
  const servers = await Promise.all(
    mastersOf(redis).map((server) => inspectServer(server, { minReplicas, complete })),
  )
  await tryToWrite(redis)
  const files = new Set(servers.flatMap(({ completeFile }) => completeFile ?? []))
  const reasons = new Set(servers.flatMap((server) => server.reasons))
  const needsFileSync = servers.some((server) => server.needsFileSync)
  // Asked last: a server that takes no writes cannot be written an id.
  const lost = reasons.size === 0 ? await identity.check(needsFileSync) : null
  if (lost !== null) reasons.add(lost)
  if (reasons.size > 0) return { durability: { state: 'not_durable', reasons: [...reasons] }, files }
  return { durability: { state: 'durable', needsFileSync }, files }
}

/**
 * A Cluster's client is asked nothing before it is ready: it would connect to servers that it is only about to look
 * at, and turn its own commands away meanwhile.
 */
function mastersOf(redis: RedisClient): readonly Redis[] {
  if (!(redis instanceof Cluster)) return [redis]
  if (redis.status !== 'ready') throw noConnection()
  const masters = redis.nodes('master')
  if (masters.length === 0) throw new Error('No node of the Cluster is reachable')
  return masters
}

/**
 * A write that changes nothing: it only moves an entry that is not there. A server that is read-only, full, or short
 * of the replicas or the disk that it needs refuses it like any other. Throws what the server says.
 */
async function tryToWrite(redis: RedisClient): Promise<void> {
  const shards = Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => keys.unsettled(shard))
  await Promise.all(shards.map((key) => redis.zadd(key, 'XX', 0, 'nothing')))
}

/**
 * The runs of servers (`run_id`) whose append-only file was seen to hold everything. AOF that is switched on live is
 * enabled at once, and its file exists only when a first rewrite has ended; so it is with a replica that has just
 * synchronised. From outside, that rewrite looks like any later one, beside which the former files stay.
 */
type CompleteFiles = ReadonlySet<string>

type ServerFound = Readonly<{
  reasons: readonly string[]
  needsFileSync: boolean
  completeFile: string | null
}>

/** The reasons why this server may lose an acknowledged write; none where it may not. */
async function inspectServer(
  server: Pick<RedisClient, 'info' | 'config'>,
  { minReplicas, complete }: { minReplicas: number; complete: CompleteFiles },
): Promise<ServerFound> {
  const [info, settings] = await Promise.all([server.info(), readSettings(server)])
  const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1]
  if (field('loading') === '1') throw new Error('LOADING Redis is loading the dataset in memory')
  const version = field('redis_version') ?? ''
  const hasWaitaof = version.localeCompare(WAITAOF_VERSION, undefined, { numeric: true }) >= 0
  const run = field('run_id') ?? ''
  const isRewriting = field('aof_rewrite_in_progress') === '1' || field('aof_rewrite_scheduled') === '1'
  const isOn = field('aof_enabled') === '1'
  const isComplete = isOn && (!isRewriting || complete.has(run))
  const reasons: string[] = []
  if (Number.parseInt(version, 10) < OLDEST_VERSION) {
    reasons.push(`Redis ${version} is too old: use ${OLDEST_VERSION}.0 or newer`)
  }
  if (!isOn) {
    reasons.push('its append-only file is off: set appendonly yes')
  } else if (!isComplete) {
    reasons.push('its append-only file may not exist yet: wait until its rewrite has ended')
  }
  if (isOn) reasons.push(...syncReasons(settings, hasWaitaof))
  if (field('aof_last_write_status') === 'err') {
    reasons.push('it could not write its append-only file: look at its disk and log')
  }
  if (field('maxmemory_policy') !== 'noeviction') {
    reasons.push(`maxmemory-policy is ${field('maxmemory_policy')}: set maxmemory-policy noeviction`)
  }
  const replicas = info.match(/^slave\d+:.*state=online/gm)?.length ?? 0
  if (replicas < minReplicas) reasons.push(`it has ${replicas} of ${minReplicas} replicas: connect more`)
  return { reasons, needsFileSync: !isSyncedAlways(settings), completeFile: isComplete ? run : null }
}

type SyncSettings = Readonly<{ appendfsync?: string; 'no-appendfsync-on-rewrite'?: string }>

/** Whether an acknowledged write is on the disk for certain; not where a setting cannot be read. */
function isSyncedAlways(settings: SyncSettings): boolean {
  return settings.appendfsync === 'always' && settings['no-appendfsync-on-rewrite'] === 'no'
}

function syncReasons(settings: SyncSettings, hasWaitaof: boolean): string[] {
  const { appendfsync, 'no-appendfsync-on-rewrite': pause } = settings
  const reasons: string[] = []
  // WAITAOF tells what is on the disk, whatever the settings are.
  if (!hasWaitaof && appendfsync !== 'always') {
    reasons.push(`appendfsync is ${appendfsync ?? 'not readable'}: set appendfsync always`)
  }
  // With it nothing is synced while a rewrite runs, and so nothing could be stored.
  if (pause === 'yes' || (!hasWaitaof && pause === undefined && appendfsync !== undefined)) {
    reasons.push(`no-appendfsync-on-rewrite is ${pause ?? 'not readable'}: set no-appendfsync-on-rewrite no`)
  }
  return reasons
}

/** Managed services may refuse CONFIG: then it is not known. */
async function readSettings(server: Pick<RedisClient, 'config'>): Promise<SyncSettings> {
  try {
    const flat = (await server.config('GET', 'appendfsync', 'no-appendfsync-on-rewrite')) as string[]
    const pairs = flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]]] : []))
    return Object.fromEntries(pairs)
  } catch (error) {
    if (error instanceof Error && /^(ERR|NOPERM)/.test(error.message)) return {}
    throw error
  }
}
