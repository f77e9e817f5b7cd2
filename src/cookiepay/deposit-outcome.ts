import type { DepositAnswer, DepositOutcome } from '../refunds/ports/provider.ts'
import type { Exchange } from './exchange.ts'
import { exactValue, readObject } from './messages.ts'
import { hideIn } from './redaction.ts'
import { isTokenError, tokenErrorDetail } from './token-answer.ts'

/** Far above what an account to pay into takes; of a longer answer this much is kept, as text. */
const MOST_KEPT = 8 * 1024

/** An answer in which more stands within each other is kept as text: nobody reads it by its members. */
const DEEPEST_KEPT = 16

/**
 * What a call for an account to pay a deposit into led to (docs/provider.md, Cancel after deposit). The form of its
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
  return { outcome: 'answered', status, answer: keptAnswer(hideIn(seen.body, credentials)) }
}

/** What is kept of an answer: the JSON that it is, or its text. */
function keptAnswer(text: string): DepositAnswer {
  if (text.length > MOST_KEPT) return `${text.slice(0, MOST_KEPT)}…`
  const value = exactValue(text)
  return value === undefined || isDeeperThan(value, DEEPEST_KEPT) ? text : (value as DepositAnswer)
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1))
}
