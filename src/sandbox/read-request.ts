import type { FastifyRequest, FastifySchemaValidationError } from 'fastify'

/**
 * A header's value as UTF-8. Node.js reads headers as latin1. The manual's own cURL call (docs/provider.md, Cancel
 * call) has a Korean placeholder for the key, and works as it stands.
 */
export function headerOf(request: FastifyRequest, name: 'token' | 'apikey'): string {
  return Buffer.from(String(request.headers[name] ?? ''), 'latin1').toString('utf8')
}

/** The first mistake in a body, in Korean. */
export function mistakeIn(request: FastifyRequest): string {
  const [mistake] = request.validationError?.validation ?? []
  return mistake ? describeMistake(mistake) : '요청 전문을 읽을 수 없습니다'
}

function describeMistake({ keyword, instancePath, params }: FastifySchemaValidationError): string {
  const member = instancePath.slice(1)
  if (keyword === 'required') return `필수값이 없습니다: ${params.missingProperty}`
  if (keyword === 'additionalProperties') {
    return `알 수 없는 항목입니다: ${String(params.additionalProperty).slice(0, 30)}`
  }
  return member ? `항목의 값이 올바르지 않습니다: ${member}` : '요청 전문을 읽을 수 없습니다'
}
