import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { answerClientError, countRequestsInFlight } from './access/client-errors.ts'
import { createListener } from './access/listener.ts'
import { answerLocallyOnly } from './access/local-only.ts'
import { SECURITY_HEADERS, setSecurityHeaders } from './access/security-headers.ts'
import { answerError, handleErrors } from './problems/handle-errors.ts'
import { type ProbeOptions, probeRoutes } from './routes/probes.ts'

/** Nothing here waits for anything but Redis, once. */
const LONGEST_ANSWER_MS = 30_000

/**
 * Health, readiness and metrics in plain HTTP on a port of their own, and nothing else. Probes and scrapers cannot
 * show the certificate that the main port asks for before it hears what is wanted.
 */
export async function buildOperationsApp({
  log,
  isOpen,
  ...options
}: ProbeOptions & { log: FastifyBaseLogger; isOpen(): boolean }): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: createListener(null, LONGEST_ANSWER_MS).serverFactory,
    forceCloseConnections: true,
    // A path that cannot be read gets no further than this: no hook sees it.
    frameworkErrors: (error, request, reply) => answerError(error, request, reply.headers(SECURITY_HEADERS)),
    clientErrorHandler: answerClientError,
  })
  countRequestsInFlight(app)
  handleErrors(app)
  setSecurityHeaders(app, { hasTls: false })
  answerLocallyOnly(app, isOpen)
  await app.register(probeRoutes, options)
  return app
}
