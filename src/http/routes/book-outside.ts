import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type BookParts, bookOutside } from '../../refunds/flows/book-outside.ts'
import { OutsideRefundRequest } from '../../refunds/outside-refund.ts'
import { noSuchAccount, pickAccount } from '../../refunds/rules/pick-account.ts'
import { IdempotencyHeaders, parseIdempotencyKey } from '../access/idempotency-key.ts'
import type { Caller } from '../caller.ts'
import type { Examples } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { API_KEY_SECURITY, jsonAnswer, Tid } from '../shared-schemas.ts'
import { BOOKED_LEDGER, ledgerAsSeenBy, PaymentLedger, type ReadPaymentOptions } from './read-payment.ts'

const BOOKINGS: Examples<OutsideRefundRequest> = {
  cancelled_in_console: {
    summary: "3,000 KRW were cancelled in the provider's console",
    description: 'Needs a refund of the payment that was asked for here before.',
    value: { amount: 3000, note: '쿠키페이 콘솔에서 취소함' },
  },
  taken_back: {
    summary: 'The booking was a mistake',
    description: 'Needs a booking of as much.',
    value: { amount: -3000, note: '다른 결제 건을 잘못 기록함' },
  },
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'bookOutsideRefund',
  tags: ['payments'],
  summary: 'Book what was refunded outside',
  description:
    "For a person who has seen a cancel that was made elsewhere, in the provider's console for one: it takes its place of the payment, so that the gateway does not refund it again. Moves no money. A negative `amount` takes back what was booked.",
  params: Type.Object({ tid: Tid }),
  headers: IdempotencyHeaders,
  body: { ...OutsideRefundRequest, 'x-examples': BOOKINGS },
  response: {
    201: jsonAnswer(PaymentLedger, {
      description: 'The ledger',
      headers: {
        'Idempotent-Replayed': {
          type: 'string',
          enum: ['true'],
          description: 'Only on a repeat: it was booked before',
        },
      },
      examples: { booked: { summary: 'It takes its place of the payment', value: BOOKED_LEDGER } },
    }),
    ...problemResponses(
      [
        'invalid_request',
        'idempotency_key_missing',
        'idempotency_key_invalid',
        'not_found',
        'payload_too_large',
        'unsupported_media_type',
        'idempotency_key_reused',
        'amount_exceeds_remaining',
        'tax_free_not_allowed',
        'tax_free_exceeds_amount',
        'unknown_account',
        'store_not_durable',
      ],
      {
        forbidden: { detail: 'This key lacks the scope resolve.' },
        invalid_request: {
          detail: 'The body is not valid; errors says where and why.',
          errors: [{ pointer: '#/note', detail: "must have required property 'note'" }],
        },
        not_found: { detail: 'No refund of this payment was ever asked for here.' },
      },
    ),
  },
}

export type BookOutsideOptions = ReadPaymentOptions & Readonly<{ parts: BookParts }>

/** `POST /payments/{tid}/outside-refunds`. */
export const bookOutsideRoute: FastifyPluginAsyncTypebox<BookOutsideOptions> = async (app, options) => {
  const { parts, accounts } = options
  const route = { config: { scopes: ['resolve' as const] }, schema }

  app.post('/payments/:tid/outside-refunds', route, async (request, reply) => {
    const idempotencyKey = parseIdempotencyKey(request.headers['idempotency-key'] as string)
    if (idempotencyKey === null) {
      return sendProblem(reply, 'idempotency_key_invalid', {
        detail: 'The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.',
      })
    }
    const { body } = request
    const { tid } = request.params
    const account = pickAccount(accounts, body.account)
    if (account === undefined) {
      return sendProblem(reply, 'unknown_account', { detail: noSuchAccount(body.account, accounts.keys()) })
    }
    const caller = request.caller as Caller
    const answer = await bookOutside(parts, { caller: caller.name, idempotencyKey, account, tid, body })
    if (answer.answer === 'refused') {
      const { code, detail, ...more } = answer.refusal
      const errors = 'pointer' in more ? [{ pointer: more.pointer, detail }] : undefined
      return sendProblem(reply, code, {
        detail: errors ? 'The body is not valid; errors says where and why.' : detail,
        ...(errors && { errors }),
        ...('remaining' in more && { remaining: more.remaining }),
      })
    }
    if (answer.replayed) reply.header('Idempotent-Replayed', 'true')
    return reply.code(201).send(await ledgerAsSeenBy(caller, { ...options, account, tid }))
  })
}
