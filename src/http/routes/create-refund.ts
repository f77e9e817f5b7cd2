import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { Metrics } from '../../observability/metrics.ts'
import { readTraceparent } from '../../observability/traceparent.ts'
import type { Telemetry } from '../../observability/tracing.ts'
import { type RefundParts, requestRefund } from '../../refunds/flows/request-refund.ts'
import { resolveRefund } from '../../refunds/flows/resolve-refund.ts'
import { refundEvents } from '../../refunds/history.ts'
import { type Refund, Refund as RefundSchema } from '../../refunds/refund.ts'
import { RefundRequest } from '../../refunds/refund-request.ts'
import { type Caller, OPEN_CALLER, READERS, sendLacksScope } from '../access/authentication.ts'
import { parseIdempotencyKey } from '../access/idempotency-key.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { maySeeAll, refundAsSeenBy, SeenRefund } from '../seen-refund.ts'
import { ref } from '../shared-schemas.ts'
import { refundRequestExamples } from './examples.ts'
import { pathPrefixOf } from './path-prefix.ts'
import { pickAccount } from './pick-account.ts'
import {
  API_KEY_SECURITY,
  IdempotencyHeaders,
  problemResponses,
  RATE_LIMIT_HEADERS,
  RETRY_AFTER_HEADER,
  RefundEventList,
  RefundList,
  RefundListQuery,
  RefundParams,
  ResolveRequest,
  UnsettledRefund,
} from './schemas.ts'

export type RefundRoutesOptions = Readonly<{
  parts: RefundParts
  metrics: Metrics
  telemetry: Telemetry | undefined
  /** When to look again at a refund whose outcome is not known. */
  unsettledRetryAfterSeconds: number
  /** How long a refund must have been unknown before a person may call it failed. */
  resolveFailedAfterMs: number
}>

const DISPUTED =
  'This refund was called failed, and a later answer says that it was made. Wait until a person has settled it.'

const NO_SUCH_REFUND = 'There is no refund of this id. One that is older than its key is found by its tid.'

const ANYWHERE = [
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'internal_error',
  'store_unavailable',
] as const

/** `POST /refunds` and the reading of refunds. */
export const refundRoutes: FastifyPluginAsyncTypebox<RefundRoutesOptions> = async (app, options) => {
  const { parts, metrics, telemetry, unsettledRetryAfterSeconds, resolveFailedAfterMs } = options
  const resolveParts = { ...parts, resolveFailedAfterMs }

  app.post(
    '/refunds',
    {
      config: { scopes: ['create'] },
      schema: {
        security: API_KEY_SECURITY,
        operationId: 'createRefund',
        tags: ['refunds'],
        summary: 'Refund a payment',
        description:
          'Moves money at most once for each Idempotency-Key: every repeat of the same request is answered with the same refund. On any other answer than 201 look at `retry`.',
        headers: IdempotencyHeaders,
        body: { ...RefundRequest, examples: refundRequestExamples },
        response: {
          201: {
            description: 'Refunded, now or by the first request with this key',
            headers: {
              ...RATE_LIMIT_HEADERS,
              Location: { type: 'string', description: 'Where the refund is' },
              'Idempotent-Replayed': { type: 'string', description: '`true` on a repeat' },
            },
            content: { 'application/json': { schema: ref(RefundSchema) } },
          },
          202: {
            description: 'The provider was called and the outcome is not known yet; `status` is `unknown`',
            headers: {
              ...RATE_LIMIT_HEADERS,
              Location: { type: 'string', description: 'Where the refund is' },
              'Retry-After': RETRY_AFTER_HEADER,
              'Idempotent-Replayed': { type: 'string', description: '`true` on a repeat' },
            },
            content: { 'application/json': { schema: ref(UnsettledRefund) } },
          },
          ...problemResponses([
            'invalid_request',
            'idempotency_key_missing',
            'idempotency_key_invalid',
            'idempotency_in_progress',
            'payment_mismatch',
            'refund_unresolved',
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
            ...ANYWHERE,
          ]),
        },
      },
    },
    async (request, reply) => {
      const idempotencyKey = parseIdempotencyKey(request.headers['idempotency-key'] as string)
      if (idempotencyKey === null) {
        return sendProblem(reply, 'idempotency_key_invalid', {
          detail: 'The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.',
        })
      }
      const { name: caller, scopes } = request.caller as Caller
      if (request.body.refund_account !== undefined && !scopes.includes('refund_account')) {
        return sendLacksScope(reply, ['refund_account'])
      }
      // Not given up, nor forgotten by a shutdown, when the caller hangs up.
      const answer = await parts.background.seeThrough(
        requestRefund(parts, {
          caller,
          idempotencyKey,
          body: request.body,
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
      return sendRefund(reply, refund)
    },
  )

  function sendRefund(reply: FastifyReply, refund: Refund): FastifyReply {
    switch (refund.status) {
      case 'succeeded':
        return reply.code(201).header('Location', locationOf(reply, refund)).send(refund)
      case 'unknown':
        return reply
          .code(202)
          .header('Location', locationOf(reply, refund))
          .header('Retry-After', unsettledRetryAfterSeconds)
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

  app.get(
    '/refunds/:id',
    {
      config: { scopes: READERS },
      schema: {
        security: API_KEY_SECURITY,
        operationId: 'getRefund',
        tags: ['refunds'],
        summary: 'Read a refund',
        description:
          'By its id, for as long as its idempotency key replays; afterwards list it by its tid. One that another caller asked for is not found without the scope `read_all`.',
        params: RefundParams,
        response: {
          200: {
            description: 'The refund',
            headers: RATE_LIMIT_HEADERS,
            content: { 'application/json': { schema: ref(RefundSchema) } },
          },
          ...problemResponses(['invalid_request', 'not_found', ...ANYWHERE]),
        },
      },
    },
    async (request, reply) => {
      const stored = await parts.store.findById(request.params.id)
      if (stored === null || !maySeeAll(request.caller, stored.refund)) {
        return sendProblem(reply, 'not_found', { detail: NO_SUCH_REFUND })
      }
      return reply.send(stored.refund)
    },
  )

  app.get(
    '/refunds/:id/events',
    {
      config: { scopes: READERS },
      schema: {
        security: API_KEY_SECURITY,
        operationId: 'listRefundEvents',
        tags: ['refunds'],
        summary: 'Read everything that happened to a refund',
        description:
          'Its intent, its outcome and what lay between, for as long as the refund itself can be read.',
        params: RefundParams,
        response: {
          200: {
            description: 'Oldest first',
            headers: RATE_LIMIT_HEADERS,
            content: { 'application/json': { schema: ref(RefundEventList) } },
          },
          ...problemResponses(['invalid_request', 'not_found', ...ANYWHERE]),
        },
      },
    },
    async (request, reply) => {
      const stored = await parts.store.findById(request.params.id)
      if (stored === null || !maySeeAll(request.caller, stored.refund)) {
        return sendProblem(reply, 'not_found', { detail: NO_SUCH_REFUND })
      }
      return reply.send({ data: refundEvents(stored) })
    },
  )

  app.post(
    '/refunds/:id/resolve',
    {
      config: { scopes: ['resolve'] },
      schema: {
        security: API_KEY_SECURITY,
        operationId: 'resolveRefund',
        tags: ['refunds'],
        summary: 'Settle an unknown or disputed refund by hand',
        description:
          'For a person who has seen at the provider what became of it, other than who asked for it. It can be called failed only once it has been unknown for a while (`RESOLVE_FAILED_AFTER_MS`). Who, when and why is kept on the refund.',
        params: RefundParams,
        body: ResolveRequest,
        response: {
          200: {
            description: 'The settled refund',
            headers: RATE_LIMIT_HEADERS,
            content: { 'application/json': { schema: ref(SeenRefund) } },
          },
          ...problemResponses([
            'invalid_request',
            'not_found',
            'not_resolvable',
            'payload_too_large',
            'unsupported_media_type',
            ...ANYWHERE,
          ]),
        },
      },
    },
    async (request, reply) => {
      const { outcome, note, provider } = request.body
      const caller = request.caller as Caller
      const answer = await resolveRefund(resolveParts, {
        id: request.params.id,
        outcome,
        note,
        provider,
        by: caller.name,
        areCallersKnown: caller !== OPEN_CALLER,
      })
      switch (answer.answer) {
        case 'resolved':
          return reply.send(refundAsSeenBy(caller, answer.refund))
        case 'not_found':
          return sendProblem(reply, 'not_found', { detail: NO_SUCH_REFUND })
        case 'not_resolvable':
          return sendProblem(reply, 'not_resolvable', { detail: answer.detail, refund: answer.refund })
      }
    },
  )

  app.get(
    '/refunds',
    {
      config: { scopes: READERS },
      schema: {
        security: API_KEY_SECURITY,
        operationId: 'listRefunds',
        tags: ['refunds'],
        summary: 'List the refunds of a payment, or the unsettled ones of all',
        description:
          'Give a tid, or else a status of `unknown` or `processing`. With a tid, refunds of other callers are cut down without the scope `read_all`; without one, they are left out.',
        querystring: RefundListQuery,
        response: {
          200: {
            description: 'Oldest first',
            headers: RATE_LIMIT_HEADERS,
            content: { 'application/json': { schema: ref(RefundList) } },
          },
          ...problemResponses(['invalid_request', 'unknown_account', ...ANYWHERE]),
        },
      },
    },
    async (request, reply) => {
      const { tid, status } = request.query
      const caller = request.caller as Caller
      const cursor = request.query.cursor ?? null
      // A cursor belongs to its list: a number in a payment's, a time and an id in that of all payments.
      if (cursor !== null && cursor.includes('.') !== (tid === undefined)) {
        const detail = 'This cursor is of another list.'
        return sendProblem(reply, 'invalid_request', { detail, errors: [{ pointer: '#/cursor', detail }] })
      }
      const pageOf = { limit: Number(request.query.limit ?? 20), cursor }
      if (tid === undefined) {
        if (status !== 'unknown' && status !== 'processing') {
          const detail = 'Give a tid, or else a status of unknown or processing.'
          return sendProblem(reply, 'invalid_request', { detail, errors: [{ pointer: '#/tid', detail }] })
        }
        const { account } = request.query
        const asked = account === undefined ? undefined : pickAccount(parts.accounts, account, reply)
        if (asked === null) return reply
        const page = await parts.store.listUnsettled({
          status,
          merchant: asked?.merchant,
          caller: caller.scopes.includes('read_all') ? undefined : caller.name,
          ...pageOf,
        })
        return reply.send({ data: [...page.refunds], next_cursor: page.nextCursor })
      }
      const account = pickAccount(parts.accounts, request.query.account, reply)
      if (account === null) return reply
      const page = await parts.store.listByPayment({
        merchant: account.merchant,
        tid,
        matches: (refund) => status === undefined || refund.status === status,
        ...pageOf,
      })
      const data = page.refunds.map((refund) => refundAsSeenBy(caller, refund))
      return reply.send({ data, next_cursor: page.nextCursor })
    },
  )
}
