import t from 'tap'
import {
  PROBLEM_CODES,
  PROBLEMS,
  type ProblemCode,
  problem,
  RETRIES,
} from '../../../src/http/problems/catalog.ts'
import { FAILURE_CODES, type Refund } from '../../../src/refunds/refund.ts'

// Copied from docs/calling.md, Answers: the table of codes, and the rule for `retry` below it.
const CONTRACT: Record<string, [status: number, retry: string, hasRetryAfter: boolean]> = {
  invalid_request: [400, 'fix_request', false],
  idempotency_key_missing: [400, 'fix_request', false],
  idempotency_key_invalid: [400, 'fix_request', false],
  unauthenticated: [401, 'never', false],
  forbidden: [403, 'never', false],
  limit_exceeded: [403, 'never', false],
  not_found: [404, 'fix_request', false],
  idempotency_in_progress: [409, 'same_key', true],
  payment_mismatch: [409, 'fix_request', false],
  remaining_mismatch: [409, 'fix_request', false],
  possible_duplicate: [409, 'fix_request', false],
  payment_busy: [409, 'same_key', true],
  refund_unresolved: [409, 'after_resolution', false],
  not_resolvable: [409, 'never', false],
  payload_too_large: [413, 'fix_request', false],
  unsupported_media_type: [415, 'fix_request', false],
  idempotency_key_reused: [422, 'never', false],
  not_eligible: [422, 'fix_request', false],
  amount_exceeds_remaining: [422, 'fix_request', false],
  tax_free_not_allowed: [422, 'fix_request', false],
  tax_free_exceeds_amount: [422, 'fix_request', false],
  refund_account_required: [422, 'fix_request', false],
  unknown_account: [422, 'fix_request', false],
  provider_declined: [422, 'new_key', false],
  already_cancelled: [422, 'never', false],
  deposit_required: [422, 'new_key', false],
  // Its Retry-After is what is left of the window.
  rate_limited: [429, 'same_key', false],
  // This one is a bug of the gateway's own, after which the same key finds out what happened.
  internal_error: [500, 'same_key', true],
  provider_auth_failed: [502, 'same_key', true],
  provider_unavailable: [503, 'same_key', true],
  store_unavailable: [503, 'same_key', true],
  store_not_durable: [503, 'same_key', true],
}

t.test('every code has the status and the retry of the contract', async (t) => {
  t.same([...PROBLEM_CODES].sort(), Object.keys(CONTRACT).sort())
  for (const code of PROBLEM_CODES) {
    const { status, retry, ...rest } = PROBLEMS[code]
    const hasRetryAfter = 'retryAfterSeconds' in rest && rest.retryAfterSeconds >= 1
    t.same([status, retry, hasRetryAfter], CONTRACT[code], code)
  }
})

t.test('retry is one of the five words', async (t) => {
  t.same([...RETRIES].sort(), ['after_resolution', 'fix_request', 'never', 'new_key', 'same_key'])
  t.same([...new Set(PROBLEM_CODES.map((code) => PROBLEMS[code].retry))].sort(), [...RETRIES].sort())
})

t.test('every title is its own, in English and Korean', async (t) => {
  const titles: string[] = PROBLEM_CODES.map((code) => PROBLEMS[code].title)
  t.equal(new Set(titles).size, titles.length)
  for (const title of titles) t.match(title, /^[A-Z][^()]+ \([가-힣][가-힣· ]*\)$/)
})

t.test('every way in which a refund fails is a problem', async (t) => {
  for (const code of FAILURE_CODES) t.equal(PROBLEMS[code].status, 422, code)
})

t.test('a problem names its code, and the request', async (t) => {
  for (const code of PROBLEM_CODES) {
    t.strictSame(
      problem(code, { detail: 'why' }, '8e03978e-40d5-43e8-bc93-6894a57f9324'),
      {
        type: `urn:problem-type:${code}`,
        title: PROBLEMS[code].title,
        status: CONTRACT[code]?.[0],
        detail: 'why',
        code,
        retry: CONTRACT[code]?.[1],
        instance: 'urn:uuid:8e03978e-40d5-43e8-bc93-6894a57f9324',
      },
      code,
    )
  }
})

t.test('a problem with a refund names that', async (t) => {
  const refund = { id: 'rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E' } as Refund
  const codes: ProblemCode[] = ['provider_declined', 'refund_unresolved', 'idempotency_in_progress']
  for (const code of codes) {
    t.match(problem(code, { detail: 'why', refund }, 'x'), {
      instance: '/refunds/rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E',
      refund,
    })
  }
})

t.test('what belongs to one code is kept', async (t) => {
  const errors = [{ pointer: '#/payment/amount', detail: 'must be integer' }]
  t.match(problem('invalid_request', { detail: 'why', errors }, 'x'), { errors })
  t.match(problem('not_eligible', { detail: 'why', rule: 'partial_not_allowed' }, 'x'), {
    rule: 'partial_not_allowed',
  })
  t.match(problem('amount_exceeds_remaining', { detail: 'why', remaining: 0 }, 'x'), { remaining: 0 })
})
