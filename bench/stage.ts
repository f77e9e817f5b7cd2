import { join } from 'node:path'
import { BENCH, type Contender, environmentOf } from './contenders.ts'
import { onServerCore } from './machine.ts'
import { type ServerProcess, startServer } from './processes.ts'
import { type BenchRedis, startBenchRedis } from './redis.ts'
import type { Series } from './results.ts'

/** Redis, the provider, and the servers that are started between them. */
export type Stage = Readonly<{
  redis: BenchRedis
  provider: ServerProcess
  aof: Series['aof']
  /** What a server on this stage is configured with. */
  environment(database: number): Record<string, string>
  /** A server on its core; `env` wins. */
  start(contender: Contender, database: number, env?: Record<string, string>): Promise<ServerProcess>
  stop(): Promise<void>
}>

export type StageOptions = Readonly<{
  directory: string
  aof: Series['aof']
  providerDelayMs: number
  /** One that is there already, such as one that was filled; ended with the stage. */
  redis?: BenchRedis
}>

export async function openStage(options: StageOptions): Promise<Stage> {
  const { directory, aof, providerDelayMs } = options
  const redis = options.redis ?? (await startBenchRedis({ directory, durable: aof === 'always' }))
  const started: ServerProcess[] = []
  const start: typeof startServer = async (options) => {
    const server = await startServer(options)
    started.unshift(server)
    return server
  }
  const provider = await start({
    name: 'provider',
    command: [process.execPath, join(BENCH, 'dist/servers/provider.js')],
    cwd: directory,
    env: { PROVIDER_DELAY_MS: String(providerDelayMs) },
  })
  const environment = (database: number) =>
    environmentOf({
      redisUrl: redis.urlOf(database),
      providerUrl: provider.url,
      durable: aof === 'always',
    })
  return {
    redis,
    provider,
    aof,
    environment,
    start: ({ name, command }, database, env = {}) =>
      start({
        name,
        command: onServerCore(command),
        cwd: directory,
        env: { ...environment(database), ...env },
      }),
    async stop() {
      for (const server of started) await server.stop()
      await redis.stop()
    },
  }
}
