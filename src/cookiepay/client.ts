import { Pool } from 'undici'
import type { Account } from '../config.ts'
import type { Provider } from '../refunds/ports.ts'
import { exchange } from './exchange.ts'
import { CANCEL_PATH, cancelBody, TOKEN_PATH } from './messages.ts'
import { classifyCancel, classifyToken } from './outcome.ts'
import { createTokenCache, type TokenStore } from './tokens.ts'

export type CookiePayOptions = Readonly<{
  baseUrl: string
  connectTimeoutMs: number
  /** The total for one call. */
  timeoutMs: number
  ambiguousCodes: readonly string[]
  accounts: readonly Account[]
  tokenStore: TokenStore
  /** Reports each call that is over, by what it was and what it led to. */
  onCall(call: 'token' | 'cancel', outcome: string, durationMs: number): void
}>

/** Connections to the provider, over all accounts; what does not get one in time is not sent. */
const MAX_CONNECTIONS = 128

/** For token calls, which may be repeated: sooner than servers commonly close an idle connection (5 s). */
const KEEP_ALIVE_MS = 2_000

/** The provider's cancel API. Nothing is ever repeated here: a call is sent at most once. */
export function createCookiePay(options: CookiePayOptions): Provider & { close(): Promise<void> } {
  const { timeoutMs } = options
  const { origin, pathname } = new URL(options.baseUrl)
  const basePath = pathname.replace(/\/$/, '')
  const accounts = new Map(options.accounts.map((account) => [account.name, account]))
  // Each cancel call has a connection of its own. A server may close one that it has answered on at any moment,
  // and of a request that is on its way just then nobody knows whether it was read.
  const cancelPool = openPool({ pipelining: 0 })
  const tokenPool = openPool({
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  })

  function openPool(keepAlive: Pool.Options): Pool {
    return new Pool(origin, {
      connections: MAX_CONNECTIONS,
      connect: { timeout: options.connectTimeoutMs },
      // The total of exchange() covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
      ...keepAlive,
    })
  }

  function account(name: string): Account {
    const found = accounts.get(name)
    if (found === undefined) throw new Error(`bug: no account ${name}`)
    return found
  }

  async function post(pool: Pool, path: string, headers: Record<string, string>, body: string) {
    return exchange(pool, {
      path: basePath + path,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body,
      timeoutMs,
    })
  }

  const tokens = createTokenCache({
    store: options.tokenStore,
    fetchTimeoutMs: options.connectTimeoutMs + timeoutMs,
    async fetchToken(name) {
      const startedAt = performance.now()
      const { id, key } = account(name)
      const seen = await post(tokenPool, TOKEN_PATH, {}, JSON.stringify({ pay2_id: id, pay2_key: key }))
      const fetched = classifyToken(seen)
      const outcome = fetched.outcome === 'token' ? 'token' : fetched.code
      options.onCall('token', outcome, performance.now() - startedAt)
      return fetched
    },
  })

  return {
    authorize: tokens.get,
    renew: tokens.renew,
    async cancel(request, token) {
      const startedAt = performance.now()
      const headers = { TOKEN: token, ApiKey: account(request.account).key }
      const seen = await post(cancelPool, CANCEL_PATH, headers, cancelBody(request))
      const outcome = classifyCancel(seen, options.ambiguousCodes)
      options.onCall('cancel', outcome.outcome, performance.now() - startedAt)
      return outcome
    },
    async close() {
      await Promise.all([cancelPool.destroy(), tokenPool.destroy()])
    },
  }
}
