import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import stringify from 'safe-stable-stringify'

/**
 * What tells one payload from another: the first 128 bits of an HMAC-SHA256 of its canonical JSON
 * (members sorted, no white space), in base64url. It is keyed because the body may hold an account
 * number, which a bare hash would let a reader of the store guess.
 */
export function fingerprint(payload: unknown, secret: Buffer): string {
  return hmac(stringify(payload) as string, secret).toString('base64url', 0, 16)
}

/** In bytes, of SHA-256. */
const BLOCK = 64
const DIGEST = 32

/** Room for every body that is usual; a longer text is hashed by Node.js's own HMAC. */
const LONGEST_TEXT = 4_096

/** What an HMAC hashes (RFC 2104, 2): a text behind the inner pad, and the hash of that behind the outer one. */
type Pads = Readonly<{ inner: Buffer; outer: Buffer }>

const pads = new WeakMap<Buffer, Pads>()

/**
 * HMAC-SHA256 by two hashes in one call each: an Hmac object is a native one, which costs each refund and each replay
 * more than the hashing does.
 */
export function hmac(text: string, secret: Buffer): Buffer {
  // A character of JavaScript is at most three bytes of UTF-8. A longer secret would be hashed first.
  if (text.length * 3 > LONGEST_TEXT || secret.length > BLOCK) {
    return createHmac('sha256', secret).update(text).digest()
  }
  const { inner, outer } = pads.get(secret) ?? padsOf(secret)
  const length = inner.write(text, BLOCK)
  outer.write(hash('sha256', inner.subarray(0, BLOCK + length), 'binary'), BLOCK, 'binary')
  return Buffer.from(hash('sha256', outer, 'binary'), 'binary')
}

function padsOf(secret: Buffer): Pads {
  const inner = Buffer.alloc(BLOCK + LONGEST_TEXT)
  const outer = Buffer.alloc(BLOCK + DIGEST)
  for (let at = 0; at < BLOCK; at += 1) {
    inner[at] = (secret[at] ?? 0) ^ 0x36
    outer[at] = (secret[at] ?? 0) ^ 0x5c
  }
  pads.set(secret, { inner, outer })
  return { inner, outer }
}

/** Whether the payload has this fingerprint under any of the secrets, newest first. */
export function fingerprintMatches(stored: string, payload: unknown, secrets: readonly Buffer[]): boolean {
  return secrets.some((secret) => {
    const expected = Buffer.from(fingerprint(payload, secret))
    const actual = Buffer.from(stored)
    return expected.length === actual.length && timingSafeEqual(expected, actual)
  })
}
