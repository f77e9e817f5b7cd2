import type { LookupOutcome, LookupQuery } from '../refunds/ports/provider.ts'
import type { AccountLine } from './account-line.ts'
import { classifyLookup, LONGEST_SEARCHED_TID, type LookupAnswer } from './lookup.ts'
import { CERTIFICATE_PATH, SEARCH_PATH, searchBody } from './messages.ts'
import type { TokenCache } from './tokens.ts'

/**
 * What the provider's lookups say of a full cancel; where the token is rejected, asked once more with a fresh
 * one.
 */
export async function lookUp(
  query: LookupQuery,
  { line, tokens }: Readonly<{ line: AccountLine; tokens: TokenCache }>,
): Promise<LookupOutcome> {
  const authorization = await tokens.get(query.merchant)
  if (authorization.outcome === 'not_sent') return inconclusive(authorization.detail)
  let found = await lookUpWith(authorization.token, query, line)
  if (found.outcome === 'token_rejected') {
    const renewed = await tokens.renew(query.merchant, authorization.token)
    if (renewed.outcome === 'not_sent') return inconclusive(renewed.detail)
    found = await lookUpWith(renewed.token, query, line)
  }
  return found.outcome === 'cancelled' ? found : inconclusive(found.detail)
}

async function lookUpWith(token: string, query: LookupQuery, line: AccountLine): Promise<LookupAnswer> {
  const { tid } = query
  const ask = (path: string, body: string) =>
    line.call('lookup', { path, headers: ['TOKEN', token], body }, (seen) =>
      classifyLookup(seen, query, Date.now()),
    )
  if (tid.length <= LONGEST_SEARCHED_TID) {
    const found = await ask(SEARCH_PATH, searchBody(line.account.id, tid, new Date()))
    if (found.outcome !== 'not_found') return found
  }
  return ask(CERTIFICATE_PATH, JSON.stringify({ tid }))
}

/** Nothing that settles a refund; `detail` says why. */
export function inconclusive(detail: string): LookupOutcome {
  return { outcome: 'inconclusive', detail }
}
