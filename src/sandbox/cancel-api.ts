import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import {
  type CancelAnswer,
  DECLINES,
  type Decline,
  declinedWith,
  invalidCancel,
  TOKEN_ERRORS,
} from './answers.ts'
import type { Book, Entry, UnderWay } from './book.ts'
import { deliver, neverAnswer } from './delivery.ts'
import { type Behaviour, behaviourOf } from './faults.ts'
import type { Tokens } from './issued-tokens.ts'
import { koreanDigits } from './korean-time.ts'
import { decideCancel } from './payments.ts'
import { headerOf, mistakeIn } from './read-request.ts'
import { mistakeInReason } from './refused-reasons.ts'
import { CancelRequest } from './requests.ts'
import { waited } from './waited.ts'

export type CancelApiOptions = Readonly<{
  book: Book
  tokens: Tokens
  /** How long the faults `slow` and `late` take. */
  slowMs: number
  /** Of any payment only the first of two cancels within this time is heeded. */
  spacingMs: number
}>

/** Manual, "결제취소 요청전문" (docs/provider.md, Cancel call). */
export const cancelApi: FastifyPluginCallbackTypebox<CancelApiOptions> = (app, options, done) => {
  const { book, tokens, slowMs, spacingMs } = options

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
      if (request.validationError || !entry) return declinedWith(invalidCancel(mistakeIn(request)))

      const asked = request.body
      const mistake = mistakeInReason(asked.reason)
      if (mistake !== null) return declinedWith(invalidCancel(mistake))
      const behaviour = behaviourOf(asked.tid)
      if (behaviour.tokens === 'all refused') return reply.code(401).send(TOKEN_ERRORS.refusedToken)
      if (behaviour.tokens === 'first refused' && isFirstToken(entry, token)) return TOKEN_ERRORS.refusedToken
      const underWay: UnderWay = { beganAt: new Date(), endedAt: null }
      entry.underWay.push(underWay)
      reply.raw.once('close', () => {
        underWay.endedAt = new Date()
      })
      if (isTooSoon(entry, Math.max(spacingMs, behaviour.spacingMs))) return declinedWith(DECLINES.repeated)

      const { effect, delivery } = behaviour
      const early = effect.applied === 'with the answer' ? null : cancel(book, asked, behaviour)
      if (behaviour.waitMs === 'forever') return neverAnswer(reply)
      await waited(behaviour.waitMs, slowMs)
      return deliver(reply, delivery, early ?? cancel(book, asked, behaviour))
    },
  )

  done()
}

/** Whether this is the token that was tried first for the payment. */
function isFirstToken(entry: Entry, token: string): boolean {
  entry.refusedToken ??= token
  return entry.refusedToken === token
}

/** Whether this cancel comes so soon after another of its payment that it is not heeded. */
function isTooSoon(entry: Entry, spacingMs: number): boolean {
  const nowMs = performance.now()
  if (entry.heededAtMs !== null && nowMs - entry.heededAtMs < spacingMs) return true
  entry.heededAtMs = nowMs
  return false
}

/** Takes the money back where payment and fault allow it, and says what to answer. */
function cancel(book: Book, asked: CancelRequest, { effect, inPart }: Behaviour): CancelAnswer {
  if (effect.applied === 'never') return declinedWith(effect.decline)
  const decision = decideCancel(book.open(asked.tid).payment, asked, inPart)
  if (!decision.accepted) return declinedWith(decision.decline)
  const amount = Math.max(1, decision.amount - effect.shortBy)
  const { cancelTid, at } = book.apply(asked.tid, amount)
  const instead = pick(effect.instead, asked.tid)
  if (instead) return declinedWith(instead)
  return {
    cancel_tid: cancelTid,
    cancel_code: '0000',
    cancel_msg: '취소 성공',
    cancel_date: koreanDigits(at),
    cancel_amt: String(amount),
  }
}

/** The same one for the same tid. */
function pick(answers: readonly Decline[], tid: string): Decline | undefined {
  const sum = [...tid].reduce((total, character) => total + (character.codePointAt(0) as number), 0)
  return answers[sum % answers.length]
}

/** Whether an unchecked body names a tid that could be one. */
function isNamed(body: unknown): body is { tid: string } {
  const tid = (body as { tid?: unknown } | null | undefined)?.tid
  return typeof tid === 'string' && tid !== '' && [...tid].length <= 50
}
