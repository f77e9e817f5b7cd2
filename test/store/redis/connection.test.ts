import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { HostPort } from '../../../src/config/config.ts'
import { type ConnectionTarget, connectRedis, sameServer } from '../../../src/store/redis/connection.ts'
import { watchDurability } from '../../../src/store/redis/durability.ts'
import { until } from '../../support/calls.ts'
import { createAuthority } from '../../support/certificates.ts'
import { isProblem, isRefund } from '../../support/contract.ts'
import { gatewayEnv, refundRequest } from '../../support/gateway.ts'
import { startTestRedis, type TestRedis } from '../../support/redis.ts'
import { startSandbox } from '../../support/sandbox.ts'
import { freePort, NAME, startSentinel } from '../../support/sentinel.ts'
import { spawnGateway } from '../../support/spawn-gateway.ts'

const [sandbox, authority] = await Promise.all([startSandbox(t), createAuthority(t)])
const [ofBoth, ofNames] = await Promise.all([
  authority.issue('localhost', ['localhost']),
  authority.issueForNames(['localhost']),
])

/** A client and what its watch finds. */
function watch(t: Test, target: ConnectionTarget, current?: () => ConnectionTarget) {
  const client = connectRedis(target, current)
  client.on('error', () => {})
  const found = watchDurability(client, {
    identity: { check: async () => null },
    minReplicas: 0,
    onChange() {},
  })
  t.teardown(() => {
    found.stop()
    client.disconnect()
  })
  return {
    client,
    becomes: (state: string) => until(`it is ${state}`, () => found.current().state === state),
  }
}

function admin(t: Test, server: TestRedis): Redis {
  const client = new Redis({ path: server.socketPath })
  client.on('error', () => {})
  t.teardown(() => client.disconnect())
  return client
}

/** What is sent to a port, in clear text or not. */
async function wiretap(t: Test, port: number) {
  const heard: Buffer[] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    near.on('data', (data) => heard.push(data))
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard).toString('latin1'),
  }
}

const files = ({ certFile, keyFile }: { certFile: string; keyFile: string }) =>
  Object.entries({
    'tls-cert-file': certFile,
    'tls-key-file': keyFile,
    'tls-ca-cert-file': authority.certFile,
    'tls-auth-clients': 'no',
  })
const tlsLines = (of: typeof ofBoth) => files(of).map((pair) => pair.join(' '))
const tlsArgs = (of: typeof ofBoth, port: number) => [
  ...['--tls-port', String(port)],
  ...files(of).flatMap(([name, value]) => [`--${name}`, value]),
]

const sentinels = (port: number): HostPort[] => [{ host: '127.0.0.1', port }]
const sentinelEnv = (port: number, url: string) => ({
  REDIS_SENTINELS: `127.0.0.1:${port}`,
  REDIS_SENTINEL_NAME: NAME,
  REDIS_URL: url,
})

t.jobs = 4

t.test('TLS that is lent holds for sentinels and the primary', { buffered: true }, async (t) => {
  const [primaryPort, port] = [await freePort(t), await freePort(t)]
  const primary = await startTestRedis(t, tlsArgs(ofBoth, primaryPort))
  await admin(t, primary).config('SET', 'requirepass', 'of-redis')
  await startSentinel(t, {
    ...{ port, primaryPort, quorum: 1 },
    lines: [...tlsLines(ofBoth), 'tls-replication yes', `sentinel auth-pass ${NAME} of-redis`],
    access: { tls: { ca: authority.cert } },
  })
  const tap = await wiretap(t, port)
  const env = { ...gatewayEnv(sandbox.base, primary), ...sentinelEnv(tap.port, 'rediss://:of-redis@x:1') }
  const gateway = await spawnGateway(t, { ...env, NODE_EXTRA_CA_CERTS: authority.certFile })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  t.ok(tap.heard().length > 0)
  t.notMatch(tap.heard().toUpperCase(), /SENTINEL|OF-REDIS/)

  const wary = await spawnGateway(t, env, { readyStatus: 503 })
  isProblem(t, await wary.refund(refundRequest()), 'store_unavailable')
  t.match(await detail(wary), /certificate.*NODE_EXTRA_CA_CERTS/)
})

const detail = async (gateway: Pick<Awaited<ReturnType<typeof spawnGateway>>, 'request'>) => {
  type Ready = { parts: { store: { detail: string } } }
  return (await gateway.request<Ready>('/readyz')).body.parts.store.detail
}

t.test('a password that is lent with TLS is never sent in clear text', { buffered: true }, async (t) => {
  const primary = await startTestRedis(t)
  await admin(t, primary).config('SET', 'requirepass', 'of-redis')
  const [tapped, port] = [await wiretap(t, primary.port), await freePort(t)]
  await startSentinel(t, {
    ...{ port, primaryPort: tapped.port, quorum: 1 },
    lines: [`sentinel auth-pass ${NAME} sentinels-own`, 'requirepass of-redis'],
    access: { password: 'of-redis' },
  })
  const tap = await wiretap(t, port)
  const env = { ...gatewayEnv(sandbox.base, primary), ...sentinelEnv(tap.port, 'rediss://:of-redis@x:1') }
  const gateway = await spawnGateway(t, env, { readyStatus: 503 })
  isProblem(t, await gateway.refund(refundRequest()), 'store_unavailable')
  for (const heard of [tap.heard(), tapped.heard()]) t.notMatch(heard, /of-redis/)
  t.notMatch(`${await detail(gateway)} ${gateway.output()}`, /of-redis/)
})

t.test(
  'a sentinel of this machine may speak in clear text, where the primary speaks TLS',
  { buffered: true },
  async (t) => {
    const [primaryPort, port] = [await freePort(t), await freePort(t)]
    const primary = await startTestRedis(t, tlsArgs(ofBoth, primaryPort))
    await startSentinel(t, {
      ...{ port, primaryPort, quorum: 1 },
      lines: [...tlsLines(ofBoth), 'tls-replication yes'],
    })
    const env = { ...gatewayEnv(sandbox.base, primary), ...sentinelEnv(port, 'rediss://x:1') }
    await spawnGateway(t, { ...env, NODE_EXTRA_CA_CERTS: authority.certFile })
  },
)

t.test(
  'sentinels with users of their own, with a password, and with neither',
  { buffered: true },
  async (t) => {
    const primary = await startTestRedis(t)
    await admin(t, primary).call('ACL', 'SETUSER', 'gateway', 'on', '>lent', '~*', '&*', '+@all')
    const login = { username: 'gateway', password: 'lent' }
    const kinds = {
      nothing: {},
      'a password': { lines: ['requirepass lent'], access: { password: 'lent' } },
      'the user': {
        lines: ['user default off', 'user gateway on >lent ~* &* +@all'],
        access: login,
      },
    }
    for (const [kind, settings] of Object.entries(kinds)) {
      const port = await freePort(t)
      await startSentinel(t, { port, primaryPort: primary.port, quorum: 1, ...settings })
      const target = { kind: 'sentinel', sentinels: sentinels(port), name: NAME } as const
      const { becomes } = watch(t, { ...target, url: 'redis://gateway:lent@x:1' })
      await becomes('durable')
      t.pass(kind)
    }
  },
)

async function startOneNodeCluster(t: Test, args: readonly string[]) {
  const server = await startTestRedis(t, ['--cluster-enabled', 'yes', ...args])
  const client = admin(t, server)
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('the slots are served', async () => (await client.cluster('INFO')).includes('cluster_state:ok'))
  return server
}

t.test('a Cluster by host names, with certificates for names alone', { buffered: true }, async (t) => {
  const port = await freePort(t)
  const server = await startOneNodeCluster(t, [
    ...tlsArgs(ofNames, port),
    ...['--tls-cluster', 'yes', '--cluster-announce-hostname', 'localhost'],
    ...['--cluster-preferred-endpoint-type', 'hostname'],
  ])
  const env = {
    ...gatewayEnv(sandbox.base, server),
    REDIS_URL: 'rediss://x:1',
    REDIS_CLUSTER_NODES: `localhost:${port}`,
  }
  const gateway = await spawnGateway(t, { ...env, NODE_EXTRA_CA_CERTS: authority.certFile })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')

  // Each refused certificate is two errors of a socket: the client's, and the server's alert.
  const byAddress = { ...env, REDIS_CLUSTER_NODES: `127.0.0.1:${port}` }
  for (const wary of [env, { ...byAddress, NODE_EXTRA_CA_CERTS: authority.certFile }]) {
    const gateway = await spawnGateway(t, wary, { readyStatus: 503 })
    await sleep(2_000)
    isProblem(t, await gateway.refund(refundRequest()), 'store_unavailable')
    t.match(await detail(gateway), /certificate/)
  }
})

t.test('a Cluster behind an address that it does not announce', { buffered: true }, async (t) => {
  const server = await startOneNodeCluster(t, ['--cluster-announce-ip', '127.0.0.1'])
  const { port } = await wiretap(t, server.port)
  const { client, becomes } = watch(t, { kind: 'cluster', nodes: [{ host: 'localhost', port }] })
  await becomes('durable')
  await client.set('key', 'value')
  t.equal(await client.get('key'), 'value')
})

t.test('a login that has changed is used from the next connection on', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const node = await startOneNodeCluster(t, ['--cluster-announce-ip', '127.0.0.1'])
  const port = await freePort(t)
  await startSentinel(t, { port, primaryPort: server.port, quorum: 1 })
  const targets = {
    url: (login: string) => ({ kind: 'url', url: `redis://${login}@127.0.0.1:${server.port}` }),
    sentinel: (login: string) => ({
      ...{ kind: 'sentinel', name: NAME, sentinels: sentinels(port) },
      url: `redis://${login}@x:1`,
    }),
    cluster: (login: string) => ({
      ...{ kind: 'cluster', nodes: [{ host: '127.0.0.1', port: node.port }] },
      url: `redis://${login}@x:1`,
    }),
  }
  for (const [kind, target] of Object.entries(targets)) {
    const operator = admin(t, kind === 'cluster' ? node : server)
    await operator.call('ACL', 'SETUSER', kind, 'reset', 'on', '>old', '~*', '&*', '+@all')
    let current = target(`${kind}:old`) as ConnectionTarget
    const { becomes } = watch(t, current, () => current)
    await becomes('durable')
    await operator.call('ACL', 'SETUSER', kind, 'resetpass', '>new')
    await operator.call('CLIENT', 'KILL', 'USER', kind)
    await becomes('unavailable')
    current = target(`${kind}:new`) as ConnectionTarget
    await becomes('durable')
    t.pass(kind)
  }
})

t.test('only a login may change while the gateway runs', async (t) => {
  const url = (text: string) => ({ kind: 'url', url: text }) as const
  const before = url('redis://a:b@host:1/2')
  t.equal(sameServer(before, url('redis://c:d@host:1/2')).kind, 'url')
  for (const other of [
    'redis://a:b@other:1/2',
    'redis://a:b@host:2/2',
    'redis://a:b@host:1/3',
    'rediss://a:b@host:1/2',
  ]) {
    t.throws(() => sameServer(before, url(other)), { message: /^REDIS_URL_FILE: got another server/ }, other)
  }
  t.throws(() => sameServer(before, { kind: 'private', dataDir: 'x' }))
  const cluster = { kind: 'cluster', nodes: [{ host: 'a', port: 1 }] } as const
  t.same(sameServer(cluster, { ...cluster, url: 'redis://a:b@x:1' }), { ...cluster, url: 'redis://a:b@x:1' })
  t.throws(() => sameServer({ ...cluster, url: 'rediss://x:1' }, { ...cluster, url: 'redis://y:1' }))
})
