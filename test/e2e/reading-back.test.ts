import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { Refund } from '../../src/refunds/refund.ts'
import { ledger, metric, sendRaw, until } from '../support/calls.ts'
import { hasEveryMember, isProblem, isRefund, pointsAt, REFUND_MEMBERS } from '../support/contract.ts'
import { type Answer, client, gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { openapiText } from '../support/openapi-text.ts'
import { startPrefixProxy } from '../support/prefix-proxy.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'

const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
const gateway = await startTestGateway(
  t,
  gatewayEnv(sandbox.base, redis, { RATE_LIMIT_MAX: '100000', RECONCILE_INTERVAL_MS: '3600000' }),
)

type List = Readonly<{ data: Refund[]; next_cursor: string | null }>

function list(query: Record<string, string>): Promise<Answer<List>> {
  return gateway.request<List>(`/refunds?${new URLSearchParams(query)}`)
}

t.test('what is answered is what is read, and no member is lost', async (t) => {
  const members = [...REFUND_MEMBERS, 'disputed']
  t.strictSame(
    Object.keys(Refund.properties).sort(),
    members.sort(),
    'the schema has the members of the contract',
  )
  const virtual = {
    payment: { method: 'virtual_account', amount: 10_000 },
    refund_account: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
  } as const
  const metadata = { 주문: '1042', empty: '', constructor: 'x' }
  for (const fault of ['ordinary', 'mismatch', 'busy', 'declined', 'deposited']) {
    const body = refundRequest({ tid: `${fault}-members-10000`, metadata, ...virtual })
    const answer = await gateway.refund(body)
    const { retry: _, ...answered } = answer.body.refund
      ? { ...(answer.body.refund as Refund), retry: null }
      : answer.body
    hasEveryMember(t, answered, fault)
    t.match(answered, {
      account: 'default',
      tid: body.tid,
      kind: 'full',
      amount: 10_000,
      tax_free_amount: null,
      reason: body.reason,
      refund_account: { bank: '20', account_no: '*********8901', account_name: '홍길동' },
      provider: { cancel_tid: String, cancel_code: String, cancel_msg: String, cancel_date: String },
      requested_by: 'anonymous',
      metadata,
      resolution: null,
      deposit: null,
    })
    t.match(answered.id, /^rf_[0-9A-HJKMNP-TV-Z]{26}$/)
    for (const name of ['created_at', 'updated_at'] as const) {
      t.equal(new Date(answered[name]).toISOString(), answered[name], name)
      t.ok(Math.abs(Date.now() - Date.parse(answered[name])) < 60_000, `${name} is now`)
    }
    const read = await gateway.request<Refund>(`/refunds/${answered.id}`)
    t.equal(read.status, 200)
    t.strictSame(read.body, answered, 'by its id')
    t.strictSame((await list({ tid: body.tid })).body.data, [answered], 'in the list')
    t.strictSame((await ledger(gateway, body.tid))?.refunds, [answered], 'in the ledger')
  }
})

t.test('refunded_at is the moment of cancel_date', async (t) => {
  const { body } = await gateway.refund(refundRequest())
  t.match(body.refunded_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00$/)
  t.ok(Math.abs(Date.parse(String(body.refunded_at)) - Date.now()) < 60_000)
})

t.test('a list is in pages, oldest first', async (t) => {
  const tid = 'pages-10000'
  const ids: string[] = []
  for (let count = 0; count < 25; count++) {
    const answer = await gateway.refund(refundRequest({ tid, amount: 10 + count }))
    isRefund(t, answer, 'succeeded')
    ids.push(answer.body.id)
  }
  const pages = async (limit: string | undefined) => {
    const seen: string[][] = []
    let cursor: string | null = null
    do {
      const query: Record<string, string> = { tid, ...(limit && { limit }), ...(cursor && { cursor }) }
      const { status, body }: Answer<List> = await list(query)
      t.equal(status, 200)
      t.strictSame(Object.keys(body), ['data', 'next_cursor'])
      seen.push(body.data.map(({ id }) => id))
      cursor = body.next_cursor
    } while (cursor !== null)
    t.strictSame(seen.flat(), ids, 'each once, in order')
    return seen.map(({ length }) => length)
  }
  t.strictSame(await pages(undefined), [20, 5])
  t.strictSame(await pages('1'), Array(25).fill(1))
  t.strictSame(await pages('7'), [7, 7, 7, 4])
  t.strictSame(await pages('5'), [5, 5, 5, 5, 5], 'no empty page at the end')
  t.strictSame(await pages('25'), [25])
  t.strictSame(await pages('100'), [25])
  const beyond = await list({ tid, cursor: '1000' })
  t.strictSame(beyond.body, { data: [], next_cursor: null })
})

t.test('a list of a payment of which nothing was refunded is empty', async (t) => {
  const { status, body } = await list({ tid: 'never-seen' })
  t.equal(status, 200)
  t.strictSame(body, { data: [], next_cursor: null })
})

t.test('what was undone, and what failed, in the list', async (t) => {
  const tid = 'nevertoken-undone-10000'
  isProblem(t, await gateway.refund(refundRequest({ tid, amount: 1 })), 'provider_auth_failed')
  t.strictSame((await list({ tid })).body, { data: [], next_cursor: null }, 'nothing of what was not sent')
  const failed = 'declined-listed-10000'
  for (let count = 0; count < 3; count++) await gateway.refund(refundRequest({ tid: failed, amount: 1 }))
  t.match((await list({ tid: failed, limit: '2' })).body, {
    data: [{ status: 'failed' }, { status: 'failed' }],
    next_cursor: String,
  })
})

t.test('a query that is not valid is refused', async (t) => {
  const wrong: Record<string, [query: string, pointer: string]> = {
    'no tid': ['', '#/tid'],
    'an empty tid': ['tid=', '#/tid'],
    'a long tid': [`tid=${'x'.repeat(51)}`, '#/tid'],
    'two tids': ['tid=a&tid=b', '#/tid'],
    'limit 0': ['tid=a&limit=0', '#/limit'],
    'limit 101': ['tid=a&limit=101', '#/limit'],
    'limit -1': ['tid=a&limit=-1', '#/limit'],
    'limit 1.5': ['tid=a&limit=1.5', '#/limit'],
    'limit x': ['tid=a&limit=x', '#/limit'],
    'an empty limit': ['tid=a&limit=', '#/limit'],
    'a limit with a line feed': ['tid=a&limit=1%0A', '#/limit'],
    'cursor 0': ['tid=a&cursor=0', '#/cursor'],
    'cursor x': ['tid=a&cursor=x', '#/cursor'],
    'an empty cursor': ['tid=a&cursor=', '#/cursor'],
    'a huge cursor': [`tid=a&cursor=${'9'.repeat(400)}`, '#/cursor'],
    'an empty account': ['tid=a&account=', '#/account'],
    'an unknown name': ['tid=a&tids=b', '#/tids'],
  }
  for (const [about, [query, pointer]] of Object.entries(wrong)) {
    const answer = await gateway.request(`/refunds?${query}`)
    isProblem(t, answer, 'invalid_request', about)
    t.ok(
      answer.body.errors?.some((error) => error.pointer === pointer),
      JSON.stringify(answer.body.errors),
    )
  }
  pointsAt(t, await gateway.request('/payments/x?acount=default'), ['#/acount'], 'of a payment')
  isProblem(t, await gateway.request('/refunds?tid=a&account=nobody'), 'unknown_account')
  isProblem(t, await gateway.request('/payments/x?account=nobody'), 'unknown_account')
})

t.test('the ledger sums up what was refunded, what is in flight and what is unknown', async (t) => {
  const tid = 'sums-10000'
  const take = (changes: object) => gateway.refund(refundRequest({ tid, ...changes }))
  isRefund(t, await take({ amount: 1_000 }), 'succeeded')
  isRefund(t, await take({ amount: 2_000 }), 'succeeded')
  const expected = {
    account: 'default',
    tid,
    method: 'card_auth',
    amount: 10_000,
    tax_free_amount: null,
    refunded: 3_000,
    in_flight: 0,
    unknown: 0,
    disputed: 0,
    remaining: 7_000,
    next_cursor: null,
  }
  const read = await gateway.request<object>(`/payments/${tid}`)
  t.equal(read.status, 200)
  t.match(read.body, expected)
  t.strictSame(Object.keys(read.body).sort(), [...Object.keys(expected), 'refunds'].sort())
  t.strictSame(await ledger(gateway, tid, '?account=default'), read.body)

  const other = 'delay300-sums-10000'
  const running = gateway.refund(refundRequest({ tid: other, amount: 4_000 }))
  await until('a refund in flight', async () => (await ledger(gateway, other)) !== null)
  t.match(await ledger(gateway, other), { in_flight: 4_000, refunded: 0, unknown: 0, remaining: 6_000 })
  isRefund(t, await running, 'succeeded')
  t.match(await ledger(gateway, other), { in_flight: 0, refunded: 4_000, remaining: 6_000 })

  const unknown = 'html-sums-10000'
  isRefund(t, await gateway.refund(refundRequest({ tid: unknown, amount: 2_500 })), 'unknown')
  t.match(await ledger(gateway, unknown), { in_flight: 0, refunded: 0, unknown: 2_500, remaining: 7_500 })

  const failed = 'declined-sums-10000'
  isProblem(t, await gateway.refund(refundRequest({ tid: failed, amount: 2_500 })), 'provider_declined')
  t.match(await ledger(gateway, failed), { in_flight: 0, refunded: 0, unknown: 0, remaining: 10_000 })
})

t.test('what is not there is not found', async (t) => {
  const paths = [
    `/refunds/rf_${'0'.repeat(26)}`,
    '/refunds/x',
    '/payments/never-seen',
    '/',
    '/refund',
    '/refunds/a/b',
    '/refunds//',
    '/payments',
    '/../etc/passwd',
    '/v1/refunds',
  ]
  for (const path of paths)
    isProblem(t, await sendRaw(gateway.url, { method: 'GET', path }), 'not_found', path)
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    isProblem(t, await sendRaw(gateway.url, { method }), 'not_found', `${method} /refunds`)
  }
  for (const path of [
    '/payments/%',
    '/payments/%zz',
    '/refunds/%C3%28',
    '/refunds?tid=%',
    '/docs/static/../../package.json',
  ]) {
    const answer = await sendRaw(gateway.url, { method: 'GET', path })
    t.ok(answer.status === 400 || answer.status === 404 || answer.status === 200, `${path}: ${answer.status}`)
    if (answer.status === 400) isProblem(t, answer, 'invalid_request', path)
    if (answer.status === 404) isProblem(t, answer, 'not_found', path)
  }
})

t.test('a tid may hold any visible ASCII', async (t) => {
  const tids = [
    'a/b/c',
    '/a',
    '../refunds',
    '{a}b{c}',
    '}0',
    '{0',
    '100%',
    '%2F',
    '%25',
    'a+b',
    'a?b#c',
    'a:b',
    'a&tid=b',
    'a"b\\c',
    "a'b",
    '.a',
    '..a',
    '__proto__',
    'constructor',
    'ledger',
    'unsettled',
    'x'.repeat(50),
    '/'.repeat(49).concat('a'),
    '%'.repeat(49).concat('a'),
    Array.from({ length: 50 }, (_, index) => String.fromCharCode(0x21 + index)).join(''),
    Array.from({ length: 44 }, (_, index) => String.fromCharCode(0x53 + index)).join(''),
  ]
  for (const tid of tids) {
    const about = JSON.stringify(tid).slice(0, 40)
    const answer = await gateway.refund(refundRequest({ tid, amount: 1_000 }))
    isRefund(t, answer, 'succeeded', { about })
    t.equal(answer.body.tid, tid, about)
    t.match(await sandbox.cancels(tid), { calls: 1, applied_total: 1_000 }, about)
    await readsBack(t, tid, answer.body.id)
  }
})

t.test('what is no tid is refused wherever a tid is asked for', async (t) => {
  const others = [
    ' ',
    'a b',
    'a\n',
    '\u0000',
    'a\u00a0',
    'ＴＷ',
    '거래1',
    '.',
    '..',
    '/',
    '%',
    '-',
    'x'.repeat(51),
  ]
  for (const tid of others) {
    const about = JSON.stringify(tid)
    const encoded = encodeURIComponent(tid).replaceAll('.', '%2e')
    pointsAt(t, await sendRaw(gateway.url, { method: 'GET', path: `/payments/${encoded}` }), ['#/tid'], about)
    pointsAt(t, await list({ tid }), ['#/tid'], about)
  }
  for (const path of ['/payments/.', '/payments/..']) {
    pointsAt(t, await sendRaw(gateway.url, { method: 'GET', path }), ['#/tid'], path)
  }
  const half = JSON.stringify(refundRequest({ tid: 'half1-10000' })).replace('half', '\\ud800')
  pointsAt(t, await gateway.refund(half), ['#/tid'], 'half of a surrogate pair')
})

async function readsBack(t: Test, tid: string, id: string) {
  const about = `${JSON.stringify(tid).slice(0, 40)} is found`
  const found = await gateway.request<{ refunds: Refund[]; tid: string }>(
    `/payments/${encodeURIComponent(tid)}`,
  )
  t.match(found, { status: 200, body: { tid, refunded: 1_000, refunds: [{ id, tid }] } }, `${about} by path`)
  const listed = await list({ tid })
  t.match(listed, { status: 200, body: { data: [{ id, tid }] } }, `${about} by query`)
  t.equal(listed.body.data?.length, 1)
  const read = await gateway.request<Refund>(`/refunds/${id}`)
  t.match(read, { status: 200, body: { id, tid } }, `${about} by id`)
}

t.test('metrics', async (t) => {
  const { status, headers, body } = await gateway.request<string>('/metrics')
  t.equal(status, 200)
  t.match(headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const names = [
    'request_duration_seconds',
    'refund_answers_total',
    'provider_call_duration_seconds',
    'amount_mismatches_total',
    'conflicts_total',
    'unsettled_refunds',
    'pending_writes',
    'ready',
  ]
  for (const name of names) t.match(body, new RegExp(`^# HELP refund_gateway_${name} .+$`, 'm'))
  for (const line of body.trim().split('\n')) {
    if (!/^(|# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [-+0-9.eInfNa]+)$/.test(line)) t.fail(line)
  }
  t.notMatch(body, /never-seen|홍길동|1002345678901/, 'no series by what a caller sent')
  t.equal(await metric(gateway, 'refund_gateway_ready'), 1)
  // Entries of settled refunds leave the index together, a little later.
  const unsettled = async () => (await metric(gateway, 'refund_gateway_unsettled_refunds')) === 2
  await until('busy-members and html-sums are counted', unsettled)
  t.equal(await metric(gateway, 'refund_gateway_amount_mismatches_total'), 1)

  const answers = (outcome: string) =>
    metric(gateway, `refund_gateway_refund_answers_total{outcome="${outcome}"}`)
  const before = [await answers('succeeded'), await answers('replayed')] as const
  const counted = refundRequest()
  await gateway.refund(counted, 'counted')
  await gateway.refund(counted, 'counted')
  t.equal(await answers('succeeded'), before[0] + 1)
  t.equal(await answers('replayed'), before[1] + 1)
  t.equal(await answers('unknown'), 2)
})

t.test('below a path that a proxy strips, Location leads to the refund', async (t) => {
  const prefix = '/shop/pay'
  const proxied = await startPrefixProxy(t, gateway.url, prefix, { 'x-forwarded-prefix': prefix })
  for (const tid of ['proxied-10000', 'html-proxied-10000']) {
    const made = await client(proxied).refund(refundRequest({ tid }))
    const location = new URL(made.headers.get('location') as string, `${proxied}/refunds`)
    t.equal(location.href, `${proxied}/refunds/${made.body.id}`)
    t.equal((await fetch(location)).status, 200)
  }
  const misled = await gateway.refund(refundRequest(), undefined, { 'x-forwarded-prefix': '//evil.example' })
  isRefund(t, misled, 'succeeded', { about: 'a prefix that is none' })
})

t.test('health and readiness, each with its parts', async (t) => {
  t.strictSame((await gateway.request('/healthz')).body, { status: 'ok' })
  const ready = await gateway.request<object>('/readyz')
  t.equal(ready.status, 200)
  t.strictSame(ready.body, {
    status: 'ready',
    parts: { store: { ready: true, detail: 'durable' }, process: { ready: true, detail: 'running' } },
  })
})

t.test('readiness follows the store', async (t) => {
  const away = await startTestRedis(t)
  const follower = await startTestGateway(t, gatewayEnv(sandbox.base, away))
  const readiness = () =>
    follower.request<{ status: string; parts: { store: { ready: boolean; detail: string } } }>('/readyz')
  await away.stop()
  await until('not ready', async () => (await readiness()).status === 503)
  t.match((await readiness()).body, { status: 'not_ready', parts: { store: { ready: false } } })
  t.equal((await follower.request('/healthz')).status, 200, 'alive all the same')
  t.equal(await metric(follower, 'refund_gateway_ready'), 0)
  await away.start()
  await until('ready', async () => (await readiness()).status === 200)

  const forgetful = await startTestRedis(t, [
    '--appendfsync',
    'everysec',
    '--maxmemory-policy',
    'allkeys-lru',
  ])
  for (const [mode, status, isReady] of [
    ['strict', 503, false],
    ['relaxed', 200, true],
  ] as const) {
    const env = { REDIS_DURABILITY: mode }
    const one = await startTestGateway(t, gatewayEnv(sandbox.base, forgetful, env))
    const answer = await one.request<object>('/readyz')
    t.equal(answer.status, status, mode)
    t.match(answer.body, {
      parts: {
        store: { ready: isReady, detail: /appendfsync is everysec.*maxmemory-policy is allkeys-lru/ },
      },
    })
  }
})

t.test('Swagger UI', async (t) => {
  const page = await gateway.request<string>('/docs')
  t.equal(page.status, 200)
  t.match(page.headers.get('content-type'), 'text/html')
  t.match(page.body, '<div id="swagger-ui">')
  const scripts = [...page.body.matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, src]) => src)
  t.ok(scripts.length > 0)
  for (const src of scripts) {
    const { pathname } = new URL(src as string, `${gateway.url}/docs`)
    t.equal((await gateway.request(pathname)).status, 200, pathname)
  }
})

t.test('openapi/openapi.json is what the service serves', async (t) => {
  const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
  t.equal(await openapiText(), committed, 'if not: npm run openapi')
  const served = await gateway.request<{ openapi: string; paths: object }>('/openapi.json')
  t.equal(served.status, 200)
  t.match(served.headers.get('content-type'), 'application/json')
  t.strictSame(served.body, JSON.parse(committed))
  t.match(served.body.openapi, /^3\.1\./)
})
