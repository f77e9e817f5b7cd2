import { readFileSync } from 'node:fs'
import createClient from 'openapi-fetch'
import t from 'tap'
import { startAll } from '../support/gateway.ts'
import { openapiTypes } from '../support/generate-openapi-types.ts'
import { apiKey, bearer } from '../support/keys.ts'
import type { components, paths } from './openapi-types.ts'

type RefundRequest = components['schemas']['RefundRequest']

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Of this amount, which the sandbox reads from the end of the tid. */
const CARD_50000 = { method: 'card_auth', amount: 50_000 } as const

t.test('the client is generated from the document as it is', async (t) => {
  const generated = await openapiTypes(read('../../openapi/openapi.json'))
  t.equal(read('openapi-types.ts'), generated, 'if not: npm run openapi')
})

t.test('a generated client makes the four refunds of the demo', async (t) => {
  const { url } = await startAll(t, { API_KEYS: apiKey('orders', 'key', 'create+read') })
  const client = createClient<paths>({ baseUrl: url, headers: bearer('key') })
  const refund = (key: string, body: RefundRequest) =>
    client.POST('/refunds', { params: { header: { 'Idempotency-Key': key } }, body })
  const full: RefundRequest = { tid: 'full-50000', reason: '고객 변심', payment: CARD_50000 }

  const first = await refund('full', full)
  t.equal(first.response.status, 201)
  t.match(first.data, { status: 'succeeded', kind: 'full', amount: 50_000 })

  const partial = await refund('partial', { ...full, tid: 'partial-50000', amount: 20_000 })
  t.equal(partial.response.status, 201)
  t.match(partial.data, { status: 'succeeded', kind: 'partial', amount: 20_000 })

  const replay = await refund('full', full)
  t.equal(replay.response.headers.get('idempotent-replayed'), 'true')
  t.strictSame(replay.data, first.data)

  const refused = await refund('mobile', { ...full, payment: { ...CARD_50000, method: 'mobile' } })
  t.equal(refused.response.status, 422)
  t.match(refused.error, { code: 'not_eligible', retry: 'fix_request' })
  t.equal(refused.data, undefined)

  const id = String(first.data?.id)
  const found = await client.GET('/refunds/{id}', { params: { path: { id } } })
  t.strictSame(found.data, first.data)
})

t.test('the types refuse what the gateway refuses', async (t) => {
  const client = createClient<paths>({ baseUrl: 'http://127.0.0.1', fetch: async () => Response.json({}) })
  const body: RefundRequest = { tid: 'x', reason: 'x', payment: CARD_50000 }
  const params = { header: { 'Idempotency-Key': 'x' } }
  // @ts-expect-error: no key
  await client.POST('/refunds', { body })
  // @ts-expect-error: an amount that is text
  await client.POST('/refunds', { params, body: { ...body, amount: '1000' } })
  // @ts-expect-error: a misspelt member
  const misspelt: RefundRequest = { ...body, tax_free_amonut: 1000 }
  await client.POST('/refunds', { params, body: misspelt })
  // @ts-expect-error: no such method of payment
  await client.POST('/refunds', { params, body: { ...body, payment: { method: 'cash', amount: 1 } } })
  t.pass('which tsc checks')
})
