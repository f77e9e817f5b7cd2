import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../../refunds/ports/store.ts'
import { TID } from '../../refunds/refund-request.ts'
import { TEXT, VISIBLE_TEXT } from '../../refunds/text.ts'
import { AmbiguousBodyError } from '../json-body.ts'
import { escapePointer } from '../json-text.ts'
import type { Problem, ProblemCode } from './catalog.ts'
import { sendProblem } from './send-problem.ts'

const MAX_ERRORS = 20

/** How Fastify's own errors read in our catalog, by their `code`. */
const FRAMEWORK_ERRORS: Readonly<Record<string, readonly [code: ProblemCode, detail: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
}

/** What a pattern asks for, in words. */
const PATTERN_DETAILS: Readonly<Record<string, string>> = {
  [TID]: 'must be visible ASCII without spaces, with at least one letter or digit',
  [VISIBLE_TEXT]: 'must be text of which something can be seen, in valid UTF-8',
  [TEXT]: 'must be text, in valid UTF-8',
}

/** Makes everything that is thrown, refused or not found a problem of the catalog. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 'not_found', { detail: `There is no ${request.method} ${pathOf(request)}.` }),
  )
}

/** The answer to anything that was thrown while a request was handled. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.validation !== undefined) return answerInvalid(error, reply)
  if (error instanceof StoreError) {
    // Not the cause itself: of a Redis command it holds the arguments, and with them a refund.
    const reason = error.cause instanceof Error ? error.cause.message : undefined
    request.log.warn({ reason }, 'the store cannot be reached')
    return sendProblem(reply, error.code, { detail: 'The store cannot be reached. Try again.' })
  }
  if (error.statusCode === 429) {
    // Retry-After was set by the rate limiter, which knows when its window ends.
    return sendProblem(reply, 'rate_limited', { detail: 'This caller sends too much. Slow down.' })
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const kibibytes = (request.routeOptions.bodyLimit ?? 0) / 1024
    return sendProblem(reply, 'payload_too_large', { detail: `The body is larger than ${kibibytes} KiB.` })
  }
  const known = FRAMEWORK_ERRORS[error.code]
  if (known !== undefined) return sendProblem(reply, known[0], { detail: known[1] })
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    // What is left is about reading the request: malformed JSON, a bad URL or content length.
    return sendProblem(reply, 'invalid_request', {
      detail: 'The request cannot be read: send one JSON object as its body.',
      errors: [{ pointer: error instanceof AmbiguousBodyError ? error.pointer : '#', detail: error.message }],
    })
  }
  request.log.error({ err: error }, 'unexpected error')
  return sendProblem(reply, 'internal_error', {
    detail: 'The gateway failed. Repeating the same request with the same key is safe.',
  })
}

function answerInvalid(error: FastifyError, reply: FastifyReply): FastifyReply {
  if (error.validationContext === 'headers') {
    const isMissing = error.validation?.some(({ keyword }) => keyword === 'required')
    return sendProblem(reply, isMissing ? 'idempotency_key_missing' : 'idempotency_key_invalid', {
      detail: 'Send an Idempotency-Key header: 1 to 255 visible ASCII characters.',
    })
  }
  return sendProblem(reply, 'invalid_request', {
    detail: `The ${error.validationContext ?? 'request'} is not valid; errors says where and why.`,
    errors: validationErrors(error),
  })
}

/** One entry for each member at fault; a missing or an unknown member is pointed at itself. */
function validationErrors(error: FastifyError): NonNullable<Problem['errors']> {
  return (error.validation ?? []).slice(0, MAX_ERRORS).map(({ instancePath, keyword, params, message }) => {
    const member = params.missingProperty ?? params.additionalProperty ?? params.propertyName
    const pointer = member === undefined ? instancePath : `${instancePath}/${escapePointer(String(member))}`
    const detail =
      keyword === 'additionalProperties'
        ? 'is not a member that is known here'
        : (PATTERN_DETAILS[String(params.pattern)] ?? `${message ?? ''}`)
    const allowed = Array.isArray(params.allowedValues) ? `: ${params.allowedValues.join(', ')}` : ''
    return { pointer: `#${pointer}`, detail: detail + allowed }
  })
}

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] as string).slice(0, 200)
}
