import type { Krw } from './krw.ts'
import { type Ledger, remaining } from './ledger-sums.ts'
import type { ShownNotification } from './notification.ts'

/** A payment's ledger as `GET /payments/{tid}` answers it, and as events hold it. */
export type ShownLedger<Shown, Booked> = Omit<Ledger, 'verified_at'> &
  Readonly<{
    account: string
    remaining: Krw
    refunds: Shown[]
    next_cursor: string | null
    outside_refunds: Booked[]
    notifications: ShownNotification[]
  }>

/** What is shown of a payment beside its sums. */
export type ShownBeside<Shown, Booked> = Readonly<{
  refunds: Shown[]
  nextCursor: string | null
  outsideRefunds: Booked[]
  notifications: ShownNotification[]
}>

/** The ledger with its first refunds, its bookings and its notifications, as `account` calls the merchant. */
export function shownLedger<Shown, Booked>(
  account: string,
  { verified_at: _, ...ledger }: Ledger,
  { refunds, nextCursor, outsideRefunds, notifications }: ShownBeside<Shown, Booked>,
): ShownLedger<Shown, Booked> {
  return {
    ...{ account, ...ledger, remaining: remaining(ledger), refunds, next_cursor: nextCursor },
    ...{ outside_refunds: outsideRefunds, notifications },
  }
}

/** More of a payment's refunds are listed by `GET /refunds?tid=`, from `next_cursor` on. */
export const REFUNDS_SHOWN = 100
