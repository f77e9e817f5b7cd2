import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type CheckParts, checkRefund } from '../../refunds/flows/check-refund.ts'
import { amountSchema, MAX_KRW, TaxFreeAmount } from '../../refunds/krw.ts'
import { nullable } from '../../refunds/nullable.ts'
import { REFUND_KINDS } from '../../refunds/payment.ts'
import { RefundRequest } from '../../refunds/refund-request.ts'
import { mayPayOut, sendLacksScope } from '../access/authentication.ts'
import type { Caller } from '../caller.ts'
import { ASKED_REFUNDS, REFUND_REQUESTS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { API_KEY_SECURITY, jsonAnswer } from '../shared-schemas.ts'

/** What a refund would be, and what it would leave. */
export const CheckedRefund = Type.Object(
  {
    allowed: Type.Literal(true, {
      description: 'Always true: what is not allowed is a problem',
      examples: [true],
    }),
    account: Type.String({ description: 'Name of the CookiePay account', examples: ['default'] }),
    kind: Type.Enum(REFUND_KINDS, { description: 'As the refund would have it', examples: ['partial'] }),
    amount: amountSchema({ description: 'Integer of KRW that would be refunded', examples: [3000] }),
    tax_free_amount: nullable(TaxFreeAmount, {
      description: 'Integer of KRW, as requested',
      examples: [null],
    }),
    remaining: Type.Integer({
      format: 'int64',
      minimum: 0,
      maximum: MAX_KRW,
      description: 'Integer of KRW that remains of the payment now',
      examples: [10000],
    }),
    remaining_after: Type.Integer({
      format: 'int64',
      minimum: 0,
      maximum: MAX_KRW,
      description: 'Integer of KRW that would remain of it',
      examples: [7000],
    }),
  },
  {
    $id: 'CheckedRefund',
    additionalProperties: false,
    description: 'A refund that would be sent to the provider now',
  },
)

const { full, partial } = ASKED_REFUNDS

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'checkRefund',
  tags: ['refunds'],
  summary: 'Ask what a refund would be answered',
  description:
    'Decides as `POST /refunds` would now, about a request of this body with a key of its own. Writes nothing and moves no money. Between this answer and the refund the payment may change: only `POST /refunds` reserves.',
  body: { ...RefundRequest, 'x-examples': REFUND_REQUESTS },
  response: {
    200: jsonAnswer(CheckedRefund, {
      description: '`POST /refunds` would send this to the provider now',
      examples: {
        full: { summary: full.summary, value: checked(full.body) },
        partial: { summary: partial.summary, value: checked(partial.body) },
      },
    }),
    ...problemResponses(
      [
        'invalid_request',
        'limit_exceeded',
        'payment_mismatch',
        'possible_duplicate',
        'payment_busy',
        'refund_unresolved',
        'remaining_mismatch',
        'payload_too_large',
        'unsupported_media_type',
        'not_eligible',
        'amount_exceeds_remaining',
        'tax_free_not_allowed',
        'tax_free_exceeds_amount',
        'refund_account_required',
        'unknown_account',
        'store_not_durable',
      ],
      { forbidden: { detail: 'This key lacks the scope create.' } },
    ),
  },
}

/** What is said of a first refund of its payment. */
function checked({ payment, amount = payment.amount }: Pick<RefundRequest, 'payment' | 'amount'>) {
  return {
    allowed: true as const,
    account: 'default',
    kind: amount === payment.amount ? ('full' as const) : ('partial' as const),
    amount,
    tax_free_amount: null,
    remaining: payment.amount,
    remaining_after: payment.amount - amount,
  }
}

/** `POST /refunds/check`. */
export const checkRefundRoute: FastifyPluginAsyncTypebox<{ parts: CheckParts }> = async (app, { parts }) => {
  app.post('/refunds/check', { config: { scopes: ['create'] }, schema }, async (request, reply) => {
    const { caller, body } = request as { caller: Caller; body: RefundRequest }
    if (!mayPayOut(caller, body)) return sendLacksScope(reply, ['refund_account'])
    const found = await checkRefund(parts, { caller: caller.name, body })
    if (found.answer === 'refused') {
      const { code, ...details } = found.refusal
      return sendProblem(reply, code, details)
    }
    const { account, kind, amount, taxFreeAmount, remaining, remainingAfter } = found
    return reply.send({
      allowed: true,
      account,
      kind,
      amount,
      tax_free_amount: taxFreeAmount,
      remaining,
      remaining_after: remainingAfter,
    })
  })
}
