import { TEXT, VISIBLE_TEXT } from '../refunds/text.ts'

/** A schema of the document, as far as it is looked at here. */
export type Schema = Readonly<{
  $ref?: string
  type?: string | readonly string[]
  enum?: readonly unknown[]
  pattern?: string
  description?: string
  examples?: readonly unknown[]
  required?: readonly string[]
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
  anyOf?: readonly Schema[]
  additionalProperties?: boolean | Schema
  unevaluatedProperties?: boolean
  [keyword: string]: unknown
}>

type Content = Readonly<Record<string, Readonly<{ schema?: Schema }>>>
type Operation = Readonly<{
  operationId: string
  parameters?: readonly Readonly<{ schema: Schema }>[]
  requestBody?: Readonly<{ content: Content }>
  responses: Readonly<Record<string, Readonly<{ content?: Content }>>>
}>

/** An OpenAPI 3.1 document, as far as it is looked at here. */
export type OpenApiDocument = Readonly<{
  info: Readonly<{ title: string; version: string }>
  components: Readonly<{ schemas: Readonly<Record<string, Schema>> }>
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}>

/**
 * Nobody's but its owner's, as package.json says. The name is one of SPDX: OpenAPI Generator copies it into a Python
 * package, which pip does not install without one.
 */
const LICENSE = { name: 'LicenseRef-Proprietary', identifier: 'LicenseRef-Proprietary' }

/** The schemas that the published document holds by name; they are added while it is made. */
type Components = Map<string, Schema>

const PARTS_OF_A_REFUND = {
  refund_account: 'RefundAccount',
  provider: 'ProviderAnswer',
  failure: 'Failure',
  resolution: 'Resolution',
  deposit: 'Deposit',
}

/**
 * What the objects are called that stand inside of others, by their place. Generated clients have a class of each name,
 * so whoever adds an object names it here. Two places share a name only where they hold the same.
 */
const NAMES: Readonly<Record<string, string>> = {
  'createRefund request': 'RefundRequest',
  'checkRefund request': 'RefundRequest',
  'resolveRefund request': 'ResolveRequest',
  'bookOutsideRefund request': 'OutsideRefundRequest',
  'receiveNotification request': 'NotificationRequest',
  'redeliverEvents request': 'RedeliveryRequest',
  'getHealth answer': 'Health',
  'getReadiness answer': 'Readiness',
  'Readiness.parts{}': 'ReadinessPart',
  'RefundRequest.payment': 'Payment',
  'RefundRequest.refund_account': 'RefundAccount',
  'ResolveRequest.provider': 'StatedAnswer',
  'RefundEventList.data[]': 'RefundEvent',
  'KnownCaller.accounts[]': 'KnownAccount',
  'DailyReport.rows[]': 'ReportRow',
  'ReportRow.succeeded': 'RefundSum',
  'ReportRow.failed[]': 'FailedSum',
  'ReportRow.unknown': 'RefundSum',
  'DailyReport.disputes[]': 'OddRefund',
  'DailyReport.mismatches[]': 'OddRefund',
  'Problem.errors[]': 'InvalidMember',
  'Problem.limit': 'BrokenLimit',
  ...membersOf('Refund', PARTS_OF_A_REFUND),
  ...membersOf('SeenRefund', PARTS_OF_A_REFUND),
  ...membersOf('UnsettledRefund', PARTS_OF_A_REFUND),
}

/**
 * What is published in place of patterns that only some languages can read: Python's clients fail on `\p`, and Go's on
 * `\u`. Each lets through whatever the gateway does, and a little more.
 */
const PORTABLE_PATTERNS: Readonly<Record<string, string>> = {
  [TEXT]: '^[^\ufffd]*$',
  [VISIBLE_TEXT]: '^\\s*[^\\s\ufffd][^\ufffd]*$',
}

/**
 * The document that is published, made of the one that the routes' schemas say. It says what they say, in the words
 * of which generators make clients that work (`npm run clients` tries them); the routes validate by their own.
 */
export function publishedDocument<Document extends OpenApiDocument>(document: Document): Document {
  const components: Components = new Map()
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    add(components, name, publishParts(schema, name, components))
  }
  const paths = mapValues(document.paths, (path) =>
    mapValues(path, (operation) => publishOperation(operation, components)),
  )
  for (const path of Object.values(paths)) {
    for (const operation of Object.values(path)) shareMembersOfSuccesses(operation, components)
  }
  return {
    ...document,
    info: { ...document.info, license: LICENSE },
    components: { ...document.components, schemas: Object.fromEntries(components) },
    paths,
  }
}

function publishOperation(operation: Operation, components: Components): Operation {
  const { operationId, parameters, requestBody, responses } = operation
  const publishContent = (content: Content, place: string) =>
    mapValues(content, (media) => ({
      ...media,
      ...(media.schema && { schema: publish(media.schema, `${operationId} ${place}`, components) }),
    }))
  return {
    ...operation,
    ...(parameters && {
      parameters: parameters.map((parameter) => ({
        ...parameter,
        schema: publish(parameter.schema, `${operationId} parameter`, components),
      })),
    }),
    ...(requestBody && {
      requestBody: { ...requestBody, content: publishContent(requestBody.content, 'request') },
    }),
    responses: mapValues(responses, (response) => ({
      ...response,
      ...(response.content && { content: publishContent(response.content, 'answer') }),
    })),
  }
}

/** The schema as it is published where it is used; `place` is what NAMES knows it by. */
function publish(schema: Schema, place: string, components: Components): Schema {
  if (schema.$ref !== undefined) return schema
  const { description, examples, ...rest } = schema
  const said = { ...(description !== undefined && { description }), ...(examples && { examples }) }
  const isNullable = Array.isArray(schema.type) && schema.type.includes('null')
  const isObject = schema.properties !== undefined
  if (!isNullable && !isObject) return publishParts(schema, place, components)
  const part = isObject ? reference(schema, place, components) : publishParts(rest, place, components)
  // ogen refuses a list of types.
  return isNullable ? { ...said, anyOf: [part, { type: 'null' }] } : part
}

/** A reference to the object, which is kept by its name. */
function reference(schema: Schema, place: string, components: Components): Schema {
  const name = NAMES[place]
  if (name === undefined) throw new Error(`bug: NAMES has no name for the object at ${place}`)
  add(components, name, publishParts(schema, name, components))
  return { $ref: `#/components/schemas/${name}` }
}

/** Keeps the schema. What is said of it where it was met last stays: requests are met after answers. */
function add(components: Components, name: string, schema: Schema): void {
  const known = components.get(name)
  const shapeOf = (some: Schema) => JSON.stringify({ ...some, description: undefined })
  if (known !== undefined && shapeOf(known) !== shapeOf(schema)) {
    throw new Error(`bug: two schemas that differ are called ${name}`)
  }
  components.set(name, schema)
}

/** The schema with a single type and with words that every generator knows, and so its parts. */
function publishParts(schema: Schema, place: string, components: Components): Schema {
  const { type, enum: values, pattern, properties, items, additionalProperties, ...rest } = schema
  return {
    type: singleType(type ?? typeof values?.[0]),
    ...rest,
    // Of a boolean, Kotlin's clients do not compile and Python's refuse it.
    ...(values && typeof values[0] !== 'boolean' && { enum: values.filter((value) => value !== null) }),
    ...(pattern !== undefined && { pattern: PORTABLE_PATTERNS[pattern] ?? pattern }),
    ...(properties && {
      properties: mapValues(properties, (member, name) => publish(member, `${place}.${name}`, components)),
    }),
    ...(items && { items: publish(items, `${place}[]`, components) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: publish(additionalProperties, `${place}{}`, components),
    }),
    // The same for what is not composed. `additionalProperties: false` makes empty maps of Java's and Kotlin's classes.
    ...(additionalProperties === false && { unevaluatedProperties: false }),
  }
}

/** The type beside null. A text where a number is taken, too: as its decimal text, which every language can say. */
function singleType(type: string | readonly string[]): string {
  const types = [type].flat().filter((name) => name !== 'null')
  const single = types.includes('string') ? 'string' : types[0]
  if (single === undefined || single === 'undefined') throw new Error('bug: a published schema has no type')
  return single
}

/**
 * Clients of Java, Kotlin and Go read every success of an operation as if it were the first one. So the first may have
 * the members of the others.
 */
function shareMembersOfSuccesses({ responses }: Operation, components: Components): void {
  const [first, ...others] = Object.keys(responses)
    .filter((status) => status.startsWith('2'))
    .map((status) => ({ status, name: nameOfJson(responses[status]) }))
  for (const { status, name } of others) {
    if (first?.name === undefined || name === undefined) continue
    const schema = components.get(first.name)
    const members = mapValues(components.get(name)?.properties ?? {}, (member) => ({
      ...member,
      description: `Only with ${status}. ${member.description}`,
    }))
    components.set(first.name, { ...schema, properties: { ...members, ...schema?.properties } })
  }
}

function nameOfJson(response: Operation['responses'][string] | undefined): string | undefined {
  return response?.content?.['application/json']?.schema?.$ref?.split('/').at(-1)
}

function membersOf(parent: string, names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).map(([member, name]) => [`${parent}.${member}`, name]))
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}
