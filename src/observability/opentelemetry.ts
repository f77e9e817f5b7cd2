import { createRequire } from 'node:module'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { DiagLogLevel, diag, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis'
import { UndiciInstrumentation, type UndiciRequest } from '@opentelemetry/instrumentation-undici'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { FastifyBaseLogger } from 'fastify'
import type { Telemetry } from './tracing.ts'

/** What the service is called where OTEL_SERVICE_NAME says nothing else. */
const SERVICE_NAME = 'cookiepay-refund-gateway'

/** A collector that is away holds up neither a refund nor, longer than this, the end of the process. */
const EXPORT_TIMEOUT_MS = 3_000

/** However it is written (src/http/routes/notifications.ts). */
const SECRET_PATH = /notifications/i

/** What machines ask every few seconds. */
const UNTRACED: readonly (string | undefined)[] = ['/healthz', '/readyz', '/metrics']

/**
 * Traces requests, and their calls to Redis and to the provider, to an OTLP endpoint. Imported only where one
 * is configured: until then nothing of OpenTelemetry is loaded. The other OTEL_ variables (sampler, resource,
 * headers) are read by OpenTelemetry itself.
 */
export function startTelemetry(endpoint: string, log: FastifyBaseLogger): Telemetry {
  diag.setLogger(diagnosticsOf(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS })
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  })
  // The trace alone: a caller's baggage is no business of the provider's.
  provider.register({ propagator: new W3CTraceContextPropagator() })

  const requests = new FastifyOtelInstrumentation({
    instrumentHooks: false,
    // The text of an error may quote what a caller sent.
    recordExceptions: false,
    // The path of a notification holds a secret.
    ignorePaths: ({ url }) => UNTRACED.includes(url) || SECRET_PATH.test(url),
  })
  const redis = new IORedisInstrumentation({
    // Never the arguments: they hold a refund.
    dbStatementSerializer: (command) => command,
  })
  const calls = new UndiciInstrumentation({
    requireParentforSpans: true,
    requestHook: (_span, request) => removeTraceparent(request),
  })
  for (const instrumentation of [requests, redis, calls]) instrumentation.setTracerProvider(provider)
  // Its hook sees what is required, and the gateway imports. Both are given the same class, which it changes.
  createRequire(import.meta.url)('ioredis')

  return {
    plugin: requests.plugin(),
    currentTraceparent() {
      const context = trace.getActiveSpan()?.spanContext()
      if (context === undefined) return undefined
      return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
    },
    stop: () => provider.shutdown(),
  }
}

/** The one that the gateway passes on by itself: the call's own span is added in its place. */
function removeTraceparent({ headers }: UndiciRequest): void {
  if (!Array.isArray(headers)) return
  const index = headers.indexOf('traceparent')
  if (index >= 0) headers.splice(index, 2)
}

/** Only the words: what comes with them may be anything. */
function diagnosticsOf(log: FastifyBaseLogger) {
  const warn = (message: string) => log.warn({ telemetry: message.slice(0, 500) }, 'tracing has a problem')
  const ignore = () => {}
  return { error: warn, warn, info: ignore, debug: ignore, verbose: ignore }
}
