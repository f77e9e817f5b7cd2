/**
 * Settled to the merchant already: only the cancel-after-deposit API can refund it (docs/provider.md,
 * Deposits).
 */
export const DEPOSIT_REQUIRED_CODE = '9029'
