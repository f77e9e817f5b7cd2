import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import t from 'tap'
import { until } from '../support/calls.ts'
import { type Certificate, createAuthority } from '../support/certificates.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { type Answer, gatewayEnv, refundRequest } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

const [sandbox, redis, authority, stranger] = await Promise.all([
  startSandbox(t),
  startTestRedis(t),
  createAuthority(t),
  createAuthority(t, 'another authority'),
])
const own = await authority.issue('localhost', ['localhost'])

const STORE_SECRETS = Buffer.alloc(32, 9).toString('base64')
const API_KEYS = [
  'orders.svc:cert:create+read',
  'batch:cert:read',
  'finance:cert:read',
  apiKey('desk', 'desk-key', 'create'),
].join()
const mutual = await spawnGateway(t, {
  ...gatewayEnv(sandbox.base, redis, { API_KEYS, STORE_SECRETS }),
  TLS_CERT_FILE: own.certFile,
  TLS_KEY_FILE: own.keyFile,
  TLS_CLIENT_CA_FILE: authority.certFile,
  OPERATIONS_PORT: '0',
})

type Request = Readonly<{
  client?: Certificate
  path?: string
  body?: object
  key?: string
  headers?: Record<string, string>
  agent?: Agent
}>

/** One request over TLS, on a connection of its own where no agent keeps one. Rejects where there is no answer. */
async function send(
  url: string,
  { client, path = '/refunds?tid=x', body, key = 'key', headers = {}, agent }: Request,
): Promise<Answer & { issuedTo: string }> {
  const outgoing = request(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    agent: agent ?? false,
    ca: authority.cert,
    ...(client && { cert: client.cert, key: client.key }),
    headers: { ...(body && { 'content-type': 'application/json', 'idempotency-key': key }), ...headers },
  })
  outgoing.end(body && JSON.stringify(body))
  const [response] = await once(outgoing, 'response')
  const issuedTo = response.socket.getPeerCertificate().subject?.CN
  const text = (await response.toArray()).join('')
  const isJson = response.headers['content-type']?.includes('json')
  return {
    status: response.statusCode,
    headers: new Headers(response.headers),
    body: isJson ? JSON.parse(text) : text,
    issuedTo,
  }
}

t.test('a client without a certificate of the authority does not get to say anything', async (t) => {
  const strange = await stranger.issue('orders.svc', ['orders.svc'])
  for (const [about, client] of Object.entries({ none: undefined, 'of another authority': strange })) {
    for (const path of ['/refunds?tid=x', '/healthz', '/docs']) {
      await t.rejects(send(mutual.url, { path, ...(client && { client }) }), `${about}: ${path}`)
    }
    const body = refundRequest()
    const headers = bearer('desk-key')
    await t.rejects(send(mutual.url, { body, headers, ...(client && { client }) }), `${about}, with a key`)
    t.equal((await sandbox.cancels(body.tid)).calls, 0)
  }
})

t.test('the name in the certificate is the caller, with its scopes', async (t) => {
  const orders = await authority.issue('a name that DNS names overrule', ['orders.svc', 'orders'])
  const made = await send(mutual.url, { client: orders, body: refundRequest(), key: 'mine' })
  isRefund(t, made, 'succeeded')
  t.equal(made.body.requested_by, 'orders.svc')
  const byCommonName = await authority.issue('batch')
  t.equal((await send(mutual.url, { client: byCommonName })).status, 200)
  isProblem(t, await send(mutual.url, { client: byCommonName, body: refundRequest() }), 'forbidden')

  const nobody = {
    'of no caller': await authority.issue('nobody'),
    'whose common name is overruled': await authority.issue('batch', ['other.svc']),
    'of two callers': await authority.issue('x', ['batch', 'finance']),
    'with a wildcard': await authority.issue('x', ['*.svc']),
    'with a longer name': await authority.issue('x', ['orders.svc.attacker.test']),
    'of a caller that has a key': await authority.issue('desk'),
  }
  for (const [about, client] of Object.entries(nobody)) {
    isProblem(t, await send(mutual.url, { client }), 'unauthenticated', about)
  }
})

t.test(
  'a key that is sent says who calls, and a wrong one is not made good by the certificate',
  async (t) => {
    const client = await authority.issue('orders.svc')
    const headers = bearer('desk-key')
    const made = await send(mutual.url, { client, body: refundRequest(), headers })
    isRefund(t, made, 'succeeded')
    t.equal(made.body.requested_by, 'desk')
    isProblem(t, await send(mutual.url, { client, headers: bearer('wrong') }), 'unauthenticated')
  },
)

t.test('a certificate counts for no page of another site, which a browser would show it for', async (t) => {
  const client = await authority.issue('batch')
  const from = (site: string, more = {}) =>
    send(mutual.url, { client, headers: { 'sec-fetch-site': site, ...more } })
  for (const site of ['cross-site', 'same-site']) {
    isProblem(t, await from(site), 'unauthenticated', site)
    t.equal((await from(site, bearer('desk-key'))).status, 403, 'a key does, wherever it is sent from')
  }
  for (const site of ['same-origin', 'none']) t.equal((await from(site)).status, 200, site)
})

t.test('probes have a port of their own, with nothing else on it', async (t) => {
  const operationsUrl = /"Server listening at (http:[^"]+)"/.exec(mutual.output())?.[1] as string
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    t.equal((await fetch(operationsUrl + path)).status, 200, path)
  }
  for (const path of ['/refunds?tid=x', '/docs', '/openapi.json', '/payments/x']) {
    t.equal((await fetch(operationsUrl + path)).status, 404, path)
  }
})

t.test('old versions of TLS, and plain HTTP, are not spoken', async (t) => {
  const port = Number(new URL(mutual.url).port)
  const { cert, key } = await authority.issue('batch')
  const speak = async (options: ConnectionOptions) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, cert, key, ...options })
    await once(socket, 'secureConnect')
    const protocol = socket.getProtocol()
    socket.destroy()
    return protocol
  }
  t.equal(await speak({}), 'TLSv1.3')
  t.equal(await speak({ maxVersion: 'TLSv1.2' }), 'TLSv1.2')
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await t.rejects(speak(old))
  const plain = createConnection(port, '127.0.0.1')
  plain.on('error', () => {})
  plain.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const answered = (await plain.toArray().catch(() => [])).join('')
  t.notMatch(answered, / 200 /)
})

t.test('certificate and authority are read again, and no request fails for it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-tls-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [certFile, keyFile, caFile] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => join(directory, name))
  const put = async (certificate: Certificate, ca: string) => {
    await Promise.all([
      copyFile(certificate.certFile, certFile as string),
      copyFile(certificate.keyFile, keyFile as string),
      copyFile(ca, caFile as string),
    ])
  }
  await put(own, authority.certFile)
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(sandbox.base, redis, { API_KEYS: 'orders:cert:create+read', STORE_SECRETS }),
    TLS_CERT_FILE: certFile as string,
    TLS_KEY_FILE: keyFile as string,
    TLS_CLIENT_CA_FILE: caFile as string,
    OPERATIONS_PORT: '0',
  })
  const client = await authority.issue('orders')
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const issuedTo = async () => (await send(gateway.url, { client })).issuedTo
  t.equal(await issuedTo(), 'localhost')
  t.equal((await send(gateway.url, { client, agent })).status, 200)

  let isOver = false
  const statuses = new Set<number>()
  const load = (async () => {
    while (!isOver) statuses.add((await send(gateway.url, { client })).status)
  })()
  // A key of another certificate: the pair that was read last stays.
  await copyFile((await authority.issue('mismatch')).keyFile, keyFile as string)
  await until('the mistake', () => gateway.output().includes('got a key of another certificate'))
  t.equal(await issuedTo(), 'localhost')

  await put(await authority.issue('renewed', ['localhost']), authority.certFile)
  await until('the new certificate', async () => (await issuedTo()) === 'renewed')
  isOver = true
  await load
  t.same([...statuses], [200], 'all the while')
  t.equal((await send(gateway.url, { client, agent })).status, 200, 'on a connection from before, too')

  // Another authority for clients: who the former one vouched for gets no new connection, by a resumed session neither.
  const session = await sessionOf(gateway.url, client)
  await put(own, stranger.certFile)
  await until('the new authority', async () => !(await isLetIn(gateway.url, client)))
  t.notOk(await isLetIn(gateway.url, client, session), 'with a session from before')
  t.ok(await isLetIn(gateway.url, await stranger.issue('orders')))
})

async function sessionOf(url: string, { cert, key }: Certificate): Promise<Buffer | undefined> {
  const socket = connect({ port: Number(new URL(url).port), ca: authority.cert, cert, key })
  let session: Buffer | undefined
  socket.on('session', (given: Buffer) => {
    session = given
  })
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  await socket.toArray()
  return session
}

/** With TLS 1.3 the refusal of a certificate comes after the client's handshake, so an answer is what tells. */
async function isLetIn(url: string, { cert, key }: Certificate, session?: Buffer): Promise<boolean> {
  const options = { port: Number(new URL(url).port), ca: authority.cert, cert, key }
  const socket = connect({ ...options, ...(session && { session }) })
  socket.on('error', () => {})
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const answer = (await socket.toArray().catch(() => [])).join('')
  return answer.startsWith('HTTP/1.1 200')
}
