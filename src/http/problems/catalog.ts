import { type Static, Type } from 'typebox'
import { type BrokenLimit, LIMIT_NAMES, MOST_OF_LIMIT } from '../../refunds/caller-limits.ts'
import { MAX_KRW } from '../../refunds/krw.ts'
import { nullable } from '../../refunds/nullable.ts'
import { SeenRefund } from '../seen-refund.ts'
import { ref } from '../shared-schemas.ts'

/** What the caller's code does next, so that nobody guesses with money. */
export const RETRIES = ['same_key', 'fix_request', 'new_key', 'after_resolution', 'never'] as const
export type Retry = (typeof RETRIES)[number]

type CatalogEntry = Readonly<{ status: number; title: string; retry: Retry; retryAfterSeconds?: number }>

/** Every error that the gateway answers with. A route picks a code; it never invents one. */
export const PROBLEMS = {
  invalid_request: { status: 400, retry: 'fix_request', title: 'Invalid request (잘못된 요청)' },
  idempotency_key_missing: {
    status: 400,
    retry: 'fix_request',
    title: 'Idempotency-Key header is missing (멱등키 헤더 누락)',
  },
  idempotency_key_invalid: {
    status: 400,
    retry: 'fix_request',
    title: 'Idempotency-Key header is not valid (멱등키 형식 오류)',
  },
  unauthenticated: { status: 401, retry: 'never', title: 'Not authenticated (인증 실패)' },
  forbidden: { status: 403, retry: 'never', title: 'Not allowed (권한 없음)' },
  limit_exceeded: { status: 403, retry: 'never', title: 'Limit of the caller (호출자 한도 초과)' },
  not_found: { status: 404, retry: 'fix_request', title: 'Not found (찾을 수 없음)' },
  idempotency_in_progress: {
    status: 409,
    retry: 'same_key',
    retryAfterSeconds: 1,
    title: 'The first request is still running (처리 중인 요청)',
  },
  payment_mismatch: {
    status: 409,
    retry: 'fix_request',
    title: 'Payment differs from an earlier request (결제 정보 불일치)',
  },
  remaining_mismatch: {
    status: 409,
    retry: 'fix_request',
    title: 'Something else remains (환불 가능 금액 불일치)',
  },
  possible_duplicate: {
    status: 409,
    retry: 'fix_request',
    title: 'It may be refunded already (중복 환불 의심)',
  },
  payment_busy: {
    status: 409,
    retry: 'same_key',
    retryAfterSeconds: 1,
    title: 'Another refund of the payment is being made (동일 결제 환불 진행 중)',
  },
  refund_unresolved: {
    status: 409,
    retry: 'after_resolution',
    title: 'Another refund is not settled yet (미확정 환불 존재)',
  },
  not_resolvable: { status: 409, retry: 'never', title: 'Refund cannot be resolved (확정할 수 없는 환불)' },
  payload_too_large: { status: 413, retry: 'fix_request', title: 'Body is too large (요청 본문 크기 초과)' },
  unsupported_media_type: {
    status: 415,
    retry: 'fix_request',
    title: 'Body is not JSON (지원하지 않는 형식)',
  },
  // Never a new key: it may be the same refund under a changed payload.
  idempotency_key_reused: {
    status: 422,
    retry: 'never',
    title: 'Key belongs to another request (멱등키 재사용)',
  },
  not_eligible: { status: 422, retry: 'fix_request', title: 'Cannot be refunded this way (환불 불가 거래)' },
  amount_exceeds_remaining: {
    status: 422,
    retry: 'fix_request',
    title: 'More than remains (환불 가능 금액 초과)',
  },
  tax_free_not_allowed: {
    status: 422,
    retry: 'fix_request',
    title: 'Tax-free amount is not allowed (비과세 금액 사용 불가)',
  },
  tax_free_exceeds_amount: {
    status: 422,
    retry: 'fix_request',
    title: 'Tax-free or taxable part is too large (비과세·과세 금액 초과)',
  },
  refund_account_required: {
    status: 422,
    retry: 'fix_request',
    title: 'Refund account is required (환불 계좌 필요)',
  },
  unknown_account: { status: 422, retry: 'fix_request', title: 'Unknown account (알 수 없는 계정)' },
  provider_declined: { status: 422, retry: 'new_key', title: 'Provider declined (결제사 취소 거절)' },
  already_cancelled: { status: 422, retry: 'never', title: 'Already cancelled (이미 취소된 거래)' },
  // Nothing was cancelled, and the merchant's balance may suffice later.
  deposit_required: {
    status: 422,
    retry: 'new_key',
    title: 'Needs the cancel-after-deposit API (입금 후 취소 필요)',
  },
  rate_limited: { status: 429, retry: 'same_key', title: 'Too many requests (요청 한도 초과)' },
  internal_error: {
    status: 500,
    retry: 'same_key',
    retryAfterSeconds: 5,
    title: 'Error of the gateway (내부 오류)',
  },
  provider_auth_failed: {
    status: 502,
    retry: 'same_key',
    retryAfterSeconds: 30,
    title: 'Provider refuses our credentials (결제사 인증 실패)',
  },
  provider_unavailable: {
    status: 503,
    retry: 'same_key',
    retryAfterSeconds: 5,
    title: 'Provider cannot be reached (결제사 연결 불가)',
  },
  store_unavailable: {
    status: 503,
    retry: 'same_key',
    retryAfterSeconds: 5,
    title: 'Store cannot be reached (저장소 연결 불가)',
  },
  store_not_durable: {
    status: 503,
    retry: 'same_key',
    retryAfterSeconds: 30,
    title: 'Store is not durable (저장소 내구성 부족)',
  },
} as const satisfies Record<string, CatalogEntry>

export type ProblemCode = keyof typeof PROBLEMS
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[]

/** Of a day's limits: what is used, and until when. */
const COUNTED = { format: 'int64', minimum: 0, maximum: MOST_OF_LIMIT } as const

const Limit = Type.Object(
  {
    name: Type.Enum(LIMIT_NAMES, {
      description: 'As the operator names it',
      examples: ['max_amount_per_day'],
    }),
    max: Type.Integer({ ...COUNTED, description: 'KRW, or a number of refunds', examples: [1_000_000] }),
    used: nullable(Type.Integer(COUNTED), {
      description: 'What the refunds of the day come to; null with `max_amount`',
      examples: [980_000],
    }),
    resets_at: nullable(Type.String({ format: 'date-time' }), {
      description: 'The next midnight in Korea; null with `max_amount`',
      examples: ['2026-01-02T00:00:00+09:00'],
    }),
  },
  { description: 'With `limit_exceeded`: the limit of the caller that this refund would break' },
)

/** A problem document (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({
      description: 'Names the kind of problem',
      examples: ['urn:problem-type:not_eligible'],
    }),
    title: Type.String({
      description: 'The kind of problem in words, English and Korean',
      examples: [PROBLEMS.not_eligible.title],
    }),
    status: Type.Integer({
      format: 'int32',
      minimum: 400,
      maximum: 599,
      description: 'The HTTP status',
      examples: [422],
    }),
    detail: Type.String({ description: 'What was wrong, what was expected and what to do' }),
    code: Type.Enum(PROBLEM_CODES, { description: 'For code to switch on', examples: ['not_eligible'] }),
    instance: Type.String({ description: 'The refund, or else this request as the logs name it' }),
    retry: Type.Enum(RETRIES, {
      description:
        '`same_key`: repeat the same request, after Retry-After. `fix_request`: nothing was stored, correct it, the key is free. `new_key`: this key is spent. `after_resolution`: wait until the refund in this answer is settled. `never`: do not try again.',
      examples: ['fix_request'],
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: 'JSON pointer to the member', examples: ['#/payment/amount'] }),
          detail: Type.String({ examples: ['must be integer'] }),
        }),
        { description: 'What is wrong with the body', maxItems: 20 },
      ),
    ),
    rule: Type.Optional(
      Type.String({
        description: 'With `not_eligible` and `possible_duplicate`: the rule that forbids it',
        examples: ['partial_not_allowed'],
      }),
    ),
    remaining: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 0,
        maximum: MAX_KRW,
        description:
          'With `amount_exceeds_remaining` and `remaining_mismatch`: KRW that can still be refunded',
      }),
    ),
    limit: Type.Optional(Limit),
    refund: Type.Optional(ref(SeenRefund)),
  },
  { $id: 'Problem', description: 'A problem (RFC 9457)' },
)
export type Problem = Static<typeof Problem>

/** What an answer says beyond its code. */
export type ProblemDetails = Readonly<{
  detail: string
  refund?: SeenRefund
  errors?: NonNullable<Problem['errors']>
  rule?: string
  remaining?: number
  limit?: BrokenLimit
}>

/** The problem of this code; `requestId` names the request where there is no refund. */
export function problem(code: ProblemCode, details: ProblemDetails, requestId: string): Problem {
  const { status, title, retry } = PROBLEMS[code]
  return {
    type: `urn:problem-type:${code}`,
    title,
    status,
    code,
    retry,
    instance: details.refund ? `/refunds/${details.refund.id}` : `urn:uuid:${requestId}`,
    ...details,
  }
}
