// How a refund is found by what a person has in hand.
import { listRefunds } from './gateway.js'

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const MOST_MATCHES = 100

export const REFUND_ID = /^rf_[0-9A-HJKMNP-TV-Z]{26}$/

/** A browser has the hash only over TLS or on this machine. */
export const canMakeIds = globalThis.crypto?.subtle !== undefined

/** The id that the gateway derives from a caller and its idempotency key: 128 bits of SHA-256 in Crockford's base32. */
export async function refundIdOf(caller, idempotencyKey) {
  const input = new TextEncoder().encode(`${caller}\n${idempotencyKey}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', input))
  let number = 0n
  for (const byte of digest.subarray(0, 16)) number = (number << 8n) | BigInt(byte)
  // 26 digits hold 130 bits.
  number <<= 2n
  const digits = Array.from(
    { length: 26 },
    (_, index) => DIGITS[Number((number >> BigInt(5 * (25 - index))) & 31n)],
  )
  return `rf_${digits.join('')}`
}

/**
 * Reads a list to its end and keeps what has this reference, which no list is by. `onProgress` hears how many were read.
 * `{matches, isWhole}`: not whole where there are more matches than are shown.
 */
export async function findByReference(values, reference, { onProgress, signal }) {
  const matches = []
  let read = 0
  let cursor
  do {
    const page = await listRefunds({ ...values, limit: 100, cursor }, signal)
    read += page.data.length
    matches.push(...page.data.filter((refund) => refund.reference === reference))
    cursor = page.next_cursor
    onProgress(read)
  } while (cursor !== null && matches.length < MOST_MATCHES)
  return { matches, isWhole: cursor === null }
}
