import { RATE_LIMIT_HEADERS, RETRY_AFTER_HEADER, ref } from '../shared-schemas.ts'
import { PROBLEMS, Problem, type ProblemCode, problem } from './catalog.ts'
import { PROBLEM_CONTENT_TYPE } from './send-problem.ts'

/** What every route behind a key may answer. */
const ANY_ROUTE = [
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'internal_error',
  'store_unavailable',
] as const satisfies readonly ProblemCode[]

const DETAIL_EXAMPLES: Partial<Record<ProblemCode, string>> = {
  not_eligible: 'A card_billing payment can only be refunded in full. Leave amount out to refund everything.',
  amount_exceeds_remaining: '8000 KRW was asked for; 7000 KRW of this payment can still be refunded.',
}

/** The problem answers of a route in OpenAPI: an entry for each status, an example for each code, those of any route too. */
export function problemResponses(codes: readonly ProblemCode[]) {
  const statuses = new Map<number, ProblemCode[]>()
  for (const code of [...codes, ...ANY_ROUTE]) {
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
            examples: Object.fromEntries(
              codesOfStatus.map((code) => [code, { summary: code, value: problemExample(code) }]),
            ),
          },
        },
      },
    ]),
  )
}

function problemExample(code: ProblemCode) {
  const detail = DETAIL_EXAMPLES[code] ?? PROBLEMS[code].title
  const extension = {
    ...(code === 'not_eligible' && { rule: 'partial_not_allowed' }),
    ...(code === 'amount_exceeds_remaining' && { remaining: 7000 }),
    ...(code === 'invalid_request' && {
      errors: [{ pointer: '#/payment/amount', detail: 'must be integer' }],
    }),
  }
  return problem(code, { detail, ...extension }, '1b4e28ba-2fa1-41d2-883f-0016d3cca427')
}
