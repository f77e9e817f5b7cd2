import { merchantOf } from '../../src/refunds/merchant.ts'

/** How the store names the merchant of tests: the provider knows it as `shop`. */
export const MERCHANT = merchantOf('shop')

/** Its account, as the flow knows it. */
export const MERCHANT_ACCOUNT = {
  name: 'default',
  merchant: MERCHANT,
  pg: 'toss',
  leaseMs: 10_000,
  spacingMs: 0,
} as const
