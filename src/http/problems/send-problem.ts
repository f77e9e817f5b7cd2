import type { FastifyReply } from 'fastify'
import type { Refund } from '../../refunds/refund.ts'
import { refundAsSeenBy } from '../seen-refund.ts'
import { PROBLEMS, type ProblemCode, type ProblemDetails, problem } from './catalog.ts'

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'

/** What an answer says beyond its code, and all that is known of its refund. */
export type FullDetails = Omit<ProblemDetails, 'refund'> & Readonly<{ refund?: Refund }>

/**
 * Answers with the problem of this code, and with `Retry-After` where the code has one. Its refund is shown as the
 * caller may see it.
 */
export function sendProblem(reply: FastifyReply, code: ProblemCode, full: FullDetails): FastifyReply {
  const { refund } = full
  const details =
    refund === undefined
      ? (full as ProblemDetails)
      : { ...full, refund: refundAsSeenBy(reply.request.caller, refund) }
  const entry = PROBLEMS[code]
  if ('retryAfterSeconds' in entry) reply.header('Retry-After', entry.retryAfterSeconds)
  return reply
    .code(entry.status)
    .type(PROBLEM_CONTENT_TYPE)
    .send(problem(code, details, reply.request.id))
}
