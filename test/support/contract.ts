import type { Test } from 'tap'
import type { Answer } from './gateway.ts'

/** `code` -> status and `retry`, as the contract fixes them: written out here so that the code is held to it. */
const FIXED = {
  invalid_request: [400, 'fix_request'],
  idempotency_key_missing: [400, 'fix_request'],
  idempotency_key_invalid: [400, 'fix_request'],
  unauthenticated: [401, 'never'],
  forbidden: [403, 'never'],
  not_found: [404, 'fix_request'],
  idempotency_in_progress: [409, 'same_key'],
  limit_exceeded: [403, 'never'],
  payment_mismatch: [409, 'fix_request'],
  remaining_mismatch: [409, 'fix_request'],
  possible_duplicate: [409, 'fix_request'],
  payment_busy: [409, 'same_key'],
  refund_unresolved: [409, 'after_resolution'],
  not_resolvable: [409, 'never'],
  payload_too_large: [413, 'fix_request'],
  unsupported_media_type: [415, 'fix_request'],
  idempotency_key_reused: [422, 'never'],
  not_eligible: [422, 'fix_request'],
  amount_exceeds_remaining: [422, 'fix_request'],
  tax_free_not_allowed: [422, 'fix_request'],
  tax_free_exceeds_amount: [422, 'fix_request'],
  refund_account_required: [422, 'fix_request'],
  unknown_account: [422, 'fix_request'],
  provider_declined: [422, 'new_key'],
  already_cancelled: [422, 'never'],
  deposit_required: [422, 'new_key'],
  rate_limited: [429, 'same_key'],
  provider_auth_failed: [502, 'same_key'],
  provider_unavailable: [503, 'same_key'],
  store_unavailable: [503, 'same_key'],
  store_not_durable: [503, 'same_key'],
} as const
export type ContractCode = keyof typeof FIXED

const WITH_RETRY_AFTER: readonly ContractCode[] = [
  'idempotency_in_progress',
  'payment_busy',
  'rate_limited',
  'provider_unavailable',
]
/** What a problem has beside the members of all problems. */
const EXTRA: Partial<Record<ContractCode, readonly string[]>> = {
  invalid_request: ['errors'],
  limit_exceeded: ['limit'],
  not_eligible: ['rule'],
  amount_exceeds_remaining: ['remaining'],
  remaining_mismatch: ['remaining'],
  possible_duplicate: ['rule', 'refund'],
  refund_unresolved: ['refund'],
  not_resolvable: ['refund'],
  provider_declined: ['refund'],
  already_cancelled: ['refund'],
  deposit_required: ['refund'],
}
const MEMBERS = ['type', 'title', 'status', 'detail', 'code', 'instance', 'retry']

/** The answer is the problem of this code: status, headers and every member that the contract promises. */
export function isProblem(t: Test, answer: Answer<unknown>, code: ContractCode, about: string = code): void {
  const { status, headers } = answer
  const body = answer.body as Answer['body']
  const [expectedStatus, retry] = FIXED[code]
  const label = `${about}: ${status} ${JSON.stringify(body).slice(0, 300)}`
  const extra = EXTRA[code] ?? []
  // Where the first request has come that far, its refund is named.
  const names = [
    ...MEMBERS,
    ...extra,
    ...(code === 'idempotency_in_progress' && body.refund ? ['refund'] : []),
  ]
  t.ok(
    status === expectedStatus &&
      body.status === expectedStatus &&
      body.code === code &&
      body.retry === retry &&
      /^application\/problem\+json(;|$)/.test(headers.get('content-type') ?? '') &&
      ['type', 'title', 'detail', 'instance'].every((name) => hasText(body[name as 'title'])) &&
      sameNames(body, names) &&
      (!WITH_RETRY_AFTER.includes(code) || /^[1-9][0-9]*$/.test(headers.get('retry-after') ?? '')) &&
      (code !== 'unauthenticated' || /^Bearer\b/.test(headers.get('www-authenticate') ?? '')) &&
      headers.get('location') === null,
    label,
  )
  if (body.refund) hasEveryMember(t, body.refund, about)
}

/** A `invalid_request` that points at each of these members, in the form `#/payment/amount`. */
export function pointsAt(t: Test, answer: Answer<unknown>, pointers: readonly string[], about: string): void {
  isProblem(t, answer, 'invalid_request', about)
  const errors = (answer.body as Answer['body']).errors ?? []
  const seen = new Set(errors.map(({ pointer }) => pointer))
  t.strictSame([...seen].sort(), [...pointers].sort(), `${about}: points at ${pointers.join(' and ')}`)
  t.ok(
    errors.every(({ detail }) => hasText(detail)),
    `${about}: says what is wrong`,
  )
}

/** The answer is a refund of this status, with the status code and headers that go with it. */
export function isRefund(
  t: Test,
  answer: Answer<unknown>,
  status: 'succeeded' | 'unknown',
  { replayed = false, about = status as string } = {},
): void {
  const { headers } = answer
  const body = answer.body as Answer['body']
  const label = `${about}: ${answer.status} ${JSON.stringify(body).slice(0, 300)}`
  t.ok(
    answer.status === (status === 'succeeded' ? 201 : 202) &&
      body.status === status &&
      headers.get('location') === `/refunds/${body.id}` &&
      headers.get('idempotent-replayed') === (replayed ? 'true' : null) &&
      /^application\/json(;|$)/.test(headers.get('content-type') ?? '') &&
      (status === 'succeeded' || /^[1-9][0-9]*$/.test(headers.get('retry-after') ?? '')) &&
      body.retry === (status === 'unknown' ? 'same_key' : undefined),
    label,
  )
  const { retry: _, ...refund } = body
  hasEveryMember(t, refund, about)
}

/** What the contract lists of a refund, in its order. */
export const REFUND_MEMBERS = [
  'id',
  'status',
  'account',
  'tid',
  'kind',
  'amount',
  'tax_free_amount',
  'reason',
  'reference',
  'refund_account',
  'provider',
  'refunded_at',
  'failure',
  'resolution',
  'deposit',
  'requested_by',
  'metadata',
  'created_at',
  'updated_at',
]

/** No member of the contract's refund is missing, and there is none beside them. */
export function hasEveryMember(t: Test, refund: object, about: string): void {
  const isDisputed = 'disputed' in refund && refund.disputed === true
  const members = isDisputed ? [...REFUND_MEMBERS, 'disputed'] : REFUND_MEMBERS
  t.ok(sameNames(refund, members), `${about}: ${Object.keys(refund)}`)
}

function hasText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function sameNames(value: object, names: readonly string[]): boolean {
  return Object.keys(value).sort().join() === [...names].sort().join()
}
