import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { type Config, longestTimeoutMs } from './config/config.ts'
import { exposureWarnings } from './config/exposure.ts'
import { type CookiePay, createCookiePay } from './cookiepay/client.ts'
import { readNotification } from './cookiepay/notification.ts'
import { createListener } from './http/access/listener.ts'
import { type AppParts, buildApp } from './http/app.ts'
import { buildOperationsApp } from './http/operations-app.ts'
import { createEventObserver } from './observability/event-log.ts'
import { createMetrics } from './observability/metrics.ts'
import { createReconciliationLog } from './observability/reconciliation-log.ts'
import { createObserver } from './observability/refund-log.ts'
import type { Telemetry } from './observability/tracing.ts'
import { createSuspendAwareClock } from './process/clock.ts'
import { closeInOrder, longestAnswerMs } from './process/closing.ts'
import { type LiveSettings, liveSettingsOf, type RotatedParts, rotate } from './process/live-settings.ts'
import { readinessOf, reportDurability } from './process/readiness.ts'
import { createEventSubjects } from './refunds/flows/event-subjects.ts'
import { createPaymentTurns } from './refunds/flows/payment-turns.ts'
import { createBackgroundWork } from './refunds/flows/pending-writes.ts'
import { createVerifier } from './refunds/flows/verify-payment.ts'
import { startNightlyReconciliation } from './refunds/jobs/reconcile-nightly.ts'
import { startReconciler } from './refunds/jobs/settle-unknown.ts'
import { leaseMs } from './refunds/lease.ts'
import type { RefundObserver } from './refunds/ports/observer.ts'
import { createCallerAllowances } from './store/caller-limits.ts'
import { createEventQueue } from './store/event-queue.ts'
import { createNotifications } from './store/notifications.ts'
import { createOutsideRefunds } from './store/outside-refunds.ts'
import { createReconciliations } from './store/reconciliations.ts'
import { createBarrier } from './store/redis/barrier.ts'
import { connectRedis } from './store/redis/connection.ts'
import { startOwnRedis, targetOf, waitUntilReady } from './store/redis/open-redis.ts'
import { watchServerTime } from './store/redis/server-time.ts'
import { watchStore } from './store/redis/watch-store.ts'
import { createRefundStore } from './store/refund-store.ts'
import { createTokenStore, keyHolderOf } from './store/token-store.ts'
import { startEventDelivery } from './webhooks/delivery.ts'

/** A gateway that listens. */
export type Gateway = Readonly<{
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  url: string
  /** Where health, readiness and metrics have a port of their own; null where they have none. */
  operationsUrl: string | null
  /** Works with these from now on. What is under way finishes as it began. */
  rotate(parts: RotatedParts): void
  /**
   * Is not ready from now on, but serves for `graceMs` those who have not noticed. Then it takes no new
   * connections, finishes the refunds in flight, and ends what it started.
   */
  close(graceMs?: number): Promise<void>
}>

/** What the process has beside the log. */
export type ProcessParts = Readonly<{
  /** Undefined: nothing is traced. */
  telemetry?: Telemetry | undefined
  /** How many lines the log has dropped. */
  droppedLogLines?: () => number
}>

/** What the parts are made from. `state` is of this process, and changes while it runs. */
type Assembly = Readonly<{
  config: Config
  log: FastifyBaseLogger
  state: LiveSettings & { isClosing: boolean }
  droppedLogLines: () => number
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
  const state = { ...liveSettingsOf(config), isClosing: false }
  const assembly = { config, log, state, droppedLogLines }
  const opened = await openStore(assembly)
  for (const { variable, detail } of exposureWarnings(config)) log.warn(`${variable} is ${detail}`)
  const parts = createParts(assembly, opened)
  const { metrics, readiness, provider } = parts
  const { connectTimeoutMs } = config.cookiepay
  const { longestTimeoutMs: timeoutMs } = state
  const listener = createListener(config.tls, longestAnswerMs({ connectTimeoutMs, timeoutMs }))
  const app = await buildApp(config, { ...appParts(assembly, opened, parts), listener, telemetry })
  const operations =
    config.operationsPort === null
      ? null
      : await buildOperationsApp({ log, metrics, readiness, isOpen: () => state.apiKeys === null })

  async function close(graceMs = 0): Promise<void> {
    state.isClosing = true
    const providerMs = longestTimeoutMs(state.accounts)
    await closeInOrder({ log, app, operations, ...parts, ...opened }, { graceMs, providerMs })
  }

  try {
    await waitUntilReady(opened.redis)
    await opened.durability.check()
    await opened.serverTime.ask()
    await operations?.listen({ host: config.host, port: config.operationsPort ?? 0 })
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await close()
    throw error
  }
  return {
    url: urlOf(app, { protocol: config.tls === null ? 'http' : 'https', host: config.host }),
    operationsUrl: operations && urlOf(operations, { protocol: 'http', host: config.host }),
    rotate: (rotated) =>
      rotate(state, rotated, { connectTimeoutMs, provider, listener, events: parts.events }),
    close,
  }
}

type OpenedStore = Awaited<ReturnType<typeof openStore>>

/** The store, and what watches over the Redis that it is in. */
async function openStore({ config, log, state }: Assembly) {
  const privateRedis = await startOwnRedis(config.redis, {
    onEnd: ({ message }) => log.error({ reason: message }, 'the private Redis ended; it is started again'),
    onRestart: () => log.warn('the private Redis runs again'),
  })
  const target = () => targetOf(state.redis, privateRedis?.socketPath)
  const redis = connectRedis(target(), target)
  // Each failed connect is an error event; what matters of them is reported as a change of durability.
  redis.on('error', () => {})
  const { redisDurability } = config
  const { identity, durability } = watchStore(redis, config, {
    mayWrite: true,
    report: (line) => log.warn(line),
    onChange: (found) => reportDurability(log, found, redisDurability),
  })
  const clock = createSuspendAwareClock()
  const serverTime = watchServerTime(redis, clock)
  const writes = {
    durability: durability.current,
    requireDurability: redisDurability === 'strict',
    barrier: createBarrier(redis, durability.current, config.redisMinReplicas),
  }
  const { now } = serverTime
  const allowances = createCallerAllowances(redis, { ...writes, now, limits: () => state.limitsByCaller })
  const options = {
    ...writes,
    now,
    clock,
    longestLeaseMs: () => leaseMs({ ...config.cookiepay, timeoutMs: state.longestTimeoutMs }),
    idempotencyRetentionMs: config.idempotencyRetentionMs,
    ledgerRetentionMs: config.ledgerRetentionMs,
    journalRetentionMs: config.journalRetentionMs,
    watch: identity,
    remembersCancelTids: () => state.notificationSecrets.length > 0,
  }
  const store = createRefundStore(redis, { ...options, allowances })
  const outside = createOutsideRefunds(redis, options)
  const notifications = createNotifications(redis, options)
  // A name of its own for each process: what another one holds is that one's.
  const consumer = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
  const eventQueue = createEventQueue(redis, { ...writes, now, consumer })
  const runs = createReconciliations(redis)
  const kept = { store, outside, notifications, allowances, eventQueue, runs }
  return { privateRedis, redis, identity, durability, clock, serverTime, ...kept }
}

/** What works on refunds beside the store, and what tells of it. */
function createParts({ config, log, state, droppedLogLines }: Assembly, opened: OpenedStore) {
  const { redis, identity, durability, store, eventQueue } = opened
  const readiness = () =>
    readinessOf({
      durability: durability.current(),
      isStrict: config.redisDurability === 'strict',
      warning: identity.warning(),
      isClosing: state.isClosing,
    })
  const background = createBackgroundWork()
  const metrics = createMetrics({
    countUnsettled: store.countUnsettled,
    countAwaitingDeposit: store.countAwaitingDeposit,
    oldestUnknownAt: store.oldestUnknownAt,
    storeNow: store.now,
    limitUse: opened.allowances.useToday,
    eventBacklog: () => eventQueue.backlog(events.names()),
    lastReconciled: opened.runs.lastFinished,
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
      keyHolderOf(merchant, { baseUrl: config.cookiepay.baseUrl, accounts: state.accounts }),
    ),
    onCall: metrics.countProviderCall,
  })
  const observer = createObserver(log, metrics)
  const events = startEventDelivery(config.eventEndpoints, {
    queue: eventQueue,
    subjects: createEventSubjects(store, state.accountsByName),
    observer: createEventObserver(log, metrics),
    mayTell: () => readiness().parts.store?.ready === true,
  })
  const mode = config.paymentLookup
  const verifyPayment = mode === 'off' ? undefined : createVerifier({ store, provider, mode })
  const isStoreTrusted = () => readiness().ready
  const jobs = startJobs({ config, log }, opened, { provider, observer, isStoreTrusted })
  return { readiness, background, metrics, provider, observer, jobs, events, verifyPayment }
}

/** What the routes work with. */
function appParts(
  { config, log, state }: Assembly,
  { store, outside, notifications, allowances, clock, eventQueue }: OpenedStore,
  parts: ReturnType<typeof createParts>,
): Omit<AppParts, 'listener' | 'telemetry'> {
  const { metrics, readiness, provider, observer, background, verifyPayment, events } = parts
  return {
    log,
    metrics,
    readiness,
    apiKeys: () => state.apiKeys,
    notificationSecrets: () => state.notificationSecrets,
    isClosing: () => state.isClosing,
    events: { journal: store.journal, queue: eventQueue, asked: events.endpoint },
    journal: store.journal,
    refunds: {
      store,
      outside,
      outsideObserver: observer,
      notifications,
      notificationObserver: observer,
      read: readNotification,
      allowances,
      provider,
      accounts: state.accountsByName,
      storeSecrets: config.storeSecrets,
      duplicateWindowMs: config.duplicateWindowMs,
      turns: createPaymentTurns(),
      clock,
      observer,
      background,
      verifyPayment,
    },
  }
}

type JobParts = Readonly<{
  provider: CookiePay
  observer: RefundObserver
  isStoreTrusted(): boolean
}>

/** What nobody asks for. */
function startJobs(
  { config, log }: Pick<Assembly, 'config' | 'log'>,
  { store, notifications, runs }: Pick<OpenedStore, 'store' | 'notifications' | 'runs'>,
  { provider, observer, isStoreTrusted }: JobParts,
): Readonly<{ stop(): Promise<void> }> {
  const { reconcileIntervalMs: intervalMs, reconcileDailyAtMinute: atMinute } = config
  const reconciler = startReconciler({ store, provider, observer, notifications, intervalMs })
  const watcher = createReconciliationLog(log)
  const { journal } = store
  const parts = { store, journal, rows: provider, observer, runs, watcher, intervalMs, isStoreTrusted }
  const nightly = atMinute === null ? null : startNightlyReconciliation({ ...parts, atMinute })
  return {
    async stop() {
      await Promise.all([reconciler.stop(), nightly?.stop()])
    },
  }
}

function urlOf({ server }: FastifyInstance, { protocol, host }: { protocol: string; host: string }): string {
  const { port } = server.address() as AddressInfo
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
