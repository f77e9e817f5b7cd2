import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import type { Test } from 'tap'
import { until } from './calls.ts'
import { startTestRedis, type TestRedis } from './redis.ts'

/** What the sentinels call the primary. */
export const NAME = 'refunds'
const SENTINELS = 3
const DOWN_AFTER_MS = 1_000

/** A primary and its replica, watched by three sentinels. */
export type TestSentinel = Readonly<{
  /** For a gateway's environment. */
  env: Readonly<Record<string, string>>
  servers: readonly TestRedis[]
  /** The server that the sentinels say is the primary. */
  primary(): Promise<TestRedis>
  /** Asks a sentinel for a failover, and makes the old primary a replica, which the sentinels do only after 10 s. */
  failOver(): Promise<void>
  /** Waits until the primary has its replica. */
  untilReplicated(): Promise<void>
}>

/** Starts all of them on loopback ports; they end with the test. */
export async function startTestSentinel(t: Test): Promise<TestSentinel> {
  const args = ['--repl-diskless-sync-delay', '0']
  const first = await startTestRedis(t, args)
  const second = await startTestRedis(t, [...args, '--replicaof', `127.0.0.1 ${first.port}`])
  // A test server's port is free again when it has stopped, and nobody else is given it soon.
  const ports = await Promise.all(Array.from({ length: SENTINELS }, () => freePort(t)))
  const sentinels = await Promise.all(
    ports.map((port) => startSentinel(t, { port, primaryPort: first.port, quorum: 2 })),
  )
  const [sentinel] = sentinels as [Redis, ...Redis[]]

  const primary = async () => {
    const [, port] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [string, string]
    return Number(port) === first.port ? first : second
  }
  const isWhole = async (sentinel: Redis) => {
    const info = await sentinel.info('sentinel')
    return info.includes('status=ok') && info.includes(`slaves=1,sentinels=${SENTINELS}`)
  }
  const isReplicated = async () => {
    const replication = await withConnection(await primary(), (connection) => connection.info('replication'))
    return replication.includes('role:master') && replication.includes('state=online')
  }
  const untilReplicated = () =>
    until('the primary has its replica', () => isReplicated().catch(() => false), 30_000)
  await untilReplicated()
  await until(
    'all sentinels know all servers',
    async () => (await Promise.all(sentinels.map(isWhole))).every(Boolean),
    30_000,
  )
  return {
    env: {
      REDIS_SENTINELS: ports.map((port) => `127.0.0.1:${port}`).join(),
      REDIS_SENTINEL_NAME: NAME,
    },
    servers: [first, second],
    primary,
    async failOver() {
      const before = await primary()
      await sentinel.call('SENTINEL', 'FAILOVER', NAME)
      await until('there is a new primary', async () => (await primary()) !== before)
      const { port } = await primary()
      await withConnection(before, (connection) => connection.call('REPLICAOF', '127.0.0.1', port))
    },
    untilReplicated,
  }
}

async function withConnection<Result>(server: TestRedis, use: (connection: Redis) => Promise<Result>) {
  const connection = new Redis(server.port, '127.0.0.1', { retryStrategy: () => null })
  connection.on('error', () => {})
  try {
    return await use(connection)
  } finally {
    connection.disconnect()
  }
}

/** Ends with this process, however that ends: see private-redis.ts. */
const RUN_WHILE_PARENT_LIVES = `(read -r _ <&3; kill -TERM $$) & exec redis-server "$@" 3<&-`

type SentinelSettings = Readonly<{
  port: number
  primaryPort: number
  quorum: number
  /** Further lines of its configuration. */
  lines?: readonly string[]
  /** How it is reached, where that is not in clear text and without a password. */
  access?: Pick<RedisOptions, 'username' | 'password' | 'tls'>
}>

/** One sentinel, which ends with the test; answers a connection to it. */
export async function startSentinel(t: Test, settings: SentinelSettings): Promise<Redis> {
  const { port, primaryPort, quorum, lines = [], access = {} } = settings
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-sentinel-'))
  const config = join(directory, 'sentinel.conf')
  await writeFile(
    config,
    [
      ...(access.tls ? ['port 0', `tls-port ${port}`] : [`port ${port}`]),
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${quorum}`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 5000`,
      ...lines,
    ].join('\n'),
  )
  const child = spawn('/bin/sh', ['-c', RUN_WHILE_PARENT_LIVES, 'sh', config, '--sentinel'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  })
  const ended = once(child, 'exit')
  const connection = new Redis(port, '127.0.0.1', {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    ...access,
  })
  connection.on('error', () => {})
  t.teardown(async () => {
    connection.disconnect()
    // The whole group: with the server its watcher.
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGKILL')
    await ended
    await rm(directory, { recursive: true })
  })
  await connection.ping()
  return connection
}

/** A port that a server had a moment ago. */
export async function freePort(t: Test): Promise<number> {
  const server = await startTestRedis(t)
  await server.stop()
  return server.port
}
