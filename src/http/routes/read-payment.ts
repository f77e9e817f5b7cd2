import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { readNotified } from '../../refunds/flows/settle-by-notifications.ts'
import { MAX_KRW } from '../../refunds/krw.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import { MOST_NOTIFICATIONS, ShownNotification } from '../../refunds/notification.ts'
import { nullable } from '../../refunds/nullable.ts'
import { MOST_BOOKINGS, OutsideRefund } from '../../refunds/outside-refund.ts'
import { PAYMENT_METHODS, type PaymentMethod } from '../../refunds/payment.ts'
import type { NotificationStore } from '../../refunds/ports/notifications.ts'
import type { RefundStore } from '../../refunds/ports/store.ts'
import { bookingId } from '../../refunds/refund-id.ts'
import { matchNotifications, type NotifiedPayment } from '../../refunds/rules/match-notifications.ts'
import { noSuchAccount, pickAccount } from '../../refunds/rules/pick-account.ts'
import { REFUNDS_SHOWN, shownLedger } from '../../refunds/shown-ledger.ts'
import { type Caller, OPEN_CALLER, READERS } from '../caller.ts'
import { type Examples, REFUNDS } from '../examples.ts'
import { problemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'
import { refundAsSeenBy, SeenRefund } from '../seen-refund.ts'
import { AccountName, API_KEY_SECURITY, jsonAnswer, NextCursor, ref, Tid } from '../shared-schemas.ts'

export type ReadPaymentOptions = Readonly<{
  store: RefundStore
  notifications: NotificationStore
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
    method: Type.Unsafe<PaymentMethod | null>({
      type: ['string', 'null'],
      enum: [...PAYMENT_METHODS, null],
      description: 'How it was paid; null where no refund of it was ever asked for here',
      examples: ['card_auth'],
    }),
    amount: nullable(sum('', 0), {
      description: 'Integer of KRW: what was paid; null where no refund of it was ever asked for here',
      examples: [10000],
    }),
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
    remaining: nullable(sum('', 0), {
      description: 'Integer of KRW: what can still be refunded; null where `amount` is',
      examples: [7000],
    }),
    refunds: Type.Array(ref(SeenRefund), { description: 'The first 100, oldest first', maxItems: 100 }),
    next_cursor: NextCursor,
    outside_refunds: Type.Array(ref(SeenOutsideRefund), {
      description: 'What was booked as refunded outside of this gateway, oldest first',
      maxItems: MOST_BOOKINGS,
    }),
    notifications: Type.Array(ref(ShownNotification), {
      description: 'Cancels that the provider has notified of, the latest first',
      maxItems: MOST_NOTIFICATIONS,
    }),
  },
  { $id: 'PaymentLedger', additionalProperties: false, description: 'What has been done with a payment' },
)

const NEVER_REFUNDED = 'No refund of this payment was ever made here.'

const NO_SUMS = { refunded: 0, in_flight: 0, unknown: 0, awaiting_deposit: 0, disputed: 0, outside: 0 }

/** Of a payment that only notifications have told of. */
const NOTHING_KNOWN = { method: null, amount: null, tax_free_amount: null, ...NO_SUMS, remaining: null }

const { partial, unknown } = REFUNDS
const LEDGERS = {
  partly_refunded: {
    summary: 'A part is refunded',
    value: {
      ...{ account: partial.account, tid: partial.tid, method: 'card_auth', amount: 10000 },
      ...{ tax_free_amount: null, ...NO_SUMS, refunded: 3000, remaining: 7000 },
      ...{ refunds: [partial], next_cursor: null, outside_refunds: [], notifications: [] },
    },
  },
  unknown: {
    summary: 'The outcome of a refund is not known yet',
    value: {
      ...{ account: unknown.account, tid: unknown.tid, method: 'card_auth', amount: 10000 },
      ...{ tax_free_amount: null, ...NO_SUMS, unknown: 10000, remaining: 0 },
      ...{ refunds: [unknown], next_cursor: null, outside_refunds: [], notifications: [] },
    },
  },
  cancelled_outside: {
    summary: 'Nothing was ever refunded of it here, and the provider has notified of a cancel',
    value: {
      ...{ account: partial.account, tid: 'order1060-10000', ...NOTHING_KNOWN },
      ...{ refunds: [], next_cursor: null, outside_refunds: [] },
      notifications: [
        {
          ...{ type: 'cancel', amount: 3000, date: '20260101103000' },
          ...{ received_at: '2026-01-01T01:30:02.000Z', means: 'none', refund: null },
        },
      ],
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
  const { accounts } = options

  app.get('/payments/:tid', { config: { scopes: READERS }, schema }, async (request, reply) => {
    const { tid } = request.params
    const { account: name } = request.query
    const account = pickAccount(accounts, name)
    if (account === undefined) {
      return sendProblem(reply, 'unknown_account', { detail: noSuchAccount(name, accounts.keys()) })
    }
    const seen = await ledgerAsSeenBy(request.caller, { ...options, account, tid })
    return seen === null ? sendProblem(reply, 'not_found', { detail: NEVER_REFUNDED }) : reply.send(seen)
  })
}

type NamedPayment = Omit<ReadPaymentOptions, 'accounts'> & Readonly<{ account: MerchantAccount; tid: string }>

/**
 * The ledger with its refunds as this caller may see them; null where nothing was ever refunded, nor notified of. Throws
 * StoreError.
 */
export async function ledgerAsSeenBy(
  caller: Caller | null,
  { store, notifications, account, tid }: NamedPayment,
): Promise<Static<typeof PaymentLedger> | null> {
  const { merchant } = account
  const [page, notified] = await Promise.all([
    store.listByPayment({ merchant, tid, limit: REFUNDS_SHOWN, cursor: null }),
    readNotified({ store, notifications }, { merchant, tid }),
  ])
  const { ledger, bookings } = page
  if (ledger === null && notified.notifications.length === 0) return null
  const refunds = page.refunds.map((refund) => refundAsSeenBy(caller, refund))
  const { nextCursor } = page
  const known =
    ledger === null
      ? { account: account.name, ...NOTHING_KNOWN, tid, refunds, next_cursor: nextCursor }
      : shownLedger(account.name, ledger, { refunds, nextCursor })
  return {
    ...known,
    outside_refunds: bookings.map((booking) => bookingAsSeenBy(caller, booking)),
    notifications: shownNotifications(notified),
  }
}

function shownNotifications(payment: NotifiedPayment): ShownNotification[] {
  const { meaningOf } = matchNotifications(payment)
  return payment.notifications
    .toSorted((one, other) => other.receivedAtMs - one.receivedAtMs)
    .map(({ key, type, amount, date, receivedAtMs }) => {
      const meaning = meaningOf.get(key) ?? { means: 'none' as const }
      const refund = meaning.means === 'refund' ? meaning.refund.id : null
      const received_at = new Date(receivedAtMs).toISOString()
      return { type, amount, date, received_at, means: meaning.means, refund }
    })
}

function bookingAsSeenBy(caller: Caller | null, booking: OutsideRefund): Static<typeof SeenOutsideRefund> {
  if (caller?.scopes.includes('read_all') || booking.by === caller?.name) return booking
  const { id, amount, at } = booking
  return { id, amount, at }
}
