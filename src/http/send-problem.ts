import type { FastifyReply } from 'fastify'
import { PROBLEMS, type ProblemCode, type ProblemDetails, problem } from './problems.ts'

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'

/** Answers with the problem of this code, and with `Retry-After` where the code has one. */
export function sendProblem(reply: FastifyReply, code: ProblemCode, details: ProblemDetails): FastifyReply {
  const entry = PROBLEMS[code]
  if ('retryAfterSeconds' in entry) reply.header('Retry-After', entry.retryAfterSeconds)
  return reply
    .code(entry.status)
    .type(PROBLEM_CONTENT_TYPE)
    .send(problem(code, details, reply.request.id))
}
