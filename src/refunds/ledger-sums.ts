import type { Krw } from './krw.ts'
import type { PaymentMethod } from './payment.ts'

/**
 * What has been done with a payment, in KRW; the sum of the four exceeds what was paid only where the
 * provider moved more than that.
 */
export type LedgerSums = Readonly<{
  amount: Krw
  refunded: Krw
  in_flight: Krw
  unknown: Krw
  disputed: Krw
}>

/** A payment with the sums of its refunds, in KRW. */
export type Ledger = LedgerSums &
  Readonly<{ tid: string; method: PaymentMethod; tax_free_amount: Krw | null; verified_at: string | null }>

/** What can still be refunded. Zero where the provider cancelled more than was asked. */
export function remaining(ledger: LedgerSums): Krw {
  return Math.max(0, ledger.amount - ledger.refunded - ledger.in_flight - ledger.unknown - ledger.disputed)
}
