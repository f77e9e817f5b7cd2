import { hash } from 'node:crypto'

/** The digits of an id; no letter can be read as a digit or another letter. */
export const CROCKFORD_BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What an id looks like. */
export const REFUND_ID = '^rf_[0-9A-HJKMNP-TV-Z]{26}$'

/**
 * `rf_` and the first 128 bits of SHA-256(caller, key) in Crockford's base32: the same request always
 * finds its own record. A line feed, which neither a caller's name nor a key can hold, divides the two.
 */
export function refundId(caller: string, idempotencyKey: string): string {
  return idOf('rf_', caller, idempotencyKey)
}

/** The same of a booking: `ob_`. A key of one says nothing of the other. */
export function bookingId(caller: string, idempotencyKey: string): string {
  return idOf('ob_', caller, idempotencyKey)
}

function idOf(prefix: string, caller: string, idempotencyKey: string): string {
  const digest = hash('sha256', `${caller}\n${idempotencyKey}`, 'buffer')
  let id = prefix
  let bits = 0
  let bitCount = 0
  for (let index = 0; index < 16; index++) {
    bits = (bits << 8) | (digest[index] as number)
    bitCount += 8
    while (bitCount >= 5) {
      bitCount -= 5
      id += CROCKFORD_BASE32[(bits >>> bitCount) & 31]
    }
    bits &= (1 << bitCount) - 1
  }
  return id + CROCKFORD_BASE32[(bits << (5 - bitCount)) & 31]
}
