import { type Account, type JudgedCode, longestTimeoutMs } from '../config/config.ts'
import { merchantOf } from '../refunds/merchant.ts'
import type { CancelRows, PaymentRows, Provider } from '../refunds/ports/provider.ts'
import { type AccountLine, type LineOptions, openAccountLine } from './account-line.ts'
import { taughtCodes } from './judge-words.ts'
import { inconclusive, lookUp, lookUpCancels, lookUpPayment } from './lookup-calls.ts'
import { readAmount, readDate, TOKEN_PATH } from './messages.ts'
import { hideEchoes } from './redaction.ts'
import { classifyToken } from './token-answer.ts'
import { createTokenCache, type TokenStore } from './tokens.ts'

export type CookiePayOptions = Omit<LineOptions, 'taught'> &
  Readonly<{
    ambiguousCodes: readonly JudgedCode[]
    declinedCodes: readonly JudgedCode[]
    accounts: readonly Account[]
    tokenStore: TokenStore
  }>

export type CookiePay = Provider &
  PaymentRows &
  CancelRows &
  Readonly<{
    /**
     * From now on these are the accounts. Calls under way finish as they began; what was begun for a merchant that
     * is gone still finds it, and nothing is looked up for it any more.
     */
    setAccounts(accounts: readonly Account[]): void
    isPaused(): boolean
    close(): Promise<void>
  }>

const ACCOUNT_GONE = 'No account of its merchant is configured any more.'

/** The provider's API. Nothing is ever repeated here: a cancel call is sent at most once. */
export function createCookiePay(options: CookiePayOptions): CookiePay {
  const lineOptions = { ...options, taught: taughtCodes(options) }
  const openLine = (account: Account) => openAccountLine(account, lineOptions)
  // By merchant and not by an account's name, which a rotation may give to another merchant while calls are under way.
  const lines = new Map(options.accounts.map((account) => [merchantOf(account.id), openLine(account)]))
  let configured = new Set(lines.keys())

  function lineOf(merchant: string): AccountLine {
    const line = lines.get(merchant)
    if (line === undefined) throw new Error(`bug: no account of the merchant ${merchant}`)
    return line
  }

  const tokens = createTokenCache({
    store: options.tokenStore,
    fetchTimeoutMs: options.connectTimeoutMs + longestTimeoutMs(options.accounts),
    fetchToken: (merchant) => fetchToken(lineOf(merchant)),
  })

  return {
    authorize: tokens.get,
    renew: tokens.renew,
    admit: ({ merchant, caller }) => lineOf(merchant).admission.enter(caller),

    askForDeposit: (request, token) => lineOf(request.merchant).askForDeposit(request, token),

    async lookUp(query) {
      if (configured.has(query.merchant)) return lookUp(query, { line: lineOf(query.merchant), tokens })
      return inconclusive(ACCOUNT_GONE)
    },

    async lookUpPayment(payment) {
      if (!configured.has(payment.merchant)) return inconclusive(ACCOUNT_GONE)
      return lookUpPayment(payment, { line: lineOf(payment.merchant), tokens })
    },

    async lookUpCancels(payment) {
      if (!configured.has(payment.merchant)) return { outcome: 'no_row', detail: ACCOUNT_GONE }
      return lookUpCancels(payment, { line: lineOf(payment.merchant), tokens })
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
      for (const line of lines.values()) await line.close()
    },
  }
}

/** One token call. */
function fetchToken(line: AccountLine) {
  const { id, key } = line.account
  const body = JSON.stringify({ pay2_id: id, pay2_key: key })
  return line.call('token', { path: TOKEN_PATH, headers: [], body }, (seen) =>
    hideEchoes(classifyToken(seen), { credentials: [key], refundAccount: undefined }),
  )
}
