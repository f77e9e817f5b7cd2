import calculateSlot from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from '../lua/scripts.ts'
import type { Durability } from './durability.ts'

/** How long a write may take to become as durable as it must be; past that it counts as not durable. */
const BARRIER_TIMEOUT_MS = 1_000

/**
 * Waits until everything that was written to this key's server before is as durable as it must be; false
 * where that cannot be had in time. True at once where `appendfsync always` without replicas is enough.
 */
export type Barrier = (key: string) => true | Promise<boolean>

/**
 * WAITAOF where the server syncs its file by the clock, WAIT where only replicas are asked for. Both block
 * the connection, so all writes of one turn of the event loop share one barrier, like a group commit.
 */
export function createBarrier(
  redis: RedisClient,
  durability: () => Durability,
  minReplicas: number,
): Barrier {
  const waiting = new Map<Redis, Promise<boolean>>()

  async function wait(server: Redis): Promise<boolean> {
    const current = durability()
    if (current.state === 'durable' && current.needsFileSync) {
      const [local, replicas] = (await server.call('WAITAOF', 1, minReplicas, BARRIER_TIMEOUT_MS)) as number[]
      return (local as number) >= 1 && (replicas as number) >= minReplicas
    }
    return (await server.wait(minReplicas, BARRIER_TIMEOUT_MS)) >= minReplicas
  }

  return (key) => {
    const current = durability()
    const isEnough = !(current.state === 'durable' && current.needsFileSync) && minReplicas === 0
    if (isEnough) return true
    const server = serverOf(redis, key)
    // It failed over since the write was answered: nobody can be asked whether it was kept.
    if (server === undefined)
      return Promise.reject(new Error('the Cluster has no reachable primary for this slot'))
    let shared = waiting.get(server)
    if (shared === undefined) {
      shared = new Promise((resolve, reject) => {
        setImmediate(() => {
          waiting.delete(server)
          wait(server).then(resolve, reject)
        })
      })
      waiting.set(server, shared)
    }
    return shared
  }
}

/** The connection that commands on this key are written to; undefined where a Cluster has none just now. */
function serverOf(redis: RedisClient, key: string): Redis | undefined {
  if (!(redis instanceof Cluster)) return redis
  const address = redis.slots[calculateSlot(key)]?.[0]
  return redis.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address)
}
