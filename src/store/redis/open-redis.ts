import type { RedisTarget } from '../../config/config.ts'
import type { RedisClient } from '../lua/scripts.ts'
import type { ConnectionTarget } from './connection.ts'
import {
  type KeptRedisOptions,
  keepPrivateRedis,
  type PrivateRedis,
  startPrivateRedis,
} from './private-redis.ts'

/** How long a start waits for Redis before it goes on all the same, not ready; and how long a command does. */
export const REDIS_START_WAIT_MS = 5_000

/** The private Redis of this process: where it is reached, and how it is ended. */
export type OwnRedis = Pick<PrivateRedis, 'socketPath' | 'stop'>

/**
 * Starts the private Redis, where the configuration asks for one; null: another Redis is used. `watch`: it is started
 * again whenever it ends, and this is told; absent, as for a command: it is not.
 * Throws an Error that says what to do where it cannot be started.
 */
export async function startOwnRedis(
  target: RedisTarget,
  watch?: Pick<KeptRedisOptions, 'onEnd' | 'onRestart'>,
): Promise<OwnRedis | null> {
  if (target.kind !== 'private') return null
  const { dataDir } = target
  return watch === undefined
    ? startPrivateRedis({ dataDir, onExit() {} })
    : keepPrivateRedis({ dataDir, ...watch })
}

/** A private Redis is reached by its socket, the others by what the configuration says. */
export function targetOf(target: RedisTarget, socketPath: string | undefined): ConnectionTarget {
  if (target.kind !== 'private') return target
  if (socketPath === undefined) throw new Error('bug: a private Redis without a socket')
  return { kind: 'socket', path: socketPath }
}

/** Waits until the client has connected, but no longer than this. Answers whether it is ready. */
export async function waitUntilReady(
  redis: RedisClient,
  timeoutMs: number = REDIS_START_WAIT_MS,
): Promise<boolean> {
  if (redis.status === 'ready') return true
  return new Promise((resolve) => {
    const onReady = () => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      redis.off('ready', onReady)
      resolve(false)
    }, timeoutMs)
    redis.once('ready', onReady)
  })
}
