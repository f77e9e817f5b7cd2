import { MOST_NOTIFICATIONS } from '../../refunds/notification.ts'
import type { PaymentName } from '../../refunds/ports/notifications.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type KeepNotificationArguments = PaymentName &
  Readonly<{
    /** What tells it from the others of the payment. */
    key: string
    json: string
    retentionMs: number
  }>

/** keep-notification.lua: keeps a notification once; false where it was there. Throws StoreError. */
export async function keepNotification(
  redis: Scripts,
  { merchant, tid, key, json, retentionMs }: KeepNotificationArguments,
): Promise<boolean> {
  const kept = redis.keepNotification(
    keys.notifications(merchant, tid),
    key,
    json,
    MOST_NOTIFICATIONS,
    retentionMs,
  )
  return (await reach(kept)) === 1
}
