import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, type TSchema, Type } from 'typebox'
import { type ResolveParts, resolveRefund } from '../../refunds/flows/resolve-refund.ts'
import { ProviderAnswer } from '../../refunds/refund.ts'
import { TEXT, VISIBLE_TEXT } from '../../refunds/text.ts'
import { type Caller, OPEN_CALLER } from '../caller.ts'
import { type Examples, REFUNDS, RESOLVED_REFUND } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { refundAsSeenBy, SeenRefund } from '../seen-refund.ts'
import { API_KEY_SECURITY, jsonAnswer, RefundParams } from '../shared-schemas.ts'
import { sendNoSuchRefund } from './read-refund.ts'

/** A member of the provider's answer within limits: what a person sends is checked, what the provider sent is kept. */
function seen<Schema extends TSchema>(schema: Schema) {
  return Type.Unsafe<Static<Schema>>({ ...schema, maxLength: 500, pattern: TEXT })
}

const received = ProviderAnswer.properties
const SeenAnswer = Type.Partial(
  Type.Object({
    cancel_tid: seen(received.cancel_tid),
    cancel_code: seen(received.cancel_code),
    cancel_msg: seen(received.cancel_msg),
    cancel_date: seen(received.cancel_date),
    cancel_amt: Type.Unsafe<string | number | null>({
      ...seen(received.cancel_amt),
      type: ['string', 'number', 'null'],
    }),
  }),
  { additionalProperties: false, description: 'What the console shows of it' },
)

/** The body of `POST /refunds/{id}/resolve`. */
export const ResolveRequest = Type.Object(
  {
    outcome: Type.Enum(['succeeded', 'failed'], {
      description: 'What became of the refund',
      examples: ['succeeded'],
    }),
    note: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: VISIBLE_TEXT,
      description: 'How that was found out',
      examples: ['Seen as cancelled in the CookiePay console'],
    }),
    provider: Type.Optional(SeenAnswer),
  },
  { additionalProperties: false, description: 'What a person found out' },
)

// The document's linter reads a pattern without the flag `u`, and would refuse these notes in English.
const RESOLUTIONS: Examples<Static<typeof ResolveRequest>> = {
  succeeded: {
    summary: 'It was made',
    value: { outcome: 'succeeded', note: '쿠키페이 콘솔에서 취소를 확인함' },
  },
  succeeded_with_answer: {
    summary: 'It was made, and the console shows the answer',
    value: {
      outcome: 'succeeded',
      note: '쿠키페이 콘솔에서 취소를 확인함',
      provider: {
        cancel_date: '20260101103000',
        cancel_amt: String(REFUNDS.unknown.amount),
      },
    },
  },
  failed: {
    summary: 'It was not made',
    value: { outcome: 'failed', note: '하루가 지나도 쿠키페이 콘솔에 결제 상태로 남아 있음' },
  },
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'resolveRefund',
  tags: ['refunds'],
  summary: 'Settle by hand a refund that is unknown, disputed or awaits a deposit',
  description:
    'For a person who has seen at the provider what became of it, other than who asked for it. It can be called failed only a while (`RESOLVE_FAILED_AFTER_MS`) after it became unknown or its deposit was asked for. Who, when and why is kept on the refund.',
  params: RefundParams,
  body: { ...ResolveRequest, 'x-examples': RESOLUTIONS },
  response: {
    200: jsonAnswer(SeenRefund, {
      description: 'The settled refund',
      examples: { resolved: { summary: 'Called succeeded', value: RESOLVED_REFUND } },
    }),
    ...problemResponses(
      [
        'invalid_request',
        'not_found',
        'not_resolvable',
        'payload_too_large',
        'unsupported_media_type',
        'store_not_durable',
      ],
      {
        forbidden: { detail: 'This key lacks the scope resolve.' },
        invalid_request: {
          detail: 'The body is not valid; errors says where and why.',
          errors: [{ pointer: '#/note', detail: "must have required property 'note'" }],
        },
      },
    ),
  },
}

/** `POST /refunds/{id}/resolve`. */
export const resolveRefundRoute: FastifyPluginAsyncTypebox<Readonly<{ parts: ResolveParts }>> = async (
  app,
  { parts },
) => {
  app.post('/refunds/:id/resolve', { config: { scopes: ['resolve'] }, schema }, async (request, reply) => {
    const { outcome, note, provider } = request.body
    const caller = request.caller as Caller
    const answer = await resolveRefund(parts, {
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
        return sendNoSuchRefund(reply)
      case 'not_resolvable':
        return sendProblem(reply, 'not_resolvable', { detail: answer.detail, refund: answer.refund })
    }
  })
}
