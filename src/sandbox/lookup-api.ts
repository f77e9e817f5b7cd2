import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { invalidLookup, LOOKUP_FAILURES, type LookupRow, SYSTEM_ERROR, TOKEN_ERRORS } from './answers.ts'
import type { Book } from './book.ts'
import { behaviourOf, type RowBehaviour } from './faults.ts'
import type { Tokens } from './issued-tokens.ts'
import { koreanDateTime } from './korean-time.ts'
import { cancelledWholeAt, type Payment } from './payments.ts'
import { headerOf, mistakeIn } from './read-request.ts'
import { CertificateRequest, LookupRequest } from './requests.ts'
import { waited } from './waited.ts'

const LONGEST_SEARCHED_TID = 20

export type LookupApiOptions = Readonly<{
  book: Book
  tokens: Tokens
  /** How long the fault `slowrow` takes. */
  slowMs: number
}>

/** The two lookups (docs/provider.md, Lookups). Every tid is a payment. */
export const lookupApi: FastifyPluginCallbackTypebox<LookupApiOptions> = (
  app,
  { book, tokens, slowMs },
  done,
) => {
  /** Sends the row of a payment, or what its fault puts in the place of that. */
  async function answer(
    reply: FastifyReply,
    tid: string,
    form: (row: LookupRow) => LookupRow | LookupRow[],
  ): Promise<FastifyReply> {
    const { row } = behaviourOf(tid)
    await waited(row.waitMs, slowMs)
    if (row.answer === 'status 500') return reply.code(500).send(SYSTEM_ERROR)
    if (row.answer === 'no match') return reply.send(LOOKUP_FAILURES.noMatch)
    return reply.send(form(rowOf(book.open(tid).payment, row)))
  }

  /** The search, "결제내역조회". */
  app.post(
    '/api/paysearch',
    { attachValidation: true, schema: { body: LookupRequest } },
    async (request, reply) => {
      const grant = tokens.find(headerOf(request, 'token'))
      if (!grant) return TOKEN_ERRORS.refusedToken
      if (request.validationError) return invalidLookup(mistakeIn(request))
      const { API_ID, TID } = request.body
      if (API_ID !== grant.id) return LOOKUP_FAILURES.otherAccount
      // TID is 20 long in the search's manual, 50 in the cancel's: a longer one is never found.
      return TID.length > LONGEST_SEARCHED_TID ? LOOKUP_FAILURES.noMatch : answer(reply, TID, (row) => [row])
    },
  )

  /** The lookup of one payment: the same row, whatever the length of the tid, and no `API_ID`. */
  app.post(
    '/api/paycert',
    { attachValidation: true, schema: { body: CertificateRequest } },
    async (request, reply) => {
      if (!tokens.find(headerOf(request, 'token'))) return TOKEN_ERRORS.refusedToken
      if (request.validationError) return invalidLookup(mistakeIn(request))
      return answer(reply, request.body.tid, (row) => row)
    },
  )

  done()
}

/** When the row says that it was cancelled; null: it does not. */
function cancelDateOf(payment: Payment, { cancelDate }: RowBehaviour): Date | null {
  if (cancelDate === 'never') return null
  return cancelDate === 'always' ? payment.paidAt : cancelledWholeAt(payment)
}

function rowOf(payment: Payment, behaviour: RowBehaviour): LookupRow {
  const { payMethod, cardCode, moreBy, sumMoreBy } = behaviour
  const cancelledAt = cancelDateOf(payment, behaviour)
  return {
    RESULTCODE: '0000',
    RESULTMSG: '성공',
    ORDERNO: payment.tid,
    AMOUNT: String(payment.amount + moreBy),
    BUYERNAME: '홍길동',
    BUYEREMAIL: '',
    PRODUCTNAME: '테스트상품',
    PRODUCTCODE: '',
    PAYMETHOD: payMethod,
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
    CARDCODE: cardCode,
    ...(sumMoreBy !== null && { CANCEL_SUM_AMOUNT: String(payment.cancelled + sumMoreBy) }),
  }
}
