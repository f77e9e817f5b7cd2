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

/** A payment one of whose notifications was not asked yet what it settles. `entry` is opaque but for the store. */
export type NotifiedPaymentName = PaymentName & Readonly<{ entry: string }>

/** Where notifications are kept, with the payments that they are of. Every method throws StoreError. */
export type NotificationStore = Readonly<{
  /**
   * Keeps it durably, once however often it comes; `isNew` false: it was there. Its payment is among those to be asked from
   * before it is kept until {@link NotificationStore.asked}, so that no process that dies in between leaves it unheard.
   */
  keep(
    payment: PaymentName,
    notification: CancelNotification & Pick<KeptNotification, 'isOfSeveral'>,
  ): Promise<NotifiedPaymentName & Readonly<{ isNew: boolean }>>
  /** It was asked what its notifications settle. Where this is lost, it is asked once more. */
  asked(payment: NotifiedPaymentName): Promise<void>
  /** Payments that whoever took their notification has not asked in time. At most so many, the oldest first. */
  leftBehind(limit: number): Promise<readonly NotifiedPaymentName[]>
  /** All that are kept of this payment, in no order. */
  list(payment: PaymentName): Promise<readonly KeptNotification[]>
  /** Whether anything was ever refunded of this payment. */
  knowsPayment(payment: PaymentName): Promise<boolean>
  /** The payment that a cancel of this tid was made of lately, or null. */
  findByCancelTid(cancel: PaymentName): Promise<PaymentName | null>
}>
