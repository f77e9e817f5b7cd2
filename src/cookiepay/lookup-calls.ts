import { setTimeout as sleep } from 'node:timers/promises'
import type { CancelLookup, LookupOutcome, LookupQuery, PaymentLookup } from '../refunds/ports/provider.ts'
import type { AccountLine } from './account-line.ts'
import type { Exchange } from './exchange.ts'
import { classifyCancels, classifyLookup, LONGEST_SEARCHED_TID, type LookupAnswer } from './lookup.ts'
import { CERTIFICATE_PATH, SEARCH_PATH, searchBody } from './messages.ts'
import { classifyPayment } from './payment-facts.ts'
import type { TokenCache } from './tokens.ts'

type LookupParts = Readonly<{ line: AccountLine; tokens: TokenCache }>

type Inconclusive = Extract<LookupOutcome, { outcome: 'inconclusive' }>

/** What a lookup may lead to beside what it is made for. */
type Unfound = Exclude<LookupAnswer, { outcome: 'cancelled' }>

/** What may be read of an answer. */
type Seen = LookupOutcome | PaymentLookup | Extract<CancelLookup, { outcome: 'found' }>

/** Which payment, and how an answer about it is read. */
type Question<Found> = Readonly<{
  kind: 'lookup' | 'payment_lookup'
  merchant: string
  tid: string
  /** What is left for a call, asked before each; absent: the account's timeout for each. */
  timeLeftMs?: () => number
  classify(seen: Exchange): Found | Unfound
}>

/** What the provider's lookups say of a full cancel. */
export async function lookUp(query: LookupQuery, parts: LookupParts): Promise<LookupOutcome> {
  const { merchant, tid } = query
  const classify = (seen: Exchange) => classifyLookup(seen, query, Date.now())
  const found = await ask({ kind: 'lookup', merchant, tid, classify }, parts)
  return found.outcome === 'cancelled' ? found : inconclusive(found.detail)
}

/**
 * What the provider's lookups say of a payment, in the time of one call: somebody waits for it. A token that comes
 * later is kept, and is there for the next.
 */
export async function lookUpPayment(
  { merchant, tid }: Readonly<{ merchant: string; tid: string }>,
  parts: LookupParts,
): Promise<PaymentLookup> {
  const { timeoutMs } = parts.line.account
  const endsAt = performance.now() + timeoutMs
  const waiting = new AbortController()
  const found = ask(
    {
      kind: 'payment_lookup',
      merchant,
      tid,
      timeLeftMs: () => Math.ceil(endsAt - performance.now()),
      classify: (seen) => classifyPayment(seen, tid),
    },
    parts,
  )
  const tooLate = sleep(timeoutMs, inconclusive(TOOK_TOO_LONG), { signal: waiting.signal, ref: false })
  tooLate.catch(() => {})
  try {
    const first = await Promise.race([found, tooLate])
    return first.outcome === 'found' ? first : inconclusive(first.detail)
  } finally {
    waiting.abort()
  }
}

/** What the provider's lookups show of a payment's cancels. */
export async function lookUpCancels(
  { merchant, tid }: Readonly<{ merchant: string; tid: string }>,
  parts: LookupParts,
): Promise<CancelLookup> {
  const classify = (seen: Exchange) => classifyCancels(seen, tid, Date.now())
  const found = await ask({ kind: 'lookup', merchant, tid, classify }, parts)
  if (found.outcome === 'found') return found
  return { outcome: found.outcome === 'not_found' ? 'no_row' : 'no_answer', detail: found.detail }
}

const TOOK_TOO_LONG = 'The lookup took too long.'

/** Where the token is rejected, asked once more with a fresh one. */
async function ask<Found extends Seen>(
  question: Question<Found>,
  { line, tokens }: LookupParts,
): Promise<Found | Unfound> {
  const { merchant } = question
  const authorization = await tokens.get(merchant)
  if (authorization.outcome === 'not_sent') return inconclusive(authorization.detail)
  let found = await askWith(authorization.token, question, line)
  if (found.outcome === 'token_rejected') {
    const renewed = await tokens.renew(merchant, authorization.token)
    if (renewed.outcome === 'not_sent') return inconclusive(renewed.detail)
    found = await askWith(renewed.token, question, line)
  }
  return found
}

async function askWith<Found extends Seen>(
  token: string,
  { kind, tid, timeLeftMs, classify }: Question<Found>,
  line: AccountLine,
): Promise<Found | Unfound> {
  const call = async (path: string, body: string): Promise<Found | Unfound> => {
    const timeoutMs = timeLeftMs?.()
    if (timeoutMs !== undefined && timeoutMs <= 0) return inconclusive(TOOK_TOO_LONG)
    const limits = timeoutMs === undefined ? {} : { timeoutMs }
    return line.call(kind, { path, headers: ['TOKEN', token], body, ...limits }, classify)
  }
  if (tid.length <= LONGEST_SEARCHED_TID) {
    const found = await call(SEARCH_PATH, searchBody(line.account.id, tid, new Date()))
    if (found.outcome !== 'not_found') return found
  }
  return call(CERTIFICATE_PATH, JSON.stringify({ tid }))
}

/** Nothing that settles a refund or shows a payment; `detail` says why. */
export function inconclusive(detail: string): Inconclusive {
  return { outcome: 'inconclusive', detail }
}
