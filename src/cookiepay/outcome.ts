import type { CancelOutcome } from '../refunds/ports.ts'
import type { ProviderAnswer } from '../refunds/refund.ts'
import { readAmount, readDate, readObject, receivedAnswer, SUCCESS_CODE } from './messages.ts'

/** What was seen of one HTTP call. */
export type Exchange =
  /** No byte of the request left this process. */
  | Readonly<{ seen: 'not_sent'; detail: string }>
  /** It was sent, and no complete answer came back. */
  | Readonly<{ seen: 'no_answer'; detail: string }>
  /** `announcedSeconds`: how long the server keeps the connection open, where it says so. */
  | Readonly<{ seen: 'answer'; status: number; body: string; announcedSeconds?: number | undefined }>

/** Settled to the merchant already: only the separate cancel-after-deposit API can refund it (manual). */
const DEPOSIT_REQUIRED_CODE = '9029'

/** How the provider's own plugin recognises a payment that was cancelled before (facts). */
const ALREADY_CANCELLED = ['이미취소', '원거래기취소']

/** Stands where bytes were not UTF-8: a message in another encoding may say any of the wordings below. */
const UNREADABLE = '\ufffd'

/**
 * Wordings of a decline that may hide a cancel: the PG did not answer, or is still at work. Compared
 * without spaces, hyphens and underscores, and in lower case.
 */
const AMBIGUOUS_WORDINGS = [
  // The line to the PG or the card company failed.
  '통신',
  '송수신',
  '수신오류',
  '전문송신',
  '전문수신',
  '네트워크',
  '네트웍',
  '소켓',
  '회선',
  '장애',
  ...['실패', '오류', '에러', '지연', '불가', '중', '끊', '이끊', '할수없'].flatMap((how) => [
    `연결${how}`,
    `접속${how}`,
  ]),
  'network',
  'socket',
  'connection',
  'communication',
  'unreachable',
  // No answer, none in time, or none that could be read.
  '시간초과',
  '시간이초과',
  '시간을초과',
  '타임아웃',
  '타임오버',
  '무응답',
  '미응답',
  '지연',
  ...[
    '없',
    '이없',
    '을받지',
    '을수신하지',
    '수신',
    '미수신',
    '실패',
    '지연',
    '대기',
    '전문',
    '오류',
    '에러',
    '값',
  ].map((what) => `응답${what}`),
  '회신없',
  '회신이없',
  'timeout',
  'timedout',
  'noresponse',
  'noreply',
  'notrespond',
  // The outcome is not known there either.
  '미확인',
  '결과확인',
  '결과를확인할수없',
  '결과를알수없',
  '시스템오류',
  '시스템에러',
  '일시적오류',
  '일시적인오류',
  '잠시후다시',
  '내부오류',
  'systemerror',
  'internalerror',
  'unavailable',
  // Still at work.
  '처리중',
  '처리되고',
  '처리대기',
  '진행중',
  '대기중',
  '요청중인',
  '요청중입',
  '취소요청중',
  '취소중인',
  '취소중입',
  'processing',
  'processed',
  'inprogress',
  'pending',
] as const

/**
 * What a cancel call led to (contract: "What the provider's answer means"). A well-formed 2xx answer with
 * a `cancel_code` is taken at its word, save the ambiguous wordings; all else that followed a sent request
 * is unknown, except an answer about the token, which is given before anything is cancelled.
 */
export function classifyCancel(exchange: Exchange, ambiguousCodes: readonly string[]): CancelOutcome {
  if (exchange.seen === 'not_sent') {
    return { outcome: 'not_sent', code: 'provider_unavailable', detail: exchange.detail }
  }
  if (exchange.seen === 'no_answer') return unknown(exchange.detail, null)

  const { status } = exchange
  const body = readObject(exchange.body)
  if (body === null) return unknown(`The provider answered ${status} with something that is not JSON.`, null)

  const answer = receivedAnswer(body, exchange.body)
  const code = answer.cancel_code?.trim() ?? ''
  if (status < 500 && body.cancel_code === undefined && isTokenError(status, body)) {
    return { outcome: 'token_rejected', detail: tokenErrorDetail(status, body) }
  }
  if (status < 200 || status > 299) return unknown(`The provider answered with status ${status}.`, answer)
  if (code === '') return unknown('The provider answered without a cancel_code.', answer)
  return classifyCode(code, answer, ambiguousCodes)
}

function classifyCode(
  code: string,
  answer: ProviderAnswer,
  ambiguousCodes: readonly string[],
): CancelOutcome {
  if (code === SUCCESS_CODE) {
    return {
      outcome: 'succeeded',
      provider: answer,
      refundedAt: readDate(answer.cancel_date),
      cancelledAmount: readAmount(answer.cancel_amt),
    }
  }
  const said = `with code ${code}: ${answer.cancel_msg ?? 'no message'}`
  if (code === DEPOSIT_REQUIRED_CODE) {
    return {
      outcome: 'failed',
      code: 'deposit_required',
      provider: answer,
      detail: `The payment was settled to the merchant already and needs the provider's cancel-after-deposit API. It answered ${said}`,
    }
  }
  const message = (answer.cancel_msg ?? '')
    .normalize('NFKC')
    .replace(/[\s_-]/g, '')
    .toLowerCase()
  const mentions = (wording: string) => message.includes(wording)
  if (mentions(UNREADABLE)) {
    return unknown(`The provider declined in words that cannot be read, ${said}`, answer)
  }
  if (ambiguousCodes.includes(code) || AMBIGUOUS_WORDINGS.some(mentions)) {
    return unknown(`The provider declined in words that may hide a cancel, ${said}`, answer)
  }
  if (ALREADY_CANCELLED.some(mentions)) {
    return {
      outcome: 'failed',
      code: 'already_cancelled',
      provider: answer,
      detail: `The payment was cancelled before, outside of this gateway. The provider answered ${said}`,
    }
  }
  return {
    outcome: 'failed',
    code: 'provider_declined',
    provider: answer,
    detail: `The provider declined the refund ${said}`,
  }
}

/** Whether the call says that the provider is not well, rather than this refund. */
export function providerHasFailed({ outcome }: CancelOutcome): boolean {
  return outcome === 'unknown' || outcome === 'not_sent'
}

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

/** Whether an answer without a code of its API is about the token, and so given before anything was done. */
export function isTokenError(status: number, body: Readonly<Record<string, unknown>>): boolean {
  if (status === 401 || status === 403) return true
  return typeof body.RTN_CD === 'string' && body.RTN_CD !== '' && body.RTN_CD !== SUCCESS_CODE
}

/** Why a token was not accepted, for a log. */
export function tokenErrorDetail(status: number, body: Readonly<Record<string, unknown>>): string {
  const said = typeof body.RTN_CD === 'string' ? `RTN_CD ${body.RTN_CD}` : `status ${status}`
  return `The provider does not accept this account's id, key or token: it answered with ${said}. Nothing was cancelled; check the account's configuration.`
}

function unknown(detail: string, provider: ProviderAnswer | null): CancelOutcome {
  return { outcome: 'unknown', detail, provider }
}
