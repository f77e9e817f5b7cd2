import fc from 'fast-check'
import t from 'tap'
import { parseIdempotencyKey } from '../../../src/http/access/idempotency-key.ts'

/** The key as a structured-field string (RFC 8941, 3.3.3). */
function quote(key: string): string {
  return `"${key.replace(/["\\]/g, '\\$&')}"`
}

function charactersOf(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index))
}

const VISIBLE = charactersOf(0x21, 0x7e)

t.test('a header is a key, or none', async (t) => {
  const rows: [header: string, key: string | null][] = [
    ['a', 'a'],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['a,b', 'a,b'],
    ["a'b", "a'b"],
    ['a"b', 'a"b'],
    ['a"', 'a"'],
    ['a\\b', 'a\\b'],
    ["'a'", "'a'"],
    [':a:', ':a:'],
    ['?1', '?1'],
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', 'a\\b'],
    ['"\\""', '"'],
    ['"\\\\"', '\\'],
    ['"\\"a\\""', '"a"'],
    ['"a,b"', 'a,b'],
    // Nothing.
    ['', null],
    ['""', null],
    // A quoted string that is none.
    ['"', null],
    ['"a', null],
    ['"a"b"', null],
    ['"a\\"', null],
    ['"a\\b"', null],
    ['"a\\', null],
    ['"a""', null],
    ['"a";b=1', null],
    ['"a" ', null],
    // Two headers, as Node.js joins them.
    ['a, b', null],
    ['a, a', null],
    ['"a", "b"', null],
    ['"a, b"', null],
    // White space.
    [' a', null],
    ['a ', null],
    ['a b', null],
    ['"a b"', null],
    ['" "', null],
    ['a\tb', null],
    ['a\n', null],
    ['a\r\nx: y', null],
    ['"a\n"', null],
    // Not ASCII, or not visible.
    ['키', null],
    ['"키"', null],
    ['ａ', null],
    ['é', null],
    ['\u00e9', null],
    ['a\u0000', null],
    ['\u007f', null],
    ['"\u007f"', null],
    ['\ufeffa', null],
    ['\u00a0', null],
  ]
  for (const [header, key] of rows) t.equal(parseIdempotencyKey(header), key, JSON.stringify(header))
})

t.test('the length is counted within the quotes, and without what escapes', async (t) => {
  for (const character of ['a', '~', '!']) {
    const longest = character.repeat(255)
    t.equal(parseIdempotencyKey(longest), longest)
    t.equal(parseIdempotencyKey(quote(longest)), longest)
    t.equal(parseIdempotencyKey(`${longest}${character}`), null)
    t.equal(parseIdempotencyKey(quote(`${longest}${character}`)), null)
  }
  const escaped = '"'.repeat(255)
  t.equal(quote(escaped).length, 512)
  t.equal(parseIdempotencyKey(quote(escaped)), escaped)
  t.equal(parseIdempotencyKey(quote(`${escaped}"`)), null)
})

t.test('every visible ASCII character by itself, and no other', async (t) => {
  for (const character of VISIBLE) {
    t.equal(parseIdempotencyKey(quote(character)), character, character)
    // A bare quote begins a quoted string.
    t.equal(parseIdempotencyKey(character), character === '"' ? null : character, character)
  }
  for (const character of [...charactersOf(0, 0x20), ...charactersOf(0x7f, 0x17f)]) {
    const what = JSON.stringify(character)
    t.equal(parseIdempotencyKey(character), null, what)
    t.equal(parseIdempotencyKey(`"${character}"`), null, what)
    t.equal(parseIdempotencyKey(`a${character}b`), null, what)
    t.equal(parseIdempotencyKey(`"\\${character}"`), null, what)
  }
})

const key = fc.string({ minLength: 1, maxLength: 255, unit: fc.constantFrom(...VISIBLE) })

t.test('a quoted key is the key', async () => {
  fc.assert(
    fc.property(key, (key) => parseIdempotencyKey(quote(key)) === key),
    { numRuns: 2000 },
  )
})

t.test('a bare key is itself', async () => {
  fc.assert(
    fc.property(
      key.filter((key) => !key.startsWith('"')),
      (key) => parseIdempotencyKey(key) === key,
    ),
    { numRuns: 2000 },
  )
})

t.test('whatever the header, a key is 1 to 255 visible ASCII characters', async () => {
  const header = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom('"', '\\', 'a', ' ', ',', '\n'), maxLength: 8 }),
    key.map(quote),
    fc.string({ minLength: 250, maxLength: 260, unit: fc.constantFrom(...VISIBLE) }),
  )
  fc.assert(
    fc.property(header, (header) => {
      const parsed = parseIdempotencyKey(header)
      if (parsed === null) return true
      return /^[\x21-\x7e]{1,255}$/.test(parsed) && (header === parsed || header === quote(parsed))
    }),
    { numRuns: 5000 },
  )
})

t.test('one character that is not allowed makes a key none, wherever it is', async () => {
  const odd = fc.oneof(
    fc.constantFrom(' ', ', ', '\t', '\r', '\n', '\0', '\x7f', '키', 'é', '\u00a0', '😀'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((text) => !/^[\x21-\x7e]$/.test(text)),
  )
  fc.assert(
    fc.property(key, odd, fc.nat(255), (key, odd, position) => {
      const spoilt = key.slice(0, position) + odd + key.slice(position)
      return parseIdempotencyKey(spoilt) === null && parseIdempotencyKey(quote(spoilt)) === null
    }),
    { numRuns: 2000 },
  )
})
