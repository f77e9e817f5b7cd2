import { hash } from 'node:crypto'
import type { PaymentGateway } from './payment.ts'

/** What the flow needs of a configured account. One request keeps the one that it began with, whatever rotates. */
export type MerchantAccount = Readonly<{
  /** As callers name it. */
  name: string
  /** Whom the provider knows by it, see {@link merchantOf}. */
  merchant: string
  pg: PaymentGateway
  /** How long a lease lasts for a call of this account (lease.ts). */
  leaseMs: number
  /** Shortest time between two cancels of one payment; 0: none is kept. */
  spacingMs: number
}>

/**
 * 60 bits: far more than tell the few merchants of one store apart, and short, since each refund is kept with
 * one.
 */
const MERCHANT_LENGTH = 10

/**
 * The name of a merchant in the store, from the id by which the provider knows it (`pay2_id`): whatever an account
 * is called, one merchant's payment has one ledger. Hashed, since an id may hold what has a meaning in keys, such
 * as braces, colons and half of the visible ASCII.
 */
export function merchantOf(providerId: string): string {
  return hash('sha256', providerId, 'base64url').slice(0, MERCHANT_LENGTH)
}
