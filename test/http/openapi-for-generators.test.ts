import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  type OpenApiDocument,
  publishedDocument,
  type Schema,
} from '../../src/http/openapi-for-generators.ts'
import { Refund } from '../../src/refunds/refund.ts'
import { RefundRequest } from '../../src/refunds/refund-request.ts'
import { TEXT, VISIBLE_TEXT } from '../../src/refunds/text.ts'

const committed: OpenApiDocument = JSON.parse(
  readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'),
)
const { schemas } = committed.components
const operations = Object.values(committed.paths).flatMap((path) => Object.values(path))

/** Every schema that stands in the document, with where. */
function* schemasOf(value: unknown, place = '#'): Generator<[string, Schema]> {
  if (typeof value !== 'object' || value === null) return
  const isSchema = 'type' in value || '$ref' in value || 'anyOf' in value || 'enum' in value
  if (isSchema && !/\/properties$|\/securitySchemes\//.test(place)) yield [place, value as Schema]
  for (const [name, member] of Object.entries(value)) {
    if (!['example', 'examples', 'enum'].includes(name)) yield* schemasOf(member, `${place}/${name}`)
  }
}

t.test('the committed document holds what generators of clients were seen to need', async (t) => {
  const all = [...schemasOf(committed)]
  t.ok(all.length > 300, 'all schemas are looked at')
  for (const [place, schema] of all) {
    // Classes of Java and Kotlin would extend HashMap and send an empty body.
    t.not(schema.additionalProperties, false, `${place} has no additionalProperties: false`)
    // ogen refuses a list of types; each generator of Go refuses one of text and number.
    t.notOk(Array.isArray(schema.type), `${place} has a single type`)
    if (schema.enum) t.equal(schema.type, 'string', `${place} has a type beside its enum, and it is text`)
    t.notOk('oneOf' in schema || 'allOf' in schema, `${place} is not composed`)
    if (schema.anyOf) t.match(schema.anyOf, [{}, { type: 'null' }], `${place} is composed only with null`)
    // Python fails on \p, and Go on \u.
    t.notMatch(schema.pattern ?? '', /\\[pu]/i, `${place} has a pattern that every language can read`)
    if (schema.properties) t.match(place, /^#\/components\/schemas\/\w+$/, `${place} has a name`)
    // Clients would take 32 bits, which money does not fit.
    if (schema.type === 'integer') t.type(schema.format, 'string', `${place} says how wide it is`)
  }
})

t.test('request bodies and their parts are named', async (t) => {
  const bodies = operations.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}))
  t.ok(bodies.length > 1)
  for (const { schema } of bodies) t.match(schema?.$ref, /^#\/components\/schemas\/\w+Request$/)
  t.match(schemas.RefundRequest?.properties, {
    payment: { $ref: '#/components/schemas/Payment' },
    refund_account: { $ref: '#/components/schemas/RefundAccount' },
  })
  t.match(schemas.ResolveRequest?.properties, { provider: { $ref: '#/components/schemas/StatedAnswer' } })
})

t.test('cancel_amt is text or null, asked for and answered', async (t) => {
  for (const name of ['StatedAnswer', 'ProviderAnswer']) {
    const [text, none, ...others] = schemas[name]?.properties?.cancel_amt?.anyOf ?? []
    t.equal(text?.type, 'string', name)
    t.strictSame([none, ...others], [{ type: 'null' }], name)
  }
})

t.test('the first success of an operation may have what the others have', async (t) => {
  const { retry } = schemas.Refund?.properties ?? {}
  t.match(retry, { type: 'string', enum: ['same_key'], description: 'Only with 202. ' })
  t.notOk(schemas.Refund?.required?.includes('retry'))
  t.ok(schemas.UnsettledRefund?.required?.includes('retry'))
})

t.test('what the gateway validates with is as strict as it was', async (t) => {
  const own = [RefundRequest, RefundRequest.properties.payment, Refund] as unknown as Schema[]
  for (const schema of own) t.equal(schema.additionalProperties, false)
  t.equal(schemas.RefundRequest?.unevaluatedProperties, false, 'and the document says so')
})

/** What is published of one component. */
function published(schema: Schema): Schema | undefined {
  const info = { title: 'x', version: '1' }
  const { components } = publishedDocument({ info, components: { schemas: { Thing: schema } }, paths: {} })
  return components.schemas.Thing
}

t.test('what is made of a schema', async (t) => {
  const cases: [what: string, schema: Schema, expected: Schema][] = [
    ['a text stays', { type: 'string', maxLength: 3 }, { type: 'string', maxLength: 3 }],
    ['an enum gets its type', { enum: ['a', 'b'] }, { type: 'string', enum: ['a', 'b'] }],
    ['a boolean loses its enum', { type: 'boolean', enum: [true] }, { type: 'boolean' }],
    [
      'a closed object is closed in other words',
      { type: 'object', additionalProperties: false },
      { type: 'object', unevaluatedProperties: false },
    ],
    [
      'a map stays',
      { type: 'object', additionalProperties: { type: 'string' } },
      { type: 'object', additionalProperties: { type: 'string' } },
    ],
    ['an open object stays open', { type: 'object' }, { type: 'object' }],
    [
      'text of the gateway gets a portable pattern',
      { type: 'string', pattern: TEXT },
      { type: 'string', pattern: '^[^\ufffd]*$' },
    ],
  ]
  for (const [what, schema, expected] of cases) t.strictSame(published(schema), expected, what)

  const text = { type: ['string', 'null'], maxLength: 5, description: 'A text', examples: ['x'] }
  t.strictSame(
    published({ type: 'object', properties: { text, rows: { type: 'array', items: text } } })?.properties,
    {
      text: nullableText,
      rows: { type: 'array', items: nullableText },
    },
    'null is an alternative, in members and in items',
  )
  const number = { type: ['string', 'number', 'null'], maxLength: 5, description: 'A text', examples: ['x'] }
  t.strictSame(
    published({ type: 'object', properties: { number } })?.properties?.number,
    nullableText,
    'a number is said as text',
  )
})

const nullableText = {
  description: 'A text',
  examples: ['x'],
  anyOf: [{ type: 'string', maxLength: 5 }, { type: 'null' }],
}

t.test('portable patterns let through whatever the gateway does', async (t) => {
  const [portableText, portableVisible] = [TEXT, VISIBLE_TEXT].map((pattern) =>
    published({ type: 'string', pattern }),
  )
  const visible = ['x', ' x', '고객 변심', '\n\u200bx\n', '😀', '\u00a0.\u3000']
  const blank = ['', ' ', '\u200b', '\n\u2800']
  const match = (pattern: unknown, text: string) => new RegExp(`${pattern}`, 'u').test(text)
  for (const text of [...visible, ...blank]) {
    t.ok(match(TEXT, text), `${JSON.stringify(text)} is text`)
    t.ok(match(portableText?.pattern, text), `${JSON.stringify(text)} is text as published`)
  }
  for (const text of visible) {
    t.ok(match(VISIBLE_TEXT, text), `${JSON.stringify(text)} is visible`)
    t.ok(match(portableVisible?.pattern, text), `${JSON.stringify(text)} is visible as published`)
  }
  for (const text of ['', ' \n']) t.notOk(match(portableVisible?.pattern, text))
  t.notOk(match(portableText?.pattern, 'x\ufffd'))
})

t.test('what cannot be published', async (t) => {
  const nested = (description: string) => ({
    type: 'object',
    properties: { n: { type: 'integer', description } },
  })
  t.throws(
    () => published({ type: 'object', properties: { inner: nested('') } }),
    /bug: NAMES has no name for the object at Thing\.inner/,
  )
  t.throws(() => published({ description: 'anything' }), /bug: a published schema has no type/)
  const refund = (member: Schema) => ({ type: 'object', properties: { failure: member } })
  const info = { title: 'x', version: '1' }
  t.throws(
    () =>
      publishedDocument({
        info,
        components: { schemas: { Refund: refund(nested('a')), SeenRefund: refund(nested('b')) } },
        paths: {},
      }),
    /bug: two schemas that differ are called Failure/,
  )
})
