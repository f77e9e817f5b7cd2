import type { CancelOutcome } from '../refunds/ports/provider.ts'
import type { Exchange } from './exchange.ts'
import { speaksOfCredentials } from './judge-words.ts'
import { readObject, SUCCESS_CODE } from './messages.ts'

/** What a token call led to: the token, or why there is none. */
export function classifyToken(
  exchange: Exchange,
): Readonly<{ outcome: 'token'; token: string }> | Extract<CancelOutcome, { outcome: 'not_sent' }> {
  if (exchange.seen !== 'answer') {
    return { outcome: 'not_sent', code: 'provider_unavailable', detail: exchange.detail }
  }
  const { status } = exchange
  const body = readObject(exchange.body)
  if (body !== null && status >= 200 && status <= 299 && body.RTN_CD === SUCCESS_CODE) {
    if (typeof body.TOKEN === 'string' && /^[\x21-\x7e]+$/.test(body.TOKEN)) {
      return { outcome: 'token', token: body.TOKEN }
    }
  } else if (status < 500 && (status === 401 || status === 403 || typeof body?.RTN_CD === 'string')) {
    return { outcome: 'not_sent', code: 'provider_auth_failed', detail: tokenErrorDetail(status, body ?? {}) }
  }
  return {
    outcome: 'not_sent',
    code: 'provider_unavailable',
    detail: `The provider gave no token: it answered with status ${status} and nothing that can be read.`,
  }
}

/**
 * Whether an answer is about the token, the id or the key, and so was given before anything was done: by its
 * status, or by an `RTN_CD` whose code or words are about them. Any other `RTN_CD` may follow a cancel that
 * was made.
 */
export function isTokenError(status: number, body: Readonly<Record<string, unknown>>): boolean {
  if (status === 401 || status === 403) return true
  const { RTN_CD: code, RTN_MSG: message } = body
  if (status < 200 || status > 299 || typeof code !== 'string') return false
  if (code.trim() === '' || code.trim() === SUCCESS_CODE) return false
  return speaksOfCredentials(code.trim(), message)
}

/** Why a token was not accepted, for a log. */
export function tokenErrorDetail(status: number, body: Readonly<Record<string, unknown>>): string {
  const said = typeof body.RTN_CD === 'string' ? `RTN_CD ${body.RTN_CD}` : `status ${status}`
  return `The provider does not accept this account's id, key or token: it answered with ${said}. Nothing was cancelled; check the account's configuration.`
}
