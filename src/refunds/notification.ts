import { type Static, Type } from 'typebox'
import { amountSchema, type Krw } from './krw.ts'
import { nullable } from './nullable.ts'
import { REFUND_ID } from './refund-id.ts'

/** What the provider notifies of, as it names it: a cancel, or one that takes place since its deposit was paid. */
export const NOTIFICATION_TYPES = ['cancel', 'deposit_cancel'] as const
export type NotificationType = (typeof NOTIFICATION_TYPES)[number]

/** A cancel that the provider's servers have told of: a hint that nobody has signed. */
export type CancelNotification = Readonly<{
  type: NotificationType
  /** Of the payment or of the cancel. */
  tid: string
  amount: Krw
  /** When it was cancelled, as received; null: not said. */
  date: string | null
  /** The same in ISO 8601, where it can be read. */
  cancelledAt: string | null
  /** The provider's id of the account, where it is said. */
  accountId: string | null
}>

/** One that is kept with a payment. */
export type KeptNotification = Omit<CancelNotification, 'accountId'> &
  Readonly<{
    /** What tells it from the others of the payment. */
    key: string
    /** When it came first, by the store's clock, in milliseconds since 1970. */
    receivedAtMs: number
    /** Whether it may be of another merchant's payment of the same tid. */
    isOfSeveral: boolean
  }>

/** How many of one payment are kept: the latest. */
export const MOST_NOTIFICATIONS = 200

/** What a notification can mean (rules/match-notifications.ts). */
const NOTIFICATION_MEANINGS = ['refund', 'outside', 'ambiguous', 'none'] as const

/** A notification as the ledger shows it. */
export const ShownNotification = Type.Object(
  {
    type: Type.Enum(NOTIFICATION_TYPES, {
      description: 'As the provider names it; `deposit_cancel`: after a deposit was paid',
      examples: ['cancel'],
    }),
    amount: amountSchema({ description: 'Integer of KRW: what was cancelled', examples: [3000] }),
    date: nullable(Type.String(), { description: 'When, as received', examples: ['20260101103000'] }),
    received_at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T01:30:02.000Z'] }),
    means: Type.Enum(NOTIFICATION_MEANINGS, {
      description:
        '`refund`: one of this gateway. `outside`: one that was booked. `ambiguous`: it may mean several. `none`: what was cancelled outside and is not booked',
      examples: ['refund'],
    }),
    refund: nullable(Type.String({ pattern: REFUND_ID }), {
      description: 'With `refund`: its id',
      examples: [null],
    }),
  },
  { $id: 'PaymentNotification', additionalProperties: false, description: 'A notification of the provider' },
)
export type ShownNotification = Static<typeof ShownNotification>
