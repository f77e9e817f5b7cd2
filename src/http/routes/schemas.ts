import { type Static, type TSchema, Type } from 'typebox'
import { MAX_KRW } from '../../refunds/krw.ts'
import { PAYMENT_METHODS } from '../../refunds/payment.ts'
import { ProviderAnswer, Refund } from '../../refunds/refund.ts'
import { TID } from '../../refunds/refund-request.ts'
import { REFUND_STATUSES } from '../../refunds/refund-states.ts'
import { TEXT, VISIBLE_TEXT } from '../../refunds/text.ts'
import { PROBLEMS, Problem, type ProblemCode, problem, RETRIES } from '../problems/catalog.ts'
import { PROBLEM_CONTENT_TYPE } from '../problems/send-problem.ts'
import { SeenRefund } from '../seen-refund.ts'
import { ref } from '../shared-schemas.ts'
import { IDEMPOTENCY_KEY_EXAMPLE, REFUND_ID_EXAMPLE } from './examples.ts'

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

const Tid = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: TID,
  description: 'The PG transaction id of the payment',
  examples: ['order1042-10000'],
})
const AccountName = Type.String({
  minLength: 1,
  maxLength: 30,
  pattern: TEXT,
  description: 'Name of the configured CookiePay account; optional when there is only one',
  examples: ['default'],
})
const NextCursor = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  description: 'Give it as `cursor` to get the next page; null: there is none',
  examples: [null],
})

export const RefundParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[!-~]*$',
    description: 'Id of the refund',
    examples: [REFUND_ID_EXAMPLE],
  }),
})

export const RefundList = Type.Object(
  {
    data: Type.Array(ref(SeenRefund), { description: 'Oldest first', maxItems: 100 }),
    next_cursor: NextCursor,
  },
  { $id: 'RefundList', description: 'A page of refunds' },
)

export const RefundListQuery = Type.Object(
  {
    tid: Type.Optional(Tid),
    status: Type.Optional(
      Type.Enum(REFUND_STATUSES, {
        description: 'Without a tid `processing` or `unknown`: the unsettled refunds of all payments',
        examples: ['unknown'],
      }),
    ),
    account: Type.Optional(AccountName),
    limit: Type.Optional(
      Type.String({
        maxLength: 3,
        pattern: '^([1-9][0-9]?|100)$',
        description: 'How many, 1 to 100; 20 when absent',
        examples: ['20'],
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: 43,
        pattern: '^([1-9][0-9]{0,14}|[0-9]{13}\\.rf_[0-9A-Z]{26})$',
        description: '`next_cursor` of the page before',
        examples: ['21'],
      }),
    ),
  },
  { additionalProperties: false },
)

/** As the provider's own, and within limits: what a person sends is checked, what the provider sent is kept. */
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

/** The answer of `GET /refunds/{id}/events`. */
export const RefundEventList = Type.Object(
  {
    data: Type.Array(
      Type.Object({
        at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T01:30:00.000Z'] }),
        event: Type.Enum(['processing', 'unknown', 'succeeded', 'failed', 'disputed', 'conflict'], {
          description:
            'The state that it came to; `disputed`: it had failed, and an answer says that it was made; `conflict`: an answer contradicted its state, which stayed',
          examples: ['processing'],
        }),
        source: Type.Enum(['caller', 'provider', 'lease', 'lookup', 'operator'], {
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
      // The store keeps 500 characters of history, of which an entry takes more than 10.
      { description: 'Oldest first', maxItems: 60 },
    ),
  },
  { $id: 'RefundEventList', description: 'Everything that happened to a refund' },
)

export const PaymentParams = Type.Object({ tid: Tid })
export const PaymentQuery = Type.Object(
  { account: Type.Optional(AccountName) },
  { additionalProperties: false },
)

function sum(description: string, example: number) {
  return Type.Integer({
    format: 'int64',
    minimum: 0,
    // What the provider says it cancelled counts, also where that is more than was asked.
    maximum: Number.MAX_SAFE_INTEGER,
    description: `Integer of KRW: ${description}`,
    examples: [example],
  })
}

/** The answer of `GET /payments/{tid}`. */
export const PaymentLedger = Type.Object(
  {
    account: AccountName,
    tid: Tid,
    method: Type.Enum(PAYMENT_METHODS, { description: 'How it was paid', examples: ['card_auth'] }),
    amount: sum('what was paid', 10000),
    tax_free_amount: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      format: 'int64',
      minimum: 0,
      maximum: MAX_KRW,
      description: 'Integer of KRW: the tax-free part of what was paid, where it is known',
      examples: [null],
    }),
    refunded: sum('what was refunded', 3000),
    in_flight: sum('what is being refunded now', 0),
    unknown: sum('refunds whose outcome is not known', 0),
    disputed: sum('refunds that have failed, and that a later answer says were made', 0),
    remaining: sum('what can still be refunded', 7000),
    refunds: Type.Array(ref(SeenRefund), { description: 'The first 100, oldest first', maxItems: 100 }),
    next_cursor: NextCursor,
  },
  { $id: 'PaymentLedger', additionalProperties: false, description: 'What has been done with a payment' },
)

export const IdempotencyHeaders = Type.Object({
  // No more than what the parser looks for: a quoted key may be twice as long, and two more.
  'Idempotency-Key': Type.String({
    minLength: 1,
    maxLength: 512,
    pattern: '^[\\x20-\\x7e]*$',
    description: '1 to 255 visible ASCII characters, bare or as a quoted structured-field string',
    examples: [IDEMPOTENCY_KEY_EXAMPLE],
  }),
})

/** What the rate limiter sets on every answer to a request that it counted. */
export const RATE_LIMIT_HEADERS = {
  'X-RateLimit-Limit': count('Requests that this caller may make in a window'),
  'X-RateLimit-Remaining': count('How many of them are left'),
  'X-RateLimit-Reset': count('Seconds until the window ends'),
}

/** Seconds, on answers that are worth asking for again. */
export const RETRY_AFTER_HEADER = count('Seconds until it is worth asking again')

function count(description: string) {
  return { type: 'integer', format: 'int32', minimum: 0, maximum: 2 ** 31 - 1, description }
}

/** Says in the document that a route wants a key. */
export const API_KEY_SECURITY = [{ apiKey: [] }]

/** The schemas that routes refer to by their `$id`. */
export const SHARED_SCHEMAS = [
  Refund,
  SeenRefund,
  UnsettledRefund,
  RefundList,
  PaymentLedger,
  RefundEventList,
  Problem,
]

const DETAIL_EXAMPLES: Partial<Record<ProblemCode, string>> = {
  not_eligible: 'A card_billing payment can only be refunded in full. Leave amount out to refund everything.',
  amount_exceeds_remaining: '8000 KRW was asked for; 7000 KRW of this payment can still be refunded.',
}

/** The problem answers of a route in OpenAPI: one entry for each status, with an example for each code. */
export function problemResponses(codes: readonly ProblemCode[]) {
  const statuses = new Map<number, ProblemCode[]>()
  for (const code of codes) {
    const { status } = PROBLEMS[code]
    statuses.set(status, [...(statuses.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...statuses].map(([status, codesOfStatus]) => [
      status,
      {
        description: codesOfStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        headers: {
          ...RATE_LIMIT_HEADERS,
          ...(codesOfStatus.some((code) => PROBLEMS[code].retry === 'same_key') && {
            'Retry-After': RETRY_AFTER_HEADER,
          }),
        },
        content: {
          [PROBLEM_CONTENT_TYPE]: {
            schema: ref(Problem),
            examples: Object.fromEntries(
              codesOfStatus.map((code) => [code, { summary: code, value: problemExample(code) }]),
            ),
          },
        },
      },
    ]),
  )
}

function problemExample(code: ProblemCode) {
  const detail = DETAIL_EXAMPLES[code] ?? PROBLEMS[code].title
  const extension = {
    ...(code === 'not_eligible' && { rule: 'partial_not_allowed' }),
    ...(code === 'amount_exceeds_remaining' && { remaining: 7000 }),
    ...(code === 'invalid_request' && {
      errors: [{ pointer: '#/payment/amount', detail: 'must be integer' }],
    }),
  }
  return problem(code, { detail, ...extension }, '1b4e28ba-2fa1-41d2-883f-0016d3cca427')
}
