import type { Attempt, Intent } from '../claim.ts'
import type { MerchantAccount } from '../merchant.ts'
import { maskAccountNumber } from '../refund-account.ts'
import type { RefundRequest } from '../refund-request.ts'
import { partialAllowed } from './eligibility.ts'

/** What is written before the provider is called: the request as it may be kept, an account number only masked. */
export function intentOf(
  { claim, token: attempt, requestedAt }: Attempt,
  { body, caller }: Readonly<{ body: RefundRequest; caller: string }>,
  account: MerchantAccount,
): Intent {
  const { refund_account: refundAccount } = body
  return {
    claim,
    token: attempt,
    requestedAt,
    payment: body.payment,
    amount: body.amount,
    partialAllowed: partialAllowed(body.payment.method),
    leaseMs: account.leaseMs,
    details: {
      account: account.name,
      tax_free_amount: body.tax_free_amount ?? null,
      reason: body.reason,
      refund_account: refundAccount
        ? { ...refundAccount, account_no: maskAccountNumber(refundAccount.account_no) }
        : null,
      requested_by: caller,
      metadata: body.metadata ?? {},
    },
  }
}
