import { hash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import {
  type Account,
  type Config,
  longestTimeoutMs,
  type RedisTarget,
  type RotatingPart,
} from './config/config.ts'
import { isLoopback } from './config/exposure.ts'
import { createCookiePay } from './cookiepay/client.ts'
import { createListener } from './http/access/listener.ts'
import { buildApp } from './http/app.ts'
import { buildOperationsApp } from './http/operations-app.ts'
import type { Readiness } from './http/routes/probes.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { traceIdOf } from './observability/traceparent.ts'
import type { Telemetry } from './observability/tracing.ts'
import { createSuspendAwareClock } from './process/clock.ts'
import { longestCloseMs } from './process/closing.ts'
import { createBackgroundWork } from './refunds/flows/pending-writes.ts'
import { startReconciler } from './refunds/jobs/settle-unknown.ts'
import { leaseMs } from './refunds/lease.ts'
import { type MerchantAccount, merchantOf } from './refunds/merchant.ts'
import type { RefundObserver } from './refunds/ports/store.ts'
import type { RedisClient } from './store/lua/scripts.ts'
import { createBarrier } from './store/redis/barrier.ts'
import { type ConnectionTarget, connectRedis, sameServer } from './store/redis/connection.ts'
import { type Durability, type DurabilityWatch, watchDurability } from './store/redis/durability.ts'
import { keepPrivateRedis } from './store/redis/private-redis.ts'
import { watchServerTime } from './store/redis/server-time.ts'
import { createStoreIdentity, type StorePast } from './store/redis/store-identity.ts'
import { createRefundStore } from './store/refund-store.ts'
import { createTokenStore } from './store/token-store.ts'

/** A gateway that listens. */
export type Gateway = Readonly<{
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  url: string
  /** Where health, readiness and metrics have a port of their own; null where they have none. */
  operationsUrl: string | null
  /** Works with these from now on. What is under way finishes as it began. */
  rotate(parts: Partial<Pick<Config, RotatingPart>>): void
  /**
   * Is not ready from now on, but for `graceMs` serves those who have not noticed; then takes no new
   * connections, finishes the refunds in flight, and ends what it started.
   */
  close(graceMs?: number): Promise<void>
}>

/** How long a start waits for Redis before it listens all the same, not ready. */
const REDIS_START_WAIT_MS = 5_000

/** Beyond the provider's timeout, for what comes after its answer. */
const DRAIN_SLACK_MS = 5_000

/** Beyond the calls to the provider: a place among them, the token's lock, and Redis. */
const LONGEST_ANSWER_SLACK_MS = 30_000

/** Of the time that a close may take at most, what is left for the last things that it ends. */
const LAST_STEPS_MS = 10_000

/** How long a last answer may take to reach its caller. */
const LAST_ANSWERS_MS = 2_000

/** How long the store's mark may take to be raised for the last time, and written down. */
const LAST_MARK_MS = 2_000

/** What the process has beside the log. */
export type ProcessParts = Readonly<{
  /** Undefined: nothing is traced. */
  telemetry?: Telemetry | undefined
  /** How many lines the log has dropped. */
  droppedLogLines?: () => number
}>

/**
 * Connects the parts and listens.
 * Throws when the address is taken or a private Redis cannot be started.
 */
export async function startGateway(
  config: Config,
  log: FastifyBaseLogger,
  { telemetry, droppedLogLines = () => 0 }: ProcessParts = {},
): Promise<Gateway> {
  const live = { apiKeys: config.apiKeys, accounts: config.accounts, redis: config.redis }
  const privateRedis = await startOwnRedis(config, log)
  const target = () => targetOf(live.redis, privateRedis?.socketPath)
  const redis = connectRedis(target(), target)
  // Each failed connect is an error event; what matters of them is reported as a change of durability.
  redis.on('error', () => {})
  warnOfFailover(log, config)
  warnOfClearText(log, config)
  const identity = createStoreIdentity(redis, {
    expectedId: config.redisStoreId,
    markFile: config.storeMarkFile,
    minReplicas: config.redisMinReplicas,
    storeSecrets: config.storeSecrets,
    isOpen: config.apiKeys === null,
    mayWrite: true,
    report: (line) => log.warn(line),
  })
  const durability = watchDurability(redis, {
    identity,
    minReplicas: config.redisMinReplicas,
    onChange: (found) => reportDurability(log, config, found),
  })

  const clock = createSuspendAwareClock()
  const serverTime = watchServerTime(redis, clock)
  // Of all accounts that there were: what was begun with one that is gone ends as it began.
  let longestMs = longestTimeoutMs(config.accounts)
  let isClosing = false
  const readiness = () => readinessOf(config, { durability, identity, isClosing })
  const store = createRefundStore(redis, {
    now: serverTime.now,
    clock,
    longestLeaseMs: () => leaseMs({ ...config.cookiepay, timeoutMs: longestMs }),
    idempotencyRetentionMs: config.idempotencyRetentionMs,
    ledgerRetentionMs: config.ledgerRetentionMs,
    durability: durability.current,
    requireDurability: config.redisDurability === 'strict',
    barrier: createBarrier(redis, durability.current, config.redisMinReplicas),
    watch: identity,
  })
  const background = createBackgroundWork()
  const metrics = createMetrics({
    countUnsettled: store.countUnsettled,
    oldestUnknownAt: store.oldestUnknownAt,
    storeNow: store.now,
    countPendingWrites: background.pending,
    isReady: () => readiness().ready,
    storeState: () => durability.current().state,
    isPaused: () => provider.isPaused(),
    droppedLogLines,
  })
  const provider = createCookiePay({
    ...config.cookiepay,
    accounts: config.accounts,
    tokenStore: createTokenStore(redis, config.storeSecrets, (merchant) =>
      keyHolderOf(config, live.accounts, merchant),
    ),
    onCall: metrics.countProviderCall,
  })
  const observer = createObserver(log, metrics)
  const reconciler = startReconciler({ store, provider, observer, intervalMs: config.reconcileIntervalMs })
  const accountsByName = new Map(termsOf(config, config.accounts))
  const listener = createListener(config.tls, longestAnswerMs(config, longestMs))
  const app = await buildApp(config, {
    log,
    metrics,
    readiness,
    apiKeys: () => live.apiKeys,
    listener,
    isClosing: () => isClosing,
    telemetry,
    refunds: {
      store,
      provider,
      accounts: accountsByName,
      storeSecrets: config.storeSecrets,
      clock,
      observer,
      background,
    },
  })

  const operations =
    config.operationsPort === null
      ? null
      : await buildOperationsApp({ log, metrics, readiness, isOpen: () => live.apiKeys === null })

  function rotate({ apiKeys, accounts, tls, redis: server }: Partial<Pick<Config, RotatingPart>>): void {
    if (server !== undefined) live.redis = sameServer(live.redis, server)
    if (apiKeys !== undefined) live.apiKeys = apiKeys
    if (tls) listener.renewTls(tls)
    if (accounts !== undefined) {
      live.accounts = accounts
      provider.setAccounts(accounts)
      // The same map, which the routes and the flow hold, and within one turn of the event loop.
      accountsByName.clear()
      for (const [name, terms] of termsOf(config, accounts)) accountsByName.set(name, terms)
      longestMs = Math.max(longestMs, longestTimeoutMs(accounts))
      listener.setLongestAnswer(longestAnswerMs(config, longestMs))
    }
  }

  async function close(graceMs = 0): Promise<void> {
    isClosing = true
    const providerMs = longestTimeoutMs(live.accounts)
    const drainUntil = performance.now() + longestCloseMs(providerMs) - LAST_STEPS_MS
    const reconcilerStopped = reconciler.stop()
    await sleep(graceMs)
    const answered = app.close()
    // Who was connected at the last moment has as long again to send a request.
    await within(graceMs, answered)
    const drainMs = providerMs + DRAIN_SLACK_MS
    const [left] = await Promise.all([background.drain(drainMs), within(drainMs, reconcilerStopped)])
    if (left > 0) log.error({ left }, 'outcomes could not be stored before the end; they become unknown')
    await within(LAST_ANSWERS_MS, answered)
    // A connection on which nothing was ever asked would keep the server open for ever.
    app.server.closeAllConnections()
    await answered
    // Of what came in during that, too, nothing is cut off, unless the store has been away all the time.
    await background.drain(Math.max(0, drainUntil - performance.now()))
    await operations?.close()
    await provider.close()
    durability.stop()
    await within(LAST_MARK_MS, identity.close())
    serverTime.stop()
    redis.disconnect()
    await privateRedis?.stop()
  }

  try {
    await waitUntilReady(redis, durability)
    await serverTime.ask()
    await operations?.listen({ host: config.host, port: config.operationsPort ?? 0 })
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await close()
    throw error
  }
  const urlOf = (protocol: string, { server }: FastifyInstance) => {
    const { port } = server.address() as AddressInfo
    return `${protocol}://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`
  }
  return {
    url: urlOf(config.tls === null ? 'http' : 'https', app),
    operationsUrl: operations && urlOf('http', operations),
    rotate,
    close,
  }
}

function termsOf({ cookiepay }: Config, accounts: readonly Account[]): [string, MerchantAccount][] {
  const { connectTimeoutMs } = cookiepay
  return accounts.map(({ name, id, pg, timeoutMs }) => [
    name,
    { name, merchant: merchantOf(id), gateway: pg, leaseMs: leaseMs({ connectTimeoutMs, timeoutMs }) },
  ])
}

async function startOwnRedis({ redis }: Config, log: FastifyBaseLogger) {
  if (redis.kind !== 'private') return null
  return keepPrivateRedis({
    dataDir: redis.dataDir,
    onEnd: ({ message }) => log.error({ reason: message }, 'the private Redis ended; it is started again'),
    onRestart: () => log.warn('the private Redis runs again'),
  })
}

/** A private Redis is reached by its socket, the others by what the configuration says. */
function targetOf(redis: RedisTarget, socketPath: string | undefined): ConnectionTarget {
  if (redis.kind !== 'private') return redis
  if (socketPath === undefined) throw new Error('bug: a private Redis without a socket')
  return { kind: 'socket', path: socketPath }
}

async function waitUntilReady(redis: RedisClient, durability: DurabilityWatch): Promise<void> {
  if (redis.status !== 'ready') {
    await within(REDIS_START_WAIT_MS, new Promise((resolve) => redis.once('ready', resolve)))
  }
  await durability.check()
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

function readinessOf(
  config: Config,
  {
    durability,
    identity,
    isClosing,
  }: { durability: DurabilityWatch; identity: StorePast; isClosing: boolean },
): Readiness {
  const found = durability.current()
  const isDurableEnough = found.state === 'durable' || config.redisDurability === 'relaxed'
  const reasons = found.state === 'durable' ? [] : found.reasons
  const warning = identity.warning()
  const details = warning === null ? reasons : [...reasons, warning]
  const store = {
    ready: found.state !== 'unavailable' && isDurableEnough,
    detail: details.length === 0 ? found.state : `${found.state}: ${details.join('; ')}`,
  }
  const process = { ready: !isClosing, detail: isClosing ? 'closing' : 'running' }
  return { ready: store.ready && process.ready, parts: { store, process } }
}

/**
 * Whose token it is: one that was fetched for another merchant, with a key that was replaced since, or from another
 * provider, is of no use.
 */
function keyHolderOf({ cookiepay }: Config, accounts: readonly Account[], merchant: string): string {
  const { key } = accounts.find(({ id }) => merchantOf(id) === merchant) ?? {}
  return `${cookiepay.baseUrl} ${merchant} ${hash('sha256', key ?? '')}`
}

/** Longer than any answer can take: a token, a cancel, and both again, and Redis around them. */
function longestAnswerMs({ cookiepay }: Config, longestTimeoutMs: number): number {
  return 4 * (cookiepay.connectTimeoutMs + longestTimeoutMs) + LONGEST_ANSWER_SLACK_MS
}

function warnOfFailover(log: FastifyBaseLogger, { redis, redisMinReplicas }: Config): void {
  if ((redis.kind === 'cluster' || redis.kind === 'sentinel') && redisMinReplicas === 0) {
    log.warn('REDIS_MIN_REPLICAS is 0: a failover of Redis can lose refunds that were acknowledged')
  }
}

/** Warned of and not refused: sandboxes have no TLS. */
function warnOfClearText(log: FastifyBaseLogger, { cookiepay }: Config): void {
  const { protocol, hostname } = new URL(cookiepay.baseUrl)
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    log.warn('COOKIEPAY_BASE_URL is http: keys, tokens and account numbers cross the network in clear text')
  }
}

function reportDurability(log: FastifyBaseLogger, config: Config, found: Durability): void {
  if (found.state === 'durable') log.info('Redis is reachable and durable')
  else if (found.state === 'unavailable')
    log.error({ reasons: found.reasons }, 'Redis cannot be used: refunds are refused')
  else if (config.redisDurability === 'relaxed') {
    log.warn({ reasons: found.reasons }, 'Redis may lose refunds in a crash; REDIS_DURABILITY is relaxed')
  } else log.error({ reasons: found.reasons }, 'Redis may lose refunds in a crash: refunds are refused')
}

/** To a tenth of a millisecond, which tells one Redis round trip from two. */
function tenths(durationMs: number): number {
  return Math.round(durationMs * 10) / 10
}

/** Logs and counts what happens to refunds. */
function createObserver(log: FastifyBaseLogger, metrics: Metrics): RefundObserver {
  return {
    recorded(refund, { timings, detail, origin }) {
      metrics.countSteps(timings)
      log[refund.status === 'unknown' ? 'warn' : 'info'](
        {
          refund: refund.id,
          account: refund.account,
          caller: origin.caller,
          reqId: origin.requestId,
          traceId: traceIdOf(origin.traceparent),
          status: refund.status,
          kind: refund.kind,
          amount: refund.amount,
          failure: refund.failure?.code,
          providerCode: refund.provider?.cancel_code,
          detail,
          durationMs: Math.round(timings.lastAt - timings.startedAt),
          claimMs: tenths(timings.claimMs),
          tokenMs: tenths(timings.tokenMs),
          admissionMs: tenths(timings.admissionMs),
          beginMs: tenths(timings.beginMs),
          relayMs: tenths(timings.relayMs),
          settleMs: tenths(timings.settleMs),
        },
        'refund recorded',
      )
    },
    resolved(refund) {
      const { id, account, status, resolution } = refund
      metrics.countResolution(resolution?.source ?? 'provider', status)
      log.info(
        { refund: id, account, status, source: resolution?.source, by: resolution?.by },
        'refund resolved',
      )
    },
    notSent({ id, account }, { code, detail }, { caller, requestId, traceparent }) {
      const traceId = traceIdOf(traceparent)
      log.warn({ refund: id, account, caller, reqId: requestId, traceId, code, detail }, 'refund not sent')
    },
    amountMismatch(refund, cancelledAmount) {
      metrics.countAmountMismatch()
      log.error(
        { refund: refund.id, asked: refund.amount, cancelled: cancelledAmount },
        'the provider says that it cancelled another amount than was asked',
      )
    },
    conflict(refund, settlement, isOther) {
      metrics.countConflict()
      log.error(
        {
          refund: refund.id,
          recorded: refund.status,
          answered: settlement.status,
          cancelTid: settlement.provider?.cancel_tid,
        },
        isOther
          ? 'two attempts at one refund were sent, since the store had forgotten the first: both may have moved money'
          : 'an answer of the provider contradicts what is recorded, which stays as it is',
      )
    },
    disputed(refund, settlement) {
      metrics.countDisputed()
      log.error(
        {
          refund: refund.id,
          account: refund.account,
          amount: refund.amount,
          failedBy: refund.resolution?.by,
          source: settlement.resolution?.source ?? 'provider',
          cancelTid: settlement.provider?.cancel_tid,
        },
        'a refund that had failed was made after all, says an answer: it counts as refunded until a person resolves it',
      )
    },
    lost(refund, { isWrittenBack, keepsKey }) {
      metrics.countLost()
      log.error(
        { refund: refund.id, status: refund.status, isWrittenBack, keepsKey },
        isWrittenBack
          ? 'the store forgot a refund that was in flight; it was written back'
          : 'the store forgot a refund that was in flight; nothing was sent for it',
      )
    },
    postponed(id, error) {
      // Not the error itself: of a Redis command it holds the arguments, and with them a refund.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
      log.error({ refund: id, reason: cause }, 'the store cannot be written to; it is tried again')
    },
  }
}
