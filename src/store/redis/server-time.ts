import type { MonotonicClock } from '../../refunds/clock.ts'
import type { RedisClient } from '../lua/scripts.ts'

/** How often the server is asked: a failover may bring one with another clock. */
const ASKED_EVERY_MS = 1_000

/** What time it is on the Redis server, as well as it is known here, without asking it. */
export type ServerTime = Readonly<{
  /** Milliseconds since 1970; rather early than late, by up to the time that a reply takes. */
  now(): number
  /** Asks the server now. */
  ask(): Promise<void>
  stop(): void
}>

/**
 * Replicas need not agree on the time where each goes by that of the server. Until it has answered, it is that of
 * this machine. In a Cluster it is that of any of the servers: who sorts by it must bear that another differs.
 */
export function watchServerTime(redis: RedisClient, clock: MonotonicClock): ServerTime {
  let ahead = Date.now() - clock()

  async function ask(): Promise<void> {
    const sentAt = clock()
    try {
      const [seconds, microseconds] = (await redis.time()) as unknown as [number | string, number | string]
      const serverMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
      // The server looked at its clock at some moment between; what was known stands where that allows it.
      ahead = Math.min(Math.max(ahead, serverMs - clock()), serverMs - sentAt + 1)
    } catch {
      // The store itself reports that it cannot be reached.
    }
  }

  const onReady = () => void ask()
  redis.on('ready', onReady)
  const timer = setInterval(onReady, ASKED_EVERY_MS).unref()
  return {
    now: () => Math.floor(clock() + ahead),
    ask,
    stop() {
      clearInterval(timer)
      redis.off('ready', onReady)
    },
  }
}
