import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { readTraceparent } from '../../observability/traceparent.ts'
import type { Telemetry } from '../../observability/tracing.ts'
import { type DepositParts, requestDeposit } from '../../refunds/flows/request-deposit.ts'
import { type Caller, OPEN_CALLER } from '../caller.ts'
import { AWAITING_REFUND, REFUNDS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { refundAsSeenBy, SeenRefund } from '../seen-refund.ts'
import { API_KEY_SECURITY, jsonAnswer, RefundParams } from '../shared-schemas.ts'
import { sendNoSuchRefund } from './read-refund.ts'

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'requestDeposit',
  tags: ['refunds'],
  summary: 'Ask for the account that a refund needs a deposit in',
  description:
    'For a refund of a Kiwoompay account that failed as `deposit_required`, by a person other than who asked for it. The provider is asked once; whatever it answers is in `deposit.answer`. Pay the amount into that account until `deposit.expires_at`, and the refund takes place. Until then it is `awaiting_deposit`, holds its amount, and is answered again. Afterwards another account can be asked for.',
  params: RefundParams,
  response: {
    200: jsonAnswer(SeenRefund, {
      description: 'The refund, which awaits the deposit',
      examples: {
        awaiting: { summary: 'It awaits the deposit', value: AWAITING_REFUND },
        lost: {
          summary: "The provider's answer was lost: look into its console",
          value: { ...AWAITING_REFUND, deposit: { ...AWAITING_REFUND.deposit, answer: null } },
        },
      },
    }),
    ...problemResponses(
      [
        'invalid_request',
        'not_found',
        'not_resolvable',
        'payment_mismatch',
        'possible_duplicate',
        'payment_busy',
        'refund_unresolved',
        'amount_exceeds_remaining',
        'tax_free_exceeds_amount',
        'payload_too_large',
        'unsupported_media_type',
        'provider_auth_failed',
        'provider_unavailable',
        'store_not_durable',
      ],
      {
        forbidden: { detail: 'This key lacks the scope resolve.' },
        invalid_request: {
          detail: 'The params is not valid; errors says where and why.',
          errors: [{ pointer: '#/id', detail: 'must NOT have more than 64 characters' }],
        },
        not_resolvable: {
          detail: 'Only a refund that failed as deposit_required needs a deposit; this one is succeeded.',
          refund: REFUNDS.full,
        },
      },
    ),
  },
}

export type RequestDepositOptions = Readonly<{ parts: DepositParts; telemetry: Telemetry | undefined }>

/** `POST /refunds/{id}/deposit`. */
export const requestDepositRoute: FastifyPluginAsyncTypebox<RequestDepositOptions> = async (
  app,
  { parts, telemetry },
) => {
  app.post('/refunds/:id/deposit', { config: { scopes: ['resolve'] }, schema }, async (request, reply) => {
    const caller = request.caller as Caller
    // Not given up, nor forgotten by a shutdown, when the caller hangs up.
    const answer = await parts.background.seeThrough(
      requestDeposit(parts, {
        id: request.params.id,
        by: caller.name,
        areCallersKnown: caller !== OPEN_CALLER,
        caller: caller.name,
        requestId: request.id,
        traceparent: telemetry
          ? telemetry.currentTraceparent()
          : readTraceparent(request.headers.traceparent),
      }),
    )
    switch (answer.answer) {
      case 'awaiting':
        return reply.send(refundAsSeenBy(caller, answer.refund))
      case 'not_found':
        return sendNoSuchRefund(reply)
      case 'not_resolvable':
        return sendProblem(reply, 'not_resolvable', { detail: answer.detail, refund: answer.refund })
      case 'refused': {
        const { code, ...details } = answer.refusal
        return sendProblem(reply, code, details)
      }
    }
  })
}
