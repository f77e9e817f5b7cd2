import type { BrokenLimit } from '../caller-limits.ts'
import type { Krw } from '../krw.ts'
import { NOTHING_SENT } from '../nothing-sent.ts'
import type { LimitExceeded } from '../ports/limits.ts'
import type { NotSent } from '../ports/provider.ts'
import type { BeginResult, DuplicateRule, StoreError } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import type { RefundRequest } from '../refund-request.ts'
import type { AmountRule } from './amounts-of-request.ts'
import type { EligibilityRule } from './eligibility.ts'
import { limitExceeded } from './limits.ts'
import { noSuchAccount } from './pick-account.ts'

/** Why a request was refused without a call that could move money. The key is free afterwards. */
export type Refusal = Readonly<
  {
    detail: string
    refund?: Refund
  } & (
    | { code: 'not_eligible'; rule: EligibilityRule }
    | { code: 'amount_exceeds_remaining' | 'remaining_mismatch'; remaining: Krw }
    | { code: 'possible_duplicate'; rule: DuplicateRule; refund: Refund }
    | { code: Exclude<AmountRule, 'amount_exceeds_remaining'> }
    | { code: 'limit_exceeded'; limit: BrokenLimit }
    | { code: 'refund_account_required' | 'unknown_account' }
    | { code: 'payment_mismatch' | 'refund_unresolved' | 'payment_busy' }
    | { code: 'idempotency_key_reused' | 'idempotency_in_progress' }
    | { code: NotSent['code'] | StoreError['code'] }
  )
>

/** What the store refuses instead of beginning. */
export type BeginRefusal =
  | Exclude<BeginResult, { result: 'begun' | 'exists' | 'claim_abandoned' | 'lost' }>
  | LimitExceeded

/** Of an asking for a deposit nothing is stated but what is refunded. */
const NOT_STATED = { tid: '', reason: '', payment: { method: 'card_auth', amount: 1 } } as const

/** The refusal for what stands against a refund that is to hold its amount again, while a deposit is awaited. */
export function depositRefusal(
  refused: Exclude<BeginResult, { result: 'begun' | 'exists' | 'claim_abandoned' | 'lost' }>,
  { amount, tax_free_amount }: Refund,
): Refusal {
  // Its payment was stated otherwise since, so that everything of then is a part now.
  if (refused.result === 'partial_not_allowed')
    return beginRefusal({ result: 'payment_mismatch' }, NOT_STATED)
  return beginRefusal(refused, {
    ...NOT_STATED,
    amount,
    ...(tax_free_amount !== null && { tax_free_amount }),
  })
}

/** The refusal for what begin decided against. */
export function beginRefusal(begun: BeginRefusal, body: RefundRequest): Refusal {
  switch (begun.result) {
    case 'payment_mismatch':
      return {
        code: 'payment_mismatch',
        detail:
          'This payment has a refund that was made with other facts about it. State payment exactly as that request did.',
      }
    case 'limit_exceeded':
      return limitExceeded(begun.limit)
    case 'partial_not_allowed':
      return notEligible('partial_not_allowed', body)
    case 'tax_free_exceeds_amount':
      return taxFreeExceeds()
    case 'amount_exceeds_remaining':
      return amountExceeds(body, begun.remaining)
    case 'remaining_mismatch':
      return remainingDiffers(body, begun.remaining)
    case 'possible_duplicate':
      return possibleDuplicate(begun.rule, begun.stored.refund)
    case 'payment_busy':
      return paymentBusy()
    case 'refund_unresolved':
      return {
        code: 'refund_unresolved',
        detail:
          'Another refund of this payment is unknown or disputed, and this one has no place beside it. Ask again once that one is settled.',
        refund: begun.stored.refund,
      }
  }
}

/** The body names no account where there are several, or one that is not configured. */
export function unknownAccount(name: string | undefined, configured: Iterable<string>): Refusal {
  return { code: 'unknown_account', detail: noSuchAccount(name, configured) }
}

const ELIGIBILITY_DETAILS: Readonly<Record<EligibilityRule, (method: string) => string>> = {
  method_not_refundable: (method) =>
    `The provider's cancel API does not refund ${method} payments. Refund it another way.`,
  partial_not_allowed: (method) =>
    `A ${method} payment can only be refunded in full. Leave amount out to refund everything.`,
  gateway_not_allowed: (method) =>
    `A ${method} payment can be refunded with a Toss account only. Refund it another way.`,
}

/** The payment cannot be refunded this way. */
export function notEligible(rule: EligibilityRule, body: RefundRequest): Refusal {
  return { code: 'not_eligible', rule, detail: ELIGIBILITY_DETAILS[rule](body.payment.method) }
}

/** A virtual account payment without an account to pay back to. */
export function refundAccountMissing(): Refusal {
  return {
    code: 'refund_account_required',
    detail: 'A virtual account payment is paid back to an account: give refund_account.',
  }
}

/** More was asked for than `remaining`. */
export function amountExceeds(body: RefundRequest, remaining: Krw): Refusal {
  const asked = body.amount === undefined ? 'Everything that remains' : `${body.amount} KRW`
  return {
    code: 'amount_exceeds_remaining',
    remaining,
    detail: `${asked} was asked for; ${remaining} KRW of this payment can still be refunded.`,
  }
}

/** Something else remains than the caller takes for it. */
function remainingDiffers(body: RefundRequest, remaining: Krw): Refusal {
  return {
    code: 'remaining_mismatch',
    remaining,
    detail: `expected_remaining is ${body.expected_remaining}, and ${remaining} KRW of this payment remain. Look at its refunds before you ask for more.`,
  }
}

const DUPLICATE_DETAILS: Readonly<Record<DuplicateRule, string>> = {
  same_reference:
    'The refund in this answer has this reference already. Where it is the one that you want, nothing is left to do; another one needs a reference of its own.',
  same_amount:
    'The refund in this answer has the same amount, and was just made or may have been. Where it is the one that you want, nothing is left to do; for another one give a reference, or duplicate_of with its id.',
}

/** The refund may be one that the payment has already. */
function possibleDuplicate(rule: DuplicateRule, refund: Refund): Refusal {
  return { code: 'possible_duplicate', rule, refund, detail: DUPLICATE_DETAILS[rule] }
}

/** One cancel of a payment at a time, and this one has waited for long enough. */
export function paymentBusy(): Refusal {
  return {
    code: 'payment_busy',
    detail:
      'Other refunds of this payment are being made. Nothing was stored for this request: repeat it after Retry-After.',
  }
}

/** This account's PG takes no tax-free amount. */
export function taxFreeNotAllowed({ name, pg }: Readonly<{ name: string; pg: string }>): Refusal {
  return {
    code: 'tax_free_not_allowed',
    detail: `tax_free_amount goes with a Kiwoompay account only; the account ${name} is ${pg}.`,
  }
}

/** A tax-free part is more than the whole. */
export function taxFreeExceeds(): Refusal {
  return {
    code: 'tax_free_exceeds_amount',
    detail:
      'The tax-free or the taxable part is more than was paid or than is being refunded. Correct amount and tax_free_amount.',
  }
}

/** The key belongs to another payload. */
export function keyReused(): Refusal {
  return {
    code: 'idempotency_key_reused',
    detail:
      'This Idempotency-Key belongs to another payload, and what that asked for may have been refunded. Repeat it as it was first sent, or find its refund by its tid.',
  }
}

/** Another request with the same key is under way; `refund`, where it has begun one. */
export function inProgress(refund?: Refund): Refusal {
  return {
    code: 'idempotency_in_progress',
    detail: 'The first request with this key is still running. Repeat the same request after Retry-After.',
    ...(refund !== undefined && { refund }),
  }
}

/** The rejected token could not be replaced in time; `reason` is a sentence. */
export function tokenNotRenewed(reason: string): NotSent {
  const detail = `${reason} Nothing was cancelled for this request; what an earlier one did stands. Try again.`
  return { outcome: 'not_sent', code: 'provider_unavailable', detail }
}

/** So many outcomes wait for the store that nothing may be begun that could add to them. */
export const TOO_MUCH_UNSTORED = `Too many outcomes wait to be stored. ${NOTHING_SENT}`

/** Begin took so long that the call could outlast its lease. */
export const STORE_TOO_LATE = `The store answered too late. ${NOTHING_SENT}`
