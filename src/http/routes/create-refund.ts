import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { Metrics } from '../../observability/metrics.ts'
import { readTraceparent } from '../../observability/traceparent.ts'
import type { Telemetry } from '../../observability/tracing.ts'
import { type RefundParts, requestRefund } from '../../refunds/flows/request-refund.ts'
import { Refund } from '../../refunds/refund.ts'
import { RefundRequest } from '../../refunds/refund-request.ts'
import { mayPayOut, sendLacksScope } from '../access/authentication.ts'
import { IdempotencyHeaders, parseIdempotencyKey } from '../access/idempotency-key.ts'
import type { Caller } from '../caller.ts'
import { ASKED_REFUNDS, REFUND_REQUESTS, REFUNDS } from '../examples.ts'
import { RETRIES } from '../problems/catalog.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { API_KEY_SECURITY, jsonAnswer, RETRY_AFTER_HEADER } from '../shared-schemas.ts'
import { hangUpOf } from './hang-up.ts'
import { pathPrefixOf } from './path-prefix.ts'

export type CreateRefundOptions = Readonly<{
  parts: RefundParts
  metrics: Metrics
  telemetry: Telemetry | undefined
  /** When to look again at a refund whose outcome is not known. */
  unsettledRetryAfterSeconds: number
}>

/** The answer 202: the refund, and what to do about it. */
export const UnsettledRefund = Type.Object(
  {
    ...Refund.properties,
    retry: Type.Enum(RETRIES, { description: 'Always `same_key`', examples: ['same_key'] }),
  },
  {
    $id: 'UnsettledRefund',
    additionalProperties: false,
    description: 'The provider was called and the outcome is not known yet',
  },
)

const LOCATION_HEADER = { type: 'string', description: 'Where the refund is' }
const REPLAYED_HEADER = { type: 'string', description: '`true` on a repeat' }

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'createRefund',
  tags: ['refunds'],
  summary: 'Refund a payment',
  description:
    'Moves money at most once for each Idempotency-Key: every repeat of the same request is answered with the same refund. On any other answer than 201 look at `retry`.',
  headers: IdempotencyHeaders,
  body: { ...RefundRequest, 'x-examples': REFUND_REQUESTS },
  response: {
    201: jsonAnswer(Refund, {
      description: 'Refunded, now or by the first request with this key',
      headers: { Location: LOCATION_HEADER, 'Idempotent-Replayed': REPLAYED_HEADER },
      examples: {
        full: { summary: ASKED_REFUNDS.full.summary, value: REFUNDS.full },
        partial: { summary: ASKED_REFUNDS.partial.summary, value: REFUNDS.partial },
        duplicate_of: { summary: ASKED_REFUNDS.duplicate_of.summary, value: REFUNDS.duplicate_of },
        reference: { summary: ASKED_REFUNDS.reference.summary, value: REFUNDS.reference },
        slow: { summary: ASKED_REFUNDS.slow.summary, value: REFUNDS.slow },
        tax_free: { summary: ASKED_REFUNDS.tax_free.summary, value: REFUNDS.tax_free },
        virtual_account: { summary: ASKED_REFUNDS.virtual_account.summary, value: REFUNDS.virtual_account },
      },
    }),
    202: jsonAnswer(UnsettledRefund, {
      description: 'The provider was called and the outcome is not known yet; `status` is `unknown`',
      headers: {
        Location: LOCATION_HEADER,
        'Retry-After': RETRY_AFTER_HEADER,
        'Idempotent-Replayed': REPLAYED_HEADER,
      },
      examples: {
        unknown: {
          summary: ASKED_REFUNDS.unknown.summary,
          value: { ...REFUNDS.unknown, retry: 'same_key' },
        },
      },
    }),
    ...problemResponses(
      [
        'invalid_request',
        'idempotency_key_missing',
        'idempotency_key_invalid',
        'idempotency_in_progress',
        'limit_exceeded',
        'payment_mismatch',
        'possible_duplicate',
        'payment_busy',
        'refund_unresolved',
        'remaining_mismatch',
        'payload_too_large',
        'unsupported_media_type',
        'idempotency_key_reused',
        'not_eligible',
        'amount_exceeds_remaining',
        'tax_free_not_allowed',
        'tax_free_exceeds_amount',
        'refund_account_required',
        'unknown_account',
        'provider_declined',
        'already_cancelled',
        'deposit_required',
        'provider_auth_failed',
        'provider_unavailable',
        'store_not_durable',
      ],
      { forbidden: { detail: 'This key lacks the scope create.' } },
    ),
  },
}

/** `POST /refunds`. */
export const createRefundRoute: FastifyPluginAsyncTypebox<CreateRefundOptions> = async (app, options) => {
  const { parts, metrics, telemetry, unsettledRetryAfterSeconds } = options

  app.post('/refunds', { config: { scopes: ['create'] }, schema }, async (request, reply) => {
    const idempotencyKey = parseIdempotencyKey(request.headers['idempotency-key'] as string)
    if (idempotencyKey === null) {
      return sendProblem(reply, 'idempotency_key_invalid', {
        detail: 'The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.',
      })
    }
    const { caller } = request as { caller: Caller }
    if (!mayPayOut(caller, request.body)) return sendLacksScope(reply, ['refund_account'])
    // Not given up, nor forgotten by a shutdown, when the caller hangs up.
    const answer = await parts.background.seeThrough(
      requestRefund(parts, {
        caller: caller.name,
        idempotencyKey,
        body: request.body,
        hungUp: () => hangUpOf(reply),
        requestId: request.id,
        traceparent: telemetry
          ? telemetry.currentTraceparent()
          : readTraceparent(request.headers.traceparent),
      }),
    )
    if (answer.answer === 'refused') {
      const { code, ...details } = answer.refusal
      metrics.countAnswer(code)
      return sendProblem(reply, code, details)
    }
    const { refund, replayed } = answer
    metrics.countAnswer(replayed ? 'replayed' : (refund.failure?.code ?? refund.status))
    if (replayed) reply.header('Idempotent-Replayed', 'true')
    return sendRefund(reply, refund, unsettledRetryAfterSeconds)
  })
}

const DISPUTED =
  'This refund was called failed, and a later answer says that it was made. Wait until a person has settled it.'

function sendRefund(reply: FastifyReply, refund: Refund, retryAfterSeconds: number): FastifyReply {
  switch (refund.status) {
    case 'succeeded':
      return reply.code(201).header('Location', locationOf(reply, refund)).send(refund)
    case 'unknown':
    case 'awaiting_deposit':
      return reply
        .code(202)
        .header('Location', locationOf(reply, refund))
        .header('Retry-After', retryAfterSeconds)
        .send({ ...refund, retry: 'same_key' })
    case 'failed': {
      if (refund.failure === null) throw new Error(`bug: ${refund.id} failed without a failure`)
      // It may have been made after all: nothing that says so may send the caller to a new key.
      if (refund.disputed) return sendProblem(reply, 'refund_unresolved', { detail: DISPUTED, refund })
      return sendProblem(reply, refund.failure.code, { detail: refund.failure.detail, refund })
    }
    case 'processing':
      throw new Error(`bug: ${refund.id} is answered while it is processing`)
  }
}

function locationOf({ request }: FastifyReply, { id }: Refund): string {
  return `${pathPrefixOf(request.headers)}/refunds/${id}`
}
