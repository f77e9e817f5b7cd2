import fc from 'fast-check'
import t from 'tap'
import { findJsonFault } from '../../src/http/json-text.ts'

t.test('a member that is there twice is found, at any depth and however it is spelled', async (t) => {
  const texts: Record<string, string> = {
    '{"a":1,"a":2}': '#/a',
    '{"a":1,"a":1}': '#/a',
    ' { "a" : 1 , "a" : 2 } ': '#/a',
    '\ufeff{"a":1,"a":2}': '#/a',
    '{"a":1,"\\u0061":2}': '#/a',
    '{"\\u0061":1,"a":2}': '#/a',
    '{"a\\/b":1,"a/b":2}': '#/a~1b',
    '{"a~b":1,"a~b":2}': '#/a~0b',
    '{"":1,"":2}': '#/',
    '{"\\"":1,"\\u0022":2}': '#/"',
    '{"\\\\":1,"\\\\":2}': '#/\\',
    '{"a":{"b":1,"b":2}}': '#/a/b',
    '{"a":[0,{"b":1},{"b":{"c":1,"c":[]}}]}': '#/a/2/b/c',
    '[[],[{}, {"a":[],"a":{}}]]': '#/1/1/a',
    '{"__proto__":1,"__proto__":2}': '#/__proto__',
    '{"__proto__":1,"_\\u005fproto__":2}': '#/__proto__',
    '{"constructor":1,"x":{},"constructor":2}': '#/constructor',
    '{"a":{"a":1},"b":2,"a":3}': '#/a',
    '{"a":"}","b":"{\\"a\\":1","a":3}': '#/a',
    '{"가":1,"\\uac00":2}': '#/가',
  }
  for (const [text, pointer] of Object.entries(texts)) {
    JSON.parse(text.replace('\ufeff', ''))
    t.strictSame(findJsonFault(text), { pointer, kind: 'member_twice' }, text)
  }
  const many = Array.from({ length: 40 }, (_, index) => `"m${index}":${index}`)
  t.strictSame(findJsonFault(`{${many.join()},"m0":1}`), { pointer: '#/m0', kind: 'member_twice' })
  t.strictSame(findJsonFault(`{${many.join()},"m39":1}`), { pointer: '#/m39', kind: 'member_twice' })
  t.equal(findJsonFault(`{${many.join()}}`), null)
})

t.test('the same name in different objects, and in values, is no fault', async (t) => {
  for (const text of [
    '{}',
    '[]',
    '""',
    '1',
    'null',
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
    '[{"a":1},{"a":2}]',
    '{"a":"a","b":"a"}',
    '{"a":["a","a","a"]}',
    '{"a":"\\"a\\":1","A":1,"a ":1}',
    '{"a":"\\\\","b":1}',
    '{"e\u0301":1,"\u00e9":2}',
    '{"constructor":1,"toString":2,"hasOwnProperty":3}',
  ]) {
    t.equal(findJsonFault(text), null, text)
  }
})

t.test('a number that only rounding makes an integer is found', async (t) => {
  for (const number of [
    '2999.9999999999999999',
    '3000.0000000000000001',
    '1e-400',
    '10000.0000000000001',
    '30000000000000000000001e-18',
    '9007199254740991.5E0',
  ]) {
    const fault = { pointer: '#/a/1', kind: 'number_rounded' } as const
    t.strictSame(findJsonFault(`{"a":[0,${number}]}`), fault, number)
  }
  for (const number of [
    '0',
    '-0',
    '3000',
    '3000.0',
    '3e3',
    '30.00e2',
    '3000000e-3',
    '0.0',
    '0e-9',
    '1.5',
    '0.1',
  ]) {
    t.equal(findJsonFault(`[${number}]`), null, number)
  }
})

t.test('what was parsed is all that was written, or there is a fault', async (t) => {
  const name = fc.constantFrom('a', 'b', '', '"', '\\', '__proto__', '가')
  type Written = { text: string; members: number }
  const join = (written: readonly Written[], text: (texts: string[]) => string) => ({
    text: text(written.map((one) => one.text)),
    members: written.reduce((sum, one) => sum + one.members, 0),
  })
  const spelled = (text: string, isEscaped: boolean) =>
    isEscaped
      ? `"${[...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(text)
  const { value } = fc.letrec<{ value: Written }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(name, fc.integer(), fc.boolean(), fc.constant(null)).map((leaf) => ({
        text: JSON.stringify(leaf),
        members: 0,
      })),
      fc.array(tie('value'), { maxLength: 3 }).map((list) => join(list, (texts) => `[${texts}]`)),
      fc.array(fc.tuple(name, fc.boolean(), tie('value')), { maxLength: 4 }).map((members) => ({
        text: `{${members.map(([key, isEscaped, one]) => `${spelled(key, isEscaped)}: ${one.text}`)}}`,
        members: members.length + members.reduce((sum, [, , one]) => sum + one.members, 0),
      })),
    ),
  }))
  const count = (parsed: unknown): number =>
    typeof parsed === 'object' && parsed !== null
      ? Object.values(parsed).reduce(
          (sum: number, one) => sum + count(one),
          Array.isArray(parsed) ? 0 : Object.keys(parsed).length,
        )
      : 0
  const isTold = fc.property(value, ({ text, members }) => {
    const isWhole = count(JSON.parse(text)) === members
    return (findJsonFault(text) === null) === isWhole
  })
  t.doesNotThrow(() => fc.assert(isTold, { numRuns: 2_000 }))
})

t.test('a text of the largest size is read to its end, and its pointer is short', async (t) => {
  const deep = findJsonFault(`${'{"a":'.repeat(9_000)}{"b":1,"b":2}${'}'.repeat(9_000)}`)
  t.equal(deep?.pointer, `#${'/a'.repeat(20)}`)
  t.equal(findJsonFault(`{"${'x'.repeat(60_000)}":1,"${'x'.repeat(60_000)}":1}`)?.pointer.length, 102)
  t.match(findJsonFault(`[1.${'0'.repeat(60_000)}1]`), { kind: 'number_rounded' })
  t.equal(findJsonFault(`["${'\\'.repeat(30_000)}"]`), null)
  t.equal(findJsonFault(`${'['.repeat(30_000)}${']'.repeat(30_000)}`), null)
})
