import type { Claim, Intent } from '../refunds/claim.ts'
import type { MonotonicClock } from '../refunds/clock.ts'
import { CLAIM_TRUST_MS } from '../refunds/lease.ts'
import { NOTHING_SENT } from '../refunds/nothing-sent.ts'
import { type RefundStore, StoreError, type UnsettledEntry } from '../refunds/ports/store.ts'
import type { Refund } from '../refunds/refund.ts'
import type { Settlement, StoredRefund } from '../refunds/stored-refund.ts'
import { keys, unsettledShard } from './keys.ts'
import type { RedisClient, Scripts } from './lua/scripts.ts'
import type { Barrier } from './redis/barrier.ts'
import type { Durability } from './redis/durability.ts'
import { reach, unavailable } from './redis/reach.ts'
import type { StoreWatch } from './redis/store-identity.ts'
import {
  decodeLedger,
  decodeRefund,
  intentJson,
  isProcessing,
  type WrittenJson,
  writeJson,
} from './refund-text.ts'
import { createUnsettledIndex } from './unsettled-index.ts'

/** Longer than any attempt acts on a claim that it has read. */
const ABANDONED_MARK_MS = 2 * CLAIM_TRUST_MS

/**
 * A claim lives for this long at least, until its refund has settled. Its retention counts from then on. It is far
 * more than the time within which whatever was left in flight is found (unsettled-index.ts) and its key kept for good.
 */
const LEAST_CLAIM_MS = 24 * 3_600_000

/** How many refunds of a payment are read at a time for a page of those that match. */
const MOST_READ = 100

export type RefundStoreOptions = Readonly<{
  /** What time it is on the Redis server, about; in milliseconds since 1970. */
  now(): number
  clock: MonotonicClock
  /** The longest lease that any account has had. */
  longestLeaseMs(): number
  idempotencyRetentionMs: number
  ledgerRetentionMs: number
  /** What Redis promises now; a refund is refused while that is not enough. */
  durability: () => Durability
  requireDurability: boolean
  barrier: Barrier
  /** Absent where nobody looks whether the store loses what it was written. */
  watch?: StoreWatch
}>

/** Refunds in Redis: the layout is in keys.ts, each invariant in its script under lua/. */
export function createRefundStore(redis: RedisClient & Scripts, options: RefundStoreOptions): RefundStore {
  const { now, clock, longestLeaseMs, requireDurability, barrier, watch } = options
  const index = createUnsettledIndex(redis, {
    now,
    clock,
    longestLeaseMs,
    find: ({ id, merchant, tid }) => find(id, merchant, tid),
    keepKey,
    expireKey: (unsettled) => expireClaim(unsettled, claimMs, 'NX'),
  })
  const claimMs = Math.max(options.idempotencyRetentionMs, LEAST_CLAIM_MS)
  // A claim whose refund is gone would let a repeat be sent again.
  const ledgerRetentionMs = Math.max(options.ledgerRetentionMs, claimMs)

  function assertDurable(): void {
    const { state } = options.durability()
    if (!requireDurability || state === 'durable') return
    // While it was not asked since the connection was lost, it may have come back without its data.
    throw state === 'unavailable' ? unavailable() : notDurable()
  }

  return {
    async claim(claim) {
      assertDurable()
      // Nobody may have looked for as long as a claim lives: the key of an unknown refund may be free.
      if (!index.isLookedAfter()) await index.expireLeases()
      const text = encodeClaim(claim)
      const existing = await reach(redis.set(keys.claim(claim.id), text, 'PX', claimMs, 'NX', 'GET'))
      return existing === null ? claim : decodeClaim(claim.id, existing)
    },

    async joinClaim(claim) {
      return (await reach(redis.extendClaim(keys.claim(claim.id), claim.token, claimMs))) === 1
    },

    async begin(intent) {
      assertDurable()
      const { claim } = intent
      const paymentKey = keys.payment(claim.merchant, claim.tid)
      const own = intentJson(claim.fingerprint, intent.details)
      // Leaves first: an entry without a refund is dropped when it is due, a refund without one is not found.
      const [, reply] = await reach(
        Promise.all([
          index.enter(intent, intent.leaseMs),
          redis.beginRefund(
            paymentKey,
            keys.abandoned(claim.merchant, claim.tid, claim.token),
            ...beginArguments(intent, own.text),
          ) as Promise<string[]>,
        ]),
      )
      // The claim, too: it was written through the same connections, before.
      await passBarrier(paymentKey, keys.unsettled(unsettledShard(claim.id)), keys.claim(claim.id))
      watch?.refundBegun()
      const begun = decodeBegin(reply, claim, own)
      // Where this attempt's own lease was over before it was renewed, the entry is that of a refund that stands.
      const isOwn = 'stored' in begun && begun.stored.attempt === intent.token
      if (!isOwn) index.leaveSoon(intent)
      return begun
    },

    async settle(stored, settlement) {
      const { merchant } = stored
      const { id, tid } = stored.refund
      const paymentKey = keys.payment(merchant, tid)
      const own = settledJson(stored, settlement)
      const reply = (await reach(
        redis.settleRefund(
          paymentKey,
          id,
          stored.attempt,
          settlement.status,
          settlement.bookedAmount ?? '',
          stored.refund.amount,
          settlement.resolution?.source ?? 'provider',
          own.text,
          ledgerRetentionMs,
          stored.refund.disputed ? 'disputed' : 'unknown',
        ),
      )) as string[]
      // Where it fails, it is settled again: that is the same refund, and changes nothing more.
      await passBarrier(paymentKey)
      const result = reply[0]
      if (result === 'lost') return { result }
      if (result !== 'settled' && result !== 'conflict' && result !== 'disputed') {
        throw new Error(`bug: settle.lua answered ${result}`)
      }
      const settled = decodeReply(reply, merchant, tid, own)
      watch?.refundSettled(paymentKey, settled.refund)
      await followUp(settled)
      return { result, stored: settled }
    },

    async restore(begun, { payment, leaseMs }) {
      const { refund, merchant, attempt } = begun
      const claim = claimOf(begun)
      const requestedAt = Date.parse(refund.created_at)
      // Whatever the store promises now: this is how the truth comes back to it.
      const [, key] = await reach(
        Promise.all([
          index.enter({ claim, token: attempt, requestedAt }, leaseMs),
          redis.set(keys.claim(refund.id), encodeClaim(claim), 'PX', claimMs, 'NX', 'GET'),
          redis.restoreRefund(
            keys.payment(merchant, refund.tid),
            refund.id,
            attempt,
            leaseMs,
            requestedAt,
            intentJson(begun.fingerprint, refund).text,
            payment.method,
            payment.amount,
            payment.tax_free_amount ?? '',
            refund.kind,
            refund.amount,
            begun.countedTaxFree,
          ),
        ]),
      )
      return key === null || decodeClaim(refund.id, key).fingerprint === begun.fingerprint
    },

    async yieldClaim(refused, stored) {
      await reach(redis.yieldClaim(keys.claim(refused.id), refused.token, encodeClaim(claimOf(stored))))
    },

    async release(own) {
      const { claim, token: attempt } = own
      const reply = (await reach(
        redis.releaseRefund(
          keys.payment(claim.merchant, claim.tid),
          keys.abandoned(claim.merchant, claim.tid, claim.token),
          claim.id,
          attempt,
          ABANDONED_MARK_MS,
          ledgerRetentionMs,
        ),
      )) as string[]
      if (reply[0] === 'unknown') return decodeReply(reply, claim.merchant, claim.tid)
      if (reply[0] === 'held') return null
      await Promise.all([reach(redis.deleteIfOwned(keys.claim(claim.id), claim.token)), index.leave(own)])
      return null
    },

    findByClaim: ({ id, merchant, tid }) => find(id, merchant, tid),

    async findById(id) {
      let text = await reach(redis.get(keys.claim(id)))
      if (text === null && !index.isLookedAfter()) {
        await index.expireLeases()
        text = await reach(redis.get(keys.claim(id)))
      }
      if (text === null) return null
      const claim = decodeClaim(id, text)
      return find(id, claim.merchant, claim.tid)
    },

    async findPayment(merchant, tid) {
      const text = (await reach(redis.readPayment(keys.payment(merchant, tid)))) as string | null
      return text === null ? null : decodeLedger(text, tid)
    },

    async listByPayment({ merchant, tid, limit, cursor, matches }) {
      const refunds: Refund[] = []
      for (let number = cursor ?? '1', count = limit; ; count = MOST_READ) {
        const [next, text, ...page] = (await reach(
          redis.listRefunds(keys.payment(merchant, tid), number, count),
        )) as [string, string, ...string[]]
        const ledger = text === '' ? null : decodeLedger(text, tid)
        for (let at = 0; at < page.length; at += 2) {
          const { refund } = decodeRefund(page[at] as string, page[at + 1] as string, merchant, tid)
          if (matches?.(refund) === false) continue
          if (refunds.length === limit) {
            return { ledger, refunds, nextCursor: numberOf(page[at + 1] as string) }
          }
          refunds.push(refund)
        }
        if (next === '') return { ledger, refunds, nextCursor: null }
        if (refunds.length === limit) return { ledger, refunds, nextCursor: next }
        number = next
      }
    },

    listUnsettled: index.list,
    now,
    expireLeases: index.expireLeases,
    takeDue: index.takeDue,
    lookAgain: index.lookAgain,
    keepKey,
    drop: index.drop,
    oldestUnknownAt: index.oldestUnknownAt,
    countUnsettled: index.count,
  }

  /**
   * Begins when the writes are answered, not beside them: a client sends a write once more, and perhaps to another
   * server, where the first one has moved its slot or forgotten the script.
   */
  async function passBarrier(...written: string[]): Promise<void> {
    const waits = written.map(barrier)
    if (waits.every((wait) => wait === true)) return
    const passed = await reach(Promise.all(waits))
    if (requireDurability && passed.includes(false)) throw notDurable()
  }

  async function find(id: string, merchant: string, tid: string): Promise<StoredRefund | null> {
    const text = await reach(redis.hget(keys.payment(merchant, tid), id))
    if (text === null) return null
    if (!isProcessing(text)) return decodeRefund(id, text, merchant, tid)
    // Its lease may be over.
    const reply = (await reach(redis.readRefund(keys.payment(merchant, tid), id))) as string[]
    return reply[0] === 'found' ? decodeReply(reply, merchant, tid) : null
  }

  /** What lies in other slots than the payment, once a refund has settled, or become unknown or disputed. */
  async function followUp(stored: StoredRefund): Promise<void> {
    const { refund, merchant, attempt, history } = stored
    if (refund.status === 'unknown') return index.addUnknown(stored)
    if (refund.disputed) return index.addDisputed(stored)
    const { id, tid } = refund
    // Its key has no expiry then.
    const wasUncertain = history.some(({ event }) => event === 'unknown' || event === 'disputed')
    if (wasUncertain) {
      index.removeUnknown(stored)
      return expireClaim({ id, merchant, tid }, settledClaimMs())
    }
    index.leaveSoon({ claim: claimOf(stored), token: attempt, requestedAt: Date.parse(refund.created_at) })
    // Else it has as long already. Where this fails, the key replays for longer than it must.
    if (settledClaimMs() < claimMs) redis.pexpire(keys.claim(id), settledClaimMs()).catch(() => {})
  }

  /** However short the retention, the key of a settled refund outlives whoever asks with it at that moment. */
  function settledClaimMs(): number {
    return Math.max(options.idempotencyRetentionMs, 4 * longestLeaseMs())
  }

  async function expireClaim(
    { id, merchant, tid }: Pick<UnsettledEntry, 'id' | 'merchant' | 'tid'>,
    afterMs: number,
    only: 'NX' | '' = '',
  ): Promise<void> {
    await reach(redis.expireClaim(keys.claim(id), `${merchant} ${tid}`, afterMs, only))
  }

  /** Also where the claim was lost: without it the refund is not found by its id, and its key is free. */
  async function keepKey(stored: StoredRefund): Promise<void> {
    const key = keys.claim(stored.refund.id)
    await reach(Promise.all([redis.set(key, encodeClaim(claimOf(stored)), 'NX'), redis.persist(key)]))
  }
}

function notDurable(): StoreError {
  return new StoreError(
    'store_not_durable',
    `Redis cannot promise to keep a refund through a crash, so none is made. ${NOTHING_SENT}`,
  )
}

/** A refund's number in its payment, by which lists go on, from its text (lua/ledger.lua). */
function numberOf(text: string): string {
  return text.split(' ', 4)[3] as string
}

function encodeClaim({ token, fingerprint, merchant, tid }: Claim): string {
  return `${token} ${fingerprint} ${merchant} ${tid}`
}

/** A claim for the refund that stands: its attempt's own, or one in the place of that. */
function claimOf({ refund, merchant, attempt, fingerprint }: StoredRefund): Claim {
  return { id: refund.id, token: attempt, fingerprint, merchant, tid: refund.tid }
}

function decodeClaim(id: string, text: string): Claim {
  const [token, fingerprint, merchant] = text.split(' ', 3) as [string, string, string]
  return {
    id,
    token,
    fingerprint,
    merchant,
    tid: text.slice(token.length + fingerprint.length + merchant.length + 3),
  }
}

function beginArguments(intent: Intent, json: string): (string | number)[] {
  const { claim, payment, details } = intent
  return [
    claim.id,
    intent.token,
    intent.leaseMs,
    ABANDONED_MARK_MS,
    payment.method,
    payment.amount,
    payment.tax_free_amount ?? '',
    intent.amount ?? '',
    details.tax_free_amount ?? '',
    intent.partialAllowed ? 1 : 0,
    intent.requestedAt,
    json,
    intent.isRenewal ? 1 : 0,
  ]
}

function decodeBegin(
  reply: string[],
  { merchant, tid }: Claim,
  own: WrittenJson,
): Awaited<ReturnType<RefundStore['begin']>> {
  const result = reply[0]
  switch (result) {
    case 'begun':
    case 'exists':
    case 'refund_unresolved':
      return { result, stored: decodeReply(reply, merchant, tid, own) }
    case 'amount_exceeds_remaining':
      return { result, remaining: Number(reply[1]) }
    case 'claim_abandoned':
    case 'lost':
    case 'payment_mismatch':
    case 'partial_not_allowed':
    case 'tax_free_exceeds_amount':
      return { result }
    default:
      throw new Error(`bug: begin.lua answered ${result}`)
  }
}

function decodeReply(reply: string[], merchant: string, tid: string, own?: WrittenJson): StoredRefund {
  return decodeRefund(reply[1] as string, reply[2] as string, merchant, tid, own)
}

function settledJson(stored: StoredRefund, settlement: Settlement): WrittenJson {
  const { refund, fingerprint, earlier } = stored
  const { provider, refunded_at, failure, resolution } = settlement
  const { account, tax_free_amount, reason, refund_account, requested_by, metadata } = refund
  return writeJson({
    fingerprint,
    account,
    tax_free_amount,
    reason,
    refund_account,
    requested_by,
    metadata,
    provider,
    refunded_at,
    failure,
    resolution,
    earlier: refund.disputed ? [...earlier, refund.resolution] : earlier,
  })
}
