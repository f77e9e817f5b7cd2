import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import { invalidLookup, LOOKUP_FAILURES, type LookupRow, TOKEN_ERRORS } from './answers.ts'
import type { Book } from './book.ts'
import type { Tokens } from './issued-tokens.ts'
import { koreanDateTime } from './korean-time.ts'
import { cancelledWholeAt, type Payment } from './payments.ts'
import { headerOf, mistakeIn } from './read-request.ts'
import { CertificateRequest, LookupRequest } from './requests.ts'

const LONGEST_SEARCHED_TID = 20

/** The two lookups (docs/provider.md, Lookups). A payment is known here once a cancel of it was received. */
export const lookupApi: FastifyPluginCallbackTypebox<Readonly<{ book: Book; tokens: Tokens }>> = (
  app,
  { book, tokens },
  done,
) => {
  /** The search, "결제내역조회". */
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
