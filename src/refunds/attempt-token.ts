import { randomFillSync } from 'node:crypto'

const TOKEN_BYTES = 12

/** Drawn for many tokens at a time: a call to the system's generator costs more than the token. */
const drawn = Buffer.alloc(TOKEN_BYTES * 256)
let used = drawn.length

/** 96 random bits in base64url, by which an attempt knows its own claim, intent and outcome. */
export function newAttemptToken(): string {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  const token = drawn.toString('base64url', used, used + TOKEN_BYTES)
  used += TOKEN_BYTES
  return token
}

/** Stands in no base64url. */
const COUNTED_MARK = '~'

/**
 * The token of an attempt that takes from its caller's allowance. Whoever settles the refund sees so what is to be given
 * back, also when the caller has no limits any more; what was never taken costs no round trip.
 */
export function markCounted(token: string): string {
  return token + COUNTED_MARK
}

export function isCounted(token: string): boolean {
  return token.endsWith(COUNTED_MARK)
}
