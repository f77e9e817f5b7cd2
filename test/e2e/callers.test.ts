import t from 'tap'
import { startSandbox } from '../sandbox/support.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { startTestRedis } from '../support/redis.ts'
import { sendRaw, until } from './support/calls.ts'
import { type ContractCode, isProblem, isRefund } from './support/contract.ts'
import { apiKey, bearer } from './support/keys.ts'
import { countKeys } from './support/redis-content.ts'

const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
const SCOPES = ['create', 'read', 'resolve']
const API_KEYS = [
  ...SCOPES.map((scope) => apiKey(`only-${scope}`, `key-${scope}`, scope)),
  apiKey('orders', 'key-orders', 'create+read'),
  apiKey('orders', 'key-orders-next', 'create+read'),
  apiKey('all', '!#$%&~,;=:"/?@[]{}|key', 'create+read+resolve'),
].join()
const guarded = await startTestGateway(t, gatewayEnv(sandbox.base, redis, { API_KEYS }))

const ID = `rf_${'0'.repeat(26)}`
const ROUTES: Record<string, { scope: string; method?: string; path: string; body?: object }> = {
  'POST /refunds': { scope: 'create', method: 'POST', path: '/refunds', body: refundRequest() },
  'GET /refunds/{id}': { scope: 'read', path: `/refunds/${ID}` },
  'GET /refunds': { scope: 'read', path: '/refunds?tid=x' },
  'GET /payments/{tid}': { scope: 'read', path: '/payments/x' },
  'POST /refunds/{id}/resolve': {
    scope: 'resolve',
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
    for (const [about, authorization] of Object.entries(wrong)) {
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
  for (const [route, { scope, method, path, body }] of Object.entries(ROUTES)) {
    for (const other of SCOPES) {
      const answer = await guarded.request(path, {
        headers: { ...bearer(`key-${other}`) },
        ...(method && { method }),
        ...(body && { body }),
      })
      const about = `${route} with ${other}`
      if (other !== scope) isProblem(t, answer, 'forbidden', about)
      else t.ok([200, 400, 404].includes(answer.status) && answer.body.code !== 'forbidden', about)
    }
  }
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

t.test('operations and the document are open to everybody', async (t) => {
  for (const path of ['/healthz', '/readyz', '/metrics', '/docs', '/docs/json', '/openapi.json']) {
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
