import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Metrics } from '../../observability/metrics.ts'

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
  response: { 200: { description: 'Alive', content: { 'application/json': { schema: Health } } } },
}

const readinessSchema = {
  operationId: 'getReadiness',
  tags: ['operations'],
  summary: 'Whether refunds are taken',
  description: 'For a readiness probe: whether Redis is there and durable enough, part by part.',
  response: {
    200: { description: 'Ready', content: { 'application/json': { schema: ReadinessReport } } },
    503: { description: 'Not ready', content: { 'application/json': { schema: ReadinessReport } } },
  },
}

const metricsSchema = {
  operationId: 'getMetrics',
  tags: ['operations'],
  summary: 'Metrics as Prometheus text',
  description: 'For a scraper; the runbook says which ones matter.',
  response: {
    200: {
      description: 'Prometheus text',
      content: { 'text/plain': { schema: Type.String({ description: 'Prometheus text' }) } },
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
