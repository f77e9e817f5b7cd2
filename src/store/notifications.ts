import type { CancelNotification, KeptNotification, NotificationType } from '../refunds/notification.ts'
import type { NotificationStore } from '../refunds/ports/notifications.ts'
import type { Refund } from '../refunds/refund.ts'
import { keys } from './keys.ts'
import { keepNotification } from './lua/keep-notification.ts'
import type { RedisClient, ScriptedClient } from './lua/scripts.ts'
import { createDurableWrites, type DurableWritesOptions } from './redis/durable-writes.ts'
import { reach } from './redis/reach.ts'

export type NotificationsOptions = DurableWritesOptions & Readonly<{ ledgerRetentionMs: number }>

/** For how long a cancel's own tid leads to its payment: its notification comes within minutes, or is sent again. */
const CANCEL_TID_KEPT_MS = 7 * 24 * 3_600_000

/** What is written of a notification, beside when it came. */
type NotificationJson = Readonly<{
  type: NotificationType
  tid: string
  amount: number
  date?: string | undefined
  at?: string | undefined
  several?: true | undefined
}>

/** What the provider has notified of, a hash for each payment in the slot of that. */
export function createNotifications(redis: ScriptedClient, options: NotificationsOptions): NotificationStore {
  const writes = createDurableWrites(options)
  const { ledgerRetentionMs: retentionMs } = options

  return {
    async keep({ merchant, tid }, notification) {
      writes.assertDurable()
      const json = jsonOf(notification)
      const isNew = await keepNotification(redis, {
        ...{ merchant, tid, retentionMs },
        key: keyOf(notification),
        json,
      })
      await writes.passBarrier(keys.notifications(merchant, tid))
      return isNew
    },

    async list({ merchant, tid }) {
      const kept = await reach(redis.hgetall(keys.notifications(merchant, tid)))
      return Object.entries(kept).map(([key, text]) => decode(key, text))
    },

    async knowsPayment({ merchant, tid }) {
      return (await reach(redis.exists(keys.payment(merchant, tid)))) === 1
    },

    async findByCancelTid({ merchant, tid }) {
      const found = await reach(redis.get(keys.cancelTid(merchant, tid)))
      return found === null ? null : { merchant, tid: found }
    },
  }
}

/**
 * Remembers of which payment a cancel was, since a notification may name it by its own tid. Nobody waits for it: without
 * it, such a notification is shown as one of a payment that nobody here knows.
 */
export function rememberCancelTid(redis: RedisClient, merchant: string, refund: Refund): void {
  const { tid, status, provider } = refund
  const cancelTid = provider?.cancel_tid?.trim() ?? ''
  if (status !== 'succeeded' || cancelTid === '' || cancelTid === tid) return
  redis.set(keys.cancelTid(merchant, cancelTid), tid, 'PX', CANCEL_TID_KEPT_MS).catch(() => {})
}

/** Dates of one moment are the same, however they are written. */
function keyOf({ type, tid, amount, date, cancelledAt }: CancelNotification): string {
  return `${type} ${amount} ${tid} ${cancelledAt ?? date ?? ''}`
}

function jsonOf(notification: CancelNotification & Pick<KeptNotification, 'isOfSeveral'>): string {
  const { type, tid, amount, date, cancelledAt, isOfSeveral } = notification
  return JSON.stringify({
    ...{ type, tid, amount },
    date: date ?? undefined,
    at: cancelledAt ?? undefined,
    several: isOfSeveral || undefined,
  } satisfies NotificationJson)
}

function decode(key: string, text: string): KeptNotification {
  const end = text.indexOf(' ')
  const {
    type,
    tid,
    amount,
    date = null,
    at = null,
    several = false,
  } = JSON.parse(text.slice(end + 1)) as NotificationJson
  const receivedAtMs = Number(text.slice(0, end))
  return { key, type, tid, amount, date, cancelledAt: at, receivedAtMs, isOfSeveral: several }
}
