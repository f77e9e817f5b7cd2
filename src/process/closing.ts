import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { PAYMENT_WAIT_MS } from '../refunds/flows/patience.ts'
import type { BackgroundWork } from '../refunds/flows/pending-writes.ts'
import type { DurabilityWatch } from '../store/redis/durability.ts'
import type { PrivateRedis } from '../store/redis/private-redis.ts'
import type { ServerTime } from '../store/redis/server-time.ts'
import type { StorePast } from '../store/redis/store-past.ts'
import type { EventDelivery } from '../webhooks/delivery.ts'

/** How long after SIGTERM callers and balancers may still come with requests: they notice one by one. */
export const CLOSE_GRACE_MS = 1_000

/** What asks the process to end, with grace. */
export const CLOSING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/**
 * A signal within this time of the first is the same wish. Supervisors, npm and a terminal signal the whole
 * group, and each passes on what the others got. A later one is a wish not to wait.
 */
export const SAME_WISH_MS = 5_000

/** Longer than the drain, which ends by itself. */
const CLOSE_LIMIT_SLACK_MS = 30_000

/** The longest time from SIGTERM to the end of the process. What stops it must not cut it off before that. */
export function longestCloseMs(providerTimeoutMs: number): number {
  return providerTimeoutMs + CLOSE_LIMIT_SLACK_MS
}

/** What comes before the call to the provider and after its answer may take this much longer than its timeout. */
const DRAIN_SLACK_MS = PAYMENT_WAIT_MS + 5_000

/** What the last things get of the time that a close may take at most. */
const LAST_STEPS_MS = 10_000

/** How long a last answer may take to reach its caller. */
const LAST_ANSWERS_MS = 2_000

/** How long the store's mark may take to be raised for the last time, and written down. */
const LAST_MARK_MS = 2_000

/** What comes beside the calls to the provider: a place among them, the token's lock, and Redis. */
const LONGEST_ANSWER_SLACK_MS = 30_000

/** Longer than any answer can take: a lookup, a token, a cancel, and both again, and Redis around them. */
export function longestAnswerMs({
  connectTimeoutMs,
  timeoutMs,
}: Readonly<{ connectTimeoutMs: number; timeoutMs: number }>): number {
  return 5 * (connectTimeoutMs + timeoutMs) + LONGEST_ANSWER_SLACK_MS
}

/** What a gateway has begun, as far as it must be ended. */
export type RunningParts = Readonly<{
  log: FastifyBaseLogger
  app: FastifyInstance
  operations: FastifyInstance | null
  /** What nobody asks for. */
  jobs: Readonly<{ stop(): Promise<void> }>
  background: Pick<BackgroundWork, 'drain'>
  events: Pick<EventDelivery, 'stop'>
  provider: Readonly<{ close(): Promise<void> }>
  durability: Pick<DurabilityWatch, 'stop'>
  identity: Pick<StorePast, 'close'>
  serverTime: Pick<ServerTime, 'stop'>
  redis: Readonly<{ disconnect(): void }>
  privateRedis: Pick<PrivateRedis, 'stop'> | null
}>

/**
 * Serves for `graceMs` those who have not noticed, then takes no new connections. Finishes what is in flight,
 * and ends the parts one after the other. `providerMs`: how long a call to the provider may take.
 */
export async function closeInOrder(
  parts: RunningParts,
  { graceMs, providerMs }: Readonly<{ graceMs: number; providerMs: number }>,
): Promise<void> {
  const drainUntil = performance.now() + longestCloseMs(providerMs) - LAST_STEPS_MS
  // It ends by itself: what is under way then is told by another replica, or after the next start.
  const eventsStopped = parts.events.stop()
  const jobsStopped = parts.jobs.stop()
  await sleep(graceMs)
  await drain(parts, { graceMs, drainMs: providerMs + DRAIN_SLACK_MS, jobsStopped })
  // What came in during that is not cut off either, unless the store has been away all the time.
  await parts.background.drain(Math.max(0, drainUntil - performance.now()))
  await eventsStopped
  await parts.operations?.close()
  await parts.provider.close()
  parts.durability.stop()
  await within(LAST_MARK_MS, parts.identity.close())
  parts.serverTime.stop()
  parts.redis.disconnect()
  await parts.privateRedis?.stop()
}

type Drain = Readonly<{ graceMs: number; drainMs: number; jobsStopped: Promise<void> }>

/** Ends the app once its last answers are given, and their outcomes stored. */
async function drain({ app, background, log }: RunningParts, how: Drain): Promise<void> {
  const answered = app.close()
  // A client that connected last may still send one request: wait as long again.
  await within(how.graceMs, answered)
  const [left] = await Promise.all([background.drain(how.drainMs), within(how.drainMs, how.jobsStopped)])
  if (left > 0) log.error({ left }, 'outcomes could not be stored before the end; they become unknown')
  await within(LAST_ANSWERS_MS, answered)
  // A connection on which nothing was ever asked would keep the server open for ever.
  app.server.closeAllConnections()
  await answered
}

/** Waits for the work, but no longer than this; what it is doing goes on. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
