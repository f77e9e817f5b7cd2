import { Pool } from 'undici'
import { type Account, type JudgedCode, longestTimeoutMs } from '../config/config.ts'
import { merchantOf } from '../refunds/merchant.ts'
import type { CancelRequest, LookupQuery, Provider } from '../refunds/ports/store.ts'
import { type Admission, createAdmission } from './admission.ts'
import { type Connections, createConnections } from './cancel-connections.ts'
import { type ExchangeRequest, exchange } from './exchange.ts'
import { classifyLookup, LONGEST_SEARCHED_TID, type LookupAnswer } from './lookup.ts'
import {
  CANCEL_PATH,
  CERTIFICATE_PATH,
  cancelBody,
  readAmount,
  readDate,
  SEARCH_PATH,
  searchBody,
  TOKEN_PATH,
} from './messages.ts'
import { classifyCancel, classifyToken, type Exchange, providerHasFailed } from './outcome.ts'
import { hideEchoes } from './redaction.ts'
import { createTokenCache, type TokenStore } from './tokens.ts'
import { taughtCodes } from './verdict.ts'

export type CookiePayOptions = Readonly<{
  baseUrl: string
  connectTimeoutMs: number
  ambiguousCodes: readonly JudgedCode[]
  declinedCodes: readonly JudgedCode[]
  accounts: readonly Account[]
  tokenStore: TokenStore
  /** Reports each call that is over, by what it was and what it led to. */
  onCall(call: 'token' | 'cancel' | 'lookup', outcome: string, durationMs: number): void
}>

/** Token calls and lookups of one account, at a time. */
const MAX_OTHER_CALLS = 8

/** Of those, which may be repeated, an idle connection is kept: less long than servers commonly do (5 s). */
const KEEP_ALIVE_MS = 2_000

/** Without `Accept-Encoding` a server may compress as it likes (RFC 9110, 12.5.3). */
const COMMON_HEADERS = ['content-type', 'application/json; charset=utf-8', 'accept-encoding', 'identity']

export type CookiePay = Provider &
  Readonly<{
    /**
     * From now on these are the accounts. Calls under way finish as they began; what was begun for a merchant that
     * is gone still finds it, and nothing is looked up for it any more.
     */
    setAccounts(accounts: readonly Account[]): void
    isPaused(): boolean
    close(): Promise<void>
  }>

/** What one merchant calls by. */
type Line = { account: Account; admission: Admission; cancels: Connections; others: Pool }

/** The provider's API. Nothing is ever repeated here: a cancel call is sent at most once. */
export function createCookiePay(options: CookiePayOptions): CookiePay {
  const { origin, pathname } = new URL(options.baseUrl)
  const basePath = pathname.replace(/\/$/, '')
  // Each has connections of its own, so that a slow one does not keep the others waiting. By merchant and not by an
  // account's name, which a rotation may give to another merchant while calls are under way.
  const lines = new Map(options.accounts.map((account) => [merchantOf(account.id), openLine(account)]))
  let configured = new Set(lines.keys())
  const taught = taughtCodes(options)

  function openLine(account: Account): Line {
    return {
      account,
      admission: createAdmission(),
      cancels: createConnections(origin, options.connectTimeoutMs),
      others: new Pool(origin, {
        // Said here so that nothing in the environment can turn it off.
        connect: { timeout: options.connectTimeoutMs, rejectUnauthorized: true },
        connections: MAX_OTHER_CALLS,
        // The total of exchange() covers both.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: KEEP_ALIVE_MS,
      }),
    }
  }

  function lineOf(merchant: string) {
    const line = lines.get(merchant)
    if (line === undefined) throw new Error(`bug: no account of the merchant ${merchant}`)
    return line
  }

  async function call<Outcome extends { outcome: string }>(
    kind: 'token' | 'cancel' | 'lookup',
    merchant: string,
    request: Omit<ExchangeRequest, 'timeoutMs'>,
    classify: (seen: Exchange) => Outcome,
  ): Promise<Outcome> {
    const startedAt = performance.now()
    const line = lineOf(merchant)
    const post = {
      path: basePath + request.path,
      headers: [...COMMON_HEADERS, ...request.headers],
      body: request.body,
      timeoutMs: line.account.timeoutMs,
      leaseLeft: request.leaseLeft,
    }
    const seen = kind === 'cancel' ? await line.cancels.exchange(post) : await exchange(line.others, post)
    const outcome = classify(seen)
    options.onCall(kind, outcome.outcome, performance.now() - startedAt)
    return outcome
  }

  const tokens = createTokenCache({
    store: options.tokenStore,
    fetchTimeoutMs: options.connectTimeoutMs + longestTimeoutMs(options.accounts),
    fetchToken(merchant) {
      const { id, key } = lineOf(merchant).account
      const body = JSON.stringify({ pay2_id: id, pay2_key: key })
      return call('token', merchant, { path: TOKEN_PATH, headers: [], body }, (seen) =>
        hideEchoes(classifyToken(seen), { credentials: [key], refundAccount: undefined }),
      )
    },
  })

  async function cancel(request: CancelRequest, token: string) {
    const { key, fullCancel, pg } = lineOf(request.merchant).account
    const headers = ['TOKEN', token, 'ApiKey', key]
    if (request.traceparent !== undefined) headers.push('traceparent', request.traceparent)
    return call(
      'cancel',
      request.merchant,
      {
        path: CANCEL_PATH,
        headers,
        body: cancelBody(request, fullCancel),
        leaseLeft: request.leaseLeft,
      },
      (seen) =>
        hideEchoes(classifyCancel(seen, taught, pg), {
          credentials: [token, key],
          refundAccount: request.refundAccount,
        }),
    )
  }

  async function lookUpWith(query: LookupQuery, token: string): Promise<LookupAnswer> {
    const { merchant, tid } = query
    const ask = (path: string, body: string) =>
      call('lookup', merchant, { path, headers: ['TOKEN', token], body }, (seen) =>
        classifyLookup(seen, query, Date.now()),
      )
    if (tid.length <= LONGEST_SEARCHED_TID) {
      const found = await ask(SEARCH_PATH, searchBody(lineOf(merchant).account.id, tid, new Date()))
      if (found.outcome !== 'not_found') return found
    }
    return ask(CERTIFICATE_PATH, JSON.stringify({ tid }))
  }

  return {
    authorize: tokens.get,
    renew: tokens.renew,

    admit: async ({ merchant, caller }, work) => {
      const { admission } = lineOf(merchant)
      return admission.run(caller, () =>
        work((request, token) => admission.call(() => cancel(request, token), providerHasFailed)),
      )
    },

    async lookUp(query) {
      const { merchant } = query
      const inconclusive = ({ detail }: { detail: string }) => ({ outcome: 'inconclusive', detail }) as const
      if (!configured.has(merchant)) {
        return inconclusive({ detail: 'No account of its merchant is configured any more.' })
      }
      const authorization = await tokens.get(merchant)
      if (authorization.outcome === 'not_sent') return inconclusive(authorization)
      let found = await lookUpWith(query, authorization.token)
      if (found.outcome === 'token_rejected') {
        const renewed = await tokens.renew(merchant, authorization.token)
        if (renewed.outcome === 'not_sent') return inconclusive(renewed)
        found = await lookUpWith(query, renewed.token)
      }
      return found.outcome === 'cancelled' ? found : inconclusive(found)
    },

    readAnswer: (answer) => ({
      refundedAt: readDate(answer.cancel_date),
      cancelledAmount: readAmount(answer.cancel_amt),
    }),

    setAccounts(accounts) {
      for (const account of accounts) {
        const merchant = merchantOf(account.id)
        const line = lines.get(merchant)
        if (line === undefined) {
          lines.set(merchant, openLine(account))
          continue
        }
        const { key } = line.account
        line.account = account
        if (key !== account.key) tokens.forget(merchant)
      }
      configured = new Set(accounts.map(({ id }) => merchantOf(id)))
    },

    isPaused: () => [...configured].some((merchant) => lineOf(merchant).admission.isOpen()),

    async close() {
      for (const { admission, cancels, others } of lines.values()) {
        admission.close()
        await Promise.all([cancels.close(), others.destroy()])
      }
    },
  }
}
