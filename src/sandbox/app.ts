import Fastify, { type FastifyInstance } from 'fastify'
import { createBook } from './book.ts'
import { cancelApi } from './cancel-api.ts'
import { depositApi } from './deposit-api.ts'
import { inspectionApi } from './inspection-api.ts'
import { createTokens } from './issued-tokens.ts'
import { lookupApi } from './lookup-api.ts'
import { createNotifier } from './notifications.ts'
import { tokenApi } from './token-api.ts'

export type SandboxOptions = {
  /** How long a token is good for. */
  tokenLifetimeMs: number
  /** How long the faults `slow`, `late`, `slowrow` and `depositlate` take. */
  slowMs: number
  /** Of any payment only the first of two cancels within this time is heeded, as by Toss; absent: none is too soon. */
  spacingMs?: number
  /** What time deposits go by; absent: the machine's. */
  now?: () => Date
  /** Where notifications of cancels are sent; absent: nowhere. */
  notifyUrl?: string | null
}

const BODY_LIMIT_BYTES = 16 * 1024

/**
 * An emulator of the provider: token, cancel, deposit and lookup API as the manual has them (docs/provider.md). It is strict
 * about what it takes, and has faults on demand (faults.ts). A request with a mistake is answered with HTTP 200 and a
 * code in the body, so routes say `attachValidation` instead of Fastify's own 400. All state is in memory.
 */
export function buildSandbox({
  tokenLifetimeMs,
  slowMs,
  spacingMs = 0,
  now = () => new Date(),
  notifyUrl = null,
}: SandboxOptions): FastifyInstance {
  const app = Fastify({
    // Only what is a bug of the sandbox.
    logger: { level: 'error', stream: process.stderr },
    bodyLimit: BODY_LIMIT_BYTES,
    // Requests that are never answered must not hold close().
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })

  // JSON bodies only. The provider's answer to anything else is not documented. Here such a body counts as none at
  // all, as it would for PHP's json_decode(), and each API refuses it in its own form.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, jsonOrNull(body.toString())),
  )
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, null))

  const notifier = createNotifier(notifyUrl)
  app.addHook('onClose', async () => notifier.close())
  const book = createBook(notifier.cancelled)
  const tokens = createTokens(tokenLifetimeMs)
  app.register(tokenApi, { tokens })
  app.register(cancelApi, { book, tokens, slowMs, spacingMs })
  app.register(depositApi, { book, tokens, slowMs, now })
  app.register(lookupApi, { book, tokens, slowMs })
  app.register(inspectionApi, { book, tokens, notifier })
  return app
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
