import type { MerchantAccount } from '../merchant.ts'
import type { RefundRequest } from '../refund-request.ts'
import { brokenAmountRule, requestedKind } from './amounts-of-request.ts'
import { brokenEligibilityRule, refundAccountRequired } from './eligibility.ts'
import {
  amountExceeds,
  notEligible,
  type Refusal,
  refundAccountMissing,
  taxFreeExceeds,
  taxFreeNotAllowed,
} from './refusals.ts'

/**
 * The refusal for the first rule that a request breaks whatever else was refunded, or null (docs/calling.md,
 * Order of refusals). One for too much says that all that was paid remains: what really does, the store
 * knows.
 */
export function brokenRequestRule(body: RefundRequest, account: MerchantAccount): Refusal | null {
  const { payment } = body
  const rule = brokenEligibilityRule(payment.method, requestedKind(body), account.pg)
  if (rule !== null) return notEligible(rule, body)
  if (refundAccountRequired(payment.method) && body.refund_account === undefined) {
    return refundAccountMissing()
  }
  switch (brokenAmountRule(body, account.pg)) {
    case 'amount_exceeds_remaining':
      return amountExceeds(body, payment.amount)
    case 'tax_free_not_allowed':
      return taxFreeNotAllowed(account)
    case 'tax_free_exceeds_amount':
      return taxFreeExceeds()
    case null:
      return null
  }
}
