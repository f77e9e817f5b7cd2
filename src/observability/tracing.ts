import type { FastifyPluginCallback } from 'fastify'

/**
 * Tracing, where it is on. Stated here and made in src/observability/opentelemetry.ts, which alone knows
 * OpenTelemetry.
 */
export type Telemetry = Readonly<{
  /** Makes a span of each request. */
  plugin: FastifyPluginCallback
  /** The W3C trace context of what runs now. */
  currentTraceparent(): string | undefined
  /** Sends what was not sent yet. */
  stop(): Promise<void>
}>
