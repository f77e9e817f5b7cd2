import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { CALLER_PATTERN } from '../../src/config/config.ts'
import { parseIdempotencyKey } from '../../src/http/access/idempotency-key.ts'
import { Refund } from '../../src/refunds/refund.ts'
import { refundId } from '../../src/refunds/refund-id.ts'

/** The same by arithmetic: 128 bits, two zero bits behind them, in 26 digits of base 32. */
function expectedId(caller: string, key: string): string {
  const hex = createHash('sha256').update(`${caller}\n${key}`).digest('hex').slice(0, 32)
  let rest = BigInt(`0x${hex}`) << 2n
  let digits = ''
  for (let index = 0; index < 26; index++) {
    digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[Number(rest % 32n)] + digits
    rest /= 32n
  }
  return `rf_${digits}`
}

const caller = fc.stringMatching(CALLER_PATTERN)
const key = fc.string({
  minLength: 1,
  maxLength: 255,
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
})

t.test('known vectors', async (t) => {
  // Computed with another language: a change here orphans every stored refund.
  const vectors = [
    ['anonymous', 'key-1', 'rf_W7QTG6MWHA37V5RPXX1W4RBJ0C'],
    ['orders', '4f0c9a52-7a0e-4c39-a0a4-6a1c8f5a9d11', 'rf_H50DVJG1NBRZGEJ0W8CZ8EAMZC'],
    ['a', '!', 'rf_D1CM5YDDKJB999V9TBPKQ4QNEG'],
    ['settlement.v2', '"quoted\\\\key"', 'rf_RHXGFG4MJS79QS409AM21MCCWM'],
    ['x'.repeat(64), '~'.repeat(255), 'rf_HV7G0S56QG6292T219NSPFW600'],
  ] as const
  for (const [caller, key, id] of vectors) {
    t.equal(refundId(caller, key), id, caller)
    t.equal(expectedId(caller, key), id)
  }
})

t.test('is base 32 of the first 128 bits, for every caller and key', async () => {
  fc.assert(
    fc.property(caller, key, (caller, key) => refundId(caller, key) === expectedId(caller, key)),
    { numRuns: 2000 },
  )
})

t.test('has the shape that the contract and the schema state', async () => {
  const stated = new RegExp((Refund.properties.id as { pattern?: string }).pattern ?? '$^')
  fc.assert(
    fc.property(caller, key, (caller, key) => {
      const id = refundId(caller, key)
      // The last digit holds three bits of the hash and two zeros.
      return /^rf_[0-9A-HJKMNP-TV-Z]{25}[048CGMRW]$/.test(id) && stated.test(id)
    }),
  )
})

t.test('no two pairs of caller and key share an id by where one ends and the other begins', async (t) => {
  // With a divider that both can hold, ('a', 'b.c') would be ('a.b', 'c').
  for (const divider of ['', '.', '-', '_', ':', ' ', '\n', '\r\n', '\0', '%0A', '\\n']) {
    t.not(refundId('a', `b${divider}c`), refundId(`a${divider === '\n' ? '' : divider}b`, 'c'), divider)
  }
  // What does divide them can be in neither.
  t.equal(refundId('a', 'b\nc'), refundId('a\nb', 'c'))
  t.notOk(CALLER_PATTERN.test('a\nb'))
  t.notOk(CALLER_PATTERN.test('a\n'))
  for (const header of ['b\nc', 'b\n', '\nb', '"b\nc"', '"b\\\nc"'])
    t.equal(parseIdempotencyKey(header), null)
})

t.test('two ids are equal only where caller and key are', async () => {
  // Short ones over few characters, so that equal pairs and shifted boundaries do occur.
  const few = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', '.') })
  fc.assert(
    fc.property(few, few, few, few, (callerA, keyA, callerB, keyB) => {
      const same = callerA === callerB && keyA === keyB
      return (refundId(callerA, keyA) === refundId(callerB, keyB)) === same
    }),
    { numRuns: 3000 },
  )
})
