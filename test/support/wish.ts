import type { Wish } from '../../src/refunds/claim.ts'

/** Everything that remains of a card payment of 10,000 KRW, with no guard on. */
export function wish(overrides: Partial<Wish> = {}): Wish {
  return {
    payment: { method: 'card_auth', amount: 10_000 },
    amount: undefined,
    taxFreeAmount: undefined,
    partialAllowed: true,
    reference: undefined,
    expectedRemaining: undefined,
    duplicateOf: undefined,
    duplicateWindowMs: 0,
    spacingMs: 0,
    ...overrides,
  }
}
