import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { remaining } from '../../refunds/ledger.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import type { RefundStore } from '../../refunds/ports/store.ts'
import { READERS } from '../access/authentication.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { refundAsSeenBy } from '../seen-refund.ts'
import { ref } from '../shared-schemas.ts'
import { pickAccount } from './pick-account.ts'
import {
  API_KEY_SECURITY,
  PaymentLedger,
  PaymentParams,
  PaymentQuery,
  problemResponses,
  RATE_LIMIT_HEADERS,
} from './schemas.ts'

export type PaymentRoutesOptions = Readonly<{
  store: RefundStore
  accounts: ReadonlyMap<string, MerchantAccount>
}>

/** More are listed by `GET /refunds?tid=`, from `next_cursor` on. */
const REFUNDS_SHOWN = 100

/** `GET /payments/{tid}`: the ledger. */
export const paymentRoutes: FastifyPluginAsyncTypebox<PaymentRoutesOptions> = async (app, options) => {
  const { store, accounts } = options

  app.get(
    '/payments/:tid',
    {
      config: { scopes: READERS },
      schema: {
        security: API_KEY_SECURITY,
        operationId: 'getPayment',
        tags: ['payments'],
        summary: 'Read the ledger of a payment',
        description:
          'What was paid, what of it is refunded or may be, and what can still be refunded. Refunds of other callers are cut down without the scope `read_all`; the sums are of all.',
        params: PaymentParams,
        querystring: PaymentQuery,
        response: {
          200: {
            description: 'The ledger',
            headers: RATE_LIMIT_HEADERS,
            content: { 'application/json': { schema: ref(PaymentLedger) } },
          },
          ...problemResponses([
            'invalid_request',
            'unauthenticated',
            'forbidden',
            'not_found',
            'unknown_account',
            'rate_limited',
            'internal_error',
            'store_unavailable',
          ]),
        },
      },
    },
    async (request, reply) => {
      const { tid } = request.params
      const account = pickAccount(accounts, request.query.account, reply)
      if (account === null) return reply
      const { ledger, ...page } = await store.listByPayment({
        merchant: account.merchant,
        tid,
        limit: REFUNDS_SHOWN,
        cursor: null,
      })
      if (ledger === null) {
        return sendProblem(reply, 'not_found', { detail: 'No refund of this payment was ever made here.' })
      }
      return reply.send({
        account: account.name,
        ...ledger,
        remaining: remaining(ledger),
        refunds: page.refunds.map((refund) => refundAsSeenBy(request.caller, refund)),
        next_cursor: page.nextCursor,
      })
    },
  )
}
