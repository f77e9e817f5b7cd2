import type { FastifyInstance } from 'fastify'

/** Nobody needs to show, embed, keep or guess the type of anything that this service answers. */
export const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  // For browsers that do not know frame-ancestors.
  'X-Frame-Options': 'DENY',
} as const

/** Two years, as preload lists ask for. A browser heeds it over TLS only, so it is sent over TLS only. */
const STRICT_TRANSPORT_SECURITY = 'max-age=63072000'

/**
 * Swagger UI's: its scripts and requests come from and go to this service. It sets styles on its elements, and draws
 * its arrows from data: URLs.
 */
export const DOCS_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The console's: its own files and this service, and nothing within the page. No text is ever read as markup, which the
 * browser holds as well (trusted types).
 */
export const CONSOLE_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** Sets them on every answer, first of all, so that a route's own win. */
export function setSecurityHeaders(app: FastifyInstance, { hasTls }: { hasTls: boolean }): void {
  const headers = {
    ...SECURITY_HEADERS,
    ...(hasTls && { 'Strict-Transport-Security': STRICT_TRANSPORT_SECURITY }),
  }
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}
