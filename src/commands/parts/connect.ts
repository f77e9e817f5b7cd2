import type { Config } from '../../config/config.ts'
import type { ScriptedClient } from '../../store/lua/scripts.ts'
import { connectRedis } from '../../store/redis/connection.ts'
import { waitUntilReady } from '../../store/redis/open-redis.ts'
import { privateSocketPath, startPrivateRedis } from '../../store/redis/private-redis.ts'

/** The Redis of the gateway, for a command. `close` ends what was started for it, too. */
export type Connection = Readonly<{ redis: ScriptedClient; close(): Promise<void> }>

/** A private Redis that does not run is started for this. Throws an Error where Redis cannot be reached. */
export async function connect({ redis: target }: Config): Promise<Connection> {
  if (target.kind !== 'private') return reach(connectRedis(target), async () => {})
  const path = privateSocketPath(target.dataDir)
  const started = await startPrivateRedis({ dataDir: target.dataDir, onExit: () => {} }).catch(
    (error: Error) => error,
  )
  const redis = connectRedis({ kind: 'socket', path })
  if (!(started instanceof Error)) return reach(redis, started.stop)
  // A gateway runs on it, or it cannot be started: which of them, the socket tells.
  return reach(redis, async () => {}).catch(() => {
    throw started
  })
}

async function reach(redis: ScriptedClient, stop: () => Promise<void>): Promise<Connection> {
  const close = async () => {
    redis.disconnect()
    await stop()
  }
  let lastError: Error | undefined
  redis.on('error', (error: Error) => {
    lastError = error
  })
  if (await waitUntilReady(redis)) return { redis, close }
  await close()
  throw new Error(`Redis cannot be reached: ${lastError?.message || 'it does not answer'}`)
}
