import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { type ApiKey, type Config, unsettledRetryAfterSeconds } from '../config/config.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Telemetry } from '../observability/tracing.ts'
import type { BookParts } from '../refunds/flows/book-outside.ts'
import type { ChangeParts } from '../refunds/flows/changed-refunds.ts'
import type { NotificationParts } from '../refunds/flows/receive-notification.ts'
import type { RefundParts } from '../refunds/flows/request-refund.ts'
import type { TellAgainParts } from '../refunds/flows/tell-again.ts'
import { authenticate, limitFailures } from './access/authentication.ts'
import { answerClientError, countRequestsInFlight } from './access/client-errors.ts'
import type { Listener } from './access/listener.ts'
import { answerLocallyOnly } from './access/local-only.ts'
import { limitRate } from './access/rate-limit.ts'
import { SECURITY_HEADERS, setSecurityHeaders } from './access/security-headers.ts'
import { readJsonStrictly } from './json-body.ts'
import { lazySerializers, lazyValidators } from './lazy-compilers.ts'
import { openapi } from './openapi.ts'
import { answerError, handleErrors } from './problems/handle-errors.ts'
import { bookOutsideRoute } from './routes/book-outside.ts'
import { checkRefundRoute } from './routes/check-refund.ts'
import { consoleRoutes } from './routes/console.ts'
import { createRefundRoute } from './routes/create-refund.ts'
import { dailyReportRoute } from './routes/daily-report.ts'
import { exportRefundsRoute } from './routes/export-refunds.ts'
import { createHeavyReads } from './routes/heavy-reads.ts'
import { identifyCallerRoute } from './routes/identify-caller.ts'
import { listRefundsRoute } from './routes/list-refunds.ts'
import { probeRoutes, type Readiness } from './routes/probes.ts'
import { readPaymentRoute } from './routes/read-payment.ts'
import { readRefundRoutes } from './routes/read-refund.ts'
import { receiveNotificationRoute } from './routes/receive-notification.ts'
import { redeliverEventsRoute } from './routes/redeliver-events.ts'
import { requestDepositRoute } from './routes/request-deposit.ts'
import { resolveRefundRoute } from './routes/resolve-refund.ts'
import { STRICT_VALIDATION } from './strict-validation.ts'

/** What the app is put together from; a test can hand it any of these. */
export type AppParts = Readonly<{
  refunds: RefundParts & BookParts & NotificationParts
  events: TellAgainParts
  journal: ChangeParts['journal']
  metrics: Metrics
  readiness(): Readiness
  /** Who may call just now; null: everybody. */
  apiKeys(): readonly ApiKey[] | null
  /** The secrets of notifications that are taken just now. */
  notificationSecrets(): readonly string[]
  /** Absent where nothing is to listen. */
  listener?: Listener
  /** Whether each answer is to end its connection, so that the caller's next request goes elsewhere. */
  isClosing(): boolean
  log: FastifyBaseLogger
  /** Undefined: tracing is off. */
  telemetry?: Telemetry | undefined
}>

/** No valid request is a quarter of this. */
const MAX_BODY_BYTES = 64 * 1024

/** The gateway's HTTP service, ready to listen. Knows no port and no environment. */
export async function buildApp(config: Config, parts: AppParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.log,
    // A refund's one line is written where its outcome is recorded.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    ...(parts.listener && { serverFactory: parts.listener.serverFactory }),
    // The factory's own; here it only makes Fastify log the address as one of https.
    ...(config.tls !== null && { https: {} as unknown as null }),
    // Closes connections that wait for their next request, so that close() does not wait for them.
    forceCloseConnections: 'idle',
    // What arrives on an open connection while closing is still served, with `Connection: close`.
    return503OnClosing: false,
    ajv: { customOptions: STRICT_VALIDATION },
    schemaController: {
      compilersFactory: { buildSerializer: lazySerializers(), buildValidator: lazyValidators() },
    },
    // A path that cannot be read gets no further than this: no hook sees it.
    frameworkErrors: (error, request, reply) => answerError(error, request, reply.headers(SECURITY_HEADERS)),
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>()

  // A plain text body would reach the validator as a string; JSON is the only language here.
  app.removeContentTypeParser('text/plain')
  readJsonStrictly(app)
  app.decorateRequest('caller', null)
  // Before everything that it is to see.
  if (parts.telemetry !== undefined) await app.register(parts.telemetry.plugin)
  countRequestsInFlight(app)
  handleErrors(app)
  setSecurityHeaders(app, { hasTls: config.tls !== null })
  answerLocallyOnly(app, () => parts.apiKeys() === null)
  // Fastify ends connections so only for requests that come in once its listener is closing. That is too late for
  // those in flight, whose kept-alive connections would hold its close() for 72 s.
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('X-Request-Id', request.id)
    if (parts.isClosing()) reply.header('Connection', 'close')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    parts.metrics.countRequest(request.method, route, reply.statusCode, reply.elapsedTime)
    done()
  })

  await app.register(openapi)
  await app.register(probeRoutes, { readiness: parts.readiness, metrics: parts.metrics })
  await app.register(receiveNotificationRoute, {
    parts: parts.refunds,
    secrets: parts.notificationSecrets,
    rateLimit: config.rateLimit,
  })
  await app.register(consoleRoutes)
  await app.register((api) => serveCallers(api, config, parts))
  return app
}

/** What callers ask for, each with its key. */
async function serveCallers(api: FastifyInstance, config: Config, parts: AppParts): Promise<void> {
  const { refunds, journal, metrics, telemetry } = parts
  const { store, notifications, accounts, provider } = refunds
  const heavyReads = createHeavyReads()
  const journalRetentionMs = Math.min(config.journalRetentionMs, config.ledgerRetentionMs)
  await limitRate(api, config.rateLimit)
  api.addHook('onRequest', authenticate(parts.apiKeys, limitFailures(api, metrics)))
  await api.register(createRefundRoute, {
    parts: refunds,
    metrics,
    telemetry,
    unsettledRetryAfterSeconds: unsettledRetryAfterSeconds(config),
  })
  await api.register(checkRefundRoute, { parts: refunds })
  await api.register(readRefundRoutes, { store })
  await api.register(resolveRefundRoute, {
    parts: { ...refunds, resolveFailedAfterMs: config.resolveFailedAfterMs },
  })
  await api.register(listRefundsRoute, { store, journal, accounts })
  await api.register(exportRefundsRoute, { store, journal, accounts, heavyReads })
  await api.register(dailyReportRoute, { store, journal, provider, heavyReads, journalRetentionMs })
  await api.register(requestDepositRoute, { parts: refunds, telemetry })
  await api.register(readPaymentRoute, { store, notifications, accounts })
  await api.register(redeliverEventsRoute, { parts: parts.events })
  await api.register(bookOutsideRoute, { parts: refunds, store, notifications, accounts })
  const { resolveFailedAfterMs } = config
  await api.register(identifyCallerRoute, { accounts, resolveFailedAfterMs })
}
