import type {
  Attempt,
  Claim,
  Intent,
  RefundStore,
  Settlement,
  StoredRefund,
  UnsettledRefund,
} from '../refunds/ports.ts'
import { NOTHING_SENT, StoreError } from '../refunds/ports.ts'
import type { Refund } from '../refunds/refund.ts'
import { CLAIM_TRUST_MS } from '../refunds/request-refund.ts'
import type { Barrier } from './barrier.ts'
import type { Durability } from './durability.ts'
import type { StoreWatch } from './identity.ts'
import { createIndexCleaner } from './index-cleaner.ts'
import { keys, UNSETTLED_SHARDS, unsettledShard } from './keys.ts'
import {
  decodeLedger,
  decodeRefund,
  intentJson,
  isProcessing,
  type WrittenJson,
  writeJson,
} from './refund-text.ts'
import type { RedisClient, Scripts } from './scripts.ts'

/** Longer than any attempt acts on a claim that it has read. */
const ABANDONED_MARK_MS = 2 * CLAIM_TRUST_MS

/** A refund is due a little after its lease is over, since the two are written one after the other. */
const DUE_SLACK_MS = 100

/** A replica that takes entries to look at has this long before another one gets them. */
const TAKEN_MS = 60_000
const TAKEN_PER_SHARD = 4

/** How many entries of the index one page may read through, and how many at a time. */
const MOST_LOOKED_AT = 1_000
const LIST_BATCH = 50

/** How much of the index is read for the oldest unknown refund, and how many of the oldest are looked at. */
const SURVEYED_PER_SHARD = 1_000
const SURVEYED_REFUNDS = 16

export type RefundStoreOptions = Readonly<{
  /** How long a `processing` refund is its attempt's own. */
  leaseMs: number
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
  const { leaseMs, requireDurability, barrier, watch } = options
  const clean = createIndexCleaner(redis)
  // However short the retention, a claim outlives its attempt, one renewal of the lease, and the first sweep after.
  const claimRetentionMs = Math.max(options.idempotencyRetentionMs, 4 * leaseMs)
  // A claim whose refund is gone would let a repeat be sent again.
  const ledgerRetentionMs = Math.max(options.ledgerRetentionMs, claimRetentionMs)

  function assertDurable(): void {
    const { state } = options.durability()
    if (!requireDurability || state === 'durable') return
    // While it was not asked since the connection was lost, it may have come back without its data.
    throw state === 'unavailable' ? unavailable() : notDurable()
  }

  return {
    async claim(claim) {
      assertDurable()
      const text = encodeClaim(claim)
      const existing = await reach(redis.set(keys.claim(claim.id), text, 'PX', claimRetentionMs, 'NX', 'GET'))
      return existing === null ? claim : decodeClaim(claim.id, existing)
    },

    async joinClaim(claim) {
      return (await reach(redis.extendClaim(keys.claim(claim.id), claim.token, claimRetentionMs))) === 1
    },

    async begin(intent) {
      assertDurable()
      const { claim } = intent
      const paymentKey = keys.payment(claim.merchant, claim.tid)
      const shardKey = shardOf(claim.id)
      const own = intentJson(claim.fingerprint, intent.details)
      // Leaves first: an entry without a refund is dropped when it is due, a refund without one is not found.
      const [, reply] = await reach(
        Promise.all([
          redis.zadd(shardKey, Date.now() + leaseMs + DUE_SLACK_MS, entryOf(intent)),
          redis.beginRefund(
            paymentKey,
            keys.abandoned(claim.merchant, claim.tid, claim.token),
            ...beginArguments(intent, leaseMs, own.text),
          ) as Promise<string[]>,
        ]),
      )
      // The claim, too: it was written through the same connections, before.
      await passBarrier(paymentKey, shardKey, keys.claim(claim.id))
      watch?.refundBegun()
      const begun = decodeBegin(reply, claim, own)
      // Where this attempt's own lease was over before it was renewed, the entry is that of a refund that stands.
      const isOwn = 'stored' in begun && begun.stored.attempt === intent.attempt
      if (!isOwn) clean(shardKey, entryOf(intent))
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

    async restore(begun, payment) {
      const { refund, merchant, attempt } = begun
      const claim = claimOf(begun)
      const requestedAt = Date.parse(refund.created_at)
      // Whatever the store promises now: this is how the truth comes back to it.
      const [, key] = await reach(
        Promise.all([
          redis.zadd(
            shardOf(refund.id),
            Date.now() + leaseMs + DUE_SLACK_MS,
            entryOf({ claim, attempt, requestedAt }),
          ),
          redis.set(keys.claim(refund.id), encodeClaim(claim), 'PX', claimRetentionMs, 'NX', 'GET'),
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
      const { claim, attempt } = own
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
      await reach(
        Promise.all([
          redis.deleteIfOwned(keys.claim(claim.id), claim.token),
          redis.zrem(shardOf(claim.id), entryOf(own)),
        ]),
      )
      return null
    },

    findByClaim: ({ id, merchant, tid }) => find(id, merchant, tid),

    async findById(id) {
      const text = await reach(redis.get(keys.claim(id)))
      if (text === null) return null
      const claim = decodeClaim(id, text)
      return find(id, claim.merchant, claim.tid)
    },

    async findPayment(merchant, tid) {
      const text = (await reach(redis.readPayment(keys.payment(merchant, tid)))) as string | null
      return text === null ? null : decodeLedger(text, tid)
    },

    async listByPayment({ merchant, tid, limit, cursor }) {
      const reply = (await reach(
        redis.listRefunds(keys.payment(merchant, tid), cursor ?? '1', limit),
      )) as string[]
      const refunds = []
      for (let index = 1; index < reply.length; index += 2) {
        refunds.push(decodeRefund(reply[index] as string, reply[index + 1] as string, merchant, tid).refund)
      }
      return { refunds, nextCursor: reply[0] || null }
    },

    async listUnsettled({ status, requestedBy, merchant, limit, cursor }) {
      const entries = (await allEntries()).filter(
        (unsettled) =>
          (cursor === null || positionOf(unsettled.entry) > cursor) &&
          (merchant === null || unsettled.merchant === merchant),
      )
      const looked = entries.slice(0, MOST_LOOKED_AT)
      const refunds: Refund[] = []
      for (let start = 0; start < looked.length; start += LIST_BATCH) {
        const batch = looked.slice(start, start + LIST_BATCH)
        const found = await Promise.all(batch.map(({ id, merchant, tid }) => find(id, merchant, tid)))
        for (const [index, stored] of found.entries()) {
          if (stored?.refund.status !== status) continue
          if (requestedBy !== null && stored.refund.requested_by !== requestedBy) continue
          refunds.push(stored.refund)
          const position = start + index
          if (refunds.length === limit) return { refunds, nextCursor: cursorAfter(entries, position) }
        }
      }
      return { refunds, nextCursor: cursorAfter(entries, looked.length - 1) }
    },

    async now() {
      const [seconds, microseconds] = await reach(redis.time())
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    },

    async takeDue() {
      const shards = shardKeys().map((key) => redis.takeDue(key, TAKEN_MS, TAKEN_PER_SHARD))
      const entries = (await reach(Promise.all(shards))) as string[][]
      return entries.flat().map(decodeEntry)
    },

    async lookAgain({ entry, id }, delayMs) {
      // In time to keep its key again, to which the drop of an earlier attempt's entry may have given an expiry.
      const dueInMs = Math.min(delayMs, claimRetentionMs / 2)
      // Not put back where the refund was settled meanwhile.
      await reach(redis.zadd(shardOf(id), 'XX', Date.now() + dueInMs, entry))
    },

    keepKey,

    async drop({ entry, id }) {
      await reach(
        Promise.all([
          redis.zrem(shardOf(id), entry),
          // An unknown refund's key had none; whoever settled it may not have come to giving it one.
          redis.pexpire(keys.claim(id), claimRetentionMs, 'NX'),
        ]),
      )
    },

    oldestUnknownAt,

    async countUnsettled() {
      const shards = Array.from({ length: UNSETTLED_SHARDS }, (_, shard) =>
        redis.zcard(keys.unsettled(shard)),
      )
      return (await reach(Promise.all(shards))).reduce((total, count) => total + count, 0)
    },
  }

  /**
   * Read at each scrape, so what it may cost is bounded: beyond 16,000 unsettled refunds it is the oldest of those
   * that are due last, which are those that have waited longest. Entries that are in flight, or left over, are
   * passed over as far as they are looked at; a whole row of such counts by the first one after it.
   */
  async function oldestUnknownAt(): Promise<number | null> {
    const shards = shardKeys().map((key) => redis.zrevrange(key, 0, SURVEYED_PER_SHARD - 1))
    const entries = (await reach(Promise.all(shards))).flat().sort().map(decodeEntry)
    const oldest = entries.slice(0, SURVEYED_REFUNDS)
    const found = await Promise.all(oldest.map(({ id, merchant, tid }) => find(id, merchant, tid)))
    const unknown = found.findIndex((stored) => stored?.refund.status === 'unknown')
    if (unknown >= 0) return requestedAtOf(entries[unknown] as UnsettledRefund)
    const next = entries[SURVEYED_REFUNDS]
    if (next === undefined) return null
    const requestedAt = requestedAtOf(next)
    return requestedAt < Date.now() - leaseMs ? requestedAt : null
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

  /** All unsettled refunds, oldest first: an entry begins with the time of its request. */
  async function allEntries(): Promise<UnsettledRefund[]> {
    const shards = await reach(Promise.all(shardKeys().map((key) => redis.zrange(key, '0', '-1'))))
    return shards.flat().sort().map(decodeEntry)
  }

  /** What lies in other slots than the payment, once a refund has settled, or become unknown or disputed. */
  async function followUp(stored: StoredRefund): Promise<void> {
    const { refund, attempt, history } = stored
    const { id } = refund
    const requestedAt = Date.parse(refund.created_at)
    const entry = entryOf({ claim: claimOf(stored), attempt, requestedAt })
    if (refund.status === 'unknown' || refund.disputed) {
      await Promise.all([reach(redis.zadd(shardOf(id), Date.now(), entry)), keepKey(stored)])
      return
    }
    // Its key has no expiry then.
    const wasUncertain = history.some(({ event }) => event === 'unknown' || event === 'disputed')
    if (!wasUncertain) return clean(shardOf(id), entry)
    redis.zrem(shardOf(id), entry).catch(() => {})
    await reach(redis.pexpire(keys.claim(id), claimRetentionMs))
  }

  /** Also where the claim was lost: without it the refund is not found by its id, and its key is free. */
  async function keepKey(stored: StoredRefund): Promise<void> {
    const key = keys.claim(stored.refund.id)
    await reach(Promise.all([redis.set(key, encodeClaim(claimOf(stored)), 'NX'), redis.persist(key)]))
  }
}

function shardOf(id: string): string {
  return keys.unsettled(unsettledShard(id))
}

function shardKeys(): string[] {
  return Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => keys.unsettled(shard))
}

function notDurable(): StoreError {
  return new StoreError(
    'store_not_durable',
    `Redis cannot promise to keep a refund through a crash, so none is made. ${NOTHING_SENT}`,
  )
}

function unavailable(cause?: unknown): StoreError {
  return new StoreError('store_unavailable', `The store cannot be reached. ${NOTHING_SENT}`, { cause })
}

/** A failed command says nothing of what Redis did: to the refunds, the store cannot be reached. */
async function reach<Reply>(command: Promise<Reply>): Promise<Reply> {
  try {
    return await command
  } catch (error) {
    throw unavailable(error)
  }
}

/**
 * An attempt's entry in the index. Of the attempt as well as of the refund, so that a request which joined the
 * claim and was not the one to begin takes its own entry back and not the other's. Sorted as text, entries are
 * sorted by time: until the year 2286 it has thirteen digits.
 */
function entryOf({ claim, attempt, requestedAt }: Attempt): string {
  return `${requestedAt}.${claim.id} ${attempt} ${claim.merchant} ${claim.tid}`
}

function decodeEntry(entry: string): UnsettledRefund {
  const [position, attempt, merchant] = entry.split(' ', 3) as [string, string, string]
  const id = position.slice(position.indexOf('.') + 1)
  return { entry, id, merchant, tid: entry.slice(position.length + attempt.length + merchant.length + 3) }
}

function requestedAtOf({ entry }: UnsettledRefund): number {
  return Number(entry.slice(0, entry.indexOf('.')))
}

/** Null where that was the last one. */
function cursorAfter(entries: readonly UnsettledRefund[], position: number): string | null {
  const entry = entries[position]
  return entry === undefined || position === entries.length - 1 ? null : positionOf(entry.entry)
}

/** Where an entry is in the list; a cursor names the last one of its page. */
function positionOf(entry: string): string {
  return entry.slice(0, entry.indexOf(' '))
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

function beginArguments(intent: Intent, leaseMs: number, json: string): (string | number)[] {
  const { claim, payment, details } = intent
  return [
    claim.id,
    intent.attempt,
    leaseMs,
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
