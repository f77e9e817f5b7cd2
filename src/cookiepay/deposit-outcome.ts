import type { DepositOutcome } from '../refunds/ports/provider.ts'
import type { Exchange } from './exchange.ts'
import { readObject } from './messages.ts'
import { hideIn } from './redaction.ts'
import { isTokenError, tokenErrorDetail } from './token-answer.ts'

/** Far above what an account to pay into takes; of a longer answer this much is kept. */
const MOST_KEPT = 8 * 1024

/**
 * What a call for an account to pay a deposit into led to (docs/provider.md, Deposits). The form of its
 * answer is documented nowhere: whatever came is kept, and what it says is for a person to read. `credentials`: what
 * the call carried, which an answer may repeat.
 */
export function classifyDeposit(seen: Exchange, credentials: readonly string[]): DepositOutcome {
  if (seen.seen === 'not_sent') {
    return { outcome: 'not_sent', code: 'provider_unavailable', detail: seen.detail }
  }
  if (seen.seen === 'no_answer') return { outcome: 'lost', detail: seen.detail }
  const { status } = seen
  const body = readObject(seen.body)
  if (body !== null && isTokenError(status, body)) {
    return { outcome: 'token_rejected', detail: tokenErrorDetail(status, body) }
  }
  const answer = hideIn(seen.body, credentials)
  return {
    outcome: 'answered',
    status,
    answer: answer.length > MOST_KEPT ? `${answer.slice(0, MOST_KEPT)}…` : answer,
  }
}
