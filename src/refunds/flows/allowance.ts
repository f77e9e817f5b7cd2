import { isCounted, markCounted, newAttemptToken } from '../attempt-token.ts'
import { type CallerLimits, isCountedByDay } from '../caller-limits.ts'
import type { Intent } from '../claim.ts'
import type { Krw } from '../krw.ts'
import type { Allowances, LimitExceeded, Taking } from '../ports/limits.ts'
import type { BeginResult, CheckResult, RefundStore } from '../ports/store.ts'
import { brokenByAnother, brokenByOne, brokenOfDay } from '../rules/limits.ts'

/** What limits of callers need; without `allowances` nobody has any. */
export type AllowanceParts = Readonly<{
  store: Pick<RefundStore, 'begin' | 'check' | 'findByClaim' | 'now'>
  allowances?: Allowances | undefined
}>

/** The token of an attempt; it tells from then on whether the attempt takes from an allowance. */
export function attemptTokenFor({ allowances }: AllowanceParts, caller: string): string {
  const token = newAttemptToken()
  return isCountedByDay(allowances?.limitsOf(caller)) ? markCounted(token) : token
}

/**
 * Begin, within the limits of its caller: what is begun was taken from the allowance before. It is given back at once
 * where the payment is busy, since who merely waits is to shut nobody out; the same attempt takes again when it asks
 * again. Release gives it back as well, and so does the settlement as failed.
 */
export function beginWithinLimits(
  parts: AllowanceParts,
  intent: Intent,
): Promise<BeginResult | LimitExceeded> {
  const limits = parts.allowances?.limitsOf(intent.details.requested_by)
  // A renewal begins nothing. Not an async function: a caller without limits pays for none of this.
  if (limits === undefined || intent.isRenewal) return parts.store.begin(intent)
  const { amount } = intent.wish
  return amount === undefined
    ? beginRest(parts, intent, limits)
    : beginAmount(parts, intent, { amount, limits })
}

async function beginAmount(
  parts: AllowanceParts,
  intent: Intent,
  { amount, limits }: Readonly<{ amount: Krw; limits: CallerLimits }>,
): Promise<BeginResult | LimitExceeded> {
  const broken = await takeAllowance(parts, intent, { amount, limits })
  if (broken !== 'taken') return refuse(parts, intent, broken)
  const begun = await parts.store.begin(intent)
  const isOfAnother = begun.result === 'exists' && begun.stored.attempt !== intent.token
  if (isOfAnother || begun.result === 'payment_busy') await giveBack(parts, intent)
  return begun
}

/** Everything that remains: how much that is, is asked first, and exactly as much is begun. */
async function beginRest(
  parts: AllowanceParts,
  intent: Intent,
  limits: CallerLimits,
): Promise<BeginResult | LimitExceeded> {
  const { claim, wish } = intent
  const checked = await parts.store.check({ merchant: claim.merchant, tid: claim.tid, wish })
  if (checked.result === 'payment_busy') {
    // The one in flight may be this refund, begun by another attempt.
    const stored = await parts.store.findByClaim(claim)
    return stored === null ? checked : { result: 'exists', stored }
  }
  if (checked.result !== 'allowed') return refuse(parts, intent, checked)
  const exact = { ...intent, wish: { ...wish, expectedRemaining: checked.remaining } }
  const begun = await beginAmount(parts, exact, { amount: checked.amount, limits })
  // Something else was refunded in between, which the caller has not excluded: the attempt starts over.
  const isOvertaken = begun.result === 'remaining_mismatch' && wish.expectedRemaining === undefined
  return isOvertaken ? { result: 'claim_abandoned' } : begun
}

/** No payment has this much left, so that begin decides against it and abandons the claim. */
const NEVER_REMAINING = -1

/** What was decided against begins nothing; but where its refund stands already, that is the answer. */
async function refuse(
  { store }: AllowanceParts,
  intent: Intent,
  refusal: LimitExceeded | Exclude<CheckResult, { result: 'allowed' }>,
): Promise<BeginResult | LimitExceeded> {
  const wish = { ...intent.wish, expectedRemaining: NEVER_REMAINING }
  const begun = await store.begin({ ...intent, wish })
  const isDecided =
    begun.result === 'exists' || begun.result === 'begun' || begun.result === 'claim_abandoned'
  if (isDecided) return begun
  // What another attempt under this key has taken may be all that is exceeded: it starts over, and is not told `never`.
  const isJoined = intent.claim.token !== intent.token
  return isJoined && refusal.result === 'limit_exceeded' ? { result: 'claim_abandoned' } : refusal
}

/** Takes a refund from its caller's allowance under the attempt's token, however often it is asked. */
export async function takeAllowance(
  { allowances }: AllowanceParts,
  intent: Intent,
  { amount, limits }: Readonly<{ amount: Krw; limits: CallerLimits }>,
): Promise<'taken' | LimitExceeded> {
  const tooLarge = brokenByOne(limits, amount)
  if (tooLarge !== null) return { result: 'limit_exceeded', limit: tooLarge }
  // Without the mark nobody would give it back: the caller had no such limit when the attempt began.
  if (allowances === undefined || !isCounted(intent.token)) return 'taken'
  const taken = await allowances.take(takingOf(intent), amount, limits)
  if (taken.result === 'taken') return 'taken'
  const { name, used } = taken
  return {
    result: 'limit_exceeded',
    limit: brokenOfDay(limits, { name, used, at: intent.requestedAt }),
  }
}

/** What this attempt has taken does not count any more. */
export async function giveBack({ allowances }: AllowanceParts, intent: Intent): Promise<void> {
  if (isCounted(intent.token)) await allowances?.giveBack(takingOf(intent))
}

function takingOf({ details, token, requestedAt }: Intent): Taking {
  return { caller: details.requested_by, attempt: token, requestedAt }
}

type CheckQuery = Parameters<RefundStore['check']>[0] & Readonly<{ caller: string }>

/** What beginWithinLimits() would decide now, in the same order. Takes and writes nothing. */
export async function checkWithinLimits(
  parts: AllowanceParts,
  { caller, ...query }: CheckQuery,
): Promise<CheckResult | LimitExceeded> {
  const limits = parts.allowances?.limitsOf(caller)
  if (limits === undefined) return parts.store.check(query)
  const { amount } = query.wish
  const broken = amount === undefined ? null : await brokenNow(parts, caller, { amount, limits })
  if (broken !== null) return broken
  const checked = await parts.store.check(query)
  if (amount !== undefined || checked.result !== 'allowed') return checked
  return (await brokenNow(parts, caller, { amount: checked.amount, limits })) ?? checked
}

async function brokenNow(
  { store, allowances }: AllowanceParts,
  caller: string,
  { amount, limits }: Readonly<{ amount: Krw; limits: CallerLimits }>,
): Promise<LimitExceeded | null> {
  let limit = brokenByOne(limits, amount)
  if (limit === null && allowances !== undefined && isCountedByDay(limits)) {
    const at = store.now()
    const used = await allowances.used({ caller, requestedAt: at })
    limit = brokenByAnother(limits, { amount, used, at })
  }
  return limit && { result: 'limit_exceeded', limit }
}
