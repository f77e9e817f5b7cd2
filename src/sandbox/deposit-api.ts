import { type FastifyPluginCallbackTypebox, Type } from '@fastify/type-provider-typebox'
import { TOKEN_ERRORS } from './answers.ts'
import type { Book, Entry } from './book.ts'
import { deliver } from './delivery.ts'
import { type Deposit, deadlineOf, refusalOf } from './deposits.ts'
import { behaviourOf } from './faults.ts'
import type { Tokens } from './issued-tokens.ts'
import { koreanDateTime, koreanDigits } from './korean-time.ts'
import { headerOf, mistakeIn } from './read-request.ts'
import { mistakeInReason } from './refused-reasons.ts'
import { DepositRequest } from './requests.ts'
import { waited } from './waited.ts'

export type DepositApiOptions = Readonly<{
  book: Book
  tokens: Tokens
  /** How long the fault `depositlate` takes. */
  slowMs: number
  now(): Date
}>

/**
 * The cancel after a deposit (docs/provider.md, Deposits), and beside it what only the sandbox has: a way to
 * pay into the account, whereupon the payment is cancelled,
 * which is told by a notification of its own type.
 */
export const depositApi: FastifyPluginCallbackTypebox<DepositApiOptions> = (app, options, done) => {
  const { book, tokens, slowMs, now } = options

  app.post(
    '/api/get_cancel_bank_account',
    { attachValidation: true, schema: { body: DepositRequest } },
    async (request, reply) => {
      const grant = tokens.find(headerOf(request, 'token'))
      if (!grant || grant.key !== headerOf(request, 'apikey')) return TOKEN_ERRORS.refusedToken
      if (request.validationError) return refused(mistakeIn(request))
      const { tid, amount, reason } = request.body
      const entry = book.open(tid)
      entry.depositCalls += 1
      const mistake = mistakeInReason(reason)
      if (mistake !== null) return refused(mistake)
      const { deposit: behaviour } = behaviourOf(tid)
      if (!behaviour.opens) return refused('입금 후 취소 대상 거래가 아닙니다')
      const opened = open(entry, Number(amount))
      await waited(behaviour.waitMs, slowMs)
      return deliver(reply, behaviour.delivery, answerOf(tid, opened))
    },
  )

  app.get(
    '/sandbox/deposits',
    { schema: { querystring: Type.Object({ tid: Type.String() }) } },
    async ({ query: { tid } }) => {
      const entry = book.find(tid)
      return { calls: entry?.depositCalls ?? 0, deposits: entry?.deposits ?? [] }
    },
  )

  /** The merchant pays into an account, the latest one where none is named; the payment is cancelled then. */
  app.post(
    '/sandbox/deposits/pay',
    { schema: { body: Type.Object({ tid: Type.String(), account: Type.Optional(Type.String()) }) } },
    async ({ body: { tid, account } }, reply) => {
      const entry = book.find(tid)
      const deposit = entry?.deposits.findLast((some) => account === undefined || some.account === account)
      if (entry === undefined || deposit === undefined)
        return reply.code(404).send({ refused: 'no such account' })
      const refusal = refusalOf(deposit, entry.payment, now())
      if (refusal !== null) return reply.code(409).send({ refused: refusal })
      deposit.paidAt = now()
      const { amount, cancelTid } = book.apply(tid, deposit.amount, 'deposit_cancel')
      return { cancelled: amount, cancel_tid: cancelTid }
    },
  )

  function open(entry: Entry, amount: number): Deposit {
    const at = now()
    const account = `${koreanDigits(at)}${entry.deposits.length}`
    const deposit = { account, amount, requestedAt: at, deadline: deadlineOf(at), paidAt: null }
    entry.deposits.push(deposit)
    return deposit
  }

  done()
}

/**
 * A guess: what the answer is called is in no source. It has what Kiwoompay's own holds, in the words of the lookup's
 * rows, and an account of its own for each call.
 */
function answerOf(tid: string, { account, amount, deadline }: Deposit) {
  return {
    RESULTCODE: '0000',
    RESULTMSG: '성공',
    TID: tid,
    BANKNAME: '우리은행',
    ACCOUNTNO: account,
    RECEIVERNAME: '쿠키페이',
    AMOUNT: String(amount),
    DEPOSITENDDATE: koreanDateTime(deadline),
  }
}

/** Made up, too. */
function refused(message: string) {
  return { RESULTCODE: 'E001', RESULTMSG: message }
}
