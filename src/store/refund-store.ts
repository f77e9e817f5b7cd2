import type { Claim, Intent, RefundStore, Settlement, StoredRefund } from '../refunds/ports.ts'
import { StoreError } from '../refunds/ports.ts'
import { CLAIM_TRUST_MS } from '../refunds/request-refund.ts'
import type { Durability } from './durability.ts'
import { keys, UNSETTLED_SHARDS, unsettledShard } from './keys.ts'
import { decodeLedger, decodeRefund, encodeIntent, encodeJson } from './refund-text.ts'
import type { RedisClient, Scripts } from './scripts.ts'

/** Longer than any attempt acts on a claim that it has read. */
const ABANDONED_MARK_MS = 2 * CLAIM_TRUST_MS

export type RefundStoreOptions = Readonly<{
  /** How long a `processing` refund is its attempt's own. */
  leaseMs: number
  idempotencyRetentionMs: number
  ledgerRetentionMs: number
  /** What Redis promises now; a refund is refused while that is not enough. */
  durability: () => Durability
  requireDurability: boolean
}>

/** Refunds in Redis: the layout is in keys.ts, each invariant in its script under lua/. */
export function createRefundStore(redis: RedisClient & Scripts, options: RefundStoreOptions): RefundStore {
  const { leaseMs, ledgerRetentionMs } = options
  // However short the retention, a claim outlives the attempt that it protects and what follows a crash of it.
  const claimRetentionMs = Math.max(options.idempotencyRetentionMs, 2 * leaseMs)

  function assertDurable(): void {
    const durability = options.durability()
    if (options.requireDurability && durability.state === 'not_durable') {
      throw new StoreError(
        'store_not_durable',
        'Redis cannot promise to keep a refund through a crash, so none is made. Nothing was sent: try again.',
      )
    }
  }

  return {
    async claim(claim) {
      assertDurable()
      const text = `${claim.token} ${claim.fingerprint} ${claim.account} ${claim.tid}`
      const existing = await reach(redis.set(keys.claim(claim.id), text, 'PX', claimRetentionMs, 'NX', 'GET'))
      return existing === null ? claim : decodeClaim(claim.id, existing)
    },

    async begin(intent) {
      assertDurable()
      const { claim } = intent
      // Leaves first: an entry without a refund is dropped when it is due, a refund without one is not found.
      const [, reply] = await reach(
        Promise.all([
          redis.zadd(
            keys.unsettled(unsettledShard(claim.id)),
            Date.now() + leaseMs,
            unsettledMember(claim.id, claim.account, claim.tid),
          ),
          redis.beginRefund(
            keys.payment(claim.account, claim.tid),
            keys.abandoned(claim.account, claim.tid, claim.token),
            ...beginArguments(intent, leaseMs),
          ) as Promise<string[]>,
        ]),
      )
      return decodeBegin(reply, claim)
    },

    async settle(stored, settlement) {
      const { id, account, tid } = stored.refund
      const reply = (await reach(
        redis.settleRefund(
          keys.payment(account, tid),
          id,
          stored.attempt,
          settlement.status,
          settlement.bookedAmount ?? '',
          settledJson(stored, settlement),
          ledgerRetentionMs,
        ),
      )) as string[]
      const result = reply[0]
      if (result === 'lost') return { result }
      if (result !== 'settled' && result !== 'conflict') throw new Error(`bug: settle.lua answered ${result}`)
      const settled = decodeReply(reply, account, tid)
      if (settled.refund.status === 'unknown') {
        await reach(redis.persist(keys.claim(id)))
      } else {
        // Not waited for: an entry that is left behind is dropped when it is due.
        removeUnsettled(id, account, tid).catch(() => {})
      }
      return { result, stored: settled }
    },

    async release(claim, attempt) {
      const released = await reach(
        redis.releaseRefund(
          keys.payment(claim.account, claim.tid),
          keys.abandoned(claim.account, claim.tid, claim.token),
          claim.id,
          attempt,
          ABANDONED_MARK_MS,
          ledgerRetentionMs,
        ),
      )
      if (released !== 'released') return
      await reach(
        Promise.all([
          redis.deleteIfOwned(keys.claim(claim.id), claim.token),
          removeUnsettled(claim.id, claim.account, claim.tid),
        ]),
      )
    },

    findByClaim: ({ id, account, tid }) => find(id, account, tid),

    async findById(id) {
      const text = await reach(redis.get(keys.claim(id)))
      if (text === null) return null
      const claim = decodeClaim(id, text)
      return find(id, claim.account, claim.tid)
    },

    async findPayment(account, tid) {
      const text = (await reach(redis.readPayment(keys.payment(account, tid)))) as string | null
      return text === null ? null : decodeLedger(text, account, tid)
    },

    async listByPayment({ account, tid, limit, cursor }) {
      const reply = (await reach(
        redis.listRefunds(keys.payment(account, tid), cursor ?? '1', limit),
      )) as string[]
      const refunds = []
      for (let index = 1; index < reply.length; index += 2) {
        refunds.push(decodeRefund(reply[index] as string, reply[index + 1] as string, account, tid).refund)
      }
      return { refunds, nextCursor: reply[0] || null }
    },

    async countUnsettled() {
      const shards = Array.from({ length: UNSETTLED_SHARDS }, (_, shard) =>
        redis.zcard(keys.unsettled(shard)),
      )
      return (await reach(Promise.all(shards))).reduce((total, count) => total + count, 0)
    },
  }

  async function find(id: string, account: string, tid: string): Promise<StoredRefund | null> {
    const reply = (await reach(redis.readRefund(keys.payment(account, tid), id))) as string[]
    return reply[0] === 'found' ? decodeReply(reply, account, tid) : null
  }

  function removeUnsettled(id: string, account: string, tid: string): Promise<number> {
    return redis.zrem(keys.unsettled(unsettledShard(id)), unsettledMember(id, account, tid))
  }
}

/** A failed command says nothing of what Redis did: to the refunds, the store cannot be reached. */
async function reach<Reply>(command: Promise<Reply>): Promise<Reply> {
  try {
    return await command
  } catch (error) {
    throw new StoreError('store_unavailable', 'The store cannot be reached. Nothing was sent: try again.', {
      cause: error,
    })
  }
}

function unsettledMember(id: string, account: string, tid: string): string {
  return `${id} ${account} ${tid}`
}

function decodeClaim(id: string, text: string): Claim {
  const [token, fingerprint, account] = text.split(' ', 3) as [string, string, string]
  return {
    id,
    token,
    fingerprint,
    account,
    tid: text.slice(token.length + fingerprint.length + account.length + 3),
  }
}

function beginArguments(intent: Intent, leaseMs: number): (string | number)[] {
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
    encodeIntent(claim.fingerprint, details),
  ]
}

function decodeBegin(reply: string[], { account, tid }: Claim): Awaited<ReturnType<RefundStore['begin']>> {
  const result = reply[0]
  switch (result) {
    case 'begun':
    case 'exists':
    case 'refund_unresolved':
      return { result, stored: decodeReply(reply, account, tid) }
    case 'amount_exceeds_remaining':
      return { result, remaining: Number(reply[1]) }
    case 'claim_abandoned':
    case 'payment_mismatch':
    case 'partial_not_allowed':
    case 'tax_free_exceeds_amount':
      return { result }
    default:
      throw new Error(`bug: begin.lua answered ${result}`)
  }
}

function decodeReply(reply: string[], account: string, tid: string): StoredRefund {
  return decodeRefund(reply[1] as string, reply[2] as string, account, tid)
}

function settledJson({ refund, fingerprint }: StoredRefund, settlement: Settlement): string {
  const { provider, refunded_at, failure, resolution } = settlement
  const { tax_free_amount, reason, refund_account, requested_by, metadata } = refund
  return encodeJson({
    fingerprint,
    tax_free_amount,
    reason,
    refund_account,
    requested_by,
    metadata,
    provider,
    refunded_at,
    failure,
    resolution,
  })
}
