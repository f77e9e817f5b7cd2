import { isCounted } from '../refunds/attempt-token.ts'
import type { Attempt, Claim, Intent } from '../refunds/claim.ts'
import type { MonotonicClock } from '../refunds/clock.ts'
import type { Journal } from '../refunds/ports/journal.ts'
import type {
  AwaitDepositResult,
  BeginResult,
  CheckResult,
  DepositAsking,
  RefundStore,
  SettleResult,
} from '../refunds/ports/store.ts'
import type { HistoryEntry, Settlement, StoredRefund } from '../refunds/stored-refund.ts'
import type { CallerAllowances } from './caller-limits.ts'
import { claimOf } from './claim-text.ts'
import { ABANDONED_MARK_MS, type Claims, createClaims } from './idempotency-keys.ts'
import { createJournal } from './journal.ts'
import { createLeftOvers } from './journal-left-over.ts'
import { keys, unsettledShard } from './keys.ts'
import { awaitDeposit } from './lua/await-deposit.ts'
import { beginRefund } from './lua/begin.ts'
import { checkRefund } from './lua/check.ts'
import { keepDeposit } from './lua/keep-deposit.ts'
import { readPayment } from './lua/read-payment.ts'
import { readRefund } from './lua/read-refund.ts'
import { releaseRefund } from './lua/release.ts'
import { restoreRefund } from './lua/restore.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { settleRefund } from './lua/settle.ts'
import { undoDeposit } from './lua/undo-deposit.ts'
import { rememberCancelTid } from './notifications.ts'
import { listByPayment } from './payments.ts'
import { createDurableWrites, type DurableWrites, type DurableWritesOptions } from './redis/durable-writes.ts'
import { reach } from './redis/reach.ts'
import type { StoreWatch } from './redis/store-past.ts'
import { decodeRefund, intentJson, isProcessing } from './refund-text.ts'
import { entryOf } from './unsettled-entries.ts'
import { createUnsettledIndex, type UnsettledIndex } from './unsettled-index.ts'
import type { LeavingParts } from './unsettled-leaving.ts'

export type RefundStoreOptions = DurableWritesOptions &
  Pick<LeavingParts, 'gather'> &
  Readonly<{
    /** What time it is on the Redis server, about; in milliseconds since 1970. */
    now(): number
    clock: MonotonicClock
    /** The longest lease that any account has had. */
    longestLeaseMs(): number
    idempotencyRetentionMs: number
    ledgerRetentionMs: number
    /** Never longer than the ledger's: what the journal names is there. */
    journalRetentionMs: number
    /** Absent where nobody looks whether the store loses what it was written. */
    watch?: StoreWatch
    /** Whether notifications may name cancels by their own tids; absent: none come. */
    remembersCancelTids?: () => boolean
    /** What callers have taken; absent where nobody has limits. */
    allowances?: Pick<CallerAllowances, 'follow' | 'countAgain' | 'giveBack'>
  }>

type Parts = Readonly<{
  redis: ScriptedClient
  claims: Claims
  index: UnsettledIndex
  writes: DurableWrites
  watch: StoreWatch | undefined
  allowances: RefundStoreOptions['allowances']
  /** For how long a payment is kept of which nothing is unsettled. */
  ledgerRetentionMs: number
  clock: MonotonicClock
  /** Until when, by the clock, what was begun here is in flight for certain, and its entry in the index. */
  leases: WeakMap<StoredRefund, number>
  remembersCancelTids: () => boolean
}>

/** An outcome that reaches Redis this long after it was sent there reaches it late. */
const SETTLE_SLACK_MS = 1_000

/** Refunds in Redis, and the journal of what became of them. */
export type JournalledStore = RefundStore & Readonly<{ journal: Journal }>

/** The layout is in keys.ts, each invariant in its script under lua/. */
export function createRefundStore(redis: ScriptedClient, options: RefundStoreOptions): JournalledStore {
  const claims = createClaims(redis, options)
  // A claim whose refund is gone would let a repeat be sent again.
  const ledgerRetentionMs = Math.max(options.ledgerRetentionMs, claims.lifeMs)
  const journalRetentionMs = Math.min(options.journalRetentionMs, ledgerRetentionMs)
  const findMany: RefundStore['findMany'] = (wanted) => findRefunds(redis, wanted)
  const index = createUnsettledIndex(redis, {
    ...options,
    journalRetentionMs,
    find: (claim) => find(redis, claim),
    keepKey: claims.keep,
    expireKey: claims.letExpire,
  })
  const writes = createDurableWrites(options)
  const { watch, allowances, clock, remembersCancelTids = () => false } = options
  const parts: Parts = {
    redis,
    claims,
    index,
    writes,
    watch,
    allowances,
    ledgerRetentionMs,
    clock,
    leases: new WeakMap(),
    remembersCancelTids,
  }

  const drop: RefundStore['drop'] = async (unsettled, stored) => {
    // Whoever settled it may have died before.
    if (stored !== null) await allowances?.follow(stored)
    await index.drop(unsettled, stored)
  }
  const { now } = options
  const journalLeftOvers = createLeftOvers(redis, { now, findMany, drop })
  const journal = createJournal(redis, { now, retentionMs: journalRetentionMs, journalLeftOvers })

  return {
    journal,
    claim: (claim) => bind(parts, claim),
    joinClaim: claims.join,
    begin: (intent) => begin(parts, intent),
    check: (query) => check(parts, query),
    settle: (stored, settlement) => settle(parts, stored, settlement),
    awaitDeposit: (asking) => askDeposit(parts, asking),
    undoDeposit: (asking) => undoAsking(parts, asking),
    keepDeposit: (asking, answer) => keepAnswer(parts, asking, answer),
    restore: (begun, intent) => restore(parts, begun, intent),
    yieldClaim: claims.yieldTo,
    release: (own) => release(parts, own),
    findByClaim: (claim) => find(redis, claim),
    findMany,
    findClaim: claims.find,
    findById: (id) => findById(parts, id),
    findPayment: (merchant, tid) => readPayment(redis, { merchant, tid }),
    listByPayment: (query) => listByPayment(redis, query),
    listUnsettled: index.list,
    now,
    expireLeases: index.expireLeases,
    takeDue: index.takeDue,
    lookAgain: index.lookAgain,
    keepKey: claims.keep,
    keepDisputed: (stored) => followUp(parts, stored, null),
    drop,
    oldestUnknownAt: index.oldestUnknownAt,
    countUnsettled: index.count,
    countAwaitingDeposit: index.countAwaiting,
  }
}

async function bind({ claims, index, writes }: Parts, claim: Claim): Promise<Claim> {
  writes.assertDurable()
  // Nobody may have looked for as long as a claim lives: the key of an unknown refund may be free.
  if (!index.isLookedAfter()) await index.expireLeases()
  return await claims.bind(claim)
}

async function begin(parts: Parts, intent: Intent): Promise<BeginResult> {
  const { redis, index, writes, watch, clock, leases } = parts
  writes.assertDurable()
  const askedAt = clock()
  const { claim } = intent
  const own = intentJson(claim.fingerprint, intent.details)
  // Leaves first: an entry without a refund is dropped when it is due, a refund without one is not found.
  const [, begun] = await Promise.all([
    index.enter(intent, intent.leaseMs),
    beginRefund(redis, { intent, own, abandonedMs: ABANDONED_MARK_MS }),
  ])
  // The same attempt may ask again, and its entry is that of what it then begins.
  if (begun.result === 'payment_busy') return begun
  // The claim, too: it was written through the same connections, before.
  await writes.passBarrier(
    keys.payment(claim.merchant, claim.tid),
    keys.unsettled(unsettledShard(claim.id)),
    keys.claim(claim.id),
  )
  watch?.refundBegun()
  // An own lease that was over before it was renewed leaves a refund that stands, and the entry is that refund's.
  const isOwn = 'stored' in begun && begun.stored.attempt === intent.token
  if (!isOwn) index.leaveSoon(intent)
  else if (begun.result === 'begun') leases.set(begun.stored, askedAt + intent.leaseMs - SETTLE_SLACK_MS)
  return begun
}

async function check(
  { redis, writes }: Parts,
  query: Parameters<RefundStore['check']>[0],
): Promise<CheckResult> {
  writes.assertDurable()
  return await checkRefund(redis, query)
}

async function settle(parts: Parts, stored: StoredRefund, settlement: Settlement): Promise<SettleResult> {
  const { redis, index, writes, watch, ledgerRetentionMs, clock, leases } = parts
  const paymentKey = keys.payment(stored.merchant, stored.refund.tid)
  // While its lease lasts, its attempt's entry is in the index, and leads to it if this process dies.
  const isInLease = clock() < (leases.get(stored) ?? Number.NEGATIVE_INFINITY)
  const watchedAt = isInLease ? null : await index.watch(stored)
  const settled = await settleRefund(redis, { stored, settlement, retentionMs: ledgerRetentionMs })
  // A barrier that fails has it settled again: that is the same refund, and changes nothing more.
  await writes.passBarrier(paymentKey)
  if (settled.result === 'lost') return settled
  watch?.refundSettled(paymentKey, settled.stored.refund)
  if (parts.remembersCancelTids()) rememberCancelTid(redis, stored.merchant, settled.stored.refund)
  await followUp(parts, settled.stored, watchedAt)
  return settled
}

/** Of which a refund's key has had no expiry. */
const UNCERTAIN: ReadonlySet<HistoryEntry['event']> = new Set(['unknown', 'disputed', 'awaiting_deposit'])

/**
 * What lies in other slots than the payment, once a refund has settled, or become unknown or disputed. `watchedAt`: when
 * it will be looked at, where it was put there before it settled.
 */
async function followUp(
  { claims, index, allowances }: Parts,
  stored: StoredRefund,
  watchedAt: number | null,
): Promise<void> {
  const { refund, attempt, history } = stored
  // Another attempt's: it is followed up when that one ends.
  if (refund.status === 'processing') return
  if (isCounted(attempt)) await allowances?.follow(stored)
  if (refund.status === 'unknown') return index.hold(stored)
  // Whoever asked for the deposit looks after its entry.
  if (refund.status === 'awaiting_deposit') return
  if (refund.disputed) return index.hold(stored)
  const claim = claimOf(stored)
  // Its key has no expiry then.
  const wasUncertain = history.some(({ event }) => UNCERTAIN.has(event))
  if (wasUncertain) {
    index.removeUnknown(stored, watchedAt)
    return claims.expireSettled(claim)
  }
  index.journalSoon(stored)
  claims.shortenSettled(refund.id)
}

async function askDeposit(parts: Parts, asking: DepositAsking): Promise<AwaitDepositResult> {
  const { redis, claims, index, writes, watch, allowances } = parts
  writes.assertDurable()
  const { stored } = asking
  const { merchant, refund } = stored
  // Before, so that whatever awaits a deposit is found and counted; what is left of that goes with the entry.
  if (isCounted(stored.attempt)) await allowances?.countAgain(stored)
  const [, , awaited] = await Promise.all([
    index.enter(entryOfAsking(asking), asking.leaseMs),
    claims.keep(stored),
    awaitDeposit(redis, asking),
  ])
  if (awaited.result !== 'awaiting') {
    // It may be on its way once more, and find then what it did not find now.
    await undoAsking(parts, asking)
    return awaited
  }
  await writes.passBarrier(
    keys.payment(merchant, refund.tid),
    keys.unsettled(unsettledShard(refund.id)),
    keys.claim(refund.id),
  )
  watch?.refundBegun()
  return awaited
}

async function undoAsking(parts: Parts, asking: DepositAsking): Promise<void> {
  const retentionMs = parts.ledgerRetentionMs
  await undoDeposit(parts.redis, { asking, abandonedMs: ABANDONED_MARK_MS, retentionMs })
  await leaveAsking(parts, asking)
}

/** An asking by which nothing awaits a deposit. */
async function leaveAsking(
  { redis, claims, index, allowances }: Parts,
  asking: DepositAsking,
): Promise<void> {
  const now = await find(redis, claimOf(asking.stored))
  if (now !== null && isCounted(now.attempt)) await allowances?.follow(now)
  const isSettled = now !== null && isSettledFor(now)
  if (now === null || isSettled) await claims.expireSettled(claimOf(asking.stored))
  // Others may have been told that a deposit is awaited: what has become of it is journalled as its entry leaves.
  const wasTold = now?.history.some(({ event }) => event === 'awaiting_deposit') === true
  if (isSettled && wasTold) await index.leaveJournalled(now, entryOfAsking(asking))
  else await index.leave(entryOfAsking(asking))
}

function isSettledFor({ refund }: StoredRefund): boolean {
  return refund.status === 'succeeded' || (refund.status === 'failed' && !refund.disputed)
}

async function keepAnswer(
  { redis, index, writes }: Parts,
  asking: DepositAsking,
  answer: string | null,
): Promise<StoredRefund | null> {
  const kept = await keepDeposit(redis, { asking, answer })
  if (kept === null) return null
  await writes.passBarrier(keys.payment(kept.merchant, kept.refund.tid))
  const own = entryOfAsking(asking)
  await (kept.refund.status === 'awaiting_deposit' ? index.hold(kept, entryOf(own)) : index.leave(own))
  return kept
}

/** The entry of an asking in the index: of its own, so that what leaves with the attempt does not take it along. */
function entryOfAsking({ stored, token }: DepositAsking): Attempt {
  return { claim: claimOf(stored), token, requestedAt: Date.parse(stored.refund.created_at) }
}

async function restore(
  { redis, claims, index, allowances }: Parts,
  begun: StoredRefund,
  { wish, leaseMs }: Pick<Intent, 'wish' | 'leaseMs'>,
): Promise<boolean> {
  const claim = claimOf(begun)
  const { attempt, refund, fingerprint } = begun
  // Whatever the store promises now: this is how the truth comes back to it.
  const [, inForce] = await Promise.all([
    index.enter({ claim, token: attempt, requestedAt: Date.parse(refund.created_at) }, leaseMs),
    claims.bind(claim),
    restoreRefund(redis, { begun, wish, leaseMs }),
    allowances?.countAgain(begun),
  ])
  return inForce.fingerprint === fingerprint
}

async function release(parts: Parts, own: Attempt | Intent): Promise<StoredRefund | null> {
  const { redis, claims, index, allowances, ledgerRetentionMs } = parts
  const released = await releaseRefund(redis, {
    own,
    abandonedMs: ABANDONED_MARK_MS,
    retentionMs: ledgerRetentionMs,
  })
  if (released.result === 'unknown') return released.stored
  if (released.result === 'released') await Promise.all([claims.free(own.claim), index.leave(own)])
  // Not before: until then what was begun may still be sent.
  if (isCounted(own.token) && 'details' in own) {
    const { details, token, requestedAt } = own
    await allowances?.giveBack({ caller: details.requested_by, attempt: token, requestedAt })
  }
  return null
}

async function find(
  redis: ScriptedClient,
  claim: Pick<Claim, 'id' | 'merchant' | 'tid'>,
): Promise<StoredRefund | null> {
  const text = await reach(redis.hget(keys.payment(claim.merchant, claim.tid), claim.id))
  if (text === null) return null
  // Only a script may take `processing` at its word: the lease may be over.
  return isProcessing(text) ? readRefund(redis, claim) : decodeRefund(text, claim)
}

/** Refunds of one payment are read together, and whatever leaves in one turn of the event loop in one packet. */
async function findRefunds(
  redis: ScriptedClient,
  wanted: readonly Pick<Claim, 'id' | 'merchant' | 'tid'>[],
): Promise<(StoredRefund | null)[]> {
  const idsByPayment = new Map<string, string[]>()
  for (const { id, merchant, tid } of wanted) {
    const key = keys.payment(merchant, tid)
    const ids = idsByPayment.get(key)
    if (ids === undefined) idsByPayment.set(key, [id])
    else ids.push(id)
  }
  const texts = new Map<string, (string | null)[]>()
  const payments = [...idsByPayment]
  const replies = await reach(Promise.all(payments.map(([key, ids]) => redis.hmget(key, ...ids))))
  for (const [index, [key]] of payments.entries()) texts.set(key, [...(replies[index] ?? [])])
  return Promise.all(
    wanted.map((claim) => {
      const text = texts.get(keys.payment(claim.merchant, claim.tid))?.shift() ?? null
      if (text === null) return null
      return isProcessing(text) ? readRefund(redis, claim) : decodeRefund(text, claim)
    }),
  )
}

async function findById({ redis, claims, index }: Parts, id: string): Promise<StoredRefund | null> {
  let claim = await claims.find(id)
  if (claim === null && !index.isLookedAfter()) {
    await index.expireLeases()
    claim = await claims.find(id)
  }
  return claim && find(redis, claim)
}
