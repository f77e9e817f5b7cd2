import type { Attempt, Claim, Intent } from '../claim.ts'
import type { MonotonicClock } from '../clock.ts'
import { fingerprint as fingerprintOf } from '../fingerprint.ts'
import { CLAIM_TRUST_MS, LEASE_SLACK_MS, type LeaseLeft, startLease } from '../lease.ts'
import { remaining } from '../ledger-sums.ts'
import type { MerchantAccount } from '../merchant.ts'
import type { Allowances, LimitExceeded } from '../ports/limits.ts'
import type { RefundObserver, RequestOrigin } from '../ports/observer.ts'
import type { CancelRequest, NotSent, Place, Provider } from '../ports/provider.ts'
import { type BeginResult, type RefundStore, type SettleResult, StoreError } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import { refundId } from '../refund-id.ts'
import type { RefundRequest } from '../refund-request.ts'
import { intentOf } from '../rules/intent.ts'
import { pickAccount } from '../rules/pick-account.ts'
import {
  amountExceeds,
  beginRefusal,
  inProgress,
  type Refusal,
  STORE_TOO_LATE,
  TOO_MUCH_UNSTORED,
  tokenNotRenewed,
  unknownAccount,
} from '../rules/refusals.ts'
import { brokenRequestRule } from '../rules/request-rules.ts'
import {
  type AnsweredOutcome,
  answeredOnSecondTry,
  asStored,
  cancelledAnotherAmount,
  settlementByAnswer,
  settlementOfNeverSent,
} from '../rules/settlements.ts'
import { endStep, startTimings } from '../step-timings.ts'
import type { Settlement, StoredRefund } from '../stored-refund.ts'
import { attemptTokenFor, beginWithinLimits } from './allowance.ts'
import type { BackgroundWork } from './pending-writes.ts'
import { type RefundAnswer, refused } from './refund-answer.ts'
import { type IdentifiedCommand, isSamePayload, replayBehind, replayOrRefuse, replayUnder } from './replay.ts'

/** Who asks for what, under which key. */
export type RefundCommand = RequestOrigin & Readonly<{ idempotencyKey: string; body: RefundRequest }>

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
  clock: MonotonicClock
  observer: RefundObserver
  background: BackgroundWork
}>

/** How often a request starts over because the claim that it joined was abandoned under it. */
const MAX_CLAIM_ROUNDS = 3

/** A command that breaks no rule without state. Nothing is copied: this is the hot path. */
type CheckedCommand = IdentifiedCommand & Readonly<{ command: RefundCommand; account: MerchantAccount }>

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
    const account = pickAccount(parts.accounts, command.body.account)
    if (account === undefined) {
      return await replayOrRefuse(
        parts,
        identified,
        unknownAccount(command.body.account, parts.accounts.keys()),
      )
    }
    const refusal = brokenRequestRule(command.body, account)
    if (refusal !== null) {
      const told = await withRemaining(parts, refusal, { body: command.body, merchant: account.merchant })
      return await replayOrRefuse(parts, identified, told)
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

/** The steps that follow, in their order. Where a claim is abandoned under it, the request starts over. */
async function attemptRefund(
  parts: RefundParts,
  checked: CheckedCommand,
): Promise<RefundAnswer | 'claim_abandoned'> {
  const { store, provider, clock } = parts
  const { command, account } = checked
  const { merchant } = account
  if (parts.background.isFull()) throw new StoreError('store_unavailable', TOO_MUCH_UNSTORED)
  const timings = startTimings(clock())

  // Claim: the key is bound to the payload.
  const attempt = attemptTokenFor(parts, command.caller)
  const { id, fingerprint } = checked
  const claim = await store.claim({ id, token: attempt, fingerprint, merchant, tid: command.body.tid })
  if (claim.token !== attempt) {
    const answer = await joinOrReplay(parts, checked, { claim, attempt })
    if (answer !== 'joined') return answer
  }
  endStep(timings, 'claimMs', clock())

  // A token, and a place among the provider's calls.
  const intent = intentOf({ claim, token: attempt, requestedAt: store.now() }, command, account)
  const authorization = await provider.authorize(merchant)
  if (authorization.outcome === 'not_sent') return notSent(parts, intent, authorization, command)
  endStep(timings, 'tokenMs', clock())
  const place = await provider.admit({ merchant, caller: command.caller })
  if (place.outcome === 'not_sent') return notSent(parts, intent, place, command)
  try {
    endStep(timings, 'admissionMs', clock())

    // Begin: the amount is reserved and the intent written.
    const begun = await begin(parts, intent, timings.startedAt)
    endStep(timings, 'beginMs', clock())
    if (begun.result !== 'begun') return await notBegun(parts, checked, { intent, begun })

    // Relay: one cancel call.
    const outcome = await relay(parts, { command, intent, begun, place }, authorization.token)
    if (outcome.outcome === 'not_sent') return await notSent(parts, intent, outcome, command)
    endStep(timings, 'relayMs', clock())

    // Settle: refund and ledger change together.
    const refund = await settle(parts, { intent, begun: begun.stored }, outcome)
    endStep(timings, 'settleMs', clock())
    const detail = outcome.outcome === 'unknown' ? outcome.detail : undefined
    parts.observer.recorded(refund, { timings, detail, origin: command })
    return { answer: 'refund', refund, replayed: false }
  } finally {
    place.leave()
  }
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
  { intent, begun }: Readonly<{ intent: Intent; begun: NotBegun }>,
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
      await release(parts, intent)
      return refused(beginRefusal(begun, checked.command.body))
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

/** The outcome in the store; while that is away, the caller still gets it and the store gets it later. */
async function settle(
  parts: RefundParts,
  { intent, begun }: Readonly<{ intent: Intent; begun: StoredRefund }>,
  outcome: AnsweredOutcome,
): Promise<Refund> {
  const settlement = settlementByAnswer(outcome)
  if (outcome.outcome === 'succeeded' && cancelledAnotherAmount(begun.refund.amount, outcome)) {
    parts.observer.amountMismatch(begun.refund, outcome.cancelledAmount)
  }
  const write = async () => {
    let settled = await parts.store.settle(begun, settlement)
    if (settled.result === 'lost') {
      const keepsKey = await parts.store.restore(begun, intent)
      parts.observer.lost(asStored(begun, settlement, now()), { isWrittenBack: true, keepsKey })
      settled = await parts.store.settle(begun, settlement)
    }
    if (settled.result === 'lost')
      throw new StoreError('store_unavailable', 'The store forgets what it is told.')
    return told(parts.observer, begun, { settlement, settled })
  }
  try {
    return await write()
  } catch (error) {
    parts.observer.postponed(begun.refund.id, error)
    parts.background.untilDone(write)
    return asStored(begun, settlement, now())
  }
}

/** What the caller is told of a refund once its outcome is in the store, beside whatever else stands there. */
function told(
  observer: RefundObserver,
  begun: StoredRefund,
  {
    settlement,
    settled,
  }: Readonly<{ settlement: Settlement; settled: Exclude<SettleResult, { result: 'lost' }> }>,
): Refund {
  const { result, stored } = settled
  const isOther = stored.attempt !== begun.attempt
  if (result === 'disputed') observer.disputed(stored.refund, settlement)
  // An unknown outcome cannot contradict what the lookup or a person found.
  const isContradicted = result === 'conflict' && (isOther || settlement.status !== 'unknown')
  if (isContradicted) observer.conflict(stored.refund, settlement, isOther)
  // The store knows less of another attempt than this one does. What the provider says was made has not failed.
  const isSaidToBeMade = result === 'disputed' && settlement.status !== 'failed'
  return isOther || isSaidToBeMade ? asStored(begun, settlement, now()) : stored.refund
}

/** What a caller who asked for too much is told: what the payment's earlier refunds have left. */
async function withRemaining(
  { store }: RefundParts,
  refusal: Refusal,
  { body, merchant }: Readonly<{ body: RefundRequest; merchant: string }>,
): Promise<Refusal> {
  if (refusal.code !== 'amount_exceeds_remaining') return refusal
  const ledger = await store.findPayment(merchant, body.tid)
  return ledger === null ? refusal : amountExceeds(body, remaining(ledger))
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
    await releaseOnce(parts, attempt)
  } catch (error) {
    postponeRelease(parts, attempt, error)
  }
}

/**
 * Frees the key of an attempt of which nothing was sent. Where that took longer than its lease, others were told
 * `unknown`: what they were told of does not vanish, but has failed.
 */
async function releaseOnce({ store, observer }: RefundParts, attempt: Attempt): Promise<void> {
  const unknown = await store.release(attempt)
  if (unknown === null) return
  const settlement = settlementOfNeverSent(now())
  const settled = await store.settle(unknown, settlement)
  if (settled.result === 'settled') observer.resolved(settled.stored.refund)
  if (settled.result === 'disputed') observer.disputed(settled.stored.refund, settlement)
}

function postponeRelease(parts: RefundParts, attempt: Attempt, error: unknown): void {
  parts.observer.postponed(attempt.claim.id, error)
  parts.background.untilDone(() => releaseOnce(parts, attempt))
}

/** ISO 8601. */
function now(): string {
  return new Date().toISOString()
}
