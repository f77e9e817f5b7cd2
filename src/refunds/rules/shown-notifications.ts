import type { ShownNotification } from '../notification.ts'
import { matchNotifications, type NotifiedPayment } from './match-notifications.ts'

/** A payment's notifications with what each means, the latest first. */
export function shownNotifications(payment: NotifiedPayment): ShownNotification[] {
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
