import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { metric, resolveAsFailed, until } from '../../support/calls.ts'
import { createAuthority } from '../../support/certificates.ts'
import { isProblem, isRefund } from '../../support/contract.ts'
import { gatewayEnv, refundRequest } from '../../support/gateway.ts'
import { startTestRedis, type TestRedis } from '../../support/redis.ts'
import { withRedis } from '../../support/redis-content.ts'
import { startSandbox } from '../../support/sandbox.ts'
import { spawnGateway } from '../../support/spawn-gateway.ts'

const SECURITY = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8')

/** The rule that operators are told to set: what stands in the document is what is tested. */
const RULE = (/^ +ACL SETUSER gateway (.+)$/m.exec(SECURITY) as RegExpExecArray).slice(1).join().split(' ')

const SECRET = 's'.repeat(32)

const PASSWORD = 'p@ss:word/#1'
const [sandbox, authority] = await Promise.all([startSandbox(t), createAuthority(t)])

async function createUser(redis: TestRedis, rule: readonly string[]): Promise<string> {
  const rules = rule.map((word) => (word === '>password' ? `>${PASSWORD}` : word))
  await withRedis(redis, (client) => client.call('ACL', 'SETUSER', 'gateway', ...rules))
  return `gateway:${encodeURIComponent(PASSWORD)}@`
}

/**
 * What the gateway asks of Redis, all of it but for events: refunds of every outcome, what happens outside, reading,
 * lists, the sweep, the day before and metrics.
 */
async function useEverything(t: Test, gateway: Awaited<ReturnType<typeof spawnGateway>>) {
  const body = refundRequest()
  const made = await gateway.refund(body, 'key')
  isRefund(t, made, 'succeeded')
  isRefund(t, await gateway.refund(body, 'key'), 'succeeded', { replayed: true })
  isProblem(t, await gateway.refund(refundRequest({ tid: 'declined-acl-10000' })), 'provider_declined')
  isProblem(t, await gateway.refund(refundRequest({ tid: 'nevertoken-acl-10000' })), 'provider_auth_failed')
  const more = { payment: body.payment, tid: body.tid, amount: 1 }
  isProblem(t, await gateway.refund(refundRequest(more)), 'amount_exceeds_remaining')
  const unknown = await gateway.refund(refundRequest({ tid: 'html-acl-10000', amount: 100 }))
  isRefund(t, unknown, 'unknown')
  const lists = [`tid=${body.tid}`, 'status=unknown', 'status=processing'].map((query) => `/refunds?${query}`)
  for (const path of [`/refunds/${made.body.id}`, ...lists]) {
    t.equal((await gateway.request(path)).status, 200, path)
  }
  t.equal((await gateway.request(`/payments/${body.tid}`)).status, 200)
  const byTime = async () =>
    (await gateway.request<{ data: [] }>('/refunds?from=2026-01-01')).body.data.length
  await until('the list by time has one', async () => (await byTime()) > 0)
  const booking = { account: 'default', amount: 100, note: 'seen in the console' }
  const booked = await gateway.request(`/payments/${unknown.body.tid}/outside-refunds`, {
    body: booking,
    headers: { 'idempotency-key': 'booked' },
  })
  t.equal(booked.status, 201)
  const notification = {
    noti_type: 'cancel',
    tid: unknown.body.tid,
    cancel_amount: '77',
    cancel_date: '20260101103000',
  }
  const received = await gateway.request(`/cookiepay/notifications/${SECRET}`, { body: notification })
  t.equal(received.status, 200)
  const metrics = async () => (await gateway.request<string>('/metrics')).body
  await until('the day before', async () => (await metrics()).includes('reconciliation_differences{'))
  const found = await gateway.refund(refundRequest({ tid: 'html-found-10000' }))
  isRefund(t, found, 'unknown')
  const isFound = async () => (await gateway.request(`/refunds/${found.body.id}`)).body.status === 'succeeded'
  await until('the sweep has found it', isFound)
  t.equal((await resolveAsFailed(gateway, unknown.body.id)).status, 200)
  const isEmpty = async () => (await metric(gateway, 'refund_gateway_unsettled_refunds')) === 0
  await until('the index is empty', isEmpty)
}

t.test('an ACL user with the documented rule, and not one command more', async (t) => {
  const redis = await startTestRedis(t)
  const login = await createUser(redis, RULE)
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(sandbox.base, redis, { RECONCILE_INTERVAL_MS: '300', COOKIEPAY_TIMEOUT_MS: '1000' }),
    CALLER_LIMITS: '[{"caller":"anonymous","max_refunds_per_day":100}]',
    NOTIFICATION_SECRETS: SECRET,
    RECONCILE_DAILY_AT: '00:00',
    REDIS_URL: redis.url.replace('//', `//${login}`),
  })
  await useEverything(t, gateway)
  const log = await withRedis(redis, (client) => client.call('ACL', 'LOG'))
  t.same(log, [], 'Redis refused nothing')

  await withRedis(redis, async (client) => {
    await client.config('SET', 'appendonly', 'no')
    await client.set('something-else', 'x')
  })
  const { body } = await gateway.request('/readyz')
  t.match(JSON.stringify(body), /append-only file is off|durable/)
  const used = await withRedis(redis, (client) => client.info('commandstats'))
  const allowed = RULE.filter((word) => word.startsWith('+')).map((word) => word.slice(1))
  // For REDIS_MIN_REPLICAS, a claim that another request made, a difference of a reconciled day: none came up here.
  for (const command of allowed.filter((name) => !['wait', 'pttl', 'rpush'].includes(name))) {
    t.match(used, new RegExp(`cmdstat_${command.replace('|', '\\|')}:`), `${command} is needed`)
  }
})

t.test('rediss:// with a certificate of an authority of one’s own', async (t) => {
  const own = await authority.issue('localhost', ['localhost'])
  const port = 30_000 + Math.floor(Math.random() * 2_000)
  const redis = await startTestRedis(t, [
    ...['--tls-port', String(port), '--tls-cert-file', own.certFile, '--tls-key-file', own.keyFile],
    ...['--tls-ca-cert-file', authority.certFile, '--tls-auth-clients', 'no'],
  ])
  const login = await createUser(redis, RULE)
  const env = { ...gatewayEnv(sandbox.base, redis), REDIS_URL: `rediss://${login}localhost:${port}` }
  const trusting = await spawnGateway(t, { ...env, NODE_EXTRA_CA_CERTS: authority.certFile })
  isRefund(t, await trusting.refund(refundRequest()), 'succeeded')

  const wary = await spawnGateway(t, env, { readyStatus: 503 })
  isProblem(
    t,
    await wary.refund(refundRequest()),
    'store_unavailable',
    'a certificate that nobody vouches for',
  )
})
