import { Pool } from 'undici'
import type { Account } from '../config.ts'
import type { CancelRequest, Provider } from '../refunds/ports.ts'
import { createAdmission, MAX_CALLS } from './admission.ts'
import { exchange } from './exchange.ts'
import {
  CANCEL_PATH,
  cancelBody,
  LOOKUP_PATH,
  lookupBody,
  readCancelAmount,
  readCancelDate,
  TOKEN_PATH,
} from './messages.ts'
import { classifyCancel, classifyLookup, classifyToken, type Exchange, providerHasFailed } from './outcome.ts'
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
  onCall(call: 'token' | 'cancel' | 'lookup', outcome: string, durationMs: number): void
}>

/** Each call that is admitted has a connection; the rest are for tokens and lookups. */
const MAX_CONNECTIONS = MAX_CALLS + 4

/**
 * An idle connection is closed sooner than servers commonly do it (5 s in Apache and Node.js), so that a
 * request is not written to one that the provider has just given up.
 */
const KEEP_ALIVE_MS = 2_000

/** The provider's API. Nothing is ever repeated here: a cancel call is sent at most once. */
export function createCookiePay(
  options: CookiePayOptions,
): Provider & { isPaused(): boolean; close(): Promise<void> } {
  const { timeoutMs } = options
  const { origin, pathname } = new URL(options.baseUrl)
  const basePath = pathname.replace(/\/$/, '')
  const lines = new Map(
    options.accounts.map((account) => [
      account.name,
      { account, admission: createAdmission(), pool: openPool() },
    ]),
  )

  // Each account has connections of its own: a slow one does not keep the others waiting.
  function openPool(): Pool {
    return new Pool(origin, {
      connections: MAX_CONNECTIONS,
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // The total of exchange() covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  function lineOf(name: string) {
    const line = lines.get(name)
    if (line === undefined) throw new Error(`bug: no account ${name}`)
    return line
  }

  async function call<Outcome extends { outcome: string }>(
    kind: 'token' | 'cancel' | 'lookup',
    name: string,
    request: { path: string; headers?: Record<string, string>; body: string },
    classify: (seen: Exchange) => Outcome,
  ): Promise<Outcome> {
    const startedAt = performance.now()
    const seen = await exchange(lineOf(name).pool, {
      path: basePath + request.path,
      headers: { 'content-type': 'application/json; charset=utf-8', ...request.headers },
      body: request.body,
      timeoutMs,
    })
    const outcome = classify(seen)
    options.onCall(kind, outcome.outcome, performance.now() - startedAt)
    return outcome
  }

  const tokens = createTokenCache({
    store: options.tokenStore,
    fetchTimeoutMs: options.connectTimeoutMs + timeoutMs,
    fetchToken(name) {
      const { id, key } = lineOf(name).account
      const body = JSON.stringify({ pay2_id: id, pay2_key: key })
      return call('token', name, { path: TOKEN_PATH, body }, classifyToken)
    },
  })

  async function cancel(request: CancelRequest, token: string) {
    const headers = { TOKEN: token, ApiKey: lineOf(request.account).account.key }
    return call(
      'cancel',
      request.account,
      { path: CANCEL_PATH, headers, body: cancelBody(request) },
      (seen) => classifyCancel(seen, options.ambiguousCodes),
    )
  }

  async function lookUpWith(name: string, tid: string, token: string) {
    const body = lookupBody(lineOf(name).account.id, tid, new Date())
    return call('lookup', name, { path: LOOKUP_PATH, headers: { TOKEN: token }, body }, (seen) =>
      classifyLookup(seen, tid),
    )
  }

  return {
    authorize: tokens.get,
    renew: tokens.renew,

    admit: (account, work) =>
      lineOf(account).admission.run((callFailed) =>
        work(async (request, token) => {
          const outcome = await cancel(request, token)
          if (providerHasFailed(outcome)) callFailed()
          return outcome
        }),
      ),

    async lookUp(account, tid) {
      const authorization = await tokens.get(account)
      if (authorization.outcome === 'not_sent')
        return { outcome: 'inconclusive', detail: authorization.detail }
      const found = await lookUpWith(account, tid, authorization.token)
      if (found.outcome !== 'token_rejected') return found
      const renewed = await tokens.renew(account, authorization.token)
      if (renewed.outcome === 'not_sent') return { outcome: 'inconclusive', detail: renewed.detail }
      const foundThen = await lookUpWith(account, tid, renewed.token)
      return foundThen.outcome === 'token_rejected'
        ? { outcome: 'inconclusive', detail: foundThen.detail }
        : foundThen
    },

    readAnswer: (answer) => ({
      refundedAt: readCancelDate(answer.cancel_date),
      cancelledAmount: readCancelAmount(answer.cancel_amt),
    }),

    isPaused: () => [...lines.values()].some(({ admission }) => admission.isOpen()),

    async close() {
      for (const { admission, pool } of lines.values()) {
        admission.close()
        await pool.destroy()
      }
    },
  }
}
