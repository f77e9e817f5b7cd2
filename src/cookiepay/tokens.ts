import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authorization, NotSent } from '../refunds/ports/provider.ts'

/** A token and when to stop using it, in milliseconds since 1970. */
export type ProviderToken = Readonly<{ token: string; expiresAt: number }>

/** Where the replicas share tokens. Methods may throw: the token is then fetched without it. */
export type TokenStore = Readonly<{
  read(merchant: string): Promise<ProviderToken | null>
  write(merchant: string, token: ProviderToken): Promise<void>
  /** Whether this owner may fetch; for `lockMs` nobody else may. */
  lock(merchant: string, owner: string, lockMs: number): Promise<boolean>
  unlock(merchant: string, owner: string): Promise<void>
}>

export type TokenCacheOptions = Readonly<{
  store: TokenStore
  /** One token call to the provider. */
  fetchToken(merchant: string): Promise<Readonly<{ outcome: 'token'; token: string }> | NotSent>
  /** How long one token call may take. */
  fetchTimeoutMs: number
}>

export type TokenCache = Readonly<{
  get(merchant: string): Promise<Authorization>
  renew(merchant: string, rejectedToken: string): Promise<Authorization>
  /** The merchant's key has changed: its token, and one that is on its way, are nobody's from now on. */
  forget(merchant: string): void
}>

/** The lifetime is documented nowhere; this is assumed of a token that does not say (facts: 3600 s seen). */
const FALLBACK_LIFETIME_MS = 10 * 60_000

/** A token is given up this long, or this part of its lifetime, before it expires. */
const LONGEST_MARGIN_MS = 60_000
/** `iat` is a whole second, and the token up to one second older than it says. */
const SHORTEST_MARGIN_MS = 1_000
const MARGIN_PART = 0.1

/**
 * How long the others wait for the replica that is fetching: it may have died in its call. Two tokens at once do no
 * harm, and are rare.
 */
const LONGEST_LOCK_MS = 5_000

/**
 * Credentials that were refused so often in a row are not asked for again during a pause, which doubles with each
 * further refusal: the answer would be the same, and a provider that is asked at each request may block the account.
 * A few may be a hiccup of the provider. The longest pause is half of what callers are told to wait.
 */
export const REFUSALS_BEFORE_PAUSE = 5
const FIRST_REFUSAL_PAUSE_MS = 1_000
const LONGEST_REFUSAL_PAUSE_MS = 15_000

/** How often a replica looks whether the one that is fetching is done. */
const POLL_MS = 50

/**
 * The provider's tokens: from this process, else from the store, else from the provider. One fetch at a
 * time for each merchant, in this process by sharing its promise and among replicas by a lock.
 */
export function createTokenCache({ store, fetchToken, fetchTimeoutMs }: TokenCacheOptions): TokenCache {
  const inMemory = new Map<string, ProviderToken>()
  const searches = new Map<string, { found: Promise<Authorization>; search: Search }>()
  const refusals = new Map<string, Refusal>()
  const lockMs = Math.min(LONGEST_LOCK_MS, fetchTimeoutMs)

  function usable(token: ProviderToken | null | undefined, rejected: string | null): token is ProviderToken {
    return token != null && token.token !== rejected && token.expiresAt > Date.now()
  }

  /** A token from the store or the provider; whoever asks while this runs gets the same answer. */
  function find(merchant: string, rejected: string | null): Promise<Authorization> {
    const running = searches.get(merchant)
    if (running !== undefined) return running.found
    const refusal = refusals.get(merchant)
    if (refusal !== undefined && performance.now() < refusal.until) return Promise.resolve(refusal.answer)
    const search: Search = { isForgotten: false }
    const found = findOnce(merchant, rejected, search).finally(() => {
      if (!search.isForgotten) searches.delete(merchant)
    })
    searches.set(merchant, { found, search })
    return found
  }

  async function findOnce(merchant: string, rejected: string | null, search: Search): Promise<Authorization> {
    const owner = randomUUID()
    try {
      const shared = await waitForShared(merchant, rejected, owner)
      return shared === null ? await fetchAndShare(merchant, search) : hold(merchant, shared, search)
    } finally {
      // Whether or not it was got: a lock whose answer was lost is freed as well.
      store.unlock(merchant, owner).catch(() => {})
    }
  }

  /** A token that another replica has shared, or null when it is this one's turn to fetch. */
  async function waitForShared(
    merchant: string,
    rejected: string | null,
    owner: string,
  ): Promise<ProviderToken | null> {
    const deadline = performance.now() + lockMs
    let isLocked = false
    try {
      for (;;) {
        const shared = await store.read(merchant)
        if (usable(shared, rejected)) return shared
        // Looked at once more under the lock: the replica that held it may just have written a token.
        if (isLocked || performance.now() > deadline) return null
        isLocked = await store.lock(merchant, owner, lockMs)
        if (!isLocked) await sleep(POLL_MS)
      }
    } catch {
      return null // Without the store each replica fetches its own.
    }
  }

  async function fetchAndShare(merchant: string, search: Search): Promise<Authorization> {
    const fetched = await fetchToken(merchant)
    if (!search.isForgotten) noteRefusal(merchant, fetched)
    if (fetched.outcome === 'not_sent') return fetched
    const token = { token: fetched.token, expiresAt: Date.now() + usableLifetimeMs(fetched.token) }
    if (!search.isForgotten) await store.write(merchant, token).catch(() => {})
    return hold(merchant, token, search)
  }

  /** Of a call that did not get through, nothing is known of the credentials. */
  function noteRefusal(merchant: string, fetched: Readonly<{ outcome: 'token' }> | NotSent): void {
    if (fetched.outcome === 'token') refusals.delete(merchant)
    else if (fetched.code === 'provider_auth_failed') {
      const count = (refusals.get(merchant)?.count ?? 0) + 1
      refusals.set(merchant, { answer: fetched, count, until: performance.now() + refusalPauseMs(count) })
    }
  }

  function hold(merchant: string, token: ProviderToken, search: Search): Authorization {
    if (!search.isForgotten) inMemory.set(merchant, token)
    return { outcome: 'authorized', token: token.token }
  }

  return {
    async get(merchant) {
      const token = inMemory.get(merchant)
      return usable(token, null) ? { outcome: 'authorized', token: token.token } : find(merchant, null)
    },

    async renew(merchant, rejectedToken) {
      const token = inMemory.get(merchant)
      if (usable(token, rejectedToken)) return { outcome: 'authorized', token: token.token }
      inMemory.delete(merchant)
      const found = await find(merchant, rejectedToken)
      // A search that was under way before the rejection may have come up with the rejected token.
      if (found.outcome === 'authorized' && found.token === rejectedToken) {
        inMemory.delete(merchant)
        return find(merchant, rejectedToken)
      }
      return found
    },

    forget(merchant) {
      const running = searches.get(merchant)
      if (running !== undefined) running.search.isForgotten = true
      searches.delete(merchant)
      inMemory.delete(merchant)
      refusals.delete(merchant)
    },
  }
}

/** The last answer to credentials that are refused, how many in a row, and until when (monotonic) nobody asks again. */
type Refusal = Readonly<{ answer: NotSent; count: number; until: number }>

/** One search for a token; what a forgotten one finds is handed to those who wait for it, and not kept. */
type Search = { isForgotten: boolean }

function refusalPauseMs(count: number): number {
  if (count < REFUSALS_BEFORE_PAUSE) return 0
  return Math.min(FIRST_REFUSAL_PAUSE_MS * 2 ** (count - REFUSALS_BEFORE_PAUSE), LONGEST_REFUSAL_PAUSE_MS)
}

/**
 * How long a token that was just received can be used. From `exp - iat` where it is a JWT that has both, so
 * that a clock that differs from the provider's does not matter; from `exp` alone; else assumed.
 */
export function usableLifetimeMs(token: string, now = Date.now()): number {
  const lifetimeMs = lifetimeOf(readJwtTimes(token), now)
  const marginMs = Math.min(LONGEST_MARGIN_MS, Math.max(SHORTEST_MARGIN_MS, lifetimeMs * MARGIN_PART))
  return Math.max(0, lifetimeMs - marginMs)
}

function lifetimeOf({ exp, iat }: { exp?: number; iat?: number }, now: number): number {
  if (exp === undefined) return FALLBACK_LIFETIME_MS
  if (iat === undefined) return exp * 1000 - now
  return (exp - iat) * 1000
}

function readJwtTimes(token: string): { exp?: number; iat?: number } {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString())
    return {
      ...(Number.isFinite(payload.exp) && { exp: payload.exp }),
      ...(Number.isFinite(payload.iat) && { iat: payload.iat }),
    }
  } catch {
    return {}
  }
}
