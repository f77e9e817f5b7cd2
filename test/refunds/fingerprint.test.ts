import { createHmac, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { fingerprint, fingerprintMatches, hmac } from '../../src/refunds/fingerprint.ts'

const SECRET = Buffer.alloc(32)
const OTHER = Buffer.from(Array.from({ length: 32 }, (_, index) => index))

const of = (json: string, secret = SECRET) => fingerprint(JSON.parse(json), secret)

t.test('known vectors', async (t) => {
  // Computed with another language: a change here makes every stored key answer idempotency_key_reused.
  t.equal(of('{"b":"한글","a":1}'), 'pgVLQK9LoDNT9jAJx5LAOg')
  t.equal(
    of('{"tid":"t-1","reason":"고객 변심","payment":{"method":"card_auth","amount":10000}}', OTHER),
    'wLHppW4J4zCoQ8fUiWrw2g',
  )
})

t.test('the HMAC is that of Node.js, of any text and secret', async (t) => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(unit).map((units) => units.join('')),
    fc.tuple(fc.constantFrom('x', '환', '\ud800'), fc.integer({ min: 1_340, max: 1_390 })).map(repeated),
    fc.tuple(fc.constantFrom('x', '환'), fc.integer({ min: 4_080, max: 4_110 })).map(repeated),
  )
  const secrets = Array.from({ length: 100 }, (_, length) => randomBytes(length + 1))
  fc.assert(
    fc.property(text, fc.constantFrom(...secrets), (text, secret) =>
      createHmac('sha256', secret).update(text).digest().equals(hmac(text, secret)),
    ),
    { numRuns: 2_000 },
  )
  t.pass()
})

const repeated = ([text, count]: [string, number]) => text.repeat(count)

t.test('is short, and nothing but base64url', async (t) => {
  t.match(of('{}'), /^[A-Za-z0-9_-]{22}$/)
})

t.test('bodies whose parsed JSON is the same', async (t) => {
  const same: [string, string, string][] = [
    ['order of members', '{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['white space', '{"a":[1,2]}', ' {\r\n\t"a" : [ 1 , 2 ] }\n'],
    ['order of members within', '{"p":{"x":1,"y":{"v":1,"w":2}}}', '{"p":{"y":{"w":2,"v":1},"x":1}}'],
    ['order of members in a list', '[{"a":1,"b":2}]', '[{"b":2,"a":1}]'],
    ['1000 and 1e3', '{"amount":1000}', '{"amount":1e3}'],
    ['1000 and 1000.0', '{"amount":1000}', '{"amount":1000.0}'],
    ['0 and -0', '{"amount":0}', '{"amount":-0}'],
    ['escaped characters', '{"reason":"가A/"}', '{"reason":"\\uAC00\\u0041\\/"}'],
    ['escaped names', '{"tid":"t"}', '{"\\u0074id":"t"}'],
    ['a member that is stated twice', '{"a":2}', '{"a":1,"a":2}'],
  ]
  for (const [what, first, second] of same) t.equal(of(first), of(second), what)
})

t.test('bodies whose parsed JSON differs', async (t) => {
  const different: [string, string, string][] = [
    ['order in a list', '[1,2]', '[2,1]'],
    ['number and text', '{"amount":1000}', '{"amount":"1000"}'],
    ['absent and null', '{}', '{"amount":null}'],
    ['absent and empty', '{}', '{"metadata":{}}'],
    ['null and false', '[null]', '[false]'],
    ['list and object', '{"a":[]}', '{"a":{}}'],
    ['where a member is', '{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}'],
    ['white space within a text', '{"reason":"a b"}', '{"reason":"a  b"}'],
    ['capitals', '{"tid":"t"}', '{"tid":"T"}'],
    ['composed and decomposed Korean', '{"reason":"가"}', '{"reason":"\\u1100\\u1161"}'],
    ['two halves of surrogate pairs', '["\\ud800"]', '["\\ud801"]'],
    ['a member named __proto__', '{}', '{"__proto__":{"a":1}}'],
    ['what looks like JSON in a text', '{"a":"1,\\"b\\":2"}', '{"a":"1","b":2}'],
    ['large amounts', '[9999999999]', '[9999999998]'],
  ]
  for (const [what, first, second] of different) t.not(of(first), of(second), what)
})

t.test('differs with the secret', async (t) => {
  t.not(of('{}', SECRET), of('{}', OTHER))
})

t.test('is verified under any of the secrets', async (t) => {
  const body = { tid: 't-1', amount: 1000 }
  const [newest, older, foreign] = [randomBytes(32), randomBytes(48), randomBytes(32)]
  t.ok(fingerprintMatches(fingerprint(body, newest), body, [newest, older]))
  t.ok(fingerprintMatches(fingerprint(body, older), body, [newest, older]), 'after a rotation')
  t.notOk(fingerprintMatches(fingerprint(body, foreign), body, [newest, older]))
  t.notOk(fingerprintMatches(fingerprint(body, older), body, [newest]), 'once the old secret is gone')
  t.notOk(fingerprintMatches(fingerprint(body, newest), { ...body, amount: 1001 }, [newest, older]))
  t.notOk(fingerprintMatches(fingerprint(body, newest), body, []))
})

t.test('a stored text that is no fingerprint matches nothing', async (t) => {
  const stored = fingerprint({}, SECRET)
  for (const text of ['', 'x', stored.slice(1), `${stored}A`, '지문', stored.toLowerCase()]) {
    t.notOk(fingerprintMatches(text, {}, [SECRET]), text)
  }
})

// Few names and values, so that equal and nearly equal documents do occur.
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, 1, '', '0', 'a', '[]', '{}'),
    fc.array(tie('document'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('', 'a', 'b', '0'), tie('document'), { maxKeys: 3 }),
  ),
}))

t.test('is equal where the JSON is, and only there', async (t) => {
  let equal = 0
  fc.assert(
    fc.property(document, document, (first, second) => {
      const [a, b] = [JSON.parse(JSON.stringify(first)), JSON.parse(JSON.stringify(second))]
      const same = isDeepStrictEqual(a, b)
      if (same) equal++
      return (fingerprint(a, SECRET) === fingerprint(b, SECRET)) === same
    }),
    { numRuns: 10_000 },
  )
  t.ok(equal > 100, 'equal documents did occur')
})

/** The same JSON with all members in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, turned(member)] as const)
  return Object.fromEntries(members.reverse())
}

t.test('is the same for any JSON however its members are ordered and its text is laid out', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium', stringUnit: 'binary' }), (value) => {
      const parsed: unknown = JSON.parse(JSON.stringify(value))
      const laidOut: unknown = JSON.parse(JSON.stringify(turned(parsed), null, 3))
      return fingerprint(parsed, SECRET) === fingerprint(laidOut, SECRET)
    }),
    { numRuns: 2000 },
  )
})
