import t from 'tap'
import { metric, sendRaw, until } from '../support/calls.ts'
import { type ContractCode, isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { yesterday } from '../support/listed.ts'
import { startTestRedis } from '../support/redis.ts'
import { countKeys } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'

const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
const SCOPES = ['create', 'refund_account', 'read', 'read_all', 'resolve']
const API_KEYS = [
  ...SCOPES.map((scope) => apiKey(`only-${scope}`, `key-${scope}`, scope)),
  apiKey('orders', 'key-orders', 'create+read'),
  apiKey('orders', 'key-orders-next', 'create+read'),
  apiKey('all', '!#$%&~,;=:"/?@[]{}|key'),
].join()
const guarded = await startTestGateway(t, gatewayEnv(sandbox.base, redis, { API_KEYS }))

const ID = `rf_${'0'.repeat(26)}`
const OPEN_PATHS = ['/healthz', '/readyz', '/metrics', '/docs', '/docs/json', '/openapi.json']
const READERS = ['read', 'read_all']
const ROUTES: Record<string, { scopes: string[]; method?: string; path: string; body?: object }> = {
  'POST /refunds': { scopes: ['create'], method: 'POST', path: '/refunds', body: refundRequest() },
  'GET /refunds/{id}': { scopes: READERS, path: `/refunds/${ID}` },
  'GET /refunds/{id}/events': { scopes: READERS, path: `/refunds/${ID}/events` },
  'GET /refunds': { scopes: READERS, path: '/refunds?tid=x' },
  'GET /refunds?from': { scopes: READERS, path: '/refunds?from=2026-01-01' },
  'GET /refunds/export': { scopes: ['read_all'], path: '/refunds/export?from=2026-01-01' },
  'GET /reports/daily': { scopes: ['read_all'], path: `/reports/daily?date=${yesterday()}` },
  'GET /payments/{tid}': { scopes: READERS, path: '/payments/x' },
  'POST /refunds/{id}/resolve': {
    scopes: ['resolve'],
    method: 'POST',
    path: `/refunds/${ID}/resolve`,
    body: { outcome: 'failed', note: 'x' },
  },
}

t.test('without a configured key, nothing is answered but 401', async (t) => {
  const wrong: Record<string, string> = {
    'a key that is not configured': 'Bearer key-nobody',
    'a configured digest': `Bearer ${apiKey('x', 'key-orders').split(':')[1]}`,
    'a part of a key': 'Bearer key-order',
    'a key and more': 'Bearer key-orders key-orders',
    'another scheme': 'Basic key-orders',
    'the key alone': 'key-orders',
    'no key': 'Bearer',
    'an empty key': 'Bearer ',
    'in quotes': 'Bearer "key-orders"',
    'a key of 10000 characters': `Bearer ${'k'.repeat(10_000)}`,
    empty: '',
  }
  for (const [route, { method, path, body }] of Object.entries(ROUTES)) {
    const send = (headers: Record<string, string>) =>
      guarded.request(path, {
        headers: { 'idempotency-key': 'k', ...headers },
        ...(method && { method }),
        ...(body && { body }),
      })
    isProblem(t, await send({}), 'unauthenticated', `${route}, no header`)
    // All of them once: too many failures of one address are refused as such.
    const tried = Object.entries(wrong).slice(0, route === 'POST /refunds' ? undefined : 2)
    for (const [about, authorization] of tried) {
      isProblem(t, await send({ authorization }), 'unauthenticated', `${route}, ${about}`)
    }
  }
  for (const path of ['/refunds?tid=x', '/payments/x', `/refunds/${ID}`]) {
    t.equal((await sendRaw(guarded.url, { method: 'HEAD', path })).status, 401, `HEAD ${path}`)
  }
  // Whoever is not known does not hear what else is wrong with a request.
  const wordless = ['Content-Type', 'text/plain']
  isProblem(t, await sendRaw(guarded.url, { headers: wordless, body: 'x' }), 'unauthenticated')
})

t.test('a key that lacks the scope of a route is forbidden', async (t) => {
  for (const [route, { scopes, method, path, body }] of Object.entries(ROUTES)) {
    for (const other of SCOPES) {
      const answer = await guarded.request(path, {
        headers: { ...bearer(`key-${other}`) },
        ...(method && { method }),
        ...(body && { body }),
      })
      const about = `${route} with ${other}`
      if (!scopes.includes(other)) isProblem(t, answer, 'forbidden', about)
      else t.ok([200, 400, 404].includes(answer.status) && answer.body.code !== 'forbidden', about)
    }
  }
})

const VIRTUAL = {
  payment: { method: 'virtual_account', amount: 10_000 },
  refund_account: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
} as const

t.test('a refund_account needs a scope of its own', async (t) => {
  const send = (key: string, body: object) => guarded.refund(body, 'virtual', bearer(key))
  const body = refundRequest(VIRTUAL)
  for (const key of ['key-create', 'key-orders']) isProblem(t, await send(key, body), 'forbidden', key)
  isProblem(t, await send('key-refund_account', body), 'forbidden', 'which makes no refund by itself')
  const card = refundRequest({ refund_account: VIRTUAL.refund_account })
  isProblem(t, await send('key-orders', card), 'forbidden', 'also where it is not needed')
  isProblem(t, await send('key-orders', { ...body, refund_account: {} }), 'invalid_request', 'not valid')
})

t.test('of all of them, nothing was stored and nothing was sent', async (t) => {
  t.equal(await countKeys(redis), 0)
  t.match(await sandbox.cancels(), { calls: 0, tokens_issued: 0 })
})

t.test('a caller is known by any of its keys, in any case of Bearer', async (t) => {
  for (const authorization of [
    'Bearer key-orders',
    'bearer key-orders',
    'BEARER  key-orders',
    'Bearer key-orders-next',
    'Bearer !#$%&~,;=:"/?@[]{}|key',
  ]) {
    const answer = await guarded.refund(refundRequest(), undefined, { authorization })
    isRefund(t, answer, 'succeeded', { about: authorization })
    t.equal(answer.body.requested_by, authorization.includes('orders') ? 'orders' : 'all')
  }
})

t.test('who may, sends a refund_account', async (t) => {
  const key = apiKey('virtual', 'key-virtual', 'create+refund_account')
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, { API_KEYS: key }))
  isRefund(t, await gateway.refund(refundRequest(VIRTUAL), 'k', bearer('key-virtual')), 'succeeded')
})

t.test('of the refund of another caller nobody sees more than explains the sums', async (t) => {
  const tid = 'html-private-10000'
  const SECRET = /홍길동|8901|010-1234|orders|비밀|order-77/
  const gateway = await startTestGateway(
    t,
    gatewayEnv(sandbox.base, redis, {
      RECONCILE_INTERVAL_MS: '3600000',
      API_KEYS: [
        apiKey('orders', 'own', 'create+refund_account+read'),
        apiKey('other', 'reads', 'create+refund_account+read'),
        apiKey('maker', 'creates', 'create'),
        apiKey('desk', 'resolves', 'resolve'),
        apiKey('finance', 'reads-all', 'read_all'),
      ].join(),
    }),
  )
  const metadata = { phone: '010-1234-5678', order: 'order-77' }
  const own = await gateway.refund(
    refundRequest({ tid, ...VIRTUAL, reason: '비밀', metadata }),
    'k',
    bearer('own'),
  )
  isRefund(t, own, 'unknown')
  const { retry: _, ...refund } = own.body
  const { id, status, kind, amount, created_at } = refund
  const cutDown = { id, status, kind, amount, created_at }
  const read = async (path: string, key: string) => {
    const answer = await gateway.request<Record<string, unknown>>(path, { headers: bearer(key) })
    if (!['own', 'reads-all'].includes(key))
      t.notMatch(JSON.stringify(answer.body), SECRET, `${path}, ${key}`)
    return answer
  }

  for (const key of ['own', 'reads-all']) {
    t.strictSame((await read(`/refunds/${id}`, key)).body, refund, `by its id, ${key}`)
    t.equal((await read(`/refunds/${id}/events`, key)).status, 200)
    t.match((await read(`/refunds?tid=${tid}`, key)).body, { data: [refund] })
    t.match((await read('/refunds?status=unknown', key)).body, { data: [refund] })
    t.match((await read(`/payments/${tid}`, key)).body, { unknown: 10_000, refunds: [refund] })
  }
  const missing = await read(`/refunds/rf_${'0'.repeat(26)}`, 'reads')
  for (const path of [`/refunds/${id}`, `/refunds/${id}/events`]) {
    const answer = await read(path, 'reads')
    isProblem(t, answer, 'not_found', path)
    t.strictSame({ ...answer.body, instance: null }, { ...missing.body, instance: null }, 'as if it were not')
  }
  t.strictSame((await read(`/refunds?tid=${tid}`, 'reads')).body, { data: [cutDown], next_cursor: null })
  t.strictSame((await read('/refunds?status=unknown', 'reads')).body, { data: [], next_cursor: null })
  const ledger = await read(`/payments/${tid}`, 'reads')
  t.match(ledger.body, { amount: 10_000, unknown: 10_000, remaining: 0 })
  t.strictSame(ledger.body.refunds, [cutDown])

  for (const key of ['reads', 'creates']) {
    const account = key === 'reads' ? { bank: '1', account_no: '1', account_name: 'x' } : undefined
    const body = refundRequest({ tid, ...(account && { ...VIRTUAL, refund_account: account }) })
    const answer = await gateway.refund(body, `b-${key}`, bearer(key))
    t.notMatch(JSON.stringify(answer.body), SECRET, key)
    if (key === 'creates') isProblem(t, answer, 'payment_mismatch')
    else t.match(answer, { status: 409, body: { code: 'refund_unresolved', retry: 'after_resolution' } })
    if (key === 'reads') t.strictSame(answer.body.refund, cutDown)
  }

  const settle = { body: { outcome: 'succeeded', note: 'seen' } }
  const resolved = await gateway.request(`/refunds/${id}/resolve`, { ...settle, headers: bearer('resolves') })
  t.strictSame(resolved.body, { ...cutDown, status: 'succeeded' }, 'settled by who may not read it')
  const again = await gateway.request(`/refunds/${id}/resolve`, { ...settle, headers: bearer('resolves') })
  t.match(again.body, { code: 'not_resolvable', detail: /succeeded/ })
  t.strictSame(again.body.refund, { ...cutDown, status: 'succeeded' })
})

t.test('a list of what is unsettled has full pages of a caller’s own', async (t) => {
  const gateway = await startTestGateway(
    t,
    gatewayEnv(sandbox.base, await startTestRedis(t), {
      RECONCILE_INTERVAL_MS: '3600000',
      API_KEYS: [apiKey('a', 'a', 'create+read'), apiKey('b', 'b', 'create+read')].join(),
    }),
  )
  const ids: Record<string, string[]> = { a: [], b: [] }
  for (let count = 0; count < 14; count++) {
    const key = count % 3 === 0 ? 'a' : 'b'
    const body = refundRequest({ tid: `html-own${count}-10000` })
    ids[key]?.push((await gateway.refund(body, String(count), bearer(key))).body.id)
  }
  for (const [key, own] of Object.entries(ids)) {
    const seen: string[][] = []
    let cursor = ''
    do {
      const { body } = await gateway.request<{ data: { id: string }[]; next_cursor: string | null }>(
        `/refunds?status=unknown&limit=2${cursor}`,
        { headers: bearer(key) },
      )
      seen.push(body.data.map(({ id }) => id))
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`
    } while (cursor !== '')
    t.strictSame(seen.flat(), own, `what ${key} asked for`)
    t.ok(
      seen.slice(0, -1).every((page) => page.length === 2),
      'in full pages',
    )
  }
})

t.test('an address that keeps sending wrong keys is told to wait, and right keys are let in', async (t) => {
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, { API_KEYS }))
  const answers = (answer: string) =>
    metric(gateway, `refund_gateway_unauthenticated_requests_total{answer="${answer}"}`)
  const wrong = (index: number) =>
    gateway.refund(refundRequest(), 'wrong', index % 2 ? bearer(`wrong-${index}`) : {})
  t.strictSame([await answers('unauthenticated'), await answers('rate_limited')], [0, 0])
  for (let count = 0; count < 100; count++) isProblem(t, await wrong(count), 'unauthenticated')
  for (let count = 0; count < 5; count++) {
    const answer = await wrong(count)
    isProblem(t, answer, 'rate_limited', 'one too many')
    const seconds = Number(answer.headers.get('retry-after'))
    t.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`)
    isRefund(t, await gateway.refund(refundRequest(), undefined, bearer('key-orders')), 'succeeded', {
      about: 'from the same address, with a key',
    })
    for (const path of ['/readyz', '/healthz']) t.equal((await gateway.request(path)).status, 200, path)
  }
  t.strictSame([await answers('unauthenticated'), await answers('rate_limited')], [100, 5])
})

t.test('operations and the document are open to everybody', async (t) => {
  for (const path of OPEN_PATHS) {
    t.equal((await guarded.request(path)).status, 200, path)
  }
})

t.test('without API_KEYS, on loopback, everybody may do everything', async (t) => {
  const open = await startTestGateway(t, gatewayEnv(sandbox.base, await startTestRedis(t)))
  for (const headers of [{}, bearer('whatever')]) {
    const answer = await open.refund(refundRequest(), undefined, headers)
    isRefund(t, answer, 'succeeded')
    const read = await open.request(`/refunds/${answer.body.id}`, { headers })
    t.equal(read.status, 200)
  }
})

t.test('an open gateway answers nobody who calls it by a foreign name, nor a foreign page', async (t) => {
  const open = await startTestGateway(t, gatewayEnv(sandbox.base, redis))
  const { port } = new URL(open.url)
  const send = (path: string, headers: readonly string[], method = 'GET') =>
    sendRaw(open.url, {
      path,
      method,
      headers: [...ofRefund, ...headers],
      body: method === 'POST' ? body : '',
    })
  const ofRefund = ['Content-Type', 'application/json', 'Idempotency-Key', 'rebound']
  const body = JSON.stringify(refundRequest())
  const foreign: Record<string, readonly string[]> = {
    'another name': ['Host', 'evil.example'],
    'another name and the port': ['Host', `evil.example:${port}`],
    'a name that begins like it': ['Host', `localhost.evil.example:${port}`],
    'an address of the network': ['Host', `192.168.0.7:${port}`],
    'no name': ['Host', ''],
    'a page of another site': ['Host', `localhost:${port}`, 'Origin', 'http://evil.example'],
    'a page of nowhere': ['Host', `localhost:${port}`, 'Origin', 'null'],
    'a rebound page': ['Host', `evil.example:${port}`, 'Origin', `http://evil.example:${port}`],
  }
  const calls = (await sandbox.cancels()).calls
  const stored = await countKeys(redis)
  for (const [about, headers] of Object.entries(foreign)) {
    isProblem(t, await send('/refunds', headers, 'POST'), 'forbidden', about)
    for (const path of [...OPEN_PATHS, '/refunds?tid=x', '/payments/x', `/refunds/${ID}`, '/nowhere']) {
      isProblem(t, await send(path, headers), 'forbidden', `${path}, ${about}`)
    }
  }
  t.equal((await sandbox.cancels()).calls, calls, 'nothing is sent')
  t.equal(await countKeys(redis), stored, 'nothing is stored')
  const local: Record<string, readonly string[]> = {
    'by its address': ['Host', `127.0.0.1:${port}`],
    'by its name': ['Host', 'localhost'],
    'by its address of IPv6': ['Host', `[::1]:${port}`],
    'by a page of its own': ['Host', `localhost:${port}`, 'Origin', `http://localhost:${port}`],
  }
  for (const [about, headers] of Object.entries(local)) {
    t.equal((await send('/refunds?tid=x', headers)).status, 200, about)
  }
  // Where keys are asked for, a page of another site has none.
  const headers = [
    'Host',
    'gateway.example',
    'Origin',
    'https://desk.example',
    'Authorization',
    'Bearer key-read',
  ]
  t.equal((await sendRaw(guarded.url, { method: 'GET', path: '/refunds?tid=x', headers })).status, 200)
})

t.test('the rate is limited per caller', async (t) => {
  const limited = await startTestGateway(
    t,
    gatewayEnv(sandbox.base, redis, { API_KEYS, RATE_LIMIT_MAX: '5', RATE_LIMIT_WINDOW_MS: '1500' }),
  )
  const body = refundRequest()
  const orders = bearer('key-orders')
  const calls = (await sandbox.cancels()).calls
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      limited.refund(
        refundRequest(),
        `limited-${index}`,
        bearer(index % 2 ? 'key-orders' : 'key-orders-next'),
      ),
    ),
  )
  const refused = answers.filter(({ status }) => status === 429)
  t.equal(refused.length, 15, 'counted over the keys of a caller')
  for (const answer of refused) {
    isProblem(t, answer, 'rate_limited')
    const seconds = Number(answer.headers.get('retry-after'))
    t.ok(seconds >= 1 && seconds <= 2, `Retry-After: ${seconds}`)
  }
  t.equal((await sandbox.cancels()).calls, calls + 5, 'nothing is sent for a refused one')
  isProblem(t, await limited.request('/refunds?tid=x', { headers: orders }), 'rate_limited', 'every route')
  isProblem(
    t,
    await limited.refund({}, 'x', orders),
    'rate_limited' as ContractCode,
    'before the body is read',
  )
  isRefund(
    t,
    await limited.refund(refundRequest(), undefined, bearer('!#$%&~,;=:"/?@[]{}|key')),
    'succeeded',
    {
      about: 'another caller',
    },
  )
  for (let count = 0; count < 10; count++) {
    t.equal((await limited.request('/healthz')).status, 200, 'health is not limited')
    isProblem(t, await limited.refund(body, 'x', bearer('nobody')), 'unauthenticated')
  }
  const answer = await limited.refund(body, 'limited', orders)
  isProblem(t, answer, 'rate_limited')
  await until('the end of the window', async () => {
    const { status } = await limited.request('/refunds?tid=x', { headers: orders })
    return status === 200
  })
  isRefund(t, await limited.refund(body, 'limited', orders), 'succeeded', { about: 'with the same key' })
})
