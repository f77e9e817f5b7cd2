import { type Static, Type } from 'typebox'

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const digits = Type.String({ pattern: '^[0-9]{1,10}$' })
const day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' })

// Nothing says what the provider does with members it does not know. Refusing them is what shows a
// developer that `amout` would have been a full cancel.
const closed = { additionalProperties: false }

/** Manual, "TOKEN 요청 전문 파라미터" (docs/provider.md, Tokens). */
export const TokenRequest = Type.Object({ pay2_id: text(30), pay2_key: text(50) }, closed)

/** Manual, "요청 전문 파라미터" (docs/provider.md, Cancel call). Every value is quoted in the manual's examples, amounts too. */
export const CancelRequest = Type.Object(
  {
    tid: text(50),
    amount: Type.Optional(digits),
    taxfree_amt: Type.Optional(digits),
    reason: text(50),
    bank: Type.Optional(text(30)),
    account_no: Type.Optional(text(30)),
    account_name: Type.Optional(text(30)),
  },
  closed,
)
export type CancelRequest = Static<typeof CancelRequest>

/** The call for an account to pay a deposit into (docs/provider.md, Deposits). */
export const DepositRequest = Type.Object({ tid: text(50), reason: text(50), amount: digits }, closed)

/** The lookup, "결제내역조회". The two days are required, and ignored because `TID` is given. */
export const LookupRequest = Type.Object(
  { API_ID: text(30), TID: Type.String({ minLength: 1 }), STD_DT: day, END_DT: day },
  closed,
)

/** The lookup of one payment, "결제내역조회" by `tid` alone. */
export const CertificateRequest = Type.Object({ tid: text(50) }, closed)
