import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { SCOPES } from '../../config/config.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import { PAYMENT_GATEWAYS } from '../../refunds/payment.ts'
import { type Caller, OPEN_CALLER } from '../caller.ts'
import type { Examples } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { AccountName, API_KEY_SECURITY, jsonAnswer } from '../shared-schemas.ts'

export type IdentifyCallerOptions = Readonly<{
  /** The configured accounts by their names. */
  accounts: ReadonlyMap<string, MerchantAccount>
  resolveFailedAfterMs: number
}>

/** No configuration has more; an answer has to have a bound. */
const MOST_ACCOUNTS = 1_000

/** The answer of `GET /callers/me`. */
export const KnownCaller = Type.Object(
  {
    caller: Type.String({
      description: 'Who calls, as refunds name it in `requested_by`',
      examples: ['finance'],
    }),
    scopes: Type.Array(Type.Enum(SCOPES, { examples: ['read_all'] }), {
      description: 'What the caller may do',
      maxItems: SCOPES.length,
    }),
    is_open: Type.Boolean({
      description:
        'Whether no keys are configured: everybody is this caller, and nobody is told from another',
      examples: [false],
    }),
    accounts: Type.Array(
      Type.Object({
        name: AccountName,
        pg: Type.Enum(PAYMENT_GATEWAYS, { description: 'What takes its payments', examples: ['toss'] }),
      }),
      { description: 'The configured accounts', maxItems: MOST_ACCOUNTS },
    ),
    resolve_failed_after_ms: Type.Integer({
      format: 'int64',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'How long a refund must have been unknown before a person may call it failed, in milliseconds',
      examples: [600_000],
    }),
  },
  { $id: 'KnownCaller', description: 'Who calls, what it may do, and what of the settings that depends on' },
)

const CALLERS: Examples<Static<typeof KnownCaller>> = {
  finance: {
    summary: 'A person who settles by hand',
    value: {
      caller: 'finance',
      scopes: ['read_all', 'resolve'],
      is_open: false,
      accounts: [{ name: 'default', pg: 'toss' }],
      resolve_failed_after_ms: 600_000,
    },
  },
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'identifyCaller',
  tags: ['operations'],
  summary: 'Read whom a key belongs to and what it may do',
  description: 'Any key may ask. It is answered from memory, also while the store cannot be reached.',
  querystring: Type.Object({}, { additionalProperties: false }),
  response: {
    200: jsonAnswer(KnownCaller, { description: 'The caller', examples: CALLERS }),
    ...problemResponses(['invalid_request'], {
      invalid_request: {
        detail: 'The querystring is not valid; errors says where and why.',
        errors: [{ pointer: '#/caller', detail: 'is not a member that is known here' }],
      },
      forbidden: { detail: 'Without API_KEYS only requests to localhost are answered.' },
    }),
  },
}

/** `GET /callers/me`. */
export const identifyCallerRoute: FastifyPluginAsyncTypebox<IdentifyCallerOptions> = async (app, options) => {
  const { accounts, resolveFailedAfterMs } = options
  app.get('/callers/me', { schema }, async (request, reply) => {
    const caller = request.caller as Caller
    return reply.send({
      caller: caller.name,
      scopes: [...caller.scopes],
      is_open: caller === OPEN_CALLER,
      accounts: [...accounts.values()].map(({ name, pg }) => ({ name, pg })),
      resolve_failed_after_ms: resolveFailedAfterMs,
    })
  })
}
