import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { MAX_KRW } from '../../refunds/krw.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import { PAYMENT_METHODS } from '../../refunds/payment.ts'
import type { RefundStore } from '../../refunds/ports/store.ts'
import { noSuchAccount, pickAccount } from '../../refunds/rules/pick-account.ts'
import { REFUNDS_SHOWN, shownLedger } from '../../refunds/shown-ledger.ts'
import { READERS } from '../caller.ts'
import { type Examples, REFUNDS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { refundAsSeenBy, SeenRefund } from '../seen-refund.ts'
import { AccountName, API_KEY_SECURITY, jsonAnswer, NextCursor, ref, Tid } from '../shared-schemas.ts'

export type ReadPaymentOptions = Readonly<{
  store: RefundStore
  /** The configured accounts by their names. */
  accounts: ReadonlyMap<string, MerchantAccount>
}>

const PaymentParams = Type.Object({ tid: Tid })
const PaymentQuery = Type.Object({ account: Type.Optional(AccountName) }, { additionalProperties: false })

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

const NEVER_REFUNDED = 'No refund of this payment was ever made here.'

const { partial, unknown } = REFUNDS
const LEDGERS: Examples<Static<typeof PaymentLedger>> = {
  partly_refunded: {
    summary: 'A part is refunded',
    value: {
      ...{ account: partial.account, tid: partial.tid, method: 'card_auth', amount: 10000 },
      ...{ tax_free_amount: null, refunded: 3000, in_flight: 0, unknown: 0, disputed: 0, remaining: 7000 },
      ...{ refunds: [partial], next_cursor: null },
    },
  },
  unknown: {
    summary: 'The outcome of a refund is not known yet',
    value: {
      ...{ account: unknown.account, tid: unknown.tid, method: 'card_auth', amount: 10000 },
      ...{ tax_free_amount: null, refunded: 0, in_flight: 0, unknown: 10000, disputed: 0, remaining: 0 },
      ...{ refunds: [unknown], next_cursor: null },
    },
  },
}

const schema = {
  security: API_KEY_SECURITY,
  operationId: 'getPayment',
  tags: ['payments'],
  summary: 'Read the ledger of a payment',
  description:
    'What was paid, what of it is refunded or may be, and what can still be refunded. Refunds of other callers are cut down without the scope `read_all`; the sums are of all.',
  params: PaymentParams,
  querystring: PaymentQuery,
  response: {
    200: jsonAnswer(PaymentLedger, { description: 'The ledger', examples: LEDGERS }),
    ...problemResponses(['invalid_request', 'not_found', 'unknown_account'], {
      forbidden: { detail: 'This key lacks the scope read or read_all.' },
      invalid_request: {
        detail: 'The querystring is not valid; errors says where and why.',
        errors: [{ pointer: '#/acount', detail: 'is not a member that is known here' }],
      },
      not_found: { detail: NEVER_REFUNDED },
    }),
  },
}

/** `GET /payments/{tid}`: the ledger. */
export const readPaymentRoute: FastifyPluginAsyncTypebox<ReadPaymentOptions> = async (app, options) => {
  const { store, accounts } = options

  app.get('/payments/:tid', { config: { scopes: READERS }, schema }, async (request, reply) => {
    const { tid } = request.params
    const { account: name } = request.query
    const account = pickAccount(accounts, name)
    if (account === undefined) {
      return sendProblem(reply, 'unknown_account', { detail: noSuchAccount(name, accounts.keys()) })
    }
    const { ledger, ...page } = await store.listByPayment({
      merchant: account.merchant,
      tid,
      limit: REFUNDS_SHOWN,
      cursor: null,
    })
    if (ledger === null) {
      return sendProblem(reply, 'not_found', { detail: NEVER_REFUNDED })
    }
    const refunds = page.refunds.map((refund) => refundAsSeenBy(request.caller, refund))
    return reply.send(shownLedger(account.name, ledger, { ...page, refunds }))
  })
}
