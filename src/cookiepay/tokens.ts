import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authorization, NotSent } from '../refunds/ports/provider.ts'
import { createRefusedCredentials } from './refused-credentials.ts'
import { usableLifetimeMs } from './token-lifetime.ts'

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

/**
 * How long the others wait for the replica that is fetching: it may have died in its call. Two tokens at once
 * do no harm, and are rare.
 */
const LONGEST_LOCK_MS = 5_000

/** How often a replica looks whether the one that is fetching is done. */
const POLL_MS = 50

/**
 * The provider's tokens: from this process, else from the store, else from the provider. One fetch at a
 * time for each merchant, in this process by sharing its promise and among replicas by a lock.
 */
export function createTokenCache({ store, fetchToken, fetchTimeoutMs }: TokenCacheOptions): TokenCache {
  const inMemory = new Map<string, ProviderToken>()
  const searches = new Map<string, { found: Promise<Authorization>; search: Search }>()
  const refused = createRefusedCredentials()
  const lockMs = Math.min(LONGEST_LOCK_MS, fetchTimeoutMs)

  /** A token from the store or the provider; whoever asks while this runs gets the same answer. */
  function find(merchant: string, rejected: string | null): Promise<Authorization> {
    const running = searches.get(merchant)
    if (running !== undefined) return running.found
    const refusal = refused.pausing(merchant)
    if (refusal !== undefined) return Promise.resolve(refusal)
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
      const shared = await waitForShared(store, { merchant, rejected, owner, lockMs })
      if (shared !== null) return hold(merchant, shared, search)
      const fetched = await fetchToken(merchant)
      if (!search.isForgotten) refused.note(merchant, fetched)
      if (fetched.outcome === 'not_sent') return fetched
      const token = { token: fetched.token, expiresAt: Date.now() + usableLifetimeMs(fetched.token) }
      if (!search.isForgotten) await store.write(merchant, token).catch(() => {})
      return hold(merchant, token, search)
    } finally {
      // Whether or not it was got: a lock whose answer was lost is freed as well.
      store.unlock(merchant, owner).catch(() => {})
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
      refused.forget(merchant)
    },
  }
}

/** One search for a token; what a forgotten one finds is handed to those who wait for it, and not kept. */
type Search = { isForgotten: boolean }

function usable(token: ProviderToken | null | undefined, rejected: string | null): token is ProviderToken {
  return token != null && token.token !== rejected && token.expiresAt > Date.now()
}

type SharedSearch = Readonly<{ merchant: string; rejected: string | null; owner: string; lockMs: number }>

/** A token that another replica has shared, or null when it is this one's turn to fetch. */
async function waitForShared(
  store: TokenStore,
  { merchant, rejected, owner, lockMs }: SharedSearch,
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
