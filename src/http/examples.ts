import type { FailureCode, Refund } from '../refunds/refund.ts'
import { maskAccountNumber } from '../refunds/refund-account.ts'
import { refundId } from '../refunds/refund-id.ts'
import type { RefundRequest } from '../refunds/refund-request.ts'
import { OPEN_CALLER } from './caller.ts'

/** Examples of one body, by names that say what each shows. */
export type Examples<Value = unknown> = Readonly<
  Record<string, Readonly<{ summary: string; description?: string; value: Value }>>
>

type AskedRefund = Readonly<{
  summary: string
  /** What it needs of the gateway or of the caller's key. */
  needs?: string
  idempotencyKey: string
  body: RefundRequest
}>

export const IDEMPOTENCY_KEY_EXAMPLE = 'order-1042-refund-1'

const CARD_PAYMENT = { method: 'card_auth', amount: 10000 } as const

/** Each works against the sandbox, where the digits that end a tid are the amount that was paid. */
export const ASKED_REFUNDS = {
  full: {
    summary: 'Everything that was paid',
    idempotencyKey: IDEMPOTENCY_KEY_EXAMPLE,
    body: { tid: 'order1042-10000', reason: '고객 변심', payment: CARD_PAYMENT, metadata: { order: '1042' } },
  },
  partial: {
    summary: 'A part of a card payment',
    idempotencyKey: 'order-1043-refund-1',
    body: { tid: 'order1043-10000', reason: '부분 반품', payment: CARD_PAYMENT, amount: 3000 },
  },
  remaining_mismatch: {
    summary: 'A refund that is only meant where so much remains, and less does',
    needs: 'Needs the refund of the example partial.',
    idempotencyKey: 'order-1043-refund-2',
    body: {
      tid: 'order1043-10000',
      reason: '부분 반품',
      payment: CARD_PAYMENT,
      amount: 2000,
      expected_remaining: 10000,
    },
  },
  same_amount: {
    summary: 'The same amount once more, under another key: a duplicate, or so it seems',
    needs: 'Needs the refund of the example partial.',
    idempotencyKey: 'order-1043-refund-3',
    body: { tid: 'order1043-10000', reason: '부분 반품', payment: CARD_PAYMENT, amount: 3000 },
  },
  duplicate_of: {
    summary: 'The same amount once more, and meant so',
    needs: 'Needs the refund of the example partial, which it names.',
    idempotencyKey: 'order-1043-refund-4',
    body: {
      tid: 'order1043-10000',
      reason: '부분 반품',
      payment: CARD_PAYMENT,
      amount: 3000,
      duplicate_of: refundId(OPEN_CALLER.name, 'order-1043-refund-1'),
    },
  },
  reference: {
    summary: 'One line of an order, by its own name',
    idempotencyKey: 'order-1050-line-1',
    body: {
      tid: 'order1050-10000',
      reason: '부분 반품',
      payment: CARD_PAYMENT,
      amount: 2000,
      reference: 'order-1050-line-1',
    },
  },
  same_reference: {
    summary: 'The same line of an order once more, under another key',
    needs: 'Needs the refund of the example reference.',
    idempotencyKey: 'order-1050-line-1-again',
    body: {
      tid: 'order1050-10000',
      reason: '부분 반품',
      payment: CARD_PAYMENT,
      amount: 2000,
      reference: 'order-1050-line-1',
    },
  },
  slow: {
    summary: 'A refund that the provider takes 12 s for',
    needs: 'Needs the sandbox.',
    idempotencyKey: 'order-1051-refund-1',
    body: { tid: 'delay12000-order1051-10000', reason: '부분 반품', payment: CARD_PAYMENT, amount: 4000 },
  },
  payment_busy: {
    summary: 'Another refund of a payment that is busy: it waits for 5 s',
    needs: 'Send it while the example slow is under way.',
    idempotencyKey: 'order-1051-refund-2',
    body: { tid: 'delay12000-order1051-10000', reason: '부분 반품', payment: CARD_PAYMENT, amount: 1000 },
  },
  tax_free: {
    summary: 'A part of a card payment, some of it tax-free',
    needs: 'Needs an account of Kiwoompay.',
    idempotencyKey: 'order-1044-refund-1',
    body: {
      tid: 'order1044-10000',
      reason: '부분 반품',
      payment: { ...CARD_PAYMENT, tax_free_amount: 4000 },
      amount: 3000,
      tax_free_amount: 1000,
    },
  },
  virtual_account: {
    summary: 'A virtual account, paid back to a bank account',
    needs: 'Needs an account of Toss, and a key with the scope refund_account.',
    idempotencyKey: 'order-1045-refund-1',
    body: {
      tid: 'order1045-10000',
      reason: '주문 취소',
      payment: { method: 'virtual_account', amount: 10000 },
      refund_account: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
    },
  },
  unknown: {
    summary: 'An outcome that is not known at once: the lookup settles it',
    needs: 'Needs the sandbox.',
    idempotencyKey: 'order-1046-refund-1',
    body: { tid: 'html-order1046-10000', reason: '고객 변심', payment: CARD_PAYMENT },
  },
  declined: {
    summary: 'A refund that the provider declines',
    needs: 'Needs the sandbox.',
    idempotencyKey: 'order-1047-refund-1',
    body: { tid: 'declined-order1047-10000', reason: '고객 변심', payment: CARD_PAYMENT },
  },
  already_cancelled: {
    summary: 'A payment that was cancelled before, outside of this gateway',
    needs: 'Needs the sandbox.',
    idempotencyKey: 'order-1048-refund-1',
    body: { tid: 'cancelled-order1048-10000', reason: '고객 변심', payment: CARD_PAYMENT },
  },
  deposit_required: {
    summary: 'A payment that was settled to the merchant already',
    needs: 'Needs the sandbox.',
    idempotencyKey: 'order-1049-refund-1',
    body: { tid: 'deposited-order1049-10000', reason: '고객 변심', payment: CARD_PAYMENT },
  },
} as const satisfies Record<string, AskedRefund>

/** Bodies of `POST /refunds`. */
export const REFUND_REQUESTS: Examples<RefundRequest> = Object.fromEntries(
  Object.entries<AskedRefund>(ASKED_REFUNDS).map(([name, { summary, needs, idempotencyKey, body }]) => [
    name,
    {
      summary,
      description: [needs, `Send it with the Idempotency-Key ${idempotencyKey}.`].filter(Boolean).join(' '),
      value: body,
    },
  ]),
)

/** What the sandbox answers to the refunds of the same names while the gateway is open, but for moments and its ids. */
export const REFUNDS = {
  full: succeeded(ASKED_REFUNDS.full),
  partial: succeeded(ASKED_REFUNDS.partial),
  duplicate_of: succeeded(ASKED_REFUNDS.duplicate_of),
  reference: succeeded(ASKED_REFUNDS.reference),
  slow: succeeded(ASKED_REFUNDS.slow),
  tax_free: succeeded(ASKED_REFUNDS.tax_free),
  virtual_account: succeeded(ASKED_REFUNDS.virtual_account),
  unknown: refundOf(ASKED_REFUNDS.unknown, 'unknown'),
  declined: failed(ASKED_REFUNDS.declined, {
    code: 'provider_declined',
    says: 'The provider declined the refund',
    cancelCode: '3001',
    message: '취소가 거절되었습니다. 카드사에 문의하시기 바랍니다',
  }),
  already_cancelled: failed(ASKED_REFUNDS.already_cancelled, {
    code: 'already_cancelled',
    says: 'The payment was cancelled before, outside of this gateway: have that booked (POST /payments/{tid}/outside-refunds), so that its ledger knows. The provider answered',
    cancelCode: '2001',
    message: '이미 취소된 거래입니다',
  }),
  deposit_required: failed(ASKED_REFUNDS.deposit_required, {
    code: 'deposit_required',
    says: "The payment was settled to the merchant already and needs the provider's cancel-after-deposit API. It answered",
    cancelCode: '9029',
    message: '입금 완료된 거래입니다. 입금후 취소 API를 이용하시기 바랍니다',
  }),
}

/** The unknown one, after the lookup. */
export const SETTLED_REFUND: Refund = {
  ...REFUNDS.unknown,
  status: 'succeeded',
  refunded_at: '2026-01-01T10:30:00+09:00',
  resolution: { source: 'lookup', by: null, note: null, at: '2026-01-01T01:31:00.000Z' },
  updated_at: '2026-01-01T01:31:00.000Z',
}

/** The unknown one, after a person has looked at the provider's console. */
export const RESOLVED_REFUND: Refund = {
  ...REFUNDS.unknown,
  status: 'succeeded',
  resolution: {
    source: 'operator',
    by: 'finance',
    note: '쿠키페이 콘솔에서 취소를 확인함',
    at: '2026-01-01T02:00:00.000Z',
  },
  updated_at: '2026-01-01T02:00:00.000Z',
}

/** The one that needs a deposit, once that was asked for. The form of the answer is the sandbox's, and a guess. */
export const AWAITING_REFUND: Refund & Readonly<{ deposit: object }> = {
  ...REFUNDS.deposit_required,
  status: 'awaiting_deposit',
  failure: null,
  deposit: {
    requested_at: '2026-01-01T01:40:00.000Z',
    expires_at: '2026-01-01T23:59:59+09:00',
    answer:
      '{"RESULTCODE":"0000","RESULTMSG":"성공","TID":"deposited-order1049-10000","BANKNAME":"우리은행","ACCOUNTNO":"202601011040000","RECEIVERNAME":"쿠키페이","AMOUNT":"10000","DEPOSITENDDATE":"2026-01-01 23:59:59"}',
  },
  updated_at: '2026-01-01T01:40:00.000Z',
}

/** The one that has the id of the examples of a path. */
export const REFUND_ID_EXAMPLE = REFUNDS.full.id

function succeeded(asked: AskedRefund): Refund {
  const refund = refundOf(asked, 'succeeded')
  return {
    ...refund,
    provider: {
      cancel_tid: 'C20260101103000d92d30cebca4880a',
      cancel_code: '0000',
      cancel_msg: '취소 성공',
      cancel_date: '20260101103000',
      cancel_amt: String(refund.amount),
    },
    refunded_at: '2026-01-01T10:30:00+09:00',
  }
}

type Declined = Readonly<{ code: FailureCode; says: string; cancelCode: string; message: string }>

function failed(asked: AskedRefund, { code, says, cancelCode, message }: Declined): Refund {
  return {
    ...refundOf(asked, 'failed'),
    provider: {
      cancel_tid: '',
      cancel_code: cancelCode,
      cancel_msg: message,
      cancel_date: '',
      cancel_amt: '0',
    },
    failure: { code, detail: `${says} with code ${cancelCode}: ${message}` },
  }
}

/** A refund of this request, as if no answer to it had come. */
function refundOf({ idempotencyKey, body }: AskedRefund, status: Refund['status']): Refund {
  const { refund_account: account } = body
  return {
    id: refundId(OPEN_CALLER.name, idempotencyKey),
    status,
    account: 'default',
    tid: body.tid,
    kind: body.amount === undefined ? 'full' : 'partial',
    amount: body.amount ?? body.payment.amount,
    tax_free_amount: body.tax_free_amount ?? null,
    reason: body.reason,
    reference: body.reference ?? null,
    refund_account: account ? { ...account, account_no: maskAccountNumber(account.account_no) } : null,
    provider: null,
    refunded_at: null,
    failure: null,
    resolution: null,
    deposit: null,
    requested_by: OPEN_CALLER.name,
    metadata: body.metadata ?? {},
    created_at: '2026-01-01T01:29:59.588Z',
    updated_at: '2026-01-01T01:30:00.412Z',
  }
}
