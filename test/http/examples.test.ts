import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { ASKED_REFUNDS, REFUNDS } from '../../src/http/examples.ts'
import { PROBLEMS } from '../../src/http/problems/catalog.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import { type Answer, gatewayEnv, startAll, startTestGateway } from '../support/gateway.ts'
import { openapiText } from '../support/openapi-text.ts'

type Media = Readonly<{
  schema: object
  example?: unknown
  examples?: Record<string, { summary?: string; value: unknown }>
}>
type Content = Readonly<Record<string, Media>>
type Operation = Readonly<{
  operationId: string
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content: Content }>
}>

const document: { paths: Record<string, Record<string, Operation>>; components: object } = JSON.parse(
  await openapiText(),
)
const operations = Object.values(document.paths).flatMap((path) => Object.values(path))

// Formats name the widths of integers, for clients that are generated.
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema({ $id: '/document', components: document.components })

/** With its references leading to the document. */
function validatorOf(schema: object) {
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"/document#/components')))
}

function operationOf(id: string): Operation {
  return operations.find(({ operationId }) => operationId === id) as Operation
}

function* bodies(): Generator<[about: string, content: Content]> {
  for (const { operationId, requestBody, responses } of operations) {
    if (requestBody) yield [`${operationId}, its body`, requestBody.content]
    for (const [status, { content }] of Object.entries(responses))
      yield [`${operationId}, ${status}`, content]
  }
}

t.test('every body, and every answer code, has examples that are named by what they show', async (t) => {
  t.ok(operations.length >= 9)
  for (const [about, content] of bodies()) {
    t.ok(Object.keys(content).length > 0, about)
    for (const { examples = {}, example } of Object.values(content)) {
      t.ok(Object.keys(examples).length > 0, `${about}: has one`)
      t.equal(example, undefined, `${about}: has none without a name`)
      for (const [name, { summary }] of Object.entries(examples)) {
        t.match(name, /^[a-z][a-z_]*$/, `${about}: ${name} is named`)
        t.ok(summary, `${about}: ${name} says what it shows`)
      }
    }
  }
})

t.test('every example is valid against its schema', async (t) => {
  for (const [about, content] of bodies()) {
    for (const { schema, examples = {} } of Object.values(content)) {
      const isValid = validatorOf(schema)
      for (const [name, { value }] of Object.entries(examples)) {
        t.ok(isValid(value), `${about}: ${name}`, { errors: isValid.errors })
      }
    }
  }
})

t.test('a faulty example would be seen', async (t) => {
  const { content } = operationOf('listRefunds').responses['200'] as { content: Content }
  const { schema, examples } = content['application/json'] as Media
  const isValid = validatorOf(schema)
  const list = examples?.of_payment?.value as { data: object[] }
  t.ok(isValid(list))
  t.notOk(isValid({ ...list, data: [{ ...list.data[0], amount: '3000' }] }), 'in what a reference leads to')
})

t.test('every code that an operation may answer has an example of its name', async (t) => {
  for (const { operationId, responses } of operations) {
    for (const [status, { description, content }] of Object.entries(responses)) {
      const media = content['application/problem+json']
      if (media === undefined) continue
      const named = [...description.matchAll(/`([a-z_]+)`:/g)].map(([, code]) => code as string)
      t.ok(named.length > 0, `${operationId}, ${status}`)
      t.strictSame(Object.keys(media.examples ?? {}), named, `${operationId}, ${status}`)
      for (const [code, { value }] of Object.entries(media.examples ?? {})) {
        const { status: expected, retry, title } = PROBLEMS[code as keyof typeof PROBLEMS]
        t.equal(String(expected), status, code)
        t.match(value, { code, status: expected, retry, title }, `${operationId}, ${code}`)
      }
    }
  }
})

t.test('the examples of POST /refunds lead to the answers that are shown', async (t) => {
  const { gateway, sandbox, redis } = await startAll(t)
  const kiwoompay = await startTestGateway(
    t,
    gatewayEnv(sandbox.base, redis, { COOKIEPAY_PG: 'kiwoom', COOKIEPAY_ID: 'shop2' }),
  )
  const { requestBody, responses } = operationOf('createRefund')
  const asked = requestBody?.content['application/json']?.examples ?? {}
  t.strictSame(Object.keys(asked), Object.keys(ASKED_REFUNDS))
  const send = (name: string, idempotencyKey: string) =>
    (name === 'tax_free' ? kiwoompay : gateway).refund(asked[name]?.value, idempotencyKey)
  // Others are sent while it is under way.
  const slow = send('slow', ASKED_REFUNDS.slow.idempotencyKey)
  for (const [name, { idempotencyKey }] of Object.entries(ASKED_REFUNDS)) {
    if (name === 'slow') continue
    const answer = await send(name, idempotencyKey)
    await isAsShown(name, answer)
  }
  await isAsShown('slow', await slow)

  async function isAsShown(name: string, answer: Answer): Promise<void> {
    const [media] = Object.values(responses[answer.status]?.content ?? {})
    const shown = media?.examples?.[name] ?? media?.examples?.[String(answer.body.code)]
    // Of the two rules of this code the document shows the other one.
    if (name === 'same_reference') t.match(answer.body, { code: 'possible_duplicate', rule: name })
    else
      t.strictSame(
        timeless(answer.body),
        timeless(shown?.value as Answer['body']),
        `${name}: ${answer.status}`,
      )
    const made = 'refund' in answer.body ? answer.body.refund : answer.body
    if (made === undefined || !('id' in made)) return
    const { retry: _, ...stored } = made as Answer['body']
    t.strictSame(timeless(stored), timeless(shownRefund(name)), name)
  }
})

/** What the examples of duplicates are refused for; else their own. */
function shownRefund(name: string): Refund {
  const namesake = { same_amount: 'partial', same_reference: 'reference' }[name] ?? name
  return REFUNDS[namesake as keyof typeof REFUNDS]
}

/** The body without what differs from one day, or one payment of the sandbox, to the next. */
function timeless(body: object): unknown {
  const text = JSON.stringify(body, (name, value) => {
    if (['created_at', 'updated_at', 'refunded_at', 'cancel_tid', 'cancel_date'].includes(name))
      return !!value
    if (name === 'instance') return String(value).replace(/^urn:uuid:.*/, 'urn:uuid')
    return value
  })
  return JSON.parse(text)
}
