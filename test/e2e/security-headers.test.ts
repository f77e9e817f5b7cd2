import { once } from 'node:events'
import { get } from 'node:https'
import t from 'tap'
import { sendRaw } from '../support/calls.ts'
import { createAuthority } from '../support/certificates.ts'
import { gatewayEnv, refundRequest, startAll, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'

const env = { API_KEYS: apiKey('orders', 'key', 'create+read') }
const { gateway, sandbox, redis } = await startAll(t, env)
const headers = bearer('key')

/** What every answer must carry, written out here so that the code is held to it. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

const directives = (policy: string | null) =>
  new Map(
    (policy ?? '').split('; ').map((part) => [part.split(' ', 1)[0], part.split(' ').slice(1).join(' ')]),
  )

t.test('every answer carries the security headers, whatever it is', async (t) => {
  const made = await gateway.refund(refundRequest(), 'headers', headers)
  const id = String(made.body.id)
  const answers = {
    'a refund': made,
    'a replay': await gateway.refund(refundRequest({ tid: made.body.tid }), 'headers', headers),
    'a refund that is read': await gateway.request(`/refunds/${id}`, { headers }),
    'a list': await gateway.request('/refunds?tid=x', { headers }),
    'no key': await gateway.request('/refunds?tid=x'),
    'no body': await gateway.refund({}, 'x', headers),
    'no such path': await gateway.request('/nowhere'),
    'a path that cannot be read': await gateway.request('/refunds/%zz', { headers }),
    'not JSON': await sendRaw(gateway.url, { headers: ['Content-Type', 'text/plain'], body: 'x' }),
    'no HTTP': await sendRaw(gateway.url, { headers: ['X-Long', 'x'.repeat(20_000)] }),
    health: await gateway.request('/healthz'),
    readiness: await gateway.request('/readyz'),
    metrics: await gateway.request('/metrics'),
    'the document': await gateway.request('/openapi.json'),
  }
  for (const [about, answer] of Object.entries(answers)) {
    const sent = Object.fromEntries(answer.headers)
    t.match(sent, ALWAYS, `${about}: ${answer.status}`)
    t.equal(sent['cache-control'], 'no-store', `${about} is kept nowhere`)
    t.equal(sent['content-security-policy'], "default-src 'none'; frame-ancestors 'none'", about)
    t.notOk(sent['strict-transport-security'], 'which a browser heeds over TLS only')
    t.notOk(sent['access-control-allow-origin'] ?? sent.server ?? sent['x-powered-by'], about)
  }
})

t.test('Swagger UI runs no script but its own files', async (t) => {
  const page = await gateway.request<string>('/docs')
  const scripts = [...page.body.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)]
  t.ok(scripts.length > 0)
  for (const [, attributes, inline] of scripts) {
    t.match(attributes, / src="\.\/docs\/static\/[a-z-]+\.js"/)
    t.equal(inline?.trim(), '')
  }
  t.notMatch(page.body, /<style|\son[a-z]+=|javascript:/, 'nothing else that a policy would have to let in')

  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, path]) => new URL(path as string, `${gateway.url}/docs`).pathname,
  )
  for (const path of ['/docs', '/docs/', '/docs/json', '/docs/static/index.html', ...files]) {
    const answer = await gateway.request(path)
    t.equal(answer.status, 200, path)
    t.match(Object.fromEntries(answer.headers), ALWAYS, path)
    const policy = directives(answer.headers.get('content-security-policy'))
    t.equal(policy.get('default-src'), "'none'", path)
    t.equal(policy.get('script-src'), "'self'", path)
    t.equal(policy.get('frame-ancestors'), "'none'", path)
    t.equal(policy.get('connect-src'), "'self'", path)
  }
})

t.test('over TLS, browsers are told to stay with it', async (t) => {
  const authority = await createAuthority(t)
  const own = await authority.issue('localhost')
  const secured = await startTestGateway(t, {
    ...gatewayEnv(sandbox.base, redis, env),
    TLS_CERT_FILE: own.certFile,
    TLS_KEY_FILE: own.keyFile,
  })
  const outgoing = get(`${secured.url}/healthz`, { ca: authority.cert, agent: false })
  const [response] = await once(outgoing, 'response')
  response.resume()
  t.match(response.headers, { ...ALWAYS, 'strict-transport-security': 'max-age=63072000' })
})

t.test('an expectation that the gateway does not know is no reason to refuse', async (t) => {
  const { status, headers: sent } = await sendRaw(gateway.url, {
    method: 'GET',
    path: '/refunds?tid=x',
    headers: ['Authorization', 'Bearer key', 'Expect', 'nothing'],
  })
  t.equal(status, 200)
  t.match(Object.fromEntries(sent), ALWAYS)
})
