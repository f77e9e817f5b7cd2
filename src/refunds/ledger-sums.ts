import type { Krw } from './krw.ts'
import type { PaymentMethod } from './payment.ts'

/**
 * What has been done with a payment, in KRW; the sum of the six exceeds what was paid only where the
 * provider moved more than that. `outside`: refunded outside of the gateway, as a person has booked it.
 */
export type LedgerSums = Readonly<{
  amount: Krw
  refunded: Krw
  in_flight: Krw
  unknown: Krw
  awaiting_deposit: Krw
  disputed: Krw
  outside: Krw
}>

/** A payment with the sums of its refunds, in KRW. */
export type Ledger = LedgerSums &
  Readonly<{ tid: string; method: PaymentMethod; tax_free_amount: Krw | null; verified_at: string | null }>

/** How much of the payment is refunded, or may be. */
export function used(ledger: LedgerSums): Krw {
  const { refunded, in_flight, unknown, awaiting_deposit, disputed, outside } = ledger
  return refunded + in_flight + unknown + awaiting_deposit + disputed + outside
}

/** What can still be refunded. Zero where the provider cancelled more than was asked. */
export function remaining(ledger: LedgerSums): Krw {
  return Math.max(0, ledger.amount - used(ledger))
}
