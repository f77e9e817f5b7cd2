import { createHmac, timingSafeEqual } from 'node:crypto'
import stringify from 'safe-stable-stringify'

/**
 * What tells one payload from another: the first 128 bits of an HMAC-SHA256 of its canonical JSON
 * (members sorted, no white space), in base64url. It is keyed because the body may hold an account
 * number, which a bare hash would let a reader of the store guess.
 */
export function fingerprint(payload: unknown, secret: Buffer): string {
  return createHmac('sha256', secret)
    .update(stringify(payload) as string)
    .digest()
    .subarray(0, 16)
    .toString('base64url')
}

/** Whether the payload has this fingerprint under any of the secrets, newest first. */
export function fingerprintMatches(stored: string, payload: unknown, secrets: readonly Buffer[]): boolean {
  return secrets.some((secret) => {
    const expected = Buffer.from(fingerprint(payload, secret))
    const actual = Buffer.from(stored)
    return expected.length === actual.length && timingSafeEqual(expected, actual)
  })
}
