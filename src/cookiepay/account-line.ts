import { Pool } from 'undici'
import type { Account } from '../config/config.ts'
import type { CancelCall, DepositCall } from '../refunds/ports/provider.ts'
import { type Admission, createAdmission } from './admission.ts'
import { createConnections } from './cancel-connections.ts'
import { classifyCancel } from './cancel-outcome.ts'
import { classifyDeposit } from './deposit-outcome.ts'
import { type Exchange, type ExchangeRequest, exchange } from './exchange.ts'
import type { TaughtCode } from './judge-words.ts'
import { CANCEL_PATH, cancelBody, DEPOSIT_PATH, depositBody } from './messages.ts'
import { hideEchoes } from './redaction.ts'

/** Token calls and lookups of one account, at a time; and as many lookups of payments before their first refund. */
const MAX_OTHER_CALLS = 8

/** Of those, which may be repeated, an idle connection is kept: less long than servers commonly do (5 s). */
const KEEP_ALIVE_MS = 2_000

/** Without `Accept-Encoding` a server may compress as it likes (RFC 9110, 12.5.3). */
const COMMON_HEADERS = ['content-type', 'application/json; charset=utf-8', 'accept-encoding', 'identity']

type CallKind = 'token' | 'cancel' | 'deposit' | 'lookup' | 'payment_lookup'

/** A call that may not be repeated, so that it must not be lost either (cancel-connections.ts). */
const ONCE: ReadonlySet<CallKind> = new Set(['cancel', 'deposit'])

/** What all accounts have in common. */
export type LineOptions = Readonly<{
  baseUrl: string
  connectTimeoutMs: number
  /** Codes that an operator has judged. */
  taught: readonly TaughtCode[]
  /** Reports each call that is over, by what it was and what it led to. */
  onCall(call: CallKind, outcome: string, durationMs: number): void
}>

/** `timeoutMs` absent: the account's. */
type LineRequest = Omit<ExchangeRequest, 'timeoutMs'> & Readonly<{ timeoutMs?: number }>

/** What one account calls the provider by. */
export type AccountLine = {
  /** As it is configured now. */
  account: Account
} & Readonly<{
  /** The door to its cancel calls. */
  admission: Admission
  /** One call for an account to pay a deposit into. */
  askForDeposit: DepositCall
  /** One call that may be made again, sent at most once. */
  call<Outcome extends { outcome: string }>(
    kind: Exclude<CallKind, 'cancel' | 'deposit'>,
    request: LineRequest,
    classify: (seen: Exchange) => Outcome,
  ): Promise<Outcome>
  close(): Promise<void>
}>

/** Each account has connections of its own, so that a slow one does not keep the others waiting. */
export function openAccountLine(account: Account, options: LineOptions): AccountLine {
  const { origin, pathname } = new URL(options.baseUrl)
  const basePath = pathname.replace(/\/$/, '')
  const once = createConnections(origin, options.connectTimeoutMs)
  const others = openPool(origin, options.connectTimeoutMs)
  // Beside the others: many of these at once must keep no token waiting.
  const paymentLookups = openPool(origin, options.connectTimeoutMs)

  async function call<Outcome extends { outcome: string }>(
    kind: CallKind,
    request: LineRequest,
    classify: (seen: Exchange) => Outcome,
  ): Promise<Outcome> {
    const startedAt = performance.now()
    const post = {
      path: basePath + request.path,
      headers: [...COMMON_HEADERS, ...request.headers],
      body: request.body,
      timeoutMs: request.timeoutMs ?? line.account.timeoutMs,
      leaseLeft: request.leaseLeft,
    }
    const pool = kind === 'payment_lookup' ? paymentLookups : others
    const seen = ONCE.has(kind) ? await once.exchange(post) : await exchange(pool, post)
    const outcome = classify(seen)
    options.onCall(kind, outcome.outcome, performance.now() - startedAt)
    return outcome
  }

  const cancel: CancelCall = async (request, token) => {
    const { key, fullCancel, pg } = line.account
    const { leaseLeft, refundAccount } = request
    const headers = headersOf(request, { token, key })
    const post = { path: CANCEL_PATH, headers, body: cancelBody(request, fullCancel), leaseLeft }
    return call('cancel', post, (seen) =>
      hideEchoes(classifyCancel(seen, options.taught, pg), { credentials: [token, key], refundAccount }),
    )
  }

  const askForDeposit: DepositCall = async (request, token) => {
    const { key } = line.account
    const headers = headersOf(request, { token, key })
    const post = { path: DEPOSIT_PATH, headers, body: depositBody(request), leaseLeft: request.leaseLeft }
    return call('deposit', post, (seen) => classifyDeposit(seen, [token, key]))
  }

  const line: AccountLine = {
    account,
    admission: createAdmission(cancel),
    askForDeposit,
    call,
    async close() {
      line.admission.close()
      await Promise.all([once.close(), others.destroy(), paymentLookups.destroy()])
    },
  }
  return line
}

function headersOf(
  { traceparent }: Readonly<{ traceparent?: string | undefined }>,
  { token, key }: Readonly<{ token: string; key: string }>,
): string[] {
  const headers = ['TOKEN', token, 'ApiKey', key]
  if (traceparent !== undefined) headers.push('traceparent', traceparent)
  return headers
}

function openPool(origin: string, connectTimeoutMs: number): Pool {
  return new Pool(origin, {
    // Said here so that nothing in the environment can turn it off.
    connect: { timeout: connectTimeoutMs, rejectUnauthorized: true },
    connections: MAX_OTHER_CALLS,
    // The total of exchange() covers both.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  })
}
