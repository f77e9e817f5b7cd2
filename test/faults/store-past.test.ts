import { cp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkConfig } from '../../src/commands/parts/check-config.ts'
import { namedArguments, runAcceptStore } from '../support/accept-store.ts'
import { until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'
import { startTestSentinel } from '../support/sentinel.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

// What a gateway takes for new is sent. Each of these stores has forgotten a refund that was made.

/** Of nobody's key. */
const SHA256 = '0'.repeat(64)
const SECRETS = ['a', 'b', 'c', 'd'].map((letter) => Buffer.alloc(32, letter).toString('base64'))
const [SECRET_A, SECRET_B, SECRET_C, SECRET_D] = SECRETS as [string, string, string, string]

type Caller = Pick<TestGateway, 'request' | 'refund'>

async function storeDetail({ request }: Caller): Promise<string> {
  const { body } = await request<{ parts: { store: { detail: string } } }>('/readyz')
  return body.parts.store.detail
}

const isReady = async ({ request }: Caller) => (await request('/readyz')).status === 200
const becomesReady = (gateway: Caller) => until('it is ready', () => isReady(gateway), 15_000)
const becomesUnready = (gateway: Caller, what: RegExp) =>
  until('it is noticed', async () => what.test(await storeDetail(gateway)), 15_000)

const GONE_BACK = /^not_durable: it has gone back: /

/** Asked again, the gateway sends nothing a second time. */
async function isNotSentAgain(
  t: Test,
  gateway: Caller,
  { body, key }: { body: ReturnType<typeof refundRequest>; key: string },
) {
  isProblem(t, await gateway.refund(body, key), 'store_not_durable')
  t.notOk(await isReady(gateway))
}

/** The file that the server appends to. */
async function appendedFile({ dataDir }: TestRedis): Promise<string> {
  const directory = join(dataDir, 'appendonlydir')
  const name = (await readdir(directory)).find((file) => file.endsWith('.incr.aof')) as string
  return join(directory, name)
}

async function backUp(t: Test, { dataDir }: TestRedis) {
  const copy = t.testdir({})
  const files = join(dataDir, 'appendonlydir')
  await cp(files, copy, { recursive: true })
  return async () => {
    await rm(files, { recursive: true })
    await cp(copy, files, { recursive: true })
  }
}

async function startAll(t: Test) {
  const [redis, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
  const env = gatewayEnv(provider.url, redis)
  const lost = { body: refundRequest(), key: 'lost' }
  return { redis, provider, env, lost }
}

t.jobs = 4

t.test('a backup is put back under running gateways', { buffered: true }, async (t) => {
  const { redis, provider, env, lost } = await startAll(t)
  const [gateway, idle] = await Promise.all([startTestGateway(t, env), startTestGateway(t, env)])
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  const putBack = await backUp(t, redis)
  isRefund(t, await gateway.refund(lost.body, lost.key), 'succeeded')
  await redis.kill()
  await putBack()
  await redis.start()
  for (const one of [gateway, idle]) {
    await becomesUnready(one, GONE_BACK)
    await isNotSentAgain(t, one, lost)
  }
  const fresh = await startTestGateway(t, env)
  await isNotSentAgain(t, fresh, lost)
  t.equal(provider.cancels.length, 2)

  const accepted = await runAcceptStore(namedArguments(await storeDetail(fresh)), env)
  t.equal(accepted.status, 0, accepted.stderr)
  t.match(accepted.stdout, /^It is accepted that what was written between \S+Z and \S+Z is lost\./)
  for (const one of [gateway, idle, fresh]) await becomesReady(one)
  isRefund(t, await idle.refund(lost.body, lost.key), 'succeeded')
  t.equal(provider.cancels.length, 3, 'as the operator has accepted')
})

t.test('a backup is put back before a gateway that has a file', { buffered: true }, async (t) => {
  const { redis, provider, env, lost } = await startAll(t)
  const withFile = { ...env, STORE_MARK_FILE: join(t.testdir({}), 'mark.json') }
  const former = await spawnGateway(t, withFile)
  const putBack = await backUp(t, redis)
  isRefund(t, await former.refund(lost.body, lost.key), 'succeeded')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  former.signal('SIGKILL')
  await former.ended
  await redis.kill()
  await putBack()
  await redis.start()
  const latter = await spawnGateway(t, withFile, { readyStatus: 503 })
  t.match(await storeDetail(latter), GONE_BACK)
  await isNotSentAgain(t, latter, lost)
  t.equal(provider.cancels.length, 1)
  latter.signal('SIGTERM')
  t.equal(await latter.ended, 0)
  t.match(await storeDetail(await spawnGateway(t, withFile, { readyStatus: 503 })), GONE_BACK, 'also later')
})

t.test('the tail of the append-only file is cut under a running gateway', { buffered: true }, async (t) => {
  const { redis, provider, env, lost } = await startAll(t)
  const gateway = await startTestGateway(t, env)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const file = await appendedFile(redis)
  // At once, so that no mark was raised for the refund; and half a command is left.
  const { size } = await stat(file)
  isRefund(t, await gateway.refund(lost.body, lost.key), 'succeeded')
  await redis.kill()
  await truncate(file, size + 20)
  await redis.start()
  await becomesUnready(gateway, GONE_BACK)
  await isNotSentAgain(t, gateway, lost)
  await isNotSentAgain(t, await startTestGateway(t, env), lost)
  t.equal(provider.cancels.length, 2)
})

t.test('the tail is cut before a gateway that has a file', { buffered: true }, async (t) => {
  const { redis, provider, env, lost } = await startAll(t)
  const withFile = { ...env, STORE_MARK_FILE: join(t.testdir({}), 'mark.json') }
  const former = await startTestGateway(t, withFile)
  isRefund(t, await former.refund(refundRequest()), 'succeeded')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const file = await appendedFile(redis)
  const { size } = await stat(file)
  isRefund(t, await former.refund(lost.body, lost.key), 'succeeded')
  await former.close()
  await redis.kill()
  await truncate(file, size + 20)
  await redis.start()
  await isNotSentAgain(t, await startTestGateway(t, withFile), lost)
  t.equal(provider.cancels.length, 2)
})

t.test(
  'a process sleeps over it, and another one has taken the store for whole',
  { buffered: true },
  async (t) => {
    const { redis, provider, env, lost } = await startAll(t)
    const asleep = await spawnGateway(t, env)
    const putBack = await backUp(t, redis)
    isRefund(t, await asleep.refund(lost.body, lost.key), 'succeeded')
    await new Promise((resolve) => setTimeout(resolve, 500))
    asleep.signal('SIGSTOP')
    await redis.kill()
    await putBack()
    await redis.start()
    const fresh = await startTestGateway(t, env)
    isRefund(t, await fresh.refund(refundRequest()), 'succeeded')
    asleep.signal('SIGCONT')
    for (const one of [asleep, fresh]) {
      await becomesUnready(one, GONE_BACK)
      await isNotSentAgain(t, one, lost)
    }
    t.equal(provider.cancels.length, 2)
  },
)

t.test('Redis is killed and comes back whole', { buffered: true }, async (t) => {
  const { redis, env } = await startAll(t)
  const gateway = await startTestGateway(t, { ...env, STORE_MARK_FILE: join(t.testdir({}), 'mark.json') })
  for (let round = 0; round < 3; round++) {
    isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
    await redis.kill()
    await redis.start()
    await becomesReady(gateway)
  }
})

t.test('other STORE_SECRETS are refused until an operator accepts them', { buffered: true }, async (t) => {
  const { provider, env, lost } = await startAll(t)
  const start = async (secrets?: string) =>
    startTestGateway(t, secrets === undefined ? env : { ...env, STORE_SECRETS: secrets })
  const development = await start()
  isRefund(t, await development.refund(lost.body, lost.key), 'succeeded')
  await development.close()
  const other = await start(SECRET_A)
  t.match(await storeDetail(other), /none of STORE_SECRETS/)
  await isNotSentAgain(t, other, lost)
  t.ok(await isReady(await start()), 'the right one still is')
  t.notOk(await isReady(await start(`${SECRET_B},${SECRET_C}`)), 'nor does one that was refused')

  const named = namedArguments(await storeDetail(other))
  const refused = await runAcceptStore(named, env)
  t.equal(refused.status, 1, 'with the secret that is known')
  t.match(refused.stderr, 'nothing is to accept')
  const accepted = await runAcceptStore(named, { ...env, STORE_SECRETS: SECRET_A })
  t.equal(accepted.status, 0, accepted.stderr)
  await becomesReady(other)
  isProblem(t, await other.refund(lost.body, lost.key), 'idempotency_key_reused')

  // Two that came up with a new secret of their own, and both know the last one.
  const [one, two] = await Promise.all([start(`${SECRET_B},${SECRET_A}`), start(`${SECRET_C},${SECRET_A}`)])
  for (const replica of [one, two]) isRefund(t, await replica.refund(refundRequest()), 'succeeded')
  for (const secrets of [SECRET_B, SECRET_C]) t.ok(await isReady(await start(secrets)))
  t.notOk(await isReady(await start(SECRET_D)))
  t.equal(provider.cancels.length, 3)
})

t.test(
  'callers do not get names, nor lose them, until an operator accepts it',
  { buffered: true },
  async (t) => {
    const { provider, env, lost } = await startAll(t)
    const withKeys = { ...env, API_KEYS: `shop:${SHA256}:create+read` }
    const open = await startTestGateway(t, env)
    isRefund(t, await open.refund(lost.body, lost.key), 'succeeded')
    const named = await startTestGateway(t, withKeys)
    t.match(await storeDetail(named), /an open gateway wrote it/)
    t.ok(await isReady(open))
    t.equal((await runAcceptStore(['--from-keys'], env)).status, 1, 'the other way round')

    const accepted = await runAcceptStore(namedArguments(await storeDetail(named)), withKeys)
    t.equal(accepted.status, 0, accepted.stderr)
    t.match(accepted.stdout, 'with API_KEYS')
    await becomesReady(named)
    await becomesUnready(open, /a gateway with API_KEYS wrote it/)
    await isNotSentAgain(t, open, lost)
    const others = await startTestGateway(t, { ...env, API_KEYS: `other:${SHA256}:read` })
    t.ok(await isReady(others), 'names may change freely')

    t.equal((await runAcceptStore(namedArguments(await storeDetail(open)), env)).status, 0)
    await becomesReady(open)
    await becomesUnready(named, /an open gateway wrote it/)
    t.equal(provider.cancels.length, 1)
  },
)

t.test('a check of the configuration is no gateway that writes', { buffered: true }, async (t) => {
  const { env } = await startAll(t)
  const account = { COOKIEPAY_ID: 'shop', COOKIEPAY_KEY: 'shop-key', COOKIEPAY_PG: 'toss' }
  const lines: string[] = []
  t.ok(await checkConfig({ ...account, ...env }, (line) => lines.push(line)), lines.join('\n'))
  const named = { ...env, API_KEYS: `shop:${SHA256}:create+read`, STORE_SECRETS: SECRET_A }
  const gateway = await startTestGateway(t, named)
  t.ok(await isReady(gateway))
  const found: string[] = []
  t.notOk(await checkConfig({ ...account, ...env }, (line) => found.push(line)))
  t.match(found.join('\n'), /none of STORE_SECRETS.+/)
  t.match(found.join('\n'), /a gateway with API_KEYS wrote it/, 'both at once')
})

t.test(
  'a failover that lost nothing is none, and one to a replica that was behind is noticed',
  { buffered: true },
  async (t) => {
    const [sentinel, provider] = await Promise.all([startTestSentinel(t), startProviderStub(t)])
    const env = { ...sentinel.env, COOKIEPAY_BASE_URL: provider.url }
    const careful = await startTestGateway(t, { ...env, REDIS_MIN_REPLICAS: '1' })
    await becomesReady(careful)
    isRefund(t, await careful.refund(refundRequest()), 'succeeded')
    for (const how of ['asked for', 'by a death'] as const) {
      const before = await sentinel.primary()
      if (how === 'asked for') await sentinel.failOver()
      else {
        await before.kill()
        await until('there is another primary', async () => (await sentinel.primary()) !== before, 30_000)
        await before.start()
      }
      await sentinel.untilReplicated()
      await becomesReady(careful)
      isRefund(t, await careful.refund(refundRequest()), 'succeeded', { about: how })
    }
    await careful.close()

    const hasty = await startTestGateway(t, env)
    const lost = { body: refundRequest(), key: 'lost' }
    await becomesReady(hasty)
    const primary = await sentinel.primary()
    const replica = sentinel.servers.find((server) => server !== primary) as TestRedis
    process.kill(replica.pid, 'SIGSTOP')
    // What is on its way would be read when it goes on.
    await withRedis(primary, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'replica'))
    isRefund(t, await hasty.refund(lost.body, lost.key), 'succeeded')
    await primary.kill()
    process.kill(replica.pid, 'SIGCONT')
    await until('the replica takes over', async () => (await sentinel.primary()) === replica, 30_000)
    await becomesUnready(hasty, GONE_BACK)
    await isNotSentAgain(t, hasty, lost)
  },
)
