import type { Attempt, Claim, Intent } from '../claim.ts'
import type { MonotonicClock } from '../clock.ts'
import { fingerprint as fingerprintOf } from '../fingerprint.ts'
import { CLAIM_TRUST_MS, LEASE_SLACK_MS, type LeaseLeft, startLease } from '../lease.ts'
import type { MerchantAccount } from '../merchant.ts'
import type { Allowances, LimitExceeded } from '../ports/limits.ts'
import type { RefundObserver, RequestOrigin } from '../ports/observer.ts'
import type { CancelRequest, NotSent, Place, Provider } from '../ports/provider.ts'
import { type BeginResult, type RefundStore, StoreError } from '../ports/store.ts'
import { refundId } from '../refund-id.ts'
import type { RefundRequest } from '../refund-request.ts'
import { intentOf } from '../rules/intent.ts'
import { judgeRequest } from '../rules/order-of-request-rules.ts'
import {
  beginRefusal,
  inProgress,
  paymentBusy,
  type Refusal,
  STORE_TOO_LATE,
  TOO_MUCH_UNSTORED,
  tokenNotRenewed,
} from '../rules/refusals.ts'
import { type AnsweredOutcome, answeredOnSecondTry } from '../rules/settlements.ts'
import { endStep, type StepTimings, startTimings } from '../step-timings.ts'
import { attemptTokenFor, beginWithinLimits, checkWithinLimits } from './allowance.ts'
import { type Patience, startPatience } from './patience.ts'
import type { PaymentTurns } from './payment-turns.ts'
import type { BackgroundWork } from './pending-writes.ts'
import { recordOutcome } from './record-outcome.ts'
import { type RefundAnswer, refused } from './refund-answer.ts'
import { postponeRelease, release } from './release.ts'
import { type IdentifiedCommand, isSamePayload, replayBehind, replayOrRefuse, replayUnder } from './replay.ts'
import { type VerifyPayment, withVerification } from './verify-payment.ts'
import { withRemaining } from './with-remaining.ts'

/** Who asks for what, under which key. */
export type RefundCommand = RequestOrigin &
  Readonly<{
    idempotencyKey: string
    body: RefundRequest
    /** Aborted once nobody waits for the answer any more. Asked only where the request has to wait. */
    hungUp?: (() => AbortSignal) | undefined
  }>

/** What the flow needs. */
export type RefundParts = Readonly<{
  store: RefundStore
  /** Absent: no caller has limits. */
  allowances?: Allowances
  provider: Provider
  /** The configured accounts by their names. */
  accounts: ReadonlyMap<string, MerchantAccount>
  /** For the fingerprint; newest first. */
  storeSecrets: readonly Buffer[]
  /** For how long a succeeded refund counts against one of the same amount; 0: the rule is off. */
  duplicateWindowMs: number
  /** Of this process: one cancel of a payment at a time. */
  turns: PaymentTurns
  clock: MonotonicClock
  observer: RefundObserver
  background: BackgroundWork
  /** Absent: no payment is looked up. */
  verifyPayment?: VerifyPayment | undefined
}>

/** How often a request starts over because the claim that it joined was abandoned under it. */
const MAX_CLAIM_ROUNDS = 3

/**
 * A command that breaks no rule without state. Nothing is copied: this is the hot path. Its patience is there once it
 * has to wait, and is one for all rounds.
 */
type CheckedCommand = IdentifiedCommand &
  Readonly<{ command: RefundCommand; account: MerchantAccount }> & { patience: Patience | undefined }

/**
 * One refund, from the request to its recorded outcome (docs/architecture.md). Never throws for a store or
 * provider that fails: that is an answer, too.
 */
export async function requestRefund(parts: RefundParts, command: RefundCommand): Promise<RefundAnswer> {
  try {
    const identified = {
      command,
      id: refundId(command.caller, command.idempotencyKey),
      fingerprint: fingerprintOf(command.body, parts.storeSecrets[0] as Buffer),
    }
    // The rules that need no state. Who asks is known, and the body is valid: http/ has seen to that.
    const judged = judgeRequest(parts.accounts, command.body)
    if (judged.refusal !== null) {
      return await replayOrRefuse(parts, identified, await withRemaining(parts, judged, command.body))
    }

    const { id, fingerprint } = identified
    const checked = { command, id, fingerprint, account: judged.account, patience: undefined }
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

/** The steps that follow, in their order. Where a claim is abandoned under it, the request starts over. */
async function attemptRefund(
  parts: RefundParts,
  checked: CheckedCommand,
): Promise<RefundAnswer | 'claim_abandoned'> {
  const { store, provider, turns, clock } = parts
  const { command, account } = checked
  const { merchant } = account
  const { tid } = command.body
  if (parts.background.isFull()) throw new StoreError('store_unavailable', TOO_MUCH_UNSTORED)
  const timings = startTimings(clock())

  // Claim: the key is bound to the payload.
  const attempt = attemptTokenFor(parts, command.caller)
  const { id, fingerprint } = checked
  const claim = await store.claim({ id, token: attempt, fingerprint, merchant, tid })
  if (claim.token !== attempt) {
    const answer = await joinOrReplay(parts, checked, { claim, attempt })
    if (answer !== 'joined') return answer
  }
  endStep(timings, 'claimMs', clock())

  // Verify: where that is asked for, the payment is held to the provider's row.
  const seen =
    parts.verifyPayment && (await parts.verifyPayment({ merchant, tid, payment: command.body.payment }))
  const own = { claim, token: attempt, requestedAt: store.now() }
  if (seen?.result === 'refused') {
    return giveUpUnlessMade(parts, checked, { attempt: own, refusal: seen.refusal })
  }

  // A token.
  const { duplicateWindowMs } = parts
  const intent = withVerification(intentOf(own, command, { account, duplicateWindowMs }), seen)
  const authorization = await provider.authorize(merchant)
  if (authorization.outcome === 'not_sent') return notSent(parts, intent, authorization, command)
  endStep(timings, 'tokenMs', clock())

  // Its turn: one cancel of a payment at a time.
  const payment = `${merchant}:${tid}`
  if (!turns.take(payment)) {
    const refusal = await refusalWhileWaiting(parts, checked, { intent, payment })
    if (refusal !== null) return giveUpUnlessMade(parts, checked, { attempt: intent, refusal })
  }
  endStep(timings, 'turnMs', clock())
  try {
    return await refundInTurn(parts, checked, { intent, timings, token: authorization.token })
  } finally {
    turns.leave(payment)
  }
}

type Turn = Readonly<{ intent: Intent; timings: StepTimings; token: string }>

/** From the turn on. Where another process has the payment, or the account's spacing keeps it, the place is left. */
async function refundInTurn(
  parts: RefundParts,
  checked: CheckedCommand,
  { intent, timings, token }: Turn,
): Promise<RefundAnswer | 'claim_abandoned'> {
  const { provider, clock } = parts
  const { command } = checked
  const { merchant } = intent.claim
  for (;;) {
    // A place among the provider's calls.
    const place = await provider.admit({ merchant, caller: command.caller })
    if (place.outcome === 'not_sent') return notSent(parts, intent, place, command)
    let retryAfterMs: number | null
    try {
      endStep(timings, 'admissionMs', clock())

      // Begin: the amount is reserved and the intent written.
      const begun = await begin(parts, intent, timings.startedAt)
      endStep(timings, 'beginMs', clock())
      if (begun.result === 'begun') {
        return await relayAndSettle(parts, { command, intent, begun, place }, { timings, token })
      }
      if (begun.result !== 'payment_busy') return await notBegun(parts, checked, { intent, begun })
      retryAfterMs = begun.retryAfterMs
    } finally {
      place.leave()
    }
    if (!(await patienceOf(parts, checked).pause(retryAfterMs))) return giveUp(parts, intent, paymentBusy())
    endStep(timings, 'turnMs', clock())
  }
}

async function relayAndSettle(
  parts: RefundParts,
  relayed: Relay,
  { timings, token }: Pick<Turn, 'timings' | 'token'>,
): Promise<RefundAnswer> {
  const { command, intent, begun } = relayed
  // Relay: one cancel call.
  const outcome = await relay(parts, relayed, token)
  if (outcome.outcome === 'not_sent') return notSent(parts, intent, outcome, command)
  endStep(timings, 'relayMs', parts.clock())

  // Settle: refund and ledger change together.
  const refund = await recordOutcome(parts, { intent, begun: begun.stored }, outcome)
  endStep(timings, 'settleMs', parts.clock())
  const detail = outcome.outcome === 'unknown' ? outcome.detail : undefined
  parts.observer.recorded(refund, { timings, detail, origin: command })
  return { answer: 'refund', refund, replayed: false }
}

/**
 * Waits until it is its turn, and answers null; or what stands against it. That is asked before it waits: a duplicate of
 * what is in flight is not to be told so later than a replica would tell it.
 */
async function refusalWhileWaiting(
  parts: RefundParts,
  checked: CheckedCommand,
  { intent, payment }: Readonly<{ intent: Intent; payment: string }>,
): Promise<Refusal | null> {
  const { id, merchant, tid } = intent.claim
  const { caller } = checked.command
  const found = await checkWithinLimits(parts, { caller, merchant, tid, wish: intent.wish }).catch(
    (error) => {
      // Nothing was begun, and the key is not to stay with this payload.
      postponeRelease(parts, intent, error)
      throw error
    },
  )
  // What is in flight may be this very key's, and no duplicate then.
  const isOwn = 'stored' in found && found.stored.refund.id === id
  if (found.result !== 'allowed' && found.result !== 'payment_busy' && !isOwn) {
    return beginRefusal(found, checked.command.body)
  }
  // It may have become free meanwhile.
  if (parts.turns.take(payment)) return null
  const ended = await parts.turns.wait(payment, patienceOf(parts, checked))
  return ended === 'taken' ? null : paymentBusy()
}

/** One for all that a request waits for. */
function patienceOf({ clock }: RefundParts, checked: CheckedCommand): Patience {
  checked.patience ??= startPatience(clock, checked.command.hungUp)
  return checked.patience
}

/**
 * What stands against a refund may be that very refund, made by another request under its key. Then that is the
 * answer.
 */
async function giveUpUnlessMade(
  parts: RefundParts,
  checked: CheckedCommand,
  { attempt, refusal }: Readonly<{ attempt: Attempt; refusal: Refusal }>,
): Promise<RefundAnswer> {
  const { claim } = attempt
  // First: once its claim is abandoned nobody begins under it, so that what is not there then will not be.
  const isAbandoned = await release(parts, attempt)
  const stored = await parts.store.findByClaim(claim)
  if (stored === null) return refused(isAbandoned ? refusal : inProgress())
  return replayUnder(parts, checked, { claim, stored })
}

/** Nothing was stored for this request, and its key is free. */
async function giveUp(parts: RefundParts, attempt: Attempt, refusal: Refusal): Promise<RefundAnswer> {
  await release(parts, attempt)
  return refused(refusal)
}

/** The claim that is in force is another attempt's: its refund is replayed, or this attempt goes on under it. */
async function joinOrReplay(
  parts: RefundParts,
  checked: CheckedCommand,
  { claim, attempt }: Readonly<{ claim: Claim; attempt: string }>,
): Promise<RefundAnswer | 'joined' | 'claim_abandoned'> {
  const { store } = parts
  if (!isSamePayload(parts, checked, claim.fingerprint)) return replayBehind(parts, checked, claim)
  const stored = await store.findByClaim(claim)
  if (stored !== null) return replayUnder(parts, checked, { claim, stored })
  // Made while another merchant's account was meant: what is sent with this one must not be booked on that.
  if (claim.merchant !== checked.account.merchant) {
    await release(parts, { claim, token: attempt, requestedAt: store.now() })
    return 'claim_abandoned'
  }
  return (await store.joinClaim(claim)) ? 'joined' : 'claim_abandoned'
}

type Begun = Extract<BeginResult, { result: 'begun' }> & Readonly<{ leaseLeft: LeaseLeft }>
type NotBegun = Exclude<BeginResult, { result: 'begun' }> | LimitExceeded
type Undecided = Extract<BeginResult, { result: 'payment_busy' }>

/** A begin whose answer is lost may have been applied: it is released as soon as the store can be reached. */
async function begin(parts: RefundParts, intent: Intent, claimReadAt: number): Promise<Begun | NotBegun> {
  const askedAt = parts.clock()
  let begun: BeginResult | LimitExceeded
  try {
    begun = await beginWithinLimits(parts, intent)
  } catch (error) {
    postponeRelease(parts, intent, error)
    throw error
  }
  if (begun.result !== 'begun') return begun
  // A call that started later than this could outlast its lease, and with it what blocks a second refund.
  const now = parts.clock()
  if (now - askedAt > LEASE_SLACK_MS || now - claimReadAt > CLAIM_TRUST_MS) {
    await release(parts, intent)
    throw new StoreError('store_unavailable', STORE_TOO_LATE)
  }
  const leaseLeft = startLease(parts.clock, { askedAt, leaseMs: intent.leaseMs })
  return { result: 'begun', stored: begun.stored, leaseLeft }
}

async function notBegun(
  parts: RefundParts,
  checked: CheckedCommand,
  { intent, begun }: Readonly<{ intent: Intent; begun: Exclude<NotBegun, Undecided> }>,
): Promise<RefundAnswer | 'claim_abandoned'> {
  switch (begun.result) {
    case 'exists':
      return replayUnder(parts, checked, { claim: intent.claim, stored: begun.stored })
    case 'lost':
      throw new Error('bug: a begin that is no renewal finds nothing lost')
    case 'claim_abandoned':
      await release(parts, intent)
      return begun.result
    default:
      return giveUp(parts, intent, beginRefusal(begun, checked.command.body))
  }
}

type Relay = Readonly<{ command: RefundCommand; intent: Intent; begun: Begun; place: Place }>

async function relay(
  parts: RefundParts,
  { command, intent, begun, place }: Relay,
  token: string,
): Promise<AnsweredOutcome | NotSent> {
  const { body } = command
  const request = {
    merchant: intent.claim.merchant,
    tid: body.tid,
    reason: body.reason,
    kind: begun.stored.refund.kind,
    amount: begun.stored.refund.amount,
    taxFreeAmount: body.tax_free_amount,
    refundAccount: body.refund_account,
    leaseLeft: begun.leaseLeft,
    traceparent: command.traceparent,
  }
  const outcome = await place.cancel(request, token)
  if (outcome.outcome !== 'token_rejected') return outcome
  return relayWithFreshToken(parts, { intent, begun, place, request }, token)
}

/** A rejected token cancelled nothing (docs/provider.md, Tokens): there is one more try, under a renewed lease. */
async function relayWithFreshToken(
  parts: RefundParts,
  { intent, begun, place, request }: Omit<Relay, 'command'> & Readonly<{ request: CancelRequest }>,
  rejectedToken: string,
): Promise<AnsweredOutcome | NotSent> {
  const authorization = await parts.provider.renew(request.merchant, rejectedToken)
  if (authorization.outcome === 'not_sent') return authorization
  const renewed = await begin(parts, { ...intent, isRenewal: true }, parts.clock())
  if (renewed.result === 'lost') {
    parts.observer.lost(begun.stored.refund, { isWrittenBack: false, keepsKey: false })
    return tokenNotRenewed('The store forgot this refund while its token was renewed.')
  }
  if (renewed.result !== 'begun') return tokenNotRenewed('The provider took too long to renew its token.')
  const outcome = await place.cancel({ ...request, leaseLeft: renewed.leaseLeft }, authorization.token)
  if (outcome.outcome === 'token_rejected') {
    return { outcome: 'not_sent', code: 'provider_auth_failed', detail: outcome.detail }
  }
  return outcome.outcome === 'not_sent' ? outcome : answeredOnSecondTry(outcome)
}

async function notSent(
  parts: RefundParts,
  intent: Intent,
  outcome: NotSent,
  origin: RequestOrigin,
): Promise<RefundAnswer> {
  const { claim, details } = intent
  parts.observer.notSent({ id: claim.id, account: details.account }, outcome, origin)
  return giveUp(parts, intent, { code: outcome.code, detail: outcome.detail })
}
