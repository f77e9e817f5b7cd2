import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { type TellAgainParts, tellAgain } from '../../refunds/flows/tell-again.ts'
import { DATE_OR_TIME, readTimeSpan } from '../../refunds/time-span.ts'
import type { Examples } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { API_KEY_SECURITY, jsonAnswer } from '../shared-schemas.ts'

const EndpointName = Type.String({
  pattern: '^[a-z0-9_-]{1,30}$',
  maxLength: 30,
  description: 'Name of the endpoint in `EVENT_ENDPOINTS`',
  examples: ['orders'],
})

function moment(description: string, example: string) {
  return Type.String({ pattern: DATE_OR_TIME, maxLength: 40, description, examples: [example] })
}

/** The body of `POST /events/redeliver`. */
export const RedeliveryRequest = Type.Object(
  {
    endpoint: EndpointName,
    from: moment('From when on: a date of Korea, or an ISO 8601 time with its offset', '2026-01-01'),
    to: moment('Until when, exclusive; a date includes its day', '2026-01-01T12:00:00+09:00'),
  },
  { additionalProperties: false, description: 'What is to be sent again, and to whom' },
)

/** The answer of `POST /events/redeliver`. */
export const Redelivery = Type.Object(
  {
    endpoint: EndpointName,
    count: Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 10_000,
      description: 'How many events are queued',
      examples: [42],
    }),
    next_from: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description:
        'There was no place for more: ask again from here on, once these are sent. Null: nothing is left',
      examples: [null],
    }),
  },
  { $id: 'Redelivery', additionalProperties: false, description: 'What is sent again' },
)

const REQUESTS: Examples<Static<typeof RedeliveryRequest>> = {
  day: {
    summary: 'A day of Korea',
    value: { endpoint: 'orders', from: '2026-01-01', to: '2026-01-01' },
  },
  hours: {
    summary: 'Some hours',
    value: { endpoint: 'orders', from: '2026-01-01T09:00:00+09:00', to: '2026-01-01T12:00:00+09:00' },
  },
}

const NO_SUCH_ENDPOINT = 'EVENT_ENDPOINTS has no endpoint of this name.'

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'redeliverEvents',
  tags: ['operations'],
  summary: 'Send events to an endpoint again',
  description:
    'Queues what happened in a span of time for an endpoint, as far as it asks for it, under the same `webhook-id`s as before. At most 10,000 events at once, out of what the journal still has.',
  body: { ...RedeliveryRequest, 'x-examples': REQUESTS },
  response: {
    202: jsonAnswer(Redelivery, {
      description: 'They are queued, and are sent whoever dies',
      examples: {
        all: { summary: 'All of them', value: { endpoint: 'orders', count: 42, next_from: null } },
      },
    }),
    ...problemResponses(
      ['invalid_request', 'not_found', 'payload_too_large', 'unsupported_media_type', 'store_not_durable'],
      {
        forbidden: { detail: 'This key lacks the scope resolve.' },
        invalid_request: {
          detail: 'The body is not valid; errors says where and why.',
          errors: [{ pointer: '#/to', detail: 'must be later than from, which it does not include' }],
        },
        not_found: { detail: NO_SUCH_ENDPOINT },
      },
    ),
  },
}

/** `POST /events/redeliver`. */
export const redeliverEventsRoute: FastifyPluginAsyncTypebox<Readonly<{ parts: TellAgainParts }>> = async (
  app,
  { parts },
) => {
  app.post('/events/redeliver', { config: { scopes: ['resolve'] }, schema }, async (request, reply) => {
    const { endpoint, from, to } = request.body
    const span = readTimeSpan({ from, to })
    if ('member' in span) {
      return sendProblem(reply, 'invalid_request', {
        detail: 'The body is not valid; errors says where and why.',
        errors: [{ pointer: `#/${span.member}`, detail: span.detail }],
      })
    }
    const answer = await tellAgain(parts, { endpoint, ...span })
    if (answer.answer === 'not_found') return sendProblem(reply, 'not_found', { detail: NO_SUCH_ENDPOINT })
    const { count, nextFrom } = answer
    const next_from = nextFrom === null ? null : new Date(nextFrom).toISOString()
    return reply.code(202).send({ endpoint, count, next_from })
  })
}
