import type { PaymentGateway } from '../../refunds/payment.ts'

/** What a row of a PG's own table says of a cancel. */
export type PgVerdict = 'ambiguous' | 'already_cancelled' | 'declined'

/**
 * A `cancel_code` that means something with one PG alone: the provider passes them through (docs/provider.md,
 * Payment gateways).
 */
export type PgCode = Readonly<{ code: string; verdict: PgVerdict; meaning: string }>

/** A message that one PG says, to the word but for spacing and punctuation, and what it says of a cancel. */
export type PgMessage = Readonly<{ message: string; verdict: PgVerdict }>

export const PG_CODES: Readonly<Partial<Record<PaymentGateway, readonly PgCode[]>>> = {
  // From one source (docs/provider.md, Payment gateways). `9204`, "cancel failed", does not say whether something moved: its message does.
  kiwoom: [
    { code: '9000', verdict: 'ambiguous', meaning: 'system error' },
    { code: '9005', verdict: 'ambiguous', meaning: 'timeout' },
    { code: '9999', verdict: 'ambiguous', meaning: 'unknown error' },
    { code: '9206', verdict: 'already_cancelled', meaning: 'already cancelled' },
    { code: '9011', verdict: 'declined', meaning: 'a | in the data' },
  ],
}

export const PG_MESSAGES: Readonly<Partial<Record<PaymentGateway, readonly PgMessage[]>>> = {
  // Toss documents each of these as an error of its cancel API that moved nothing, or leaves it open.
  toss: [
    { message: '취소 할 수 없는 금액 입니다.', verdict: 'declined' },
    { message: '잔액 결과가 일치하지 않습니다.', verdict: 'declined' },
    { message: '취소 한도 금액을 초과 하였습니다.', verdict: 'declined' },
    { message: '환불 가능한 기간이 지났습니다.', verdict: 'declined' },
    { message: '환불 계좌번호와 예금주명이 일치하지 않습니다.', verdict: 'declined' },
    { message: '은행 서비스 시간이 아닙니다.', verdict: 'declined' },
    { message: '은행 점검, 해약 계좌 등의 사유로 부분 환불이 실패했습니다.', verdict: 'declined' },
    { message: '이미 환불된 결제입니다.', verdict: 'already_cancelled' },
    { message: '일시적인 오류가 발생했습니다. 잠시 후 다시 시도해주세요.', verdict: 'ambiguous' },
    { message: '은행 응답시간 지연이나 일시적인 오류로 환불요청에 실패했습니다.', verdict: 'ambiguous' },
    // The first of two cancels within a second is the one that is processed: it may be ours.
    { message: '반복적인 요청은 허용되지 않습니다.', verdict: 'ambiguous' },
  ],
}
