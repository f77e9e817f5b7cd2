import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type PrivateRedis, startPrivateRedis } from '../../src/store/redis/private-redis.ts'

/** A durable `redis-server` of a test's own. */
export type TestRedis = Readonly<{
  socketPath: string
  port: number
  /** Usable as REDIS_URL, by child processes too. */
  url: string
  dataDir: string
  /** Of the present run; 0 while it is down. */
  pid: number
  /** Ends it with SIGTERM, as an orderly restart does. */
  stop(): Promise<void>
  /** Ends it with SIGKILL, as a crash does. */
  kill(): Promise<void>
  /** Starts it again after `stop` or `kill`: the same data, socket and port. */
  start(): Promise<void>
}>

/**
 * Starts a `redis-server` on a unix socket and a loopback port, AOF with fsync always; `extraArgs` win over that.
 * Its end and that of its data come with the test's teardown. Where it dies by itself, the test fails.
 */
export async function startTestRedis(t: Test, extraArgs: readonly string[] = []): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'refund-gateway-'))
  const startOn = (port: number): Promise<PrivateRedis> =>
    startPrivateRedis({
      dataDir,
      onExit: (error) => t.fail(error.message),
      extraArgs: ['--bind', '127.0.0.1', '--port', String(port), ...extraArgs],
    })

  let running: PrivateRedis | undefined
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const ending = running
    running = undefined
    if (ending === undefined) return
    if (signal === 'SIGKILL') process.kill(ending.pid, signal)
    await ending.stop()
  }
  t.teardown(async () => {
    await end('SIGTERM')
    await rm(dataDir, { recursive: true, force: true })
  })

  const { redis, port } = await startOnFreePort(startOn)
  running = redis
  return {
    socketPath: redis.socketPath,
    port,
    url: `redis://127.0.0.1:${port}`,
    dataDir,
    get pid() {
      return running?.pid ?? 0
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start: async () => {
      running ??= await startOn(port)
    },
  }
}

/** Ports below those that systems hand out by themselves; a taken one is passed over. */
async function startOnFreePort(startOn: (port: number) => Promise<PrivateRedis>) {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(20_000, 30_000)
    try {
      return { redis: await startOn(port), port }
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes('Address already in use')
      if (!isTaken || attempt === 10) throw error
    }
  }
}
