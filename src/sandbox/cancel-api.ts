import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest, FastifySchemaValidationError } from 'fastify'
import {
  type CancelAnswer,
  CancelRequest,
  CertificateRequest,
  invalidLookup,
  invalidRequest,
  invalidTokenRequest,
  koreanDateTime,
  koreanDigits,
  LOOKUP_FAILURES,
  LookupRequest,
  type LookupRow,
  type Refusal,
  refused,
  TOKEN_ERRORS,
  TokenRequest,
} from './answers.ts'
import type { Book } from './book.ts'
import { deliver, neverAnswer } from './delivery.ts'
import { type Behaviour, behaviourOf } from './faults.ts'
import type { Tokens } from './issued-tokens.ts'
import { cancelledWholeAt, decideCancel, type Payment } from './payments.ts'
import { mistakeInReason } from './refused-reasons.ts'

export type ProviderOptions = { book: Book; tokens: Tokens; slowMs: number }

const LONGEST_SEARCHED_TID = 20

/**
 * The APIs of the provider that a refund needs. Whatever is wrong with a request, the answer is HTTP
 * 200 with a code in its body; so `attachValidation`, instead of Fastify's own 400.
 */
export const providerRoutes: FastifyPluginCallbackTypebox<ProviderOptions> = (app, options, done) => {
  const { book, tokens, slowMs } = options

  /** Manual, "TOKEN 발행 URL". Every account exists, but for an id or a key that reads `wrong`. */
  app.post('/payAuth/token', { attachValidation: true, schema: { body: TokenRequest } }, async (request) => {
    if (request.validationError) return invalidTokenRequest(mistakeIn(request))
    const { pay2_id: id, pay2_key: key } = request.body
    if (id === 'wrong' || key === 'wrong') return TOKEN_ERRORS.wrongCredentials
    return { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: tokens.issue({ id, key }) }
  })

  /** Manual, "결제취소 요청전문". */
  app.post(
    '/api/cancel',
    { attachValidation: true, schema: { body: CancelRequest } },
    async (request, reply) => {
      const entry = isNamed(request.body) ? book.open(request.body.tid) : null
      if (entry) entry.calls += 1

      // A token that is unknown or expired, or not of this ApiKey, is an error of the token, not of the
      // cancel: no `cancel_code`.
      const token = headerOf(request, 'token')
      const grant = tokens.find(token)
      if (!grant || grant.key !== headerOf(request, 'apikey')) return TOKEN_ERRORS.refusedToken
      if (request.validationError || !entry) return refused(invalidRequest(mistakeIn(request)))

      const asked = request.body
      const mistake = mistakeInReason(asked.reason)
      if (mistake !== null) return refused(invalidRequest(mistake))
      const behaviour = behaviourOf(asked.tid)
      if (behaviour.tokens === 'all refused') return reply.code(401).send(TOKEN_ERRORS.refusedToken)
      if (behaviour.tokens === 'first refused') {
        entry.refusedToken ??= token
        if (entry.refusedToken === token) return TOKEN_ERRORS.refusedToken
      }

      const { effect, delivery } = behaviour
      const early = effect.applied === 'with the answer' ? null : cancel(book, asked, behaviour)
      if (behaviour.waitMs === 'forever') return neverAnswer(reply)
      await waited(behaviour.waitMs, slowMs)
      return deliver(reply, delivery, early ?? cancel(book, asked, behaviour))
    },
  )

  /** The search, "결제내역조회". A payment is known here once a cancel of it was received. */
  app.post('/api/paysearch', { attachValidation: true, schema: { body: LookupRequest } }, async (request) => {
    const grant = tokens.find(headerOf(request, 'token'))
    if (!grant) return TOKEN_ERRORS.refusedToken
    if (request.validationError) return invalidLookup(mistakeIn(request))
    const { API_ID, TID } = request.body
    if (API_ID !== grant.id) return LOOKUP_FAILURES.otherAccount
    // TID is 20 long in the search's manual, 50 in the cancel's: a longer one is never found.
    const entry = TID.length > LONGEST_SEARCHED_TID ? undefined : book.find(TID)
    return entry ? [rowOf(entry.payment)] : LOOKUP_FAILURES.noMatch
  })

  /** The lookup of one payment: the same row, whatever the length of the tid, and no `API_ID`. */
  app.post(
    '/api/paycert',
    { attachValidation: true, schema: { body: CertificateRequest } },
    async (request) => {
      if (!tokens.find(headerOf(request, 'token'))) return TOKEN_ERRORS.refusedToken
      if (request.validationError) return invalidLookup(mistakeIn(request))
      const entry = book.find(request.body.tid)
      return entry ? rowOf(entry.payment) : LOOKUP_FAILURES.noMatch
    },
  )

  done()
}

/** Takes the money back where payment and fault allow it, and says what to answer. */
function cancel(book: Book, asked: CancelRequest, { effect, inPart }: Behaviour): CancelAnswer {
  if (effect.applied === 'never') return refused(effect.refusal)
  const decision = decideCancel(book.open(asked.tid).payment, asked, inPart)
  if (!decision.accepted) return refused(decision.refusal)
  const amount = Math.max(1, decision.amount - effect.shortBy)
  const { cancelTid, at } = book.apply(asked.tid, amount)
  const instead = pick(effect.instead, asked.tid)
  if (instead) return refused(instead)
  return {
    cancel_tid: cancelTid,
    cancel_code: '0000',
    cancel_msg: '취소 성공',
    cancel_date: koreanDigits(at),
    cancel_amt: String(amount),
  }
}

/** The same one for the same tid. */
function pick(answers: readonly Refusal[], tid: string): Refusal | undefined {
  const sum = [...tid].reduce((total, character) => total + (character.codePointAt(0) as number), 0)
  return answers[sum % answers.length]
}

async function waited(waitMs: Exclude<Behaviour['waitMs'], 'forever'>, slowMs: number): Promise<void> {
  const durationMs = waitMs === 'slowMs' ? slowMs : waitMs
  // Not to hold a process that is closing.
  if (durationMs > 0) await sleep(durationMs, undefined, { ref: false })
}

function rowOf(payment: Payment): LookupRow {
  const cancelledAt = cancelledWholeAt(payment)
  return {
    RESULTCODE: '0000',
    RESULTMSG: '성공',
    ORDERNO: payment.tid,
    AMOUNT: String(payment.amount),
    BUYERNAME: '홍길동',
    BUYEREMAIL: '',
    PRODUCTNAME: '테스트상품',
    PRODUCTCODE: '',
    PAYMETHOD: 'CARD',
    BUYERID: '',
    TID: payment.tid,
    ACCEPTNO: '00000000',
    ACCEPTDATE: koreanDateTime(payment.paidAt),
    // How a partly cancelled payment looks in a row is not documented; here it looks like a paid one.
    CANCELDATE: cancelledAt ? koreanDateTime(cancelledAt) : '',
    CANCELMSG: cancelledAt ? '취소 성공' : '',
    ACCOUNTNO: '',
    RECEIVERNAME: '',
    DEPOSITENDDATE: '',
    CARDNAME: '테스트카드',
    CARDCODE: '',
  }
}

/**
 * A header's value as UTF-8. Node.js reads headers as latin1, and the manual's own cURL call has a Korean
 * placeholder for the key: it works as it stands.
 */
function headerOf(request: FastifyRequest, name: 'token' | 'apikey'): string {
  return Buffer.from(String(request.headers[name] ?? ''), 'latin1').toString('utf8')
}

/** Whether an unchecked body names a tid that could be one. */
function isNamed(body: unknown): body is { tid: string } {
  const tid = (body as { tid?: unknown } | null | undefined)?.tid
  return typeof tid === 'string' && tid !== '' && [...tid].length <= 50
}

/** The first mistake in a body, in Korean. */
function mistakeIn(request: FastifyRequest): string {
  const [mistake] = request.validationError?.validation ?? []
  return mistake ? describeMistake(mistake) : '요청 전문을 읽을 수 없습니다'
}

function describeMistake({ keyword, instancePath, params }: FastifySchemaValidationError): string {
  const member = instancePath.slice(1)
  if (keyword === 'required') return `필수값이 없습니다: ${params.missingProperty}`
  if (keyword === 'additionalProperties') {
    return `알 수 없는 항목입니다: ${String(params.additionalProperty).slice(0, 30)}`
  }
  return member ? `항목의 값이 올바르지 않습니다: ${member}` : '요청 전문을 읽을 수 없습니다'
}
