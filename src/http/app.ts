import { randomUUID } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { type ApiKey, type Config, unsettledRetryAfterSeconds } from '../config/config.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Telemetry } from '../observability/tracing.ts'
import type { RefundParts } from '../refunds/flows/request-refund.ts'
import { authenticate, limitFailures } from './access/authentication.ts'
import type { Listener } from './access/listener.ts'
import { answerLocallyOnly } from './access/local-only.ts'
import { SECURITY_HEADERS, setSecurityHeaders } from './access/security-headers.ts'
import { readJsonStrictly } from './json-body.ts'
import { openapi } from './openapi.ts'
import { answerClientError, answerError, handleErrors } from './problems/handle-errors.ts'
import { refundRoutes } from './routes/create-refund.ts'
import { operationRoutes, type Readiness } from './routes/probes.ts'
import { paymentRoutes } from './routes/read-payment.ts'

/** What the app is put together from; a test can hand it any of these. */
export type AppParts = Readonly<{
  refunds: RefundParts
  metrics: Metrics
  readiness(): Readiness
  /** Who may call just now; null: everybody. */
  apiKeys(): readonly ApiKey[] | null
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
    // While closing, what arrives on an open connection is still served, with `Connection: close`.
    return503OnClosing: false,
    // Nothing is coerced, dropped or filled in: a misspelt tax_free_amount must not become a taxed refund.
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        allowUnionTypes: true,
      },
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
  handleErrors(app)
  setSecurityHeaders(app, { hasTls: config.tls !== null })
  answerLocallyOnly(app, () => parts.apiKeys() === null)
  // Fastify does so for requests that come in once its listener is closing: too late for those in flight
  // then, whose kept-alive connections would hold its close() for 72 s, and for who is to go before it closes.
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
  await app.register(operationRoutes, { readiness: parts.readiness, metrics: parts.metrics })
  await app.register(async (api) => {
    // Counted in this process: a shared count would cost each refund a round trip to Redis.
    await api.register(rateLimit, {
      max: config.rateLimit.max,
      timeWindow: config.rateLimit.windowMs,
      keyGenerator: (request) => request.caller?.name ?? '',
    })
    api.addHook('onRequest', authenticate(parts.apiKeys, limitFailures(api, parts.metrics)))
    await api.register(refundRoutes, {
      parts: parts.refunds,
      metrics: parts.metrics,
      telemetry: parts.telemetry,
      resolveFailedAfterMs: config.resolveFailedAfterMs,
      unsettledRetryAfterSeconds: unsettledRetryAfterSeconds(config),
    })
    await api.register(paymentRoutes, { store: parts.refunds.store, accounts: parts.refunds.accounts })
  })
  return app
}
