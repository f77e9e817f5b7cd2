import { newAttemptToken } from '../attempt-token.ts'
import type { Attempt, Claim, Intent } from '../claim.ts'
import type { MonotonicClock } from '../clock.ts'
import { fingerprintMatches, fingerprint as fingerprintOf } from '../fingerprint.ts'
import type { Krw } from '../krw.ts'
import { CLAIM_TRUST_MS, LEASE_SLACK_MS, type LeaseLeft, startLease } from '../lease.ts'
import { remaining } from '../ledger.ts'
import type { MerchantAccount } from '../merchant.ts'
import { NOTHING_SENT } from '../nothing-sent.ts'
import type { RefundObserver, RequestOrigin } from '../ports/observer.ts'
import type { CancelCall, CancelOutcome, NotSent, Provider } from '../ports/provider.ts'
import { type BeginResult, type RefundStore, type SettleResult, StoreError } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import { maskAccountNumber } from '../refund-account.ts'
import { refundId } from '../refund-id.ts'
import type { RefundRequest } from '../refund-request.ts'
import { type AmountRule, brokenAmountRule, requestedKind } from '../rules/amounts.ts'
import {
  brokenEligibilityRule,
  type EligibilityRule,
  partialAllowed,
  refundAccountRequired,
} from '../rules/eligibility.ts'
import { endStep, type StepTimings, startTimings } from '../step-timings.ts'
import type { Settlement, StoredRefund } from '../stored-refund.ts'
import type { BackgroundWork } from './pending-writes.ts'

/** Why a request was refused without a call that could move money. The key is free afterwards. */
export type Refusal = Readonly<
  {
    detail: string
    refund?: Refund
  } & (
    | { code: 'not_eligible'; rule: EligibilityRule }
    | { code: 'amount_exceeds_remaining'; remaining: Krw }
    | { code: Exclude<AmountRule, 'amount_exceeds_remaining'> }
    | { code: 'refund_account_required' | 'unknown_account' }
    | { code: 'payment_mismatch' | 'refund_unresolved' }
    | { code: 'idempotency_key_reused' | 'idempotency_in_progress' }
    | { code: NotSent['code'] | StoreError['code'] }
  )
>

/** The answer to one `POST /refunds`: a refund whose state is known or `unknown`, or a refusal. */
export type RefundAnswer =
  | Readonly<{ answer: 'refund'; refund: Refund; replayed: boolean }>
  | Readonly<{ answer: 'refused'; refusal: Refusal }>

/** Who asks for what, under which key. */
export type RefundCommand = RequestOrigin & Readonly<{ idempotencyKey: string; body: RefundRequest }>

/** What the flow needs. */
export type RefundParts = Readonly<{
  store: RefundStore
  provider: Provider
  /** The configured accounts by their names. */
  accounts: ReadonlyMap<string, MerchantAccount>
  /** For the fingerprint; newest first. */
  storeSecrets: readonly Buffer[]
  clock: MonotonicClock
  observer: RefundObserver
  background: BackgroundWork
}>

/** How often a request starts over because the claim that it joined was given up under it. */
const MAX_CLAIM_ROUNDS = 3

const TOO_MUCH_UNSTORED = `Too many outcomes wait to be stored. ${NOTHING_SENT}`

/** A command with what is derived from it. Nothing is copied: this is the hot path. */
type IdentifiedCommand = Readonly<{ command: RefundCommand; id: string; fingerprint: string }>
type CheckedCommand = IdentifiedCommand & Readonly<{ account: MerchantAccount }>

/**
 * One refund, from the request to its recorded outcome: claim, token, begin, relay, settle (see
 * docs/architecture.md). Never throws for a store or provider that fails: that is an answer, too.
 */
export async function requestRefund(parts: RefundParts, command: RefundCommand): Promise<RefundAnswer> {
  try {
    const identified = {
      command,
      id: refundId(command.caller, command.idempotencyKey),
      fingerprint: fingerprintOf(command.body, parts.storeSecrets[0] as Buffer),
    }
    const account = accountOf(parts, command.body)
    const refusal =
      account === undefined
        ? unknownAccount(parts, command.body)
        : await brokenRule(parts, account, command.body)
    if (account === undefined || refusal !== null) {
      return (await replayOf(parts, identified)) ?? refused(refusal as Refusal)
    }

    const checked = { command, id: identified.id, fingerprint: identified.fingerprint, account }
    for (let round = 0; round < MAX_CLAIM_ROUNDS; round++) {
      const answer = await attemptRefund(parts, checked)
      if (answer !== 'claim_abandoned') return answer
    }
    return refused(inProgress())
  } catch (error) {
    if (error instanceof StoreError) return refused({ code: error.code, detail: error.message })
    throw error
  }
}

/**
 * A repeat of a stored request is answered with its refund, also when the configured accounts have changed and
 * the same request would be refused today: told that nothing was stored, its caller would refund twice.
 */
async function replayOf(parts: RefundParts, identified: IdentifiedCommand): Promise<RefundAnswer | null> {
  const stored = await parts.store.findById(identified.id)
  const isSame = stored !== null && isSamePayload(parts, identified, stored.fingerprint)
  return isSame ? replay(parts, identified, stored) : null
}

/** Also where it was stored under an older secret. */
function isSamePayload(
  { storeSecrets }: RefundParts,
  { fingerprint, command }: IdentifiedCommand,
  stored: string,
): boolean {
  return stored === fingerprint || fingerprintMatches(stored, command.body, storeSecrets.slice(1))
}

function accountOf(parts: RefundParts, body: RefundRequest): MerchantAccount | undefined {
  if (body.account !== undefined) return parts.accounts.get(body.account)
  return parts.accounts.size === 1 ? [...parts.accounts.values()][0] : undefined
}

/** The rules that need no state; `remaining` is read only to tell a caller who asked for too much. */
async function brokenRule(
  parts: RefundParts,
  { name, merchant, gateway }: MerchantAccount,
  body: RefundRequest,
): Promise<Refusal | null> {
  const rule = brokenEligibilityRule(body.payment.method, requestedKind(body), gateway)
  if (rule !== null) return notEligible(rule, body)
  if (refundAccountRequired(body.payment.method) && body.refund_account === undefined) {
    return {
      code: 'refund_account_required',
      detail: 'A virtual account payment is paid back to an account: give refund_account.',
    }
  }
  const amountRule = brokenAmountRule(body, gateway)
  if (amountRule === 'amount_exceeds_remaining') {
    const ledger = await parts.store.findPayment(merchant, body.tid)
    return amountExceeds(body, ledger === null ? body.payment.amount : remaining(ledger))
  }
  if (amountRule === 'tax_free_not_allowed') {
    return {
      code: 'tax_free_not_allowed',
      detail: `tax_free_amount goes with a Kiwoompay account only; the account ${name} is ${gateway}.`,
    }
  }
  if (amountRule === 'tax_free_exceeds_amount') return taxFreeExceeds()
  return null
}

async function attemptRefund(
  parts: RefundParts,
  checked: CheckedCommand,
): Promise<RefundAnswer | 'claim_abandoned'> {
  const { store, provider, clock } = parts
  const { command, id } = checked
  const { name, merchant } = checked.account
  const { body } = command
  if (parts.background.isFull()) throw new StoreError('store_unavailable', TOO_MUCH_UNSTORED)
  const timings = startTimings(clock())
  const attempt = newAttemptToken()
  const claim = await store.claim({
    id,
    token: attempt,
    fingerprint: checked.fingerprint,
    merchant,
    tid: body.tid,
  })
  if (claim.token !== attempt) {
    if (!isSamePayload(parts, checked, claim.fingerprint)) return replayBehind(parts, checked, claim)
    const stored = await store.findByClaim(claim)
    if (stored !== null) return replayUnder(parts, checked, { claim, stored })
    // Made while another merchant's account was meant: what is sent with this one must not be booked on that.
    if (claim.merchant !== merchant) {
      await release(parts, { claim, attempt, requestedAt: store.now() })
      return 'claim_abandoned'
    }
    if (!(await store.joinClaim(claim))) return 'claim_abandoned'
  }

  endStep(timings, 'claimMs', clock())
  const intent: Intent = {
    claim,
    attempt,
    requestedAt: store.now(),
    payment: body.payment,
    amount: body.amount,
    partialAllowed: partialAllowed(body.payment.method),
    leaseMs: checked.account.leaseMs,
    details: {
      account: name,
      tax_free_amount: body.tax_free_amount ?? null,
      reason: body.reason,
      refund_account: body.refund_account
        ? { ...body.refund_account, account_no: maskAccountNumber(body.refund_account.account_no) }
        : null,
      requested_by: command.caller,
      metadata: body.metadata ?? {},
    },
  }
  const authorization = await provider.authorize(merchant)
  if (authorization.outcome === 'not_sent') return notSent(parts, intent, authorization, command)
  endStep(timings, 'tokenMs', clock())

  const answer = await provider.admit({ merchant, caller: command.caller }, async (cancel) => {
    endStep(timings, 'admissionMs', clock())
    const begun = await begin(parts, intent, timings.startedAt)
    endStep(timings, 'beginMs', clock())
    switch (begun.result) {
      case 'begun':
        return relay(
          parts,
          { command, intent, begun: begun.stored, leaseLeft: begun.leaseLeft, cancel, timings },
          authorization.token,
        )
      case 'exists':
        return replayUnder(parts, checked, { claim, stored: begun.stored })
      case 'lost':
        throw new Error('bug: a begin that is no renewal finds nothing lost')
      case 'claim_abandoned':
        await release(parts, intent)
        return begun.result
      default:
        await release(parts, intent)
        return refused(beginRefusal(begun, body))
    }
  })
  return typeof answer === 'object' && 'outcome' in answer ? notSent(parts, intent, answer, command) : answer
}

type Begun = Extract<BeginResult, { result: 'begun' }> & Readonly<{ leaseLeft: LeaseLeft }>

/** A begin whose answer is lost may have been applied: it is undone as soon as the store can be reached. */
async function begin(
  parts: RefundParts,
  intent: Intent,
  claimReadAt: number,
): Promise<Begun | Exclude<BeginResult, { result: 'begun' }>> {
  const askedAt = parts.clock()
  let begun: BeginResult
  try {
    begun = await parts.store.begin(intent)
  } catch (error) {
    postponeRelease(parts, intent, error)
    throw error
  }
  if (begun.result !== 'begun') return begun
  // A call that started later than this could outlast its lease, and with it what blocks a second refund.
  const now = parts.clock()
  if (now - askedAt > LEASE_SLACK_MS || now - claimReadAt > CLAIM_TRUST_MS) {
    await release(parts, intent)
    throw new StoreError('store_unavailable', `The store answered too late. ${NOTHING_SENT}`)
  }
  const leaseLeft = startLease(parts.clock, { askedAt, leaseMs: intent.leaseMs })
  return { result: 'begun', stored: begun.stored, leaseLeft }
}

type Relay = Readonly<{
  command: RefundCommand
  intent: Intent
  begun: StoredRefund
  leaseLeft: LeaseLeft
  cancel: CancelCall
  timings: StepTimings
}>

async function relay(
  parts: RefundParts,
  { command, intent, begun, leaseLeft, cancel, timings }: Relay,
  token: string,
): Promise<RefundAnswer> {
  const { body } = command
  const request = {
    merchant: intent.claim.merchant,
    tid: body.tid,
    reason: body.reason,
    kind: begun.refund.kind,
    amount: begun.refund.amount,
    taxFreeAmount: body.tax_free_amount,
    refundAccount: body.refund_account,
    leaseLeft,
    traceparent: command.traceparent,
  }
  let outcome = await cancel(request, token)
  if (outcome.outcome === 'token_rejected') {
    outcome = await relayWithFreshToken(parts, { intent, begun }, token, (fresh, leaseLeft) =>
      cancel({ ...request, leaseLeft }, fresh),
    )
  }
  if (outcome.outcome === 'not_sent') return notSent(parts, intent, outcome, command)
  endStep(timings, 'relayMs', parts.clock())

  const refund = await record(parts, { intent, begun }, outcome)
  endStep(timings, 'settleMs', parts.clock())
  const detail = outcome.outcome === 'unknown' ? outcome.detail : undefined
  parts.observer.recorded(refund, { timings, detail, origin: command })
  return { answer: 'refund', refund, replayed: false }
}

type AnsweredOutcome = Exclude<CancelOutcome, { outcome: 'not_sent' | 'token_rejected' }>

/** A rejected token cancelled nothing (contract), so there is one more try, under a renewed lease. */
async function relayWithFreshToken(
  parts: RefundParts,
  { intent, begun }: Pick<Relay, 'intent' | 'begun'>,
  rejectedToken: string,
  cancel: (token: string, leaseLeft: LeaseLeft) => Promise<CancelOutcome>,
): Promise<AnsweredOutcome | NotSent> {
  const authorization = await parts.provider.renew(intent.claim.merchant, rejectedToken)
  if (authorization.outcome === 'not_sent') return authorization
  const renewed = await begin(parts, { ...intent, isRenewal: true }, parts.clock())
  if (renewed.result === 'lost') {
    parts.observer.lost(begun.refund, { isWrittenBack: false, keepsKey: false })
    return tokenNotRenewed('The store forgot this refund while its token was renewed.')
  }
  if (renewed.result !== 'begun') return tokenNotRenewed('The provider took too long to renew its token.')
  const outcome = await cancel(authorization.token, renewed.leaseLeft)
  if (outcome.outcome === 'failed' && outcome.code === 'already_cancelled') return notByOthers(outcome)
  if (outcome.outcome !== 'token_rejected') return outcome
  return { outcome: 'not_sent', code: 'provider_auth_failed', detail: outcome.detail }
}

function tokenNotRenewed(reason: string): NotSent {
  const detail = `${reason} Nothing was cancelled for this request; what an earlier one did stands. Try again.`
  return { outcome: 'not_sent', code: 'provider_unavailable', detail }
}

/** What was cancelled before the second try may have been cancelled by the first, whatever that was answered. */
function notByOthers({ detail, provider }: CancelOutcome & { outcome: 'failed' }): AnsweredOutcome {
  return {
    outcome: 'unknown',
    detail: `This was the second try, after an answer that rejected the token. ${detail}`,
    provider,
  }
}

/** The outcome in the store; while that is away, the caller still gets it and the store gets it later. */
async function record(
  parts: RefundParts,
  { intent, begun }: Pick<Relay, 'intent' | 'begun'>,
  outcome: AnsweredOutcome,
): Promise<Refund> {
  const settlement = settlementOf(outcome)
  if (outcome.outcome === 'succeeded' && differsFrom(begun.refund.amount, outcome)) {
    parts.observer.amountMismatch(begun.refund, outcome.cancelledAmount)
  }
  const settle = async () => {
    let settled = await parts.store.settle(begun, settlement)
    if (settled.result === 'lost') {
      const keepsKey = await parts.store.restore(begun, intent)
      parts.observer.lost(locally(begun, settlement), { isWrittenBack: true, keepsKey })
      settled = await parts.store.settle(begun, settlement)
    }
    if (settled.result === 'lost')
      throw new StoreError('store_unavailable', 'The store forgets what it is told.')
    return told(parts, begun, settlement, settled)
  }
  try {
    return await settle()
  } catch (error) {
    parts.observer.postponed(begun.refund.id, error)
    parts.background.untilDone(settle)
    return locally(begun, settlement)
  }
}

/** What the caller is told of a refund once its outcome is in the store, beside whatever else stands there. */
function told(
  { observer }: RefundParts,
  begun: StoredRefund,
  settlement: Settlement,
  { result, stored }: Exclude<SettleResult, { result: 'lost' }>,
): Refund {
  const isOther = stored.attempt !== begun.attempt
  if (result === 'disputed') observer.disputed(stored.refund, settlement)
  // Of a call that nothing was heard of, nothing contradicts what the lookup or a person found out.
  const isContradicted = result === 'conflict' && (isOther || settlement.status !== 'unknown')
  if (isContradicted) observer.conflict(stored.refund, settlement, isOther)
  // Of another attempt the store knows less than this one, and what the provider says was made has not failed.
  const isSaidToBeMade = result === 'disputed' && settlement.status !== 'failed'
  return isOther || isSaidToBeMade ? locally(begun, settlement) : stored.refund
}

/** The refund as it would be stored now. */
function locally(
  { refund }: StoredRefund,
  { status, provider, refunded_at, failure, resolution }: Settlement,
): Refund {
  const updated_at = new Date().toISOString()
  return { ...refund, status, provider, refunded_at, failure, resolution, updated_at }
}

/** An amount that is there and cannot be read, or is zero, is no figure to book, and yet not what was asked. */
function differsFrom(asked: Krw, outcome: AnsweredOutcome & { outcome: 'succeeded' }): boolean {
  const { cancelledAmount, provider } = outcome
  if (cancelledAmount !== null) return cancelledAmount !== asked
  return provider.cancel_amt !== null && provider.cancel_amt !== ''
}

/** What is recorded for each outcome of the call. */
function settlementOf(outcome: AnsweredOutcome): Settlement {
  const { provider } = outcome
  const isSuccess = outcome.outcome === 'succeeded'
  return {
    status: outcome.outcome,
    provider,
    refunded_at: isSuccess ? outcome.refundedAt : null,
    failure: outcome.outcome === 'failed' ? { code: outcome.code, detail: outcome.detail } : null,
    resolution: null,
    bookedAmount: isSuccess ? outcome.cancelledAmount : null,
  }
}

function replay(parts: RefundParts, identified: IdentifiedCommand, stored: StoredRefund): RefundAnswer {
  // After the key's retention another payload may have claimed it, on a payment that still knows the old one.
  if (!isSamePayload(parts, identified, stored.fingerprint)) return refused(keyReused())
  if (stored.refund.status === 'processing') return refused({ ...inProgress(), refund: stored.refund })
  return { answer: 'refund', refund: stored.refund, replayed: true }
}

/** A replay under a claim of its own or one that it joined. */
async function replayUnder(
  parts: RefundParts,
  identified: IdentifiedCommand,
  { claim, stored }: Readonly<{ claim: Claim; stored: StoredRefund }>,
): Promise<RefundAnswer> {
  // The key was free after its retention: it goes back to the refund that stands, so that its repeat is answered.
  if (claim.fingerprint !== stored.fingerprint) await parts.store.yieldClaim(claim, stored)
  return replay(parts, identified, stored)
}

/** Of a claim that is not this payload's there may be a refund that is: the claim was made after the key's retention. */
async function replayBehind(
  parts: RefundParts,
  identified: IdentifiedCommand,
  claim: Claim,
): Promise<RefundAnswer> {
  const stored = await parts.store.findByClaim(claim)
  return stored === null ? refused(keyReused()) : replayUnder(parts, identified, { claim, stored })
}

async function notSent(
  parts: RefundParts,
  intent: Intent,
  outcome: NotSent,
  origin: RequestOrigin,
): Promise<RefundAnswer> {
  const { claim, details } = intent
  parts.observer.notSent({ id: claim.id, account: details.account }, outcome, origin)
  await release(parts, intent)
  return refused({ code: outcome.code, detail: outcome.detail })
}

async function release(parts: RefundParts, attempt: Attempt): Promise<void> {
  try {
    await undo(parts, attempt)
  } catch (error) {
    postponeRelease(parts, attempt, error)
  }
}

/**
 * Frees the key of an attempt of which nothing was sent. Where that took longer than its lease, others were told
 * `unknown`: what they were told of does not vanish, but has failed.
 */
async function undo({ store, observer }: RefundParts, attempt: Attempt): Promise<void> {
  const unknown = await store.release(attempt)
  if (unknown === null) return
  const settlement = neverSent()
  const settled = await store.settle(unknown, settlement)
  if (settled.result === 'settled') observer.resolved(settled.stored.refund)
  if (settled.result === 'disputed') observer.disputed(settled.stored.refund, settlement)
}

function neverSent(): Settlement {
  const detail = 'It was never sent to the provider: make a new refund under a new key.'
  return {
    status: 'failed',
    provider: null,
    refunded_at: null,
    failure: { code: 'provider_declined', detail },
    resolution: { source: 'provider', by: null, note: 'Never sent', at: new Date().toISOString() },
    bookedAmount: null,
  }
}

function postponeRelease(parts: RefundParts, attempt: Attempt, error: unknown): void {
  parts.observer.postponed(attempt.claim.id, error)
  parts.background.untilDone(() => undo(parts, attempt))
}

function refused(refusal: Refusal): RefundAnswer {
  return { answer: 'refused', refusal }
}

type BeginRefusal = Exclude<
  Awaited<ReturnType<RefundStore['begin']>>,
  { result: 'begun' | 'exists' | 'claim_abandoned' | 'lost' }
>

function beginRefusal(begun: BeginRefusal, body: RefundRequest): Refusal {
  switch (begun.result) {
    case 'payment_mismatch':
      return {
        code: 'payment_mismatch',
        detail:
          'This payment has a refund that was made with other facts about it. State payment exactly as that request did.',
      }
    case 'partial_not_allowed':
      return notEligible('partial_not_allowed', body)
    case 'tax_free_exceeds_amount':
      return taxFreeExceeds()
    case 'amount_exceeds_remaining':
      return amountExceeds(body, begun.remaining)
    case 'refund_unresolved':
      return {
        code: 'refund_unresolved',
        detail:
          'Another refund of this payment is in flight, unknown or disputed, and this one has no place beside it. Ask again once that one is settled.',
        refund: begun.stored.refund,
      }
  }
}

function unknownAccount(parts: RefundParts, body: RefundRequest): Refusal {
  const names = [...parts.accounts.keys()].join(', ')
  return {
    code: 'unknown_account',
    detail:
      body.account === undefined
        ? `There are several accounts: give account as one of ${names}.`
        : `There is no account of this name. The configured ones are ${names}.`,
  }
}

const ELIGIBILITY_DETAILS: Readonly<Record<EligibilityRule, (method: string) => string>> = {
  method_not_refundable: (method) =>
    `The provider's cancel API does not refund ${method} payments. Refund it another way.`,
  partial_not_allowed: (method) =>
    `A ${method} payment can only be refunded in full. Leave amount out to refund everything.`,
  gateway_not_allowed: (method) =>
    `A ${method} payment can be refunded with a Toss account only. Refund it another way.`,
}

function notEligible(rule: EligibilityRule, body: RefundRequest): Refusal {
  return { code: 'not_eligible', rule, detail: ELIGIBILITY_DETAILS[rule](body.payment.method) }
}

function amountExceeds(body: RefundRequest, remainingAmount: Krw): Refusal {
  const asked = body.amount === undefined ? 'Everything that remains' : `${body.amount} KRW`
  return {
    code: 'amount_exceeds_remaining',
    remaining: remainingAmount,
    detail: `${asked} was asked for; ${remainingAmount} KRW of this payment can still be refunded.`,
  }
}

function taxFreeExceeds(): Refusal {
  return {
    code: 'tax_free_exceeds_amount',
    detail:
      'The tax-free or the taxable part is more than was paid or than is being refunded. Correct amount and tax_free_amount.',
  }
}

function keyReused(): Refusal {
  return {
    code: 'idempotency_key_reused',
    detail:
      'This Idempotency-Key belongs to another payload, and what that asked for may have been refunded. Repeat it as it was first sent, or find its refund by its tid.',
  }
}

function inProgress() {
  return {
    code: 'idempotency_in_progress',
    detail: 'The first request with this key is still running. Repeat the same request after Retry-After.',
  } as const
}
