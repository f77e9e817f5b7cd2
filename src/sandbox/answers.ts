/** The answer of the token API, and of any API that refuses the token. */
export type TokenAnswer = { RTN_CD: string; RTN_MSG: string; TOKEN?: string }

/** Manual, "응답 전문 파라미터" (docs/provider.md, Cancel answers): all five members are always there. */
export type CancelAnswer = {
  cancel_tid: string
  cancel_code: string
  cancel_msg: string
  cancel_date: string
  cancel_amt: string
}

/** One row of the lookup's answer: every value is a string, an absent one is `""`. */
export type LookupRow = {
  RESULTCODE: string
  RESULTMSG: string
  ORDERNO: string
  AMOUNT: string
  BUYERNAME: string
  BUYEREMAIL: string
  PRODUCTNAME: string
  PRODUCTCODE: string
  PAYMETHOD: string
  BUYERID: string
  TID: string
  ACCEPTNO: string
  ACCEPTDATE: string
  CANCELDATE: string
  CANCELMSG: string
  ACCOUNTNO: string
  RECEIVERNAME: string
  DEPOSITENDDATE: string
  CARDNAME: string
  CARDCODE: string
  /** What early clients read a sum of cancels from; no manual has it. */
  CANCEL_SUM_AMOUNT?: string
}

/** The lookup's answer where there is no row to give. */
export type LookupFailure = { RESULTCODE: string; RESULTMSG: string }

/** `cancel_code` and `cancel_msg` of a cancel that is not accepted. */
export type Decline = { readonly code: string; readonly message: string }

/**
 * Why a cancel is declined. The manual documents `0000` and `9029` only (docs/provider.md, Cancel answers): the
 * other codes are made up.
 * Only the first two say `이미 취소`, the wording by which clients know a payment that was cancelled before.
 */
export const DECLINES = {
  alreadyCancelled: { code: '2001', message: '이미 취소된 거래입니다' },
  partlyCancelled: { code: '2002', message: '이미 취소된 내역이 있어 전체취소할 수 없는 거래입니다' },
  exceedsRemaining: { code: '2003', message: '취소 요청금액이 취소 가능금액보다 큽니다' },
  onlyWhole: { code: '2004', message: '부분취소가 불가능한 거래입니다' },
  zeroAmount: { code: '2005', message: '취소 요청금액은 0보다 커야 합니다' },
  taxFreeExceedsAmount: { code: '2006', message: '비과세 취소금액은 취소금액보다 클 수 없습니다' },
  tooManyCancels: { code: '2007', message: '부분취소 가능 횟수를 모두 사용하였습니다' },
  /** Toss's own words, of a cancel that comes too soon after another of its payment. */
  repeated: { code: '2008', message: '반복적인 요청은 허용되지 않습니다.' },
  declined: { code: '3001', message: '취소가 거절되었습니다. 카드사에 문의하시기 바랍니다' },
  depositedAlready: {
    code: '9029',
    message: '입금 완료된 거래입니다. 입금후 취소 API를 이용하시기 바랍니다',
  },
  gatewayTimedOut: { code: '8001', message: 'PG 통신 오류가 발생하였습니다 (시간초과)' },
} as const satisfies Record<string, Decline>

/** Answers of a decline that leave open whether money was moved; a PG's own words differ from these without end. */
export const OPEN_ANSWERS: readonly Decline[] = [
  { code: '8001', message: 'PG 통신 오류가 발생하였습니다 (시간초과)' },
  { code: '8002', message: '취소 결과를 확인할 수 없습니다' },
  { code: '8003', message: '502 Bad Gateway' },
  { code: '8004', message: 'cURL error 52: Empty reply from server' },
  { code: '8005', message: '취소 요청이 접수되었습니다' },
  { code: '8006', message: '일시적인 오류가 발생했습니다. 잠시 후 다시 시도해주세요.' },
  { code: '8007', message: '중복 취소 요청입니다' },
  { code: '8008', message: '???? ??' },
]

/** Answers in words that are in nobody's table. */
export const UNHEARD_ANSWERS: readonly Decline[] = [
  { code: '7001', message: '가맹점 정책 7호에 해당하는 거래' },
  { code: '7002', message: 'rule 7 applies' },
  { code: '7003', message: '' },
]

/** The request's body breaks the table of parameters. */
export function invalidCancel(what: string): Decline {
  return { code: '1001', message: what }
}

export function declinedWith({ code, message }: Decline): CancelAnswer {
  return { cancel_tid: '', cancel_code: code, cancel_msg: message, cancel_date: '', cancel_amt: '0' }
}

/** `RTN_CD` is `0000` for success; why a token is refused is told by `RTN_MSG` only, the codes are made up. */
export const TOKEN_ERRORS = {
  wrongCredentials: { RTN_CD: '9001', RTN_MSG: '연동 아이디 또는 연동키가 올바르지 않습니다' },
  refusedToken: { RTN_CD: '9002', RTN_MSG: '유효하지 않거나 만료된 TOKEN 입니다' },
} as const satisfies Record<string, TokenAnswer>

export function invalidTokenRequest(what: string): TokenAnswer {
  return { RTN_CD: '9003', RTN_MSG: what }
}

/** Beside a 5xx it may look like a refused token: a client must go by the status. */
export const SYSTEM_ERROR: TokenAnswer = { RTN_CD: '9999', RTN_MSG: '시스템 오류가 발생하였습니다' }

export const LOOKUP_FAILURES = {
  otherAccount: { RESULTCODE: 'E002', RESULTMSG: 'API_ID와 TOKEN이 일치하지 않습니다' },
  noMatch: { RESULTCODE: 'E008', RESULTMSG: '조회된 거래내역이 없습니다' },
} as const satisfies Record<string, LookupFailure>

export function invalidLookup(what: string): LookupFailure {
  return { RESULTCODE: 'E001', RESULTMSG: what }
}
