import { Type } from 'typebox'
import { IDEMPOTENCY_KEY_EXAMPLE } from '../examples.ts'

/** The headers of a request that moves money. */
export const IdempotencyHeaders = Type.Object({
  // No more than what the parser looks for: a quoted key may be twice as long, and two more.
  'Idempotency-Key': Type.String({
    minLength: 1,
    maxLength: 512,
    pattern: '^[\\x20-\\x7e]*$',
    description: '1 to 255 visible ASCII characters, bare or as a quoted structured-field string',
    examples: [IDEMPOTENCY_KEY_EXAMPLE],
  }),
})

/** What a key is made of (docs/calling.md, Idempotency keys): visible ASCII; white space and commas join two headers into one. */
const BARE_KEY = /^[\x21-\x7e]{1,255}$/

/** The text of a structured-field string between its quotes (RFC 8941, 3.3.3): `\"` and `\\` are escaped. */
const QUOTED_KEY = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/

/**
 * The key in an `Idempotency-Key` header, bare or as a quoted structured-field string, or null where it is
 * neither. Both forms of one key are the same key. Node.js joins a header that is sent twice with a comma
 * and a space, so that is no key either.
 */
export function parseIdempotencyKey(header: string): string | null {
  if (!header.startsWith('"')) return BARE_KEY.test(header) ? header : null
  const quoted = QUOTED_KEY.exec(header)
  if (quoted === null) return null
  const key = (quoted[1] as string).replace(/\\(["\\])/g, '$1')
  return BARE_KEY.test(key) ? key : null
}
