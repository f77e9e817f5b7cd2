import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { json, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { runGateway, spawnGateway } from '../support/spawn-gateway.ts'
import { UNDISTURBED } from '../support/stubbed-gateway.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT_ID = '00f067aa0ba902b7'
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`

type Attribute = Readonly<{ key: string; value: Readonly<Record<string, unknown>> }>
type Span = Readonly<{
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  attributes: readonly Attribute[]
}>
type Export = Readonly<{
  resourceSpans: readonly Readonly<{
    resource: { attributes: readonly Attribute[] }
    scopeSpans: readonly Readonly<{ scope: { name: string }; spans: readonly Span[] }>[]
  }>[]
}>

/** Takes what is exported as OTLP/HTTP with JSON. */
async function startCollector(t: Test) {
  const received: string[] = []
  const server = createServer(async (request, response) => {
    received.push(`${request.url} ${Buffer.concat(await request.toArray()).toString()}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const exports = () => received.map((text) => JSON.parse(text.slice(text.indexOf(' ') + 1)) as Export)
  const scopes = () =>
    exports().flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    exports,
    /** The spans of one instrumentation. */
    spans: (scope: string) =>
      scopes()
        .filter((found) => found.scope.name === scope)
        .flatMap(({ spans }) => spans),
  }
}

const attribute = ({ attributes }: Span, key: string) =>
  Object.values(attributes.find((found) => found.key === key)?.value ?? {})[0]

t.test('a refund is one trace, with its calls to Redis and the provider', { buffered: true }, async (t) => {
  const [collector, stub, redis] = await Promise.all([
    startCollector(t),
    startProviderStub(t),
    startTestRedis(t),
  ])
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(stub.url, redis, UNDISTURBED),
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
  })
  const answer = await gateway.refund(refundRequest(), undefined, {
    traceparent: TRACEPARENT,
    baggage: 'user=someone',
  })
  isRefund(t, answer, 'succeeded')
  gateway.signal('SIGTERM')
  t.equal(await gateway.ended, 0, 'what was not sent yet is sent at the end')

  t.ok(
    collector.received.every((text) => text.startsWith('/v1/traces ')),
    'where the specification has it',
  )
  const resource = JSON.stringify(collector.exports()[0]?.resourceSpans[0]?.resource)
  t.match(resource, /"service\.name","value":\{"stringValue":"cookiepay-refund-gateway"/)

  const requests = collector.spans('@fastify/otel')
  const request = requests.find(({ kind, name }) => kind === 2 && name === 'request') as Span
  t.match(request, { traceId: TRACE_ID, parentSpanId: PARENT_ID }, "the caller's trace goes on")
  t.equal(attribute(request, 'http.route'), '/refunds')
  t.equal(Number(attribute(request, 'http.response.status_code')), 201)
  t.notOk(
    requests.some((span) => attribute(span, 'url.path') === '/readyz'),
    'probes are not traced',
  )

  const commands = collector.spans('@opentelemetry/instrumentation-ioredis')
  const inTrace = (span: Span) => span.traceId === TRACE_ID
  t.ok(commands.filter(({ name }) => name === 'evalsha' || name === 'eval').length >= 2, 'begin and settle')
  t.ok(
    commands.some(({ name }) => name === 'set'),
    'claim',
  )
  t.ok(commands.every(inTrace), 'and nothing that runs by itself')
  for (const span of commands) t.equal(attribute(span, 'db.query.text'), span.name, 'without arguments')

  const calls = collector.spans('@opentelemetry/instrumentation-undici')
  t.ok(calls.every(inTrace))
  const cancel = calls.find((span) => attribute(span, 'url.path') === '/api/cancel') as Span
  t.ok(
    calls.some((span) => attribute(span, 'url.path') === '/payAuth/token'),
    'the token call',
  )
  t.equal(
    stub.cancels[0]?.headers.traceparent,
    `00-${TRACE_ID}-${cancel.spanId}-01`,
    'passed on once, as the call itself',
  )
  t.equal(stub.cancels[0]?.headers.baggage, undefined, 'nothing else of the caller goes to the provider')
  t.match(gateway.output(), new RegExp(`"traceId":"${TRACE_ID}"`), 'the log names the trace')
})

t.test('nothing secret or personal is in a span', { buffered: true }, async (t) => {
  const [collector, stub, redis] = await Promise.all([
    startCollector(t),
    startProviderStub(t),
    startTestRedis(t),
  ])
  const planted = {
    key: 'planted-api-key',
    cookiepayKey: 'planted-cookiepay-key',
    token: 'planted-token',
    idempotencyKey: 'planted-idempotency-key',
    account: '98765432104321',
    name: 'planted-holder',
    reason: 'planted-reason',
    secret: Buffer.from('planted'.repeat(6)).toString('base64'),
  }
  stub.onToken(json({ RTN_CD: '0000', RTN_MSG: '성공', TOKEN: planted.token }))
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(stub.url, redis, { ...UNDISTURBED, COOKIEPAY_KEY: planted.cookiepayKey }),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    API_KEYS: apiKey('orders', planted.key),
    STORE_SECRETS: planted.secret,
  })
  const headers = bearer(planted.key)
  const body = refundRequest({
    reason: planted.reason,
    refund_account: { bank: '20', account_no: planted.account, account_name: planted.name },
    payment: { method: 'virtual_account', amount: 10_000 },
  })
  isRefund(t, await gateway.refund(body, planted.idempotencyKey, headers), 'succeeded')
  stub.onCancel((response) => response.req.socket.resetAndDestroy())
  const { body: unknown } = await gateway.refund({ ...body, tid: 'unknown-1' }, undefined, headers)
  await gateway.request(`/refunds/${unknown.id}`, { headers })
  const wrong = { ...body, refund_account: { ...body.refund_account, bank: 1 } }
  isProblem(t, await gateway.refund(wrong, undefined, headers), 'invalid_request')
  const malformed = `{"account_no":${planted.account}"`
  isProblem(t, await gateway.refund(malformed, undefined, headers), 'invalid_request')
  await redis.stop()
  isProblem(t, await gateway.refund(body, undefined, headers), 'store_unavailable')
  gateway.signal('SIGTERM')
  await gateway.ended

  const exported = collector.received.join('\n')
  t.ok(collector.spans('@fastify/otel').length >= 5, 'each request has its span')
  for (const [name, text] of Object.entries(planted)) t.notOk(exported.includes(text), name)
})

t.test('a collector that is away costs no refund', { buffered: true }, async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(stub.url, redis, UNDISTURBED),
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  gateway.signal('SIGTERM')
  t.equal(await gateway.ended, 0)
})

t.test('a wrong endpoint stops the start', { buffered: true }, async (t) => {
  const { status, stderr } = await runGateway(t, {
    COOKIEPAY_ID: 'shop',
    COOKIEPAY_KEY: 'shop-key',
    COOKIEPAY_PG: 'toss',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
  })
  t.equal(status, 1)
  t.match(stderr, /^OTEL_EXPORTER_OTLP_ENDPOINT: got "collector:4318"; takes /)
})

t.test('off, nothing of it is loaded', { buffered: true }, async (t) => {
  const source = new URL('../../src/', import.meta.url)
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  /** The files that name this one, or packages of this pattern, in an import of this form. */
  const naming = (form: RegExp, isWanted: (name: string, file: URL) => boolean) =>
    files.filter((name) => {
      const file = new URL(name, source)
      return [...readFileSync(file, 'utf8').matchAll(form)].some(([, named = '']) => isWanted(named, file))
    })
  const STATIC = /\bfrom '([^']+)'/g
  const DYNAMIC = /\bimport\('([^']+)'\)/g
  const isPackage = (name: string) => /^(@opentelemetry\/|@fastify\/otel$)/.test(name)
  const isTelemetry = (name: string, file: URL) =>
    name.startsWith('.') &&
    new URL(name, file).href === new URL('observability/opentelemetry.ts', source).href
  t.strictSame(naming(STATIC, isPackage), ['observability/opentelemetry.ts'])
  t.strictSame(naming(DYNAMIC, isPackage), [])
  t.strictSame(naming(STATIC, isTelemetry), [])
  t.strictSame(naming(DYNAMIC, isTelemetry), ['server.ts'])
})
