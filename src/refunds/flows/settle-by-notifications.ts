import type { NotificationStore, PaymentName } from '../ports/notifications.ts'
import type { RefundObserver } from '../ports/observer.ts'
import type { RefundStore } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import { type Matching, matchNotifications, type NotifiedPayment } from '../rules/match-notifications.ts'
import { settlementByNotification } from '../rules/settlements.ts'

/** What settling by notifications needs. */
export type NotifiedParts = Readonly<{
  store: Pick<RefundStore, 'listByPayment' | 'findByClaim' | 'settle'>
  notifications: NotificationStore
  observer: Pick<RefundObserver, 'resolved' | 'conflict' | 'disputed'>
}>

/** A payment of more refunds than this is left to a person: nobody can be sure which of them a cancel was. */
const MOST_REFUNDS = 1_000
const PAGE = 100

/** `settled`: refunds that are settled by now. */
export type NotifiedResult = Readonly<{
  payment: NotifiedPayment
  matching: Matching
  settled: readonly Refund[]
}>

/**
 * Settles the open refunds of a payment that its notifications prove to be made. Safe to do twice, and beside another
 * replica. It never causes a call to the provider. Throws StoreError.
 */
export async function settleByNotifications(
  parts: NotifiedParts,
  name: PaymentName,
): Promise<NotifiedResult> {
  const payment = await readNotified(parts, name)
  const matching = matchNotifications(payment)
  const settled: Refund[] = []
  for (const { refund, notification } of matching.settles) {
    const stored = await parts.store.findByClaim({ id: refund.id, ...name })
    if (stored === null || stored.refund.status !== refund.status) continue
    const settlement = settlementByNotification(stored.refund, {
      refundedAt: notification.cancelledAt,
      at: new Date().toISOString(),
    })
    const result = await parts.store.settle(stored, settlement)
    if (result.result === 'conflict') parts.observer.conflict(result.stored.refund, settlement, false)
    if (result.result === 'disputed') parts.observer.disputed(result.stored.refund, settlement)
    if (result.result !== 'settled') continue
    parts.observer.resolved(result.stored.refund)
    settled.push(result.stored.refund)
  }
  return { payment, matching, settled }
}

/** All that is known of a payment. Without notifications its refunds are not read. Throws StoreError. */
export async function readNotified(
  { store, notifications }: Pick<NotifiedParts, 'store' | 'notifications'>,
  { merchant, tid }: PaymentName,
): Promise<NotifiedPayment> {
  const kept = await notifications.list({ merchant, tid })
  if (kept.length === 0) return { tid, refunds: [], bookings: [], notifications: [] }
  const refunds: Refund[] = []
  let cursor: string | null = null
  for (;;) {
    const page: Awaited<ReturnType<RefundStore['listByPayment']>> = await store.listByPayment({
      ...{ merchant, tid, cursor },
      limit: PAGE,
    })
    refunds.push(...page.refunds)
    cursor = page.nextCursor
    if (cursor === null) return { tid, refunds, bookings: page.bookings, notifications: kept }
    if (refunds.length >= MOST_REFUNDS) {
      const ofSeveral = kept.map((notification) => ({ ...notification, isOfSeveral: true }))
      return { tid, refunds, bookings: page.bookings, notifications: ofSeveral }
    }
  }
}
