import type { RedisTarget } from '../../config/config.ts'
import type { RedisClient } from '../lua/scripts.ts'
import type { ConnectionTarget } from './connection.ts'
import { type KeptRedisOptions, keepPrivateRedis, type PrivateRedis } from './private-redis.ts'

/** How long who starts waits for Redis. */
const START_WAIT_MS = 5_000

/** The private Redis, where that is the target; null: another one is. Throws where it cannot be started. */
export async function startOwnRedis(
  redis: RedisTarget,
  { onEnd, onRestart }: Pick<KeptRedisOptions, 'onEnd' | 'onRestart'>,
): Promise<Pick<PrivateRedis, 'socketPath' | 'stop'> | null> {
  return redis.kind === 'private' ? keepPrivateRedis({ dataDir: redis.dataDir, onEnd, onRestart }) : null
}

/** A private Redis is reached by its socket, the others by what the configuration says. */
export function targetOf(redis: RedisTarget, socketPath: string | undefined): ConnectionTarget {
  if (redis.kind !== 'private') return redis
  if (socketPath === undefined) throw new Error('bug: a private Redis without a socket')
  return { kind: 'socket', path: socketPath }
}

/** Waits until Redis can be asked, but no longer than a start may. Answers whether it can. */
export async function waitUntilReady(redis: RedisClient): Promise<boolean> {
  if (redis.status === 'ready') return true
  let timer: NodeJS.Timeout | undefined
  const isReady = await new Promise<boolean>((resolve) => {
    redis.once('ready', () => resolve(true))
    timer = setTimeout(() => resolve(false), START_WAIT_MS)
  })
  clearTimeout(timer)
  return isReady
}
