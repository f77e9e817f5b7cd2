import type { Claim } from '../refunds/claim.ts'
import { CLAIM_TRUST_MS } from '../refunds/lease.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'
import { claimOf, decodeClaim, encodeClaim } from './claim-text.ts'
import { keys } from './keys.ts'
import { deleteIfOwned } from './lua/delete-if-owned.ts'
import { expireClaim } from './lua/expire-claim.ts'
import { joinClaim } from './lua/join-claim.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { yieldClaim } from './lua/yield-claim.ts'
import { reach } from './redis/reach.ts'

/** For how long it is remembered that a claim or an asking was abandoned: longer than anybody acts on what it has read. */
export const ABANDONED_MARK_MS = 2 * CLAIM_TRUST_MS

/**
 * A claim lives for this long at least, until its refund has settled. Its retention counts from then on. It is far
 * more than the time within which whatever was left in flight is found (expire-leases.ts) and its key kept for good.
 */
const LEAST_CLAIM_MS = 24 * 3_600_000

export type ClaimsOptions = Readonly<{
  /** The longest lease that any account has had. */
  longestLeaseMs(): number
  idempotencyRetentionMs: number
}>

/** Which payment and payload an idempotency key stands for. Every method throws StoreError. */
export type Claims = Readonly<{
  /** For how long a new claim lives. */
  lifeMs: number
  /** Claims the key unless it is claimed; answers with the claim that is in force. */
  bind(claim: Claim): Promise<Claim>
  /** A claim lives as long again as a new one; false where it is not in force any more. */
  join(claim: Claim): Promise<boolean>
  /** The claim of this refund's key, or null. */
  find(id: string): Promise<Claim | null>
  /** Deletes it, if it still is this one. */
  free(claim: Claim): Promise<void>
  /** Puts the claim of the refund that stands in the place of a refused one. */
  yieldTo(refused: Claim, stored: StoredRefund): Promise<void>
  /** Never expires; also written where it was lost: without it the refund is not found by its id, and its key is free. */
  keep(stored: StoredRefund): Promise<void>
  /** One that never expires lives for as long as a new one. */
  letExpire(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<void>
  /** One that never expires lives for as long as its settled refund is replayed. */
  expireSettled(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<void>
  /** The same of one that expires. Nobody waits for it: where it fails, the key replays for longer than it must. */
  shortenSettled(id: string): void
}>

/** Claims in Redis, each at its refund's id. */
export function createClaims(
  redis: ScriptedClient,
  { longestLeaseMs, idempotencyRetentionMs }: ClaimsOptions,
): Claims {
  const lifeMs = Math.max(idempotencyRetentionMs, LEAST_CLAIM_MS)

  /** However short the retention, the key of a settled refund outlives whoever asks with it at that moment. */
  const settledMs = () => Math.max(idempotencyRetentionMs, 4 * longestLeaseMs())

  return {
    lifeMs,

    async bind(claim) {
      const { id } = claim
      const existing = await reach(redis.set(keys.claim(id), encodeClaim(claim), 'PX', lifeMs, 'NX', 'GET'))
      return existing === null ? claim : decodeClaim(id, existing)
    },

    join: (claim) => joinClaim(redis, { claim, lifeMs }),

    async find(id) {
      const text = await reach(redis.get(keys.claim(id)))
      return text === null ? null : decodeClaim(id, text)
    },

    free: ({ id, token }) => reach(deleteIfOwned(redis, { key: keys.claim(id), token })),
    yieldTo: (refused, stored) => yieldClaim(redis, { refused, standing: claimOf(stored) }),

    async keep(stored) {
      const key = keys.claim(stored.refund.id)
      await reach(Promise.all([redis.set(key, encodeClaim(claimOf(stored)), 'NX'), redis.persist(key)]))
    },

    letExpire: (claim) => expireClaim(redis, { claim, afterMs: lifeMs, keepsExpiry: true }),
    expireSettled: (claim) => expireClaim(redis, { claim, afterMs: settledMs(), keepsExpiry: false }),

    shortenSettled(id) {
      const afterMs = settledMs()
      if (afterMs < lifeMs) redis.pexpire(keys.claim(id), afterMs).catch(() => {})
    },
  }
}
