import type { Krw } from './krw.ts'
import { type Ledger, remaining } from './ledger-sums.ts'

/** A payment's ledger as `GET /payments/{tid}` answers it, and as events hold it. */
export type ShownLedger<Shown> = Omit<Ledger, 'verified_at'> &
  Readonly<{ account: string; remaining: Krw; refunds: Shown[]; next_cursor: string | null }>

/** The ledger with its first refunds, as `account` calls the merchant. */
export function shownLedger<Shown>(
  account: string,
  { verified_at: _, ...ledger }: Ledger,
  { refunds, nextCursor }: Readonly<{ refunds: Shown[]; nextCursor: string | null }>,
): ShownLedger<Shown> {
  return { account, ...ledger, remaining: remaining(ledger), refunds, next_cursor: nextCursor }
}

/** More of a payment's refunds are listed by `GET /refunds?tid=`, from `next_cursor` on. */
export const REFUNDS_SHOWN = 100
