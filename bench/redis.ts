import { randomInt } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startPrivateRedis } from '../src/store/redis/private-redis.ts'

/** A `redis-server` of the benchmark's own, on a loopback port. */
export type BenchRedis = Readonly<{
  pid: number
  port: number
  /** A database for each server, so that none meets the keys of another. */
  urlOf(database: number): string
  /** A client for looking at it. */
  connect(database: number): Redis
  stop(): Promise<void>
}>

const DATABASES = 64
const START_ATTEMPTS = 10

export type BenchRedisOptions = Readonly<{
  /** Where its directory goes. */
  directory: string
  /** With an append-only file and `appendfsync always`; else in memory only. */
  durable: boolean
  /** Whether it keeps that file short by itself, as it does by default; in a round, that would be measured. */
  rewritesFile?: boolean
}>

export async function startBenchRedis(options: BenchRedisOptions): Promise<BenchRedis> {
  const { directory, durable, rewritesFile = false } = options
  const dataDir = await mkdtemp(join(directory, 'redis-'))
  const { server, port } = await onFreePort((port) =>
    startPrivateRedis({
      dataDir,
      onExit: (error) => {
        throw error
      },
      extraArgs: [
        ...['--bind', '127.0.0.1', '--port', String(port), '--databases', String(DATABASES)],
        ...['--appendonly', durable ? 'yes' : 'no'],
        ...['--auto-aof-rewrite-percentage', rewritesFile ? '100' : '0'],
      ],
    }),
  )
  const clients: Redis[] = []
  return {
    pid: server.pid,
    port,
    urlOf: (database) => `redis://127.0.0.1:${port}/${database}`,
    connect(database) {
      const client = new Redis({ host: '127.0.0.1', port, db: database })
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.disconnect()
      await server.stop()
    },
  }
}

/** Ports below those that systems hand out by themselves; a taken one is passed over. */
async function onFreePort<Server>(startOn: (port: number) => Promise<Server>) {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(20_000, 30_000)
    try {
      return { server: await startOn(port), port }
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error
    }
  }
}

/** What the gateway notices the loss of: it would call its store another one. */
const KEPT_KEYS = /^(store-(id|mark|instances|terms)|token):/

/** Until then the gateway looks whether the refund that it stored last is still there. */
const COVERED_BY_MARK_MS = 1_500
const SCAN_COUNT = 5_000
const LARGEST_FILE_BYTES = 512 * 2 ** 20
const REWRITE_POLL_MS = 50

/** Forgets the refunds of one database, so that no round starts with more of them than another. */
export async function clearRefunds(redis: Redis): Promise<void> {
  await sleep(COVERED_BY_MARK_MS)
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', SCAN_COUNT)
    const refunds = keys.filter((key) => !KEPT_KEYS.test(key))
    if (refunds.length > 0) await redis.unlink(...refunds)
    cursor = next
  } while (cursor !== '0')
  await shrinkFile(redis)
}

/** Between rounds, where Redis would do it by itself in the middle of one. */
async function shrinkFile(redis: Redis): Promise<void> {
  if (Number(await infoField(redis, 'persistence', 'aof_current_size')) < LARGEST_FILE_BYTES) return
  await redis.bgrewriteaof()
  await untilFileIsWritten(redis)
}

/** From here on each command is on the disk before it is answered: filled without, it is measured with it. */
export async function makeDurable(redis: Redis): Promise<void> {
  await redis.config('SET', 'appendonly', 'yes')
  await untilFileIsWritten(redis)
}

async function untilFileIsWritten(redis: Redis): Promise<void> {
  const isBusy = async () => {
    const [running, scheduled] = await Promise.all(
      ['aof_rewrite_in_progress', 'aof_rewrite_scheduled'].map((name) =>
        infoField(redis, 'persistence', name),
      ),
    )
    return running === '1' || scheduled === '1'
  }
  do await sleep(REWRITE_POLL_MS)
  while (await isBusy())
}

/** One field of `INFO`, or undefined where it has none of this name. */
export async function infoField(redis: Redis, section: string, name: string): Promise<string | undefined> {
  const text = await redis.info(section)
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(text)?.[1]
}
