import type { Attempt, Intent, Wish } from '../claim.ts'
import type { MerchantAccount } from '../merchant.ts'
import { maskAccountNumber } from '../refund-account.ts'
import type { RefundRequest } from '../refund-request.ts'
import { partialAllowed } from './eligibility.ts'

/** What a wish is made of beside the request. */
export type WishTerms = Readonly<{
  account: MerchantAccount
  /** For how long a succeeded refund counts against one of the same amount; 0: the rule is off. */
  duplicateWindowMs: number
}>

/** What a request asks of its payment. */
export function wishOf(body: RefundRequest, { account, duplicateWindowMs }: WishTerms): Wish {
  return {
    payment: body.payment,
    amount: body.amount,
    taxFreeAmount: body.tax_free_amount,
    partialAllowed: partialAllowed(body.payment.method),
    reference: body.reference,
    expectedRemaining: body.expected_remaining,
    duplicateOf: body.duplicate_of,
    duplicateWindowMs,
    spacingMs: account.spacingMs,
  }
}

/** What is written before the provider is called: the request as it may be kept, an account number only masked. */
export function intentOf(
  { claim, token: attempt, requestedAt }: Attempt,
  { body, caller }: Readonly<{ body: RefundRequest; caller: string }>,
  terms: WishTerms,
): Intent {
  const { account } = terms
  const { refund_account: refundAccount } = body
  return {
    claim,
    token: attempt,
    requestedAt,
    wish: wishOf(body, terms),
    leaseMs: account.leaseMs,
    details: {
      account: account.name,
      tax_free_amount: body.tax_free_amount ?? null,
      reason: body.reason,
      reference: body.reference ?? null,
      refund_account: refundAccount
        ? { ...refundAccount, account_no: maskAccountNumber(refundAccount.account_no) }
        : null,
      requested_by: caller,
      metadata: body.metadata ?? {},
    },
  }
}
