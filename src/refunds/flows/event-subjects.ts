import type { MerchantAccount } from '../merchant.ts'
import type { EventSubjects } from '../ports/events.ts'
import type { NotificationStore } from '../ports/notifications.ts'
import type { RefundStore } from '../ports/store.ts'
import { shownNotifications } from '../rules/shown-notifications.ts'
import { REFUNDS_SHOWN, shownLedger } from '../shown-ledger.ts'
import { readNotified } from './settle-by-notifications.ts'

/** Refunds and payments that events tell of, as they are now. */
export function createEventSubjects(
  {
    store,
    notifications,
  }: Readonly<{
    store: Pick<RefundStore, 'findByClaim' | 'listByPayment'>
    notifications: Pick<NotificationStore, 'list'>
  }>,
  accounts: ReadonlyMap<string, MerchantAccount>,
): EventSubjects {
  return {
    async findRefund(entry) {
      return (await store.findByClaim(entry))?.refund ?? null
    },
    async findLedger({ merchant, tid }) {
      const [{ ledger, refunds, nextCursor, bookings }, notified] = await Promise.all([
        store.listByPayment({ merchant, tid, limit: REFUNDS_SHOWN, cursor: null }),
        readNotified({ store, notifications }, { merchant, tid }),
      ])
      const account = [...accounts.values()].find((one) => one.merchant === merchant)
      // Under no name, where the account is not configured any more.
      return ledger === null
        ? null
        : shownLedger(account?.name ?? '', ledger, {
            ...{ refunds: [...refunds], nextCursor, outsideRefunds: [...bookings] },
            notifications: shownNotifications(notified),
          })
    },
  }
}
