import type { MerchantAccount } from '../merchant.ts'
import type { RefundRequest } from '../refund-request.ts'
import { brokenAmountRule, requestedKind } from './amounts-of-request.ts'
import { brokenEligibilityRule, refundAccountRequired } from './eligibility.ts'
import { pickAccount } from './pick-account.ts'
import {
  amountExceeds,
  notEligible,
  type Refusal,
  refundAccountMissing,
  taxFreeExceeds,
  taxFreeNotAllowed,
  unknownAccount,
} from './refusals.ts'

/** The refusal for a rule that a request breaks by itself, and the account that it means, where there is one. */
export type BrokenRule = Readonly<{ account: MerchantAccount | undefined; refusal: Refusal }>

/** The account that a request means, or the first rule that it breaks whatever is stored (docs/calling.md, Order of refusals). */
export function judgeRequest(
  accounts: ReadonlyMap<string, MerchantAccount>,
  body: RefundRequest,
): Readonly<{ account: MerchantAccount; refusal: null }> | BrokenRule {
  const account = pickAccount(accounts, body.account)
  if (account === undefined) return { account, refusal: unknownAccount(body.account, accounts.keys()) }
  return { account, refusal: brokenRequestRule(body, account) }
}

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
