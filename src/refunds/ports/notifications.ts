import type { CancelNotification, KeptNotification } from '../notification.ts'

/** What was received: a cancel; something else, such as an approval; or nothing that can be read, `detail` says why. */
export type NotificationReading =
  | Readonly<{ reading: 'cancel'; notification: CancelNotification }>
  | Readonly<{ reading: 'ignored' }>
  | Readonly<{ reading: 'unreadable'; detail: string }>

/** Reads what came: its bytes, and its Content-Type. Never throws. */
export type ReadNotification = (
  received: Readonly<{ body: Buffer; contentType: string | undefined }>,
) => NotificationReading

/** A payment, as the store knows it. */
export type PaymentName = Readonly<{ merchant: string; tid: string }>

/** Where notifications are kept, with the payments that they are of. Every method throws StoreError. */
export type NotificationStore = Readonly<{
  /** Keeps it durably, once however often it comes; false: it was there. */
  keep(
    payment: PaymentName,
    notification: CancelNotification & Pick<KeptNotification, 'isOfSeveral'>,
  ): Promise<boolean>
  /** All that are kept of this payment, in no order. */
  list(payment: PaymentName): Promise<readonly KeptNotification[]>
  /** Whether anything was ever refunded of this payment. */
  knowsPayment(payment: PaymentName): Promise<boolean>
  /** The payment that a cancel of this tid was made of lately, or null. */
  findByCancelTid(cancel: PaymentName): Promise<PaymentName | null>
}>
