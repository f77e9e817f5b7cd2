import type { Refund } from '../../refunds/refund.ts'
import { ASKED_REFUNDS, REFUNDS } from '../examples.ts'
import { RATE_LIMIT_HEADERS, RETRY_AFTER_HEADER, ref } from '../shared-schemas.ts'
import { PROBLEMS, Problem, type ProblemCode, type ProblemDetails, problem } from './catalog.ts'
import { PROBLEM_CONTENT_TYPE } from './send-problem.ts'

/** What every route behind a key may answer. */
const ANY_ROUTE = [
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'internal_error',
  'store_unavailable',
] as const satisfies readonly ProblemCode[]

/** Samples that a route has of its own; `forbidden` names what the route wants. */
type OwnSamples = Readonly<Partial<Record<ProblemCode, ProblemDetails>> & { forbidden: ProblemDetails }>

const SAMPLES: Readonly<Record<Exclude<ProblemCode, 'forbidden'>, ProblemDetails>> = {
  invalid_request: {
    detail: 'The body is not valid; errors says where and why.',
    errors: [{ pointer: '#/payment/amount', detail: 'must be integer' }],
  },
  idempotency_key_missing: { detail: 'Send an Idempotency-Key header: 1 to 255 visible ASCII characters.' },
  idempotency_key_invalid: {
    detail: 'The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.',
  },
  unauthenticated: { detail: 'Send a configured key as Authorization: Bearer <key>.' },
  limit_exceeded: {
    detail:
      'This caller may refund 1000000 KRW a day, and 980000 KRW of that are taken. It counts anew from 2026-01-02T00:00:00+09:00 on. Do not repeat it by machine: have a person see why so much is refunded, or have CALLER_LIMITS raised.',
    limit: {
      name: 'max_amount_per_day',
      max: 1_000_000,
      used: 980_000,
      resets_at: '2026-01-02T00:00:00+09:00',
    },
  },
  not_found: { detail: 'There is no refund of this id. One that is older than its key is found by its tid.' },
  idempotency_in_progress: {
    detail: 'The first request with this key is still running. Repeat the same request after Retry-After.',
  },
  payment_mismatch: {
    detail:
      'This payment has a refund that was made with other facts about it. State payment exactly as that request did.',
  },
  remaining_mismatch: {
    detail: `expected_remaining is ${ASKED_REFUNDS.remaining_mismatch.body.expected_remaining}, and 7000 KRW of this payment remain. Look at its refunds before you ask for more.`,
    remaining: 7000,
  },
  possible_duplicate: {
    detail:
      'The refund in this answer has the same amount, and was just made or may have been. Where it is the one that you want, nothing is left to do; for another one give a reference, or duplicate_of with its id.',
    rule: 'same_amount',
    refund: REFUNDS.partial,
  },
  payment_busy: {
    detail:
      'Other refunds of this payment are being made. Nothing was stored for this request: repeat it after Retry-After.',
  },
  refund_unresolved: {
    detail:
      'Another refund of this payment is unknown or disputed, and this one has no place beside it. Ask again once that one is settled.',
    refund: REFUNDS.unknown,
  },
  not_resolvable: {
    detail:
      'Only a refund that is unknown, disputed or awaits a deposit can be resolved; this one is succeeded.',
    refund: REFUNDS.full,
  },
  payload_too_large: { detail: 'The body is larger than 64 KiB.' },
  unsupported_media_type: { detail: 'Send the body as application/json.' },
  idempotency_key_reused: {
    detail:
      'This Idempotency-Key belongs to another payload, and what that asked for may have been refunded. Repeat it as it was first sent, or find its refund by its tid.',
  },
  not_eligible: {
    detail: 'A card_billing payment can only be refunded in full. Leave amount out to refund everything.',
    rule: 'partial_not_allowed',
  },
  amount_exceeds_remaining: {
    detail: '8000 KRW was asked for; 7000 KRW of this payment can still be refunded.',
    remaining: 7000,
  },
  tax_free_not_allowed: {
    detail: 'tax_free_amount goes with a Kiwoompay account only; the account default is toss.',
  },
  tax_free_exceeds_amount: {
    detail:
      'The tax-free or the taxable part is more than was paid or than is being refunded. Correct amount and tax_free_amount.',
  },
  refund_account_required: {
    detail: 'A virtual account payment is paid back to an account: give refund_account.',
  },
  unknown_account: { detail: 'There is no account of this name. The configured ones are default, second.' },
  provider_declined: failureOf(REFUNDS.declined),
  already_cancelled: failureOf(REFUNDS.already_cancelled),
  deposit_required: failureOf(REFUNDS.deposit_required),
  rate_limited: { detail: 'This caller sends too much. Slow down.' },
  internal_error: {
    detail: 'The gateway failed. Repeating the same request with the same key is safe.',
  },
  provider_auth_failed: {
    detail:
      "The provider does not accept this account's id, key or token: it answered with RTN_CD 9002. Nothing was cancelled; check the account's configuration.",
  },
  provider_unavailable: {
    detail:
      'The provider cannot be reached. Nothing was cancelled for this request; what an earlier one did stands. Try again.',
  },
  store_unavailable: {
    detail:
      'The store cannot be reached. Nothing was sent for this request; what an earlier one did stands. Try again.',
  },
  store_not_durable: {
    detail:
      'Redis cannot promise to keep a refund through a crash, so none is made. Nothing was sent for this request; what an earlier one did stands. Try again.',
  },
}

function failureOf(refund: Refund): ProblemDetails {
  return { detail: (refund.failure as NonNullable<Refund['failure']>).detail, refund }
}

/** The problem answers of a route in OpenAPI: an entry for each status, an example for each code, those of any route too. */
export function problemResponses(codes: readonly ProblemCode[], own: OwnSamples) {
  return responsesOf([...codes, ...ANY_ROUTE], { ...SAMPLES, ...own })
}

/** The same of a route that asks for no key: these, and no others. */
export function openProblemResponses(
  codes: readonly Exclude<ProblemCode, 'forbidden'>[],
  own: Readonly<Partial<Record<ProblemCode, ProblemDetails>>>,
) {
  return responsesOf(codes, { ...SAMPLES, ...own, forbidden: { detail: '' } })
}

function responsesOf(codes: readonly ProblemCode[], samples: Readonly<Record<ProblemCode, ProblemDetails>>) {
  const statuses = new Map<number, ProblemCode[]>()
  for (const code of codes) {
    const { status } = PROBLEMS[code]
    statuses.set(status, [...(statuses.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...statuses].map(([status, codesOfStatus]) => [
      status,
      {
        description: codesOfStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        headers: {
          ...RATE_LIMIT_HEADERS,
          ...(codesOfStatus.some((code) => PROBLEMS[code].retry === 'same_key') && {
            'Retry-After': RETRY_AFTER_HEADER,
          }),
        },
        content: {
          [PROBLEM_CONTENT_TYPE]: {
            schema: ref(Problem),
            examples: Object.fromEntries(codesOfStatus.map((code) => [code, problemExample(code, samples)])),
          },
        },
      },
    ]),
  )
}

const REQUEST_ID_EXAMPLE = '1b4e28ba-2fa1-41d2-883f-0016d3cca427'

function problemExample(code: ProblemCode, samples: Readonly<Record<ProblemCode, ProblemDetails>>) {
  return {
    summary: `${code}: ${PROBLEMS[code].title}`,
    value: problem(code, samples[code], REQUEST_ID_EXAMPLE),
  }
}
