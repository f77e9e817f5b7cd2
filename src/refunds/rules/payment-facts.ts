import { NOTHING_SENT } from '../nothing-sent.ts'
import type { Payment } from '../payment.ts'
import type { PaymentFacts } from '../ports/provider.ts'
import type { Refusal } from './refusals.ts'

/** What of a stated payment can be held to the provider's row. */
export type StatedFact = 'amount' | 'method'

/** What the row contradicts. What it does not say contradicts nothing. */
export function contradictedFacts(payment: Payment, { amount, methods }: PaymentFacts): StatedFact[] {
  const isOther: Readonly<Record<StatedFact, boolean>> = {
    amount: amount !== null && amount !== payment.amount,
    method: methods !== null && !methods.includes(payment.method),
  }
  return (['amount', 'method'] as const).filter((fact) => isOther[fact])
}

/**
 * Whether a row without contradictions shows the payment to be as stated. Its amount must be there, since that bounds what
 * is refunded; methods have names that nobody here knows.
 */
export function showsPayment({ amount }: PaymentFacts): boolean {
  return amount !== null
}

/** The row says otherwise. It is not told what it says: whoever asks is to know, and not to copy. */
export function contradicted(facts: readonly StatedFact[]): Refusal {
  return {
    code: 'payment_mismatch',
    detail: `The provider has this payment with another ${facts.join(' and another ')}. State payment.${facts.join(' and payment.')} as it was paid.`,
  }
}

/** The payment must be seen, and was not; `reason` is a sentence. */
export function notSeen(reason: string): Refusal {
  return {
    code: 'provider_unavailable',
    detail: `The payment could not be verified. ${reason} ${NOTHING_SENT}`,
  }
}
