import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { refundId } from '../../src/refunds/refund-id.ts'
import { keys } from '../../src/store/keys.ts'
import { resolveAsFailed, until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { TERMS } from '../support/cookiepay.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { MERCHANT } from '../support/merchant.ts'
import { accept, json, reset, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'
import { startStubbedGateway, UNDISTURBED } from '../support/stubbed-gateway.ts'

const account = (name: string, key: string, id = name) => ({ name, id, key, pg: 'toss' })
const asConfigured = ({ name, id, key }: ReturnType<typeof account>) =>
  ({ name, id, key, pg: 'toss', ...TERMS }) as const

/** How Kubernetes mounts a secret: files are links through `..data`, which is swapped as a whole. */
async function mountSecret(t: Test, contents: Record<string, string>) {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-secret-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  let version = 0
  async function swap(next: Record<string, string>): Promise<void> {
    version += 1
    const name = `..version-${version}`
    await mkdir(join(directory, name))
    for (const [file, content] of Object.entries(next)) await writeFile(join(directory, name, file), content)
    await symlink(name, join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), join(directory, '..data'))
  }
  await swap(contents)
  for (const file of Object.keys(contents)) await symlink(join('..data', file), join(directory, file))
  return { path: (file: string) => join(directory, file), swap }
}

/** Callers that make refund after refund, each as `headers` says at that moment, and how each was answered. */
function startLoad(refund: () => Promise<{ status: number; body: { code?: string } }>) {
  const answers = new Map<string, number>()
  let isOver = false
  const call = async () => {
    while (!isOver) {
      const { status, body } = await refund()
      const answer = `${status} ${body.code ?? ''}`.trim()
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
  }
  const callers = Promise.all(Array.from({ length: 4 }, call))
  return {
    async stop() {
      isOver = true
      await callers
      return Object.fromEntries(answers)
    },
  }
}

t.test('keys and accounts rotate in a stream of refunds, and none is refused', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  // The provider takes the old key and, once it is told so, the new one alone.
  const accepted = new Set(['account-key-1'])
  stub.onToken((response, call) => {
    const isAccepted = accepted.has(String(call.body.pay2_key))
    const answer = isAccepted
      ? { RTN_CD: '0000', TOKEN: `token-of-${call.body.pay2_key}` }
      : { RTN_CD: '9999' }
    json(answer)(response, call, 0)
  })
  stub.onCancel((response, call, index) => {
    const isAccepted = [...accepted].some((key) => call.headers.token === `token-of-${key}`)
    ;(isAccepted ? accept : json({ RTN_CD: 'T001' }, 401))(response, call, index)
  })
  const files = {
    'api-keys': apiKey('orders', 'old-key'),
    'accounts.json': JSON.stringify([account('shop', 'account-key-1')]),
  }
  const secret = await mountSecret(t, files)
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(stub.url, redis, UNDISTURBED),
    COOKIEPAY_ID: '',
    COOKIEPAY_KEY: '',
    COOKIEPAY_PG: '',
    API_KEYS_FILE: secret.path('api-keys'),
    COOKIEPAY_ACCOUNTS_FILE: secret.path('accounts.json'),
  })
  const rotations = () => gateway.output().split('"rotated: ').length - 1
  const refused = () => gateway.output().split('"not rotated: ').length - 1
  const isKnown = async (key: string) => {
    // Asked seldom: a hundred wrong keys a minute are the limit of an address.
    await sleep(100)
    return (await gateway.request('/refunds?tid=x', { headers: bearer(key) })).status !== 401
  }

  let key = 'old-key'
  const load = startLoad(() => gateway.refund(refundRequest({ account: 'shop' }), undefined, bearer(key)))

  await secret.swap({ ...files, 'api-keys': `${files['api-keys']},${apiKey('orders', 'new-key')}\n` })
  await until('the new key', () => isKnown('new-key'))
  t.ok(await isKnown('old-key'), 'the old key stays until it is removed')

  key = 'new-key'
  accepted.add('account-key-2')
  const accounts = JSON.stringify([account('shop', 'account-key-2'), account('second', 'account-key-2')])
  await secret.swap({ 'api-keys': apiKey('orders', 'new-key'), 'accounts.json': accounts })
  await until('the end of the old key', async () => !(await isKnown('old-key')))
  await until('the new account key', () =>
    stub.cancels.some(({ headers }) => headers.apikey === 'account-key-2'),
  )
  accepted.delete('account-key-1')

  const calls = stub.cancels.length
  await until('refunds with the new key', () => stub.cancels.length > calls + 20)
  isProblem(t, await gateway.refund(refundRequest(), undefined, bearer('old-key')), 'unauthenticated')
  await until('rotations are logged', () => rotations() >= 1)
  t.ok(rotations() >= 1, 'rotations are logged')

  // Mistakes: what was read last stays in force, and the log names them without the secret.
  await secret.swap({ 'api-keys': 'orders:hush-key:create', 'accounts.json': '[{"name":"shop","key":"hush-' })
  await until('both mistakes', () => refused() === 2)
  await until('more refunds', () => stub.cancels.length > calls + 40)
  await secret.swap({ 'api-keys': '', 'accounts.json': accounts })
  await until('an empty file', () => refused() === 3)
  const twice = JSON.stringify([account('shop', 'account-key-2'), account('second', 'account-key-2', 'shop')])
  await secret.swap({ 'api-keys': apiKey('orders', 'new-key'), 'accounts.json': twice })
  await until('one merchant under two names', () => refused() === 4)
  isRefund(
    t,
    await gateway.refund(refundRequest({ account: 'second' }), undefined, bearer('new-key')),
    'succeeded',
  )
  t.ok(await isKnown('new-key'))

  const answers = await load.stop()
  t.same(Object.keys(answers), ['201'], JSON.stringify(answers))
  const lines = gateway.output().split('\n')
  t.match(
    lines.find((line) => line.includes('API_KEYS_FILE: got')),
    /a hidden value with a wrong SHA-256/,
  )
  t.match(
    lines.find((line) => line.includes('COOKIEPAY_ACCOUNTS_FILE: got')),
    /not a JSON array/,
  )
  for (const hushed of ['hush-', 'new-key', 'account-key', apiKey('x', 'new-key').slice(2, 66)]) {
    t.notOk(gateway.output().includes(hushed), `${hushed} is not logged`)
  }
})

t.test('an account that is removed: no new refunds, and what there is stays true', async (t) => {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const [a, b] = [account('a', 'key-a'), account('b', 'key-b')]
  const gateway = await startTestGateway(t, {
    ...gatewayEnv(sandbox.base, redis, { COOKIEPAY_TIMEOUT_MS: '1500', RECONCILE_INTERVAL_MS: '300' }),
    ...{ COOKIEPAY_ID: '', COOKIEPAY_KEY: '', COOKIEPAY_PG: '' },
    COOKIEPAY_ACCOUNTS_FILE: join(t.testdir({ accounts: JSON.stringify([a, b]) }), 'accounts'),
  })
  const made = refundRequest({ account: 'a' })
  isRefund(t, await gateway.refund(made, 'made'), 'succeeded')
  const lost = refundRequest({ account: 'a', tid: 'hang-removed-10000' })
  const unknown = await gateway.refund(lost, 'lost')
  isRefund(t, unknown, 'unknown')
  const slow = refundRequest({ account: 'a', tid: 'delay600-removed-10000' })
  const running = gateway.refund(slow, 'slow')
  await until('the call', async () => (await sandbox.cancels(slow.tid)).calls === 1)

  gateway.rotate({ accounts: [asConfigured(b)] })
  isRefund(t, await running, 'succeeded', { about: 'in flight' })
  isProblem(t, await gateway.refund(refundRequest({ account: 'a' })), 'unknown_account')
  isRefund(t, await gateway.refund(made, 'made'), 'succeeded', { replayed: true })
  isRefund(t, await gateway.refund(lost, 'lost'), 'unknown', { replayed: true })
  isRefund(t, await gateway.refund(refundRequest(), undefined), 'succeeded', { about: 'at the other one' })

  // The sweep goes on past the refund that cannot be looked up, and takes it up again with its account.
  const ofOther = refundRequest({ account: 'b', tid: 'timeout-other-10000' })
  const other = await gateway.refund(ofOther, 'other')
  isRefund(t, other, 'unknown')
  const statusOf = async (id: string) => (await gateway.request(`/refunds/${id}`)).body.status
  await until('the lookup', async () => (await statusOf(other.body.id)) === 'succeeded')
  t.equal(await statusOf(unknown.body.id), 'unknown')

  t.equal((await resolveAsFailed(gateway, unknown.body.id)).status, 200, 'by hand')
  isProblem(t, await gateway.refund(lost, 'lost'), 'provider_declined')

  gateway.rotate({ accounts: [asConfigured(a), asConfigured(b)] })
  isRefund(t, await gateway.refund(refundRequest({ account: 'a' })), 'succeeded', { about: 'back again' })
})

t.test('a renamed account finds what it did: replays, lists, ledger and lookup', async (t) => {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const [shop, store] = [account('shop', 'key', '{id}:1'), account('store', 'key', '{id}:1')]
  const gateway = await startTestGateway(t, {
    ...gatewayEnv(sandbox.base, redis, { COOKIEPAY_TIMEOUT_MS: '1500', RECONCILE_INTERVAL_MS: '300' }),
    ...{ COOKIEPAY_ID: '', COOKIEPAY_KEY: '', COOKIEPAY_PG: '' },
    COOKIEPAY_ACCOUNTS_FILE: join(t.testdir({ accounts: JSON.stringify([shop]) }), 'accounts'),
  })
  const made = refundRequest({ amount: 6_000 })
  const named = refundRequest({ account: 'shop' })
  isRefund(t, await gateway.refund(made, 'made'), 'succeeded')
  isRefund(t, await gateway.refund(named, 'named'), 'succeeded')
  const unknown = refundRequest({ tid: 'timeout-again-10000' })
  const lost = await gateway.refund(unknown, 'unknown')
  isRefund(t, lost, 'unknown')
  gateway.rotate({ accounts: [asConfigured(store)] })

  isRefund(t, await gateway.refund(made, 'made'), 'succeeded', { replayed: true })
  isRefund(t, await gateway.refund(named, 'named'), 'succeeded', {
    replayed: true,
    about: 'by its former name',
  })
  isProblem(
    t,
    await gateway.refund({ ...made, account: 'store', amount: 4_001 }, 'again'),
    'amount_exceeds_remaining',
  )
  t.match((await gateway.request(`/payments/${made.tid}?account=store`)).body, {
    account: 'store',
    refunded: 6_000,
    remaining: 4_000,
    refunds: [{ account: 'shop' }],
  })
  t.match((await gateway.request(`/refunds?tid=${made.tid}&account=store`)).body, {
    data: [{ account: 'shop' }],
  })
  const statusOf = async () => (await gateway.request(`/refunds/${lost.body.id}`)).body.status
  await until('the lookup', async () => (await statusOf()) === 'succeeded')
})

t.test('unsettled refunds are listed by the merchant, whatever its account was called', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  stub.onCancel(reset)
  const gateway = await startTestGateway(t, gatewayEnv(stub.url, redis, UNDISTURBED))
  const unknown = await gateway.refund(refundRequest())
  isRefund(t, unknown, 'unknown')
  const renamed = { name: 'store', id: 'shop', key: 'shop-key', pg: 'toss', ...TERMS } as const
  const other = { ...renamed, name: 'default', id: 'another' } as const
  gateway.rotate({ accounts: [renamed, other] })
  const listed = async (name: string) => {
    const { body } = await gateway.request<{ data: { id: string }[] }>(
      `/refunds?status=unknown&account=${name}`,
    )
    return body.data.map(({ id }) => id)
  }
  t.same(await listed('store'), [unknown.body.id])
  t.same(await listed('default'), [], 'nor is it taken for that of who has its name now')
})

t.test('a name that goes to another merchant takes nothing of what is under way', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const env = gatewayEnv(stub.url, redis, UNDISTURBED)
  const gateway = await startTestGateway(t, env)
  const other = { name: 'default', id: 'another', key: 'another-key', pg: 'toss', ...TERMS } as const
  // The first try is turned down while the name goes to another merchant; the second is made after that.
  stub.onCancel((response, call, index) => {
    if (index > 0) return accept(response, call, index)
    gateway.rotate({ accounts: [other] })
    json({ RTN_CD: 'E003', RTN_MSG: 'TOKEN이 유효하지 않습니다' })(response, call, index)
  })
  const body = refundRequest()
  const answer = await gateway.refund(body, 'key')
  isRefund(t, answer, 'succeeded')
  t.match(
    stub.cancels.map(({ headers }) => headers.apikey),
    ['shop-key', 'shop-key'],
  )
  t.match(
    stub.tokens.map(({ body }) => body.pay2_id),
    ['shop', 'shop'],
  )
  isProblem(t, await gateway.request(`/payments/${body.tid}`), 'not_found', 'of the other merchant')
  isRefund(t, await gateway.refund(body, 'key'), 'succeeded', { replayed: true })
  // The same payment id of the other merchant is another payment.
  isRefund(t, await gateway.refund(body, 'other-key'), 'succeeded')
  t.equal(stub.cancels.at(-1)?.headers.apikey, 'another-key')
})

t.test('a changed key of an account discards its token, in memory and in Redis', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const env = gatewayEnv(stub.url, redis, UNDISTURBED)
  const gateway = await startTestGateway(t, env)
  const refund = async (of: typeof gateway) => {
    isRefund(t, await of.refund(refundRequest()), 'succeeded')
    const { headers } = stub.cancels.at(-1) as (typeof stub.cancels)[number]
    return `${headers.token} ${headers.apikey}`
  }
  t.equal(await refund(gateway), 'token-0 shop-key')
  const changed = { name: 'default', id: 'shop', key: 'next-key', pg: 'toss', ...TERMS } as const
  gateway.rotate({ accounts: [changed] })
  t.equal(await refund(gateway), 'token-1 next-key')
  t.match(
    stub.tokens.map(({ body }) => body.pay2_key),
    ['shop-key', 'next-key'],
  )

  const sharing = await startTestGateway(t, { ...env, COOKIEPAY_KEY: 'next-key' })
  t.equal(await refund(sharing), 'token-1 next-key', 'a replica shares the new one')
  gateway.rotate({ accounts: [{ ...changed }] })
  t.equal(await refund(gateway), 'token-1 next-key', 'nothing has changed')
  const stale = await startTestGateway(t, env)
  t.equal(await refund(stale), 'token-2 shop-key', 'who has the old key still does not get it')
})

t.test('a token that is fetched while the key changes is not kept', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  let answerToken = () => {}
  stub.onToken((response, call, index) => {
    answerToken = () => json({ RTN_CD: '0000', TOKEN: `token-${index}` })(response, call, index)
    if (index > 0) answerToken()
  })
  const gateway = await startTestGateway(t, gatewayEnv(stub.url, redis, UNDISTURBED))
  const first = gateway.refund(refundRequest())
  await until('the token call', () => stub.tokens.length === 1)
  gateway.rotate({ accounts: [{ name: 'default', id: 'shop', key: 'next-key', pg: 'toss', ...TERMS }] })
  answerToken()
  isRefund(t, await first, 'succeeded', { about: 'who waited for it' })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  t.match(
    stub.cancels.map(({ headers }) => headers.token),
    ['token-0', 'token-1'],
  )
})

t.test('a claim of the former only account is not sent with another one', async (t) => {
  const [sandbox, fresh, redis] = await Promise.all([startSandbox(t), startSandbox(t), startTestRedis(t)])
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis))
  const body = refundRequest()
  // As a process leaves it that dies between claim and begin.
  const id = refundId('anonymous', 'claimed')
  isRefund(t, await gateway.refund(body, 'claimed'), 'succeeded')
  await withRedis(redis, async (client) => {
    const claim = (await client.get(keys.claim(id))) as string
    await client.flushall()
    await client.set(keys.claim(id), claim)
  })
  await gateway.close()
  const other = await startTestGateway(t, {
    ...gatewayEnv(fresh.base, redis),
    ...{ COOKIEPAY_ID: '', COOKIEPAY_KEY: '', COOKIEPAY_PG: '' },
    COOKIEPAY_ACCOUNTS_FILE: join(
      t.testdir({ accounts: JSON.stringify([account('b', 'key-b')]) }),
      'accounts',
    ),
  })
  const answer = await other.refund(body, 'claimed')
  isRefund(t, answer, 'succeeded')
  t.equal(answer.body.account, 'b')
  t.match((await other.request(`/payments/${body.tid}`)).body, { account: 'b', refunded: 10_000 })
  isRefund(t, await other.refund(body, 'claimed'), 'succeeded', { replayed: true })
})

t.test('STORE_SECRETS rotate in three rounds of restarts, without a replay or a token lost', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const [old, next] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string]
  const start = (secrets: string) =>
    startTestGateway(t, gatewayEnv(stub.url, redis, { ...UNDISTURBED, STORE_SECRETS: secrets }))
  const rounds = [[old], [old, next], [next, old], [next]].map(String)
  const made: { body: ReturnType<typeof refundRequest>; key: string }[] = []
  // Replicas restart one by one: at each step those of the round before still run.
  let former = await start(rounds[0] as string)
  for (const [index, secrets] of rounds.slice(1).entries()) {
    const latter = await start(secrets)
    for (const [name, replica] of Object.entries({ former, latter })) {
      const refund = { body: refundRequest(), key: `${name}-${index}` }
      isRefund(t, await replica.refund(refund.body, refund.key), 'succeeded')
      made.push(refund)
    }
    const isLast = index === 2
    // What was signed before the last round needs the old secret; its retention is over by then.
    for (const { body, key } of made.slice(isLast ? -2 : 0)) {
      for (const replica of [former, latter]) {
        isRefund(t, await replica.refund(body, key), 'succeeded', {
          replayed: true,
          about: `${key}, ${secrets}`,
        })
      }
    }
    former = latter
  }
  t.equal(stub.cancels.length, 6, 'each was sent once')
  t.equal(stub.tokens.length, 2, 'one token under each secret')
  const [first] = made as [(typeof made)[number]]
  isProblem(
    t,
    await former.refund(first.body, first.key),
    'idempotency_key_reused',
    'too early: never sent twice',
  )
  t.equal(stub.cancels.length, 6)
})

t.test('the password of Redis rotates, and another server is not taken for the same', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const setUser = (...rules: string[]) =>
    withRedis(redis, (client) => client.call('ACL', 'SETUSER', 'gateway', ...rules))
  await setUser('on', '>old-password', '~*', '&*', '+@all')
  const url = (password: string) => `redis://gateway:${password}@127.0.0.1:${redis.port}`
  const secret = await mountSecret(t, { url: url('old-password') })
  const { REDIS_URL: _, ...env } = gatewayEnv(stub.url, redis, UNDISTURBED)
  const gateway = await spawnGateway(t, { ...env, REDIS_URL_FILE: secret.path('url') })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  // What the files hold first is read once more after the start, and is no rotation.
  await sleep(2_500)

  await setUser('>new-password')
  await secret.swap({ url: `${url('new-password')}\n` })
  await until('the rotation', () => gateway.output().includes('"rotated: '))
  await setUser('<old-password')
  await withRedis(redis, (client) => client.call('CLIENT', 'KILL', 'USER', 'gateway'))
  // Until it has noticed that it was cut off, it still says that it is ready.
  const body = refundRequest()
  await until('it is connected again', async () => (await gateway.refund(body, 'again')).status === 201)

  await secret.swap({ url: 'redis://gateway:new-password@127.0.0.1:1' })
  await until('the refusal', () => gateway.output().includes('"not rotated: '))
  t.match(gateway.output(), /REDIS_URL_FILE: got another server/)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded', { about: 'at the one that it had' })
  t.notMatch(gateway.output(), /old-password|new-password/)
})

t.test('a longer timeout: leases of what is begun from then on are longer, too', async (t) => {
  const { stub, gateway, redis } = await startStubbedGateway(t, {
    COOKIEPAY_CONNECT_TIMEOUT_MS: '300',
    COOKIEPAY_TIMEOUT_MS: '300',
  })
  const [LATE_MS, SLACK_MS] = [600, 5_000]
  stub.onCancel((...call) => setTimeout(() => accept(...call), LATE_MS))
  isRefund(t, await gateway.refund(refundRequest()), 'unknown')

  gateway.rotate({
    accounts: [{ ...asConfigured(account('default', 'shop-key', 'shop')), timeoutMs: 8_000 }],
  })
  const body = refundRequest()
  const answer = gateway.refund(body)
  await until('it is at the provider', () => stub.cancels.length === 2)
  const texts = await withRedis(redis, (client) => client.hvals(keys.payment(MERCHANT, body.tid)))
  const [, leaseUntil, , begunAt] = (texts.find((text) => text.startsWith('processing ')) ?? '')
    .split(' ', 9)
    .slice(5)
    .map(Number) as [number, number, number, number]
  t.equal(leaseUntil - begunAt, 300 + 8_000 + SLACK_MS)
  isRefund(t, await answer, 'succeeded')
})
