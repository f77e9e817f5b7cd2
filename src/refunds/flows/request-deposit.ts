import { newAttemptToken } from '../attempt-token.ts'
import type { MonotonicClock } from '../clock.ts'
import { LEASE_SLACK_MS, type LeaseLeft, startLease } from '../lease.ts'
import type { MerchantAccount } from '../merchant.ts'
import type { NotificationStore } from '../ports/notifications.ts'
import type { RefundObserver, RequestOrigin } from '../ports/observer.ts'
import type { DepositOutcome, NotSent, Provider } from '../ports/provider.ts'
import { type AwaitDepositResult, type DepositAsking, type RefundStore, StoreError } from '../ports/store.ts'
import type { Refund } from '../refund.ts'
import { type DepositWish, decideDeposit } from '../rules/deposit.ts'
import { depositRefusal, type Refusal, STORE_TOO_LATE, TOO_MUCH_UNSTORED } from '../rules/refusals.ts'
import type { StoredRefund } from '../stored-refund.ts'
import type { BackgroundWork } from './pending-writes.ts'
import { settleByNotifications } from './settle-by-notifications.ts'

/** Who asks for a deposit of which refund. */
export type DepositCommand = DepositWish & RequestOrigin & Readonly<{ id: string }>

/** What asking for a deposit needs. */
export type DepositParts = Readonly<{
  store: RefundStore
  notifications: NotificationStore
  provider: Provider
  /** The configured accounts by their names. */
  accounts: ReadonlyMap<string, MerchantAccount>
  /** For how long a succeeded refund counts against one of the same amount; 0: the rule is off. */
  duplicateWindowMs: number
  clock: MonotonicClock
  observer: RefundObserver
  background: BackgroundWork
}>

/** `awaiting`: now, or since before. `not_resolvable`: `detail` says why. */
export type DepositAnswer =
  | Readonly<{ answer: 'awaiting'; refund: Refund }>
  | Readonly<{ answer: 'not_resolvable'; refund: Refund; detail: string }>
  | Readonly<{ answer: 'refused'; refusal: Refusal }>
  | Readonly<{ answer: 'not_found' }>

/** How often it is decided anew because the refund changed under it. */
const MAX_ROUNDS = 3

/**
 * Asks the provider for the account that a refund's deposit is paid into, with the discipline of a cancel: a durable
 * intent, which holds the amount; then one call, whose answer is kept, or whose loss is. Never repeated before that
 * deposit has expired. Never throws for a store or provider that fails: that is an answer, too.
 */
export async function requestDeposit(parts: DepositParts, command: DepositCommand): Promise<DepositAnswer> {
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const stored = await findUnpaid(parts, command.id)
      if (stored === null) return { answer: 'not_found' }
      const { refund } = stored
      const account = [...parts.accounts.values()].find(({ merchant }) => merchant === stored.merchant)
      const decided = decideDeposit(stored, command, { account, now: parts.store.now() })
      if (decided.decision === 'asked') return { answer: 'awaiting', refund }
      if (decided.decision === 'refused') return { answer: 'not_resolvable', refund, detail: decided.detail }
      const answer = await askAdmitted(parts, command, { stored, account: decided.account })
      if (answer !== 'changed') return answer
    }
    throw new StoreError('store_unavailable', STORE_TOO_LATE)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return { answer: 'refused', refusal: { code: error.code, detail: error.message } }
  }
}

/** The refund, once what was notified of has settled it: a deposit that was paid is asked for no more. */
async function findUnpaid(parts: DepositParts, id: string): Promise<StoredRefund | null> {
  const stored = await parts.store.findById(id)
  if (stored?.refund.status !== 'awaiting_deposit') return stored
  await settleByNotifications(parts, { merchant: stored.merchant, tid: stored.refund.tid })
  return await parts.store.findById(id)
}

type Wanted = Readonly<{ stored: StoredRefund; account: MerchantAccount }>

/** From the token and the place among the provider's calls on: nothing is written before both are there. */
async function askAdmitted(
  parts: DepositParts,
  command: DepositCommand,
  wanted: Wanted,
): Promise<DepositAnswer | 'changed'> {
  const { provider, background } = parts
  const { merchant } = wanted.account
  if (background.isFull()) throw new StoreError('store_unavailable', TOO_MUCH_UNSTORED)
  const authorization = await provider.authorize(merchant)
  if (authorization.outcome === 'not_sent') return notSent(parts, command, { wanted, outcome: authorization })
  const place = await provider.admit({ merchant, caller: command.caller })
  if (place.outcome === 'not_sent') return notSent(parts, command, { wanted, outcome: place })
  try {
    return await askOnce(parts, command, { ...wanted, token: authorization.token })
  } finally {
    place.leave()
  }
}

/** The intent, the one call, and what it led to. */
async function askOnce(
  parts: DepositParts,
  command: DepositCommand,
  { stored, account, token }: Wanted & Readonly<{ token: string }>,
): Promise<DepositAnswer | 'changed'> {
  const asking = askingOf(parts, command, { stored, account })
  const askedAt = parts.clock()
  const awaited = await awaitDeposit(parts, asking)
  if (awaited.result === 'changed') return 'changed'
  if (awaited.result === 'lost') return { answer: 'not_found' }
  if (awaited.result !== 'awaiting') {
    return { answer: 'refused', refusal: depositRefusal(awaited, stored.refund) }
  }
  if (parts.clock() - askedAt > LEASE_SLACK_MS) {
    await undo(parts, asking)
    throw new StoreError('store_unavailable', STORE_TOO_LATE)
  }
  const leaseLeft = startLease(parts.clock, { askedAt, leaseMs: account.leaseMs })

  const outcome = await call(parts, { ...command, refund: awaited.stored.refund, account, leaseLeft }, token)
  if (outcome.outcome === 'not_sent') {
    await undo(parts, asking)
    return notSent(parts, command, { wanted: { stored, account }, outcome })
  }
  const answer = outcome.outcome === 'answered' ? outcome.answer : null
  const refund = (await keep(parts, asking, answer)) ?? withAnswer(awaited.stored.refund, answer)
  const detail = outcome.outcome === 'lost' ? outcome.detail : `The provider answered ${outcome.status}.`
  parts.observer.depositAskedFor(refund, { by: command.by, isLost: answer === null, detail, origin: command })
  return { answer: 'awaiting', refund }
}

function askingOf(
  { store, duplicateWindowMs }: DepositParts,
  { by }: DepositCommand,
  { stored, account }: Wanted,
): DepositAsking {
  const { leaseMs } = account
  return { stored, token: newAttemptToken(), by, at: store.now(), leaseMs, duplicateWindowMs }
}

/** One whose answer is lost may have been stored: it is undone as soon as the store can be reached. */
async function awaitDeposit(parts: DepositParts, asking: DepositAsking): Promise<AwaitDepositResult> {
  try {
    return await parts.store.awaitDeposit(asking)
  } catch (error) {
    postpone(parts, asking, { error, work: () => parts.store.undoDeposit(asking) })
    throw error
  }
}

type Call = DepositCommand & Readonly<{ refund: Refund; account: MerchantAccount; leaseLeft: LeaseLeft }>

/** Once; a token that was rejected opened no account, and so there is one more try with another one. */
async function call(
  { provider }: DepositParts,
  { refund, account: { merchant }, leaseLeft, traceparent }: Call,
  token: string,
): Promise<Exclude<DepositOutcome, { outcome: 'token_rejected' }>> {
  const { tid, reason, amount } = refund
  const request = { merchant, tid, reason, amount, leaseLeft, traceparent }
  const first = await provider.askForDeposit(request, token)
  if (first.outcome !== 'token_rejected') return first
  const renewed = await provider.renew(merchant, token)
  if (renewed.outcome === 'not_sent') return renewed
  const second = await provider.askForDeposit(request, renewed.token)
  if (second.outcome !== 'token_rejected') return second
  return { outcome: 'not_sent', code: 'provider_auth_failed', detail: second.detail }
}

/** The answer in the store, now or as soon as that can be reached; null: it is not there yet, or for good. */
async function keep(
  parts: DepositParts,
  asking: DepositAsking,
  answer: string | null,
): Promise<Refund | null> {
  const keepOnce = async () => {
    const kept = await parts.store.keepDeposit(asking, answer)
    if (kept === null) parts.observer.lost(asking.stored.refund, { isWrittenBack: false, keepsKey: true })
    return kept?.refund ?? null
  }
  try {
    return await keepOnce()
  } catch (error) {
    postpone(parts, asking, { error, work: keepOnce })
    return null
  }
}

async function undo(parts: DepositParts, asking: DepositAsking): Promise<void> {
  const undoOnce = () => parts.store.undoDeposit(asking)
  try {
    await undoOnce()
  } catch (error) {
    postpone(parts, asking, { error, work: undoOnce })
  }
}

function postpone(
  { observer, background }: DepositParts,
  { stored }: DepositAsking,
  { error, work }: Readonly<{ error: unknown; work: () => Promise<unknown> }>,
): void {
  observer.postponed(stored.refund.id, error)
  background.untilDone(work)
}

function notSent(
  { observer }: DepositParts,
  command: DepositCommand,
  { wanted, outcome }: Readonly<{ wanted: Wanted; outcome: NotSent }>,
): DepositAnswer {
  observer.notSent(wanted.stored.refund, outcome, command)
  return { answer: 'refused', refusal: { code: outcome.code, detail: outcome.detail } }
}

function withAnswer(refund: Refund, answer: string | null): Refund {
  return { ...refund, deposit: refund.deposit && { ...refund.deposit, answer } }
}
