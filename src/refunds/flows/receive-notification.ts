import { type MerchantAccount, merchantOf } from '../merchant.ts'
import type { CancelNotification } from '../notification.ts'
import type { PaymentName, ReadNotification } from '../ports/notifications.ts'
import type { NotificationObserver, NotificationOutcome } from '../ports/observer.ts'
import type { Matching } from '../rules/match-notifications.ts'
import { type NotifiedParts, type NotifiedResult, settleByNotifications } from './settle-by-notifications.ts'

/** What receiving needs. */
export type NotificationParts = NotifiedParts &
  Readonly<{
    read: ReadNotification
    /** The configured accounts by their names. */
    accounts: ReadonlyMap<string, MerchantAccount>
    notificationObserver: NotificationObserver
  }>

/** What came is kept, or no business of refunds; or it cannot be read, `detail` says why. */
export type NotificationAnswer =
  | Readonly<{ answer: 'received' }>
  | Readonly<{ answer: 'unreadable'; detail: string }>

/**
 * A cancel may be told of by its own tid, and before its own answer was recorded: then this is waited for before it counts
 * as one of a payment that nobody here knows.
 */
const OWN_ANSWER_MS = 1_500

/**
 * One notification of the provider (docs/architecture.md, Notifications): kept with its payment, and then asked what it
 * settles. It is a hint that nobody has signed, and leads to no call. Throws StoreError.
 */
export async function receiveNotification(
  parts: NotificationParts,
  received: Parameters<ReadNotification>[0],
): Promise<NotificationAnswer> {
  const { notificationObserver: observer } = parts
  const reading = parts.read(received)
  if (reading.reading === 'ignored') {
    observer.received('ignored', null)
    return { answer: 'received' }
  }
  if (reading.reading === 'unreadable') {
    observer.received('unreadable', null)
    return { answer: 'unreadable', detail: reading.detail }
  }
  const { notification } = reading
  const payments = await paymentsOf(parts, notification)
  const isOfSeveral = payments.length > 1
  let isNew = false
  for (const payment of payments) {
    isNew = (await parts.notifications.keep(payment, { ...notification, isOfSeveral })) || isNew
  }
  const results = await Promise.all(payments.map((payment) => settleByNotifications(parts, payment)))
  observer.received(isNew ? outcomeOf(notification, results) : 'repeated', notification)
  return { answer: 'received' }
}

/** The payments that a notification may be of: mostly one. */
async function paymentsOf(
  parts: NotificationParts,
  { tid, accountId }: CancelNotification,
): Promise<readonly PaymentName[]> {
  const configured = new Set([...parts.accounts.values()].map(({ merchant }) => merchant))
  const merchants = accountId === null ? [...configured] : [merchantOf(accountId)]
  const named = merchants.map((merchant) => ({ merchant, tid }))
  const known = await knownOf(parts, named)
  if (known.length > 0) return known
  await new Promise((resolve) => setTimeout(resolve, OWN_ANSWER_MS))
  const later = await knownOf(parts, named)
  return later.length > 0 ? later : named
}

/** Those of which anything was refunded here, by the tid of the payment or of the cancel. */
async function knownOf(
  { notifications }: NotificationParts,
  named: readonly PaymentName[],
): Promise<readonly PaymentName[]> {
  const found = await Promise.all(
    named.map(async (payment) =>
      (await notifications.knowsPayment(payment)) ? payment : notifications.findByCancelTid(payment),
    ),
  )
  return found.filter((payment) => payment !== null)
}

/** What became of one that came for the first time. */
function outcomeOf(
  notification: CancelNotification,
  results: readonly NotifiedResult[],
): NotificationOutcome {
  const [result, ...others] = results
  if (others.length > 0)
    return results.some(({ payment }) => payment.refunds.length > 0) ? 'ambiguous' : 'unmatched'
  if (result === undefined) return 'unmatched'
  if (result.settled.length > 0) return 'settled'
  return MEANT[meaningOf(notification, result)]
}

type Means =
  Matching['meaningOf'] extends ReadonlyMap<string, infer Meaning extends { means: string }>
    ? Meaning['means']
    : never

const MEANT: Readonly<Record<Means, NotificationOutcome>> = {
  refund: 'matched',
  outside: 'matched',
  ambiguous: 'ambiguous',
  none: 'unmatched',
}

function meaningOf(
  { type, tid, amount, date, cancelledAt }: CancelNotification,
  { payment, matching }: NotifiedResult,
): Means {
  const kept = payment.notifications.find(
    (other) =>
      other.type === type &&
      other.tid === tid &&
      other.amount === amount &&
      (cancelledAt === null ? other.date === date : other.cancelledAt === cancelledAt),
  )
  return (kept && matching.meaningOf.get(kept.key)?.means) ?? 'none'
}
