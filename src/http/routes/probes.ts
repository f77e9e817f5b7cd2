import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Metrics } from '../../observability/metrics.ts'
import type { Examples } from '../examples.ts'

/** One thing that the service needs. */
export type ReadinessPart = Readonly<{ ready: boolean; detail: string }>

/** Whether refunds are taken, and what that hangs on. */
export type Readiness = Readonly<{ ready: boolean; parts: Readonly<Record<string, ReadinessPart>> }>

export type ProbeOptions = Readonly<{ readiness(): Readiness; metrics: Metrics }>

const Health = Type.Object(
  { status: Type.Literal('ok', { description: 'The process answers', examples: ['ok'] }) },
  { description: 'Alive' },
)

const ReadinessReport = Type.Object(
  {
    status: Type.Enum(['ready', 'not_ready'], {
      description: 'Whether refunds are taken',
      examples: ['ready'],
    }),
    parts: Type.Unsafe<Readiness['parts']>({
      type: 'object',
      description: 'What that hangs on',
      examples: [{ store: { ready: true, detail: 'durable' } }],
      additionalProperties: {
        type: 'object',
        properties: { ready: { type: 'boolean' }, detail: { type: 'string' } },
        required: ['ready', 'detail'],
      },
    }),
  },
  { description: 'Readiness' },
)

const healthSchema = {
  operationId: 'getHealth',
  tags: ['operations'],
  summary: 'Whether the process is alive',
  description: 'For a liveness probe: it asks neither Redis nor the provider.',
  response: {
    200: {
      description: 'Alive',
      content: {
        'application/json': {
          schema: Health,
          examples: { alive: { summary: 'The process answers', value: { status: 'ok' } } },
        },
      },
    },
  },
}

const RUNNING = { ready: true, detail: 'running' }

const READY = {
  summary: 'Refunds are taken',
  value: { status: 'ready', parts: { store: { ready: true, detail: 'durable' }, process: RUNNING } },
}

const NOT_READY: Examples = {
  store_unavailable: {
    summary: 'Redis cannot be reached',
    value: {
      status: 'not_ready',
      parts: {
        store: { ready: false, detail: 'unavailable: Redis cannot be reached' },
        process: RUNNING,
      },
    },
  },
  closing: {
    summary: 'The process is shutting down',
    value: {
      status: 'not_ready',
      parts: {
        store: { ready: true, detail: 'durable' },
        process: { ready: false, detail: 'closing' },
      },
    },
  },
}

const readinessSchema = {
  operationId: 'getReadiness',
  tags: ['operations'],
  summary: 'Whether refunds are taken',
  description: 'For a readiness probe: whether Redis is there and durable enough, part by part.',
  response: {
    200: {
      description: 'Ready',
      content: { 'application/json': { schema: ReadinessReport, examples: { ready: READY } } },
    },
    503: {
      description: 'Not ready',
      content: { 'application/json': { schema: ReadinessReport, examples: NOT_READY } },
    },
  },
}

const ONE_SERIES = [
  '# HELP refund_gateway_ready Whether refunds are taken',
  '# TYPE refund_gateway_ready gauge',
  'refund_gateway_ready 1',
  '',
].join('\n')

const metricsSchema = {
  operationId: 'getMetrics',
  tags: ['operations'],
  summary: 'Metrics as Prometheus text',
  description: 'For a scraper; the runbook says which ones matter.',
  response: {
    200: {
      description: 'Prometheus text',
      content: {
        'text/plain': {
          schema: Type.String({ description: 'Prometheus text' }),
          examples: { ready: { summary: 'One of the series', value: ONE_SERIES } },
        },
      },
    },
  },
}

/** What operators and their machines ask: health, readiness and metrics. Open to everybody. */
export const probeRoutes: FastifyPluginAsyncTypebox<ProbeOptions> = async (app, options) => {
  app.get('/healthz', { schema: healthSchema }, async (_request, reply) => reply.send({ status: 'ok' }))

  app.get('/readyz', { schema: readinessSchema }, async (_request, reply) => {
    const { ready, parts } = options.readiness()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', parts })
  })

  app.get('/metrics', { schema: metricsSchema }, async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.text()),
  )
}
