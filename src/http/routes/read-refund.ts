import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { refundEvents } from '../../refunds/history.ts'
import type { RefundStore } from '../../refunds/ports/store.ts'
import { Refund, type Resolution } from '../../refunds/refund.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { READERS } from '../caller.ts'
import { AWAITING_REFUND, type Examples, REFUNDS, RESOLVED_REFUND, SETTLED_REFUND } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { maySeeAll } from '../seen-refund.ts'
import { API_KEY_SECURITY, jsonAnswer, RefundParams } from '../shared-schemas.ts'

/** The answer of `GET /refunds/{id}/events`. */
export const RefundEventList = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T01:30:00.000Z'] }),
        event: Type.Enum(
          ['processing', 'unknown', 'succeeded', 'failed', 'awaiting_deposit', 'disputed', 'conflict'],
          {
            description:
              'The state that it came to, `awaiting_deposit` each time that a deposit was asked for; `disputed`: it had failed, and an answer says that it was made; `conflict`: an answer contradicted its state, which stayed',
            examples: ['processing'],
          },
        ),
        source: Type.Enum(['caller', 'provider', 'lease', 'lookup', 'notification', 'operator'], {
          description: '`lease`: the process that was at work on it is gone',
          examples: ['caller'],
        }),
        by: Type.Unsafe<string | null>({
          type: ['string', 'null'],
          description: 'The caller that asked for it or resolved it',
          examples: ['orders'],
        }),
        note: Type.Unsafe<string | null>({
          type: ['string', 'null'],
          description: 'What the operator wrote, or what a contradicting answer said',
          examples: [null],
        }),
      }),
      // The store keeps 500 characters of history, and an entry takes more than 10 of them.
      { description: 'Oldest first', maxItems: 60 },
    ),
  },
  { $id: 'RefundEventList', description: 'Everything that happened to a refund' },
)

const PROBLEM_SAMPLES = {
  forbidden: { detail: 'This key lacks the scope read or read_all.' },
  invalid_request: {
    detail: 'The params is not valid; errors says where and why.',
    errors: [{ pointer: '#/id', detail: 'must NOT have more than 64 characters' }],
  },
}

const READ_REFUNDS: Examples<Refund> = {
  succeeded: { summary: 'Refunded', value: REFUNDS.full },
  unknown: { summary: 'The outcome is not known yet', value: REFUNDS.unknown },
  settled_by_lookup: { summary: 'It was unknown, and the lookup has settled it', value: SETTLED_REFUND },
  resolved: { summary: 'It was unknown, and a person has settled it', value: RESOLVED_REFUND },
  failed: { summary: 'The provider declined', value: REFUNDS.declined },
  awaiting_deposit: { summary: 'It awaits a deposit', value: AWAITING_REFUND },
}

const ASKED = {
  at: REFUNDS.unknown.created_at,
  event: 'processing',
  source: 'caller',
  by: REFUNDS.unknown.requested_by,
  note: null,
} as const

const BECAME_UNKNOWN = {
  at: REFUNDS.unknown.updated_at,
  event: 'unknown',
  source: 'provider',
  by: null,
  note: null,
} as const

const HISTORIES: Examples<Static<typeof RefundEventList>> = {
  succeeded: {
    summary: 'Refunded by the first answer',
    value: {
      data: [
        ASKED,
        { at: REFUNDS.full.updated_at, event: 'succeeded', source: 'provider', by: null, note: null },
      ],
    },
  },
  settled_by_lookup: {
    summary: 'Unknown, then settled by the lookup',
    value: { data: [ASKED, BECAME_UNKNOWN, settling(SETTLED_REFUND)] },
  },
  resolved: {
    summary: 'Unknown, then settled by a person',
    value: { data: [ASKED, BECAME_UNKNOWN, settling(RESOLVED_REFUND)] },
  },
}

function settling({ resolution }: Refund) {
  const { at, source, by, note } = resolution as Resolution
  return { at, event: 'succeeded', source, by, note } as const
}

const refundSchema = {
  security: API_KEY_SECURITY,
  operationId: 'getRefund',
  tags: ['refunds'],
  summary: 'Read a refund',
  description:
    'By its id, for as long as its idempotency key replays; afterwards list it by its tid. One that another caller asked for is not found without the scope `read_all`.',
  params: RefundParams,
  response: {
    200: jsonAnswer(Refund, { description: 'The refund', examples: READ_REFUNDS }),
    ...problemResponses(['invalid_request', 'not_found'], PROBLEM_SAMPLES),
  },
}

const eventsSchema = {
  security: API_KEY_SECURITY,
  operationId: 'listRefundEvents',
  tags: ['refunds'],
  summary: 'Read everything that happened to a refund',
  description: 'Its intent, its outcome and what lay between, for as long as the refund itself can be read.',
  params: RefundParams,
  response: {
    200: jsonAnswer(RefundEventList, { description: 'Oldest first', examples: HISTORIES }),
    ...problemResponses(['invalid_request', 'not_found'], PROBLEM_SAMPLES),
  },
}

/** `GET /refunds/{id}` and `GET /refunds/{id}/events`. */
export const readRefundRoutes: FastifyPluginAsyncTypebox<Readonly<{ store: RefundStore }>> = async (
  app,
  { store },
) => {
  app.get('/refunds/:id', { config: { scopes: READERS }, schema: refundSchema }, async (request, reply) => {
    const found = await find(request)
    return found === null ? sendNoSuchRefund(reply) : reply.send(found.refund)
  })

  app.get(
    '/refunds/:id/events',
    { config: { scopes: READERS }, schema: eventsSchema },
    async (request, reply) => {
      const found = await find(request)
      return found === null ? sendNoSuchRefund(reply) : reply.send({ data: refundEvents(found) })
    },
  )

  /** Null also where it is none of the caller's business: that it exists is not told either. */
  async function find({
    params,
    caller,
  }: Pick<FastifyRequest<{ Params: { id: string } }>, 'params' | 'caller'>): Promise<StoredRefund | null> {
    const stored = await store.findById(params.id)
    return stored !== null && maySeeAll(caller, stored.refund) ? stored : null
  }
}

/** Answers who asks for a refund that is not there, or not for this caller. */
export function sendNoSuchRefund(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 'not_found', {
    detail: 'There is no refund of this id. One that is older than its key is found by its tid.',
  })
}
