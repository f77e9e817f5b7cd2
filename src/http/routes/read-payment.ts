import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { MAX_KRW } from '../../refunds/krw.ts'
import { remaining } from '../../refunds/ledger-sums.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import { MOST_BOOKINGS, OutsideRefund } from '../../refunds/outside-refund.ts'
import { PAYMENT_METHODS } from '../../refunds/payment.ts'
import type { RefundStore } from '../../refunds/ports/store.ts'
import { bookingId } from '../../refunds/refund-id.ts'
import { noSuchAccount, pickAccount } from '../../refunds/rules/pick-account.ts'
import { type Caller, OPEN_CALLER, READERS } from '../caller.ts'
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

/** More are listed by `GET /refunds?tid=`, from `next_cursor` on. */
const REFUNDS_SHOWN = 100

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

const { id, amount, at } = OutsideRefund.properties

/** A booking as somebody sees it who may not read what others do: cut down to what explains the sums. */
export const SeenOutsideRefund = Type.Object(
  { ...Type.Partial(OutsideRefund).properties, id, amount, at },
  {
    $id: 'SeenOutsideRefund',
    additionalProperties: false,
    description:
      'What a person has booked as refunded outside, or taken back. One of another caller has, without the scope `read_all`, only `id`, `amount` and `at`',
  },
)

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
    awaiting_deposit: sum('refunds that take place once a deposit is paid', 0),
    disputed: sum('refunds that have failed, and that a later answer says were made', 0),
    outside: sum('what was refunded outside of this gateway, as a person has booked it', 0),
    remaining: sum('what can still be refunded', 7000),
    refunds: Type.Array(ref(SeenRefund), { description: 'The first 100, oldest first', maxItems: 100 }),
    next_cursor: NextCursor,
    outside_refunds: Type.Array(ref(SeenOutsideRefund), {
      description: 'What was booked as refunded outside of this gateway, oldest first',
      maxItems: MOST_BOOKINGS,
    }),
  },
  { $id: 'PaymentLedger', additionalProperties: false, description: 'What has been done with a payment' },
)

const NEVER_REFUNDED = 'No refund of this payment was ever made here.'

const NO_SUMS = { refunded: 0, in_flight: 0, unknown: 0, awaiting_deposit: 0, disputed: 0, outside: 0 }

const { partial, unknown } = REFUNDS
const LEDGERS = {
  partly_refunded: {
    summary: 'A part is refunded',
    value: {
      ...{ account: partial.account, tid: partial.tid, method: 'card_auth', amount: 10000 },
      ...{ tax_free_amount: null, ...NO_SUMS, refunded: 3000, remaining: 7000 },
      ...{ refunds: [partial], next_cursor: null, outside_refunds: [] },
    },
  },
  unknown: {
    summary: 'The outcome of a refund is not known yet',
    value: {
      ...{ account: unknown.account, tid: unknown.tid, method: 'card_auth', amount: 10000 },
      ...{ tax_free_amount: null, ...NO_SUMS, unknown: 10000, remaining: 0 },
      ...{ refunds: [unknown], next_cursor: null, outside_refunds: [] },
    },
  },
} as const satisfies Examples<Static<typeof PaymentLedger>>

/** The first of them, once as much again was cancelled in the provider's console. */
export const BOOKED_LEDGER: Static<typeof PaymentLedger> = {
  ...LEDGERS.partly_refunded.value,
  ...{ outside: 3000, remaining: 4000 },
  outside_refunds: [
    {
      id: bookingId(OPEN_CALLER.name, 'console-cancel-1'),
      ...{ amount: 3000, tax_free_amount: null, note: '쿠키페이 콘솔에서 취소함' },
      ...{ by: OPEN_CALLER.name, at: '2026-01-01T02:00:00.000Z' },
    },
  ],
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
    const seen = await ledgerAsSeenBy(request.caller, { store, account, tid })
    return seen === null ? sendProblem(reply, 'not_found', { detail: NEVER_REFUNDED }) : reply.send(seen)
  })
}

/** The ledger with its refunds as this caller may see them; null where nothing was ever refunded. Throws StoreError. */
export async function ledgerAsSeenBy(
  caller: Caller | null,
  { store, account, tid }: Readonly<{ store: RefundStore; account: MerchantAccount; tid: string }>,
): Promise<Static<typeof PaymentLedger> | null> {
  const { merchant } = account
  const page = await store.listByPayment({ merchant, tid, limit: REFUNDS_SHOWN, cursor: null })
  const { ledger, bookings } = page
  if (ledger === null) return null
  return {
    account: account.name,
    ...ledger,
    remaining: remaining(ledger),
    refunds: page.refunds.map((refund) => refundAsSeenBy(caller, refund)),
    next_cursor: page.nextCursor,
    outside_refunds: bookings.map((booking) => bookingAsSeenBy(caller, booking)),
  }
}

function bookingAsSeenBy(caller: Caller | null, booking: OutsideRefund): Static<typeof SeenOutsideRefund> {
  if (caller?.scopes.includes('read_all') || booking.by === caller?.name) return booking
  const { id, amount, at } = booking
  return { id, amount, at }
}
