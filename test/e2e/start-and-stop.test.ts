import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { VARIABLES } from '../../src/config/variables.ts'
import { until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { accept, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { allow } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'
import { runGateway, spawnGateway } from '../support/spawn-gateway.ts'
import { UNDISTURBED } from '../support/stubbed-gateway.ts'

// Each test waits for processes of its own; two at a time.
t.jobs = 2

const SECRET = 'hush-this-is-a-secret'
const ACCOUNT = { COOKIEPAY_ID: 'shop', COOKIEPAY_KEY: 'shop-key', COOKIEPAY_PG: 'toss' }

/** A value of each variable that is wrong by itself, and what a start must say it got, where that is no secret. */
const WRONG: Record<keyof typeof VARIABLES, [value: string, got?: string]> = {
  HOST: ['http://localhost', 'http://localhost'],
  PORT: ['70000', '70000'],
  OPERATIONS_PORT: ['none', 'none'],
  TLS_CERT: ['/etc/tls/tls.crt'],
  TLS_KEY: [SECRET],
  TLS_CLIENT_CA: ['/etc/tls/ca.crt'],
  LOG_LEVEL: ['loud', 'loud'],
  REDIS_URL: [`http://:${SECRET}@localhost`],
  REDIS_CLUSTER_NODES: ['nowhere', 'nowhere'],
  REDIS_SENTINELS: ['localhost:0', 'localhost:0'],
  REDIS_SENTINEL_NAME: ['two words', 'two words'],
  DATA_DIR: ['a\nb'],
  REDIS_DURABILITY: ['maybe', 'maybe'],
  REDIS_MIN_REPLICAS: ['many', 'many'],
  REDIS_STORE_ID: ['mine', 'mine'],
  STORE_MARK_FILE: ['a\nb'],
  COOKIEPAY_BASE_URL: [`https://shop:${SECRET}@localhost`],
  COOKIEPAY_ID: ['two words', 'two words'],
  COOKIEPAY_KEY: [`${SECRET} `],
  COOKIEPAY_PG: ['paypal', 'paypal'],
  COOKIEPAY_ACCOUNTS_FILE: ['/nowhere/accounts.json', '/nowhere/accounts.json'],
  COOKIEPAY_CONNECT_TIMEOUT_MS: ['299', '299'],
  COOKIEPAY_TIMEOUT_MS: ['20s', '20s'],
  COOKIEPAY_AMBIGUOUS_CODES: ['a b', 'a b'],
  COOKIEPAY_DECLINED_CODES: ['paypal:1', 'paypal:1'],
  COOKIEPAY_FULL_CANCEL: ['never', 'never'],
  COOKIEPAY_PAYMENT_SPACING_MS: ['-1', '-1'],
  PAYMENT_LOOKUP: ['on', 'on'],
  API_KEYS: [`shop:${SECRET}:create`],
  CALLER_LIMITS: ['[{"caller": "a b"}]', ''],
  STORE_SECRETS: [SECRET],
  NOTIFICATION_SECRETS: [SECRET],
  EVENT_ENDPOINTS: [`[{"name": "orders", "url": "https://a.test", "secret": "${SECRET}"}]`],
  RATE_LIMIT_MAX: ['0', '0'],
  RATE_LIMIT_WINDOW_MS: ['-1', '-1'],
  IDEMPOTENCY_RETENTION_HOURS: ['soon', 'soon'],
  LEDGER_RETENTION_DAYS: ['1e9', '1e9'],
  JOURNAL_RETENTION_DAYS: ['1e9', '1e9'],
  RESOLVE_FAILED_AFTER_MS: ['0', '0'],
  DUPLICATE_WINDOW_SECONDS: ['86401', '86401'],
  RECONCILE_INTERVAL_MS: ['0', '0'],
  RECONCILE_DAILY_AT: ['24:00', '24:00'],
  OTEL_EXPORTER_OTLP_ENDPOINT: [`https://shop:${SECRET}@localhost`],
}

/** The start ended with status 1, with one line for each of these names, in any order, and no secret. */
function hasMistakes(
  t: Test,
  { status, stdout, stderr }: Awaited<ReturnType<typeof runGateway>>,
  names: readonly string[],
): void {
  t.equal(status, 1, 'exit status')
  t.equal(stdout, '', 'nothing but the mistakes')
  const lines = stderr.trimEnd().split('\n')
  const named = lines.map((line) => /^([A-Z_]+): got .+; takes .+$/.exec(line)?.[1] ?? line)
  t.strictSame(named.sort(), [...names].sort())
  t.notOk(stderr.includes(SECRET), stderr)
}

t.test('a wrong value stops the start with one line per mistake', { buffered: true }, async (t) => {
  // An account is configured by a file or by three variables.
  const { COOKIEPAY_ACCOUNTS_FILE: accountsFile, ...others } = WRONG
  const env = Object.fromEntries(Object.entries(others).map(([name, [value]]) => [name, value]))
  const started = await runGateway(t, env)
  // Nodes are told a second time, because of the sentinels beside them.
  hasMistakes(t, started, [...Object.keys(others), 'REDIS_CLUSTER_NODES'])
  for (const [name, [, got]] of Object.entries(others)) {
    const line = started.stderr.split('\n').find((line) => line.startsWith(`${name}: `))
    if (got) t.ok(line?.includes(`"${got}"`), `says what it got: ${line}`)
  }
  const alone = await runGateway(t, { ...ACCOUNT, STORE_SECRETS: SECRET })
  hasMistakes(t, alone, ['STORE_SECRETS'])
  hasMistakes(t, await runGateway(t, {}), Object.keys(ACCOUNT))

  const dir = t.testdir({ key: `${SECRET} \n`, empty: '\n', port: '70000\n' })
  const fromFiles = await runGateway(t, {
    COOKIEPAY_ACCOUNTS_FILE: accountsFile[0],
    HOST: '0.0.0.0',
    PORT_FILE: join(dir, 'port'),
    LOG_LEVEL_FILE: join(dir, 'empty'),
    REDIS_URL_FILE: join(dir, 'key'),
    DATA_DIR_FILE: join(dir, 'missing'),
    RATE_LIMIT_MAX: '1000',
    RATE_LIMIT_MAX_FILE: join(dir, 'port'),
  })
  hasMistakes(t, fromFiles, [
    'COOKIEPAY_ACCOUNTS_FILE',
    'PORT_FILE',
    'LOG_LEVEL_FILE',
    'REDIS_URL_FILE',
    'DATA_DIR_FILE',
    'RATE_LIMIT_MAX_FILE',
    // For everybody to reach, and open.
    'API_KEYS',
    'STORE_SECRETS',
    // Nor is it the sandbox that is meant there.
    'COOKIEPAY_BASE_URL',
  ])
})

t.test('an address that is taken ends the start with status 1', { buffered: true }, async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const dataDir = await freshDirectory(t)
  const env = { ...ACCOUNT, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'fatal' }
  const { status, stderr } = await runGateway(t, env)
  t.equal(status, 1)
  t.match(stderr, new RegExp(`EADDRINUSE.*${port}`))
  t.equal(stderr.trimEnd().split('\n').length, 1, 'in one line')
})

t.test(
  'on a signal, a refund in flight is answered, then the process ends',
  { buffered: true },
  async (t) => {
    const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
    const env = gatewayEnv(sandbox.base, redis)
    // Each caller keeps its connection open, as `fetch` does; none may keep the process.
    const cases = [
      { signal: 'SIGTERM', opened: 'no other connection' },
      { signal: 'SIGINT', opened: 'a connection that sent nothing' },
    ] as const
    const run = async ({ signal, opened }: (typeof cases)[number]) => {
      const gateway = await spawnGateway(t, { ...env, COOKIEPAY_TIMEOUT_MS: '5000' })
      if (opened === 'a connection that sent nothing') {
        const connection = createConnection(Number(new URL(gateway.url).port), '127.0.0.1')
        connection.on('error', () => {})
        t.teardown(() => connection.destroy())
        await once(connection, 'connect')
      }
      const tid = `delay500-${signal}-10000`
      const body = refundRequest({ tid })
      const running = gateway.refund(body, signal)
      await until('the call', async () => (await sandbox.cancels(tid)).calls === 1)
      gateway.signal(signal)
      const answer = await running
      isRefund(t, answer, 'succeeded', { about: `during ${signal}` })
      const answeredAt = performance.now()
      t.equal(await gateway.ended, 0, 'exit status')
      const tookMs = Math.round(performance.now() - answeredAt)
      t.ok(tookMs < 4_000, `${signal}, ${opened}: ended ${tookMs} ms after the answer`)
      t.equal((await sandbox.cancels(tid)).calls, 1)
      return { body, signal, answer }
    }
    const ended = await Promise.all(cases.map(run))
    const next = await spawnGateway(t, env)
    for (const { body, signal, answer } of ended) {
      const repeat = await next.refund(body, signal)
      isRefund(t, repeat, 'succeeded', { replayed: true, about: 'at the next gateway' })
      t.strictSame(repeat.body, answer.body)
    }
  },
)

t.test('a private Redis keeps its data between two runs', { buffered: true }, async (t) => {
  const sandbox = await startSandbox(t)
  const env = { COOKIEPAY_BASE_URL: sandbox.base, DATA_DIR: await freshDirectory(t) }
  const body = refundRequest()
  const first = await spawnGateway(t, env)
  const answer = await first.refund(body, 'private')
  isRefund(t, answer, 'succeeded')
  first.signal('SIGTERM')
  t.equal(await first.ended, 0)

  const second = await startTestGateway(t, env)
  const replayed = await second.refund(body, 'private')
  isRefund(t, replayed, 'succeeded', { replayed: true })
  t.strictSame(replayed.body, answer.body)
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
  await second.close()
})

t.test(
  'a private Redis that dies is started again, and no outcome is lost, at the end either',
  { buffered: true },
  async (t) => {
    const stub = await startProviderStub(t)
    const dataDir = await freshDirectory(t)
    const env = { ...UNDISTURBED, COOKIEPAY_BASE_URL: stub.url, DATA_DIR: dataDir }
    const gateway = await spawnGateway(t, env)
    stub.onCancel(async (...call) => {
      process.kill(await pidOfServer(join(dataDir, 'redis.sock')), 'SIGKILL')
      accept(...call)
    })
    const payment = { method: 'card_auth', amount: 10_000 } as const
    const made = Array.from({ length: 3 }, () => refundRequest({ payment, amount: 1_000 }))
    for (const [index, body] of made.entries()) {
      isRefund(t, await gateway.refund(body, `key-${index}`), 'succeeded')
      if (index === made.length - 1) break
      const isStored = async () => (await gateway.refund(body, `key-${index}`)).status === 201
      await until('its outcome is stored', isStored)
    }
    gateway.signal('SIGTERM')
    t.equal(await gateway.ended, 0)

    const next = await spawnGateway(t, env)
    for (const [index, body] of made.entries()) {
      isRefund(t, await next.refund(body, `key-${index}`), 'succeeded', { replayed: true })
    }
    t.equal(stub.cancels.length, made.length)
  },
)

async function pidOfServer(socketPath: string): Promise<number> {
  const client = new Redis({ path: socketPath })
  const info = await client.info('server')
  client.disconnect()
  return Number(/^process_id:(\d+)/m.exec(info)?.[1])
}

t.test('nothing secret or personal is logged, at any level', { buffered: true }, async (t) => {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const account_no = '98765432104321'
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(sandbox.base, redis),
    LOG_LEVEL: 'trace',
    COOKIEPAY_KEY: SECRET,
    API_KEYS: [apiKey('orders', `${SECRET}-api`, 'create+refund_account+read')].join(),
    STORE_SECRETS: Buffer.from(SECRET.repeat(2)).toString('base64'),
  })
  const headers = bearer(`${SECRET}-api`)
  const refund_account = { bank: '20', account_no, account_name: '홍길동' }
  const payment = { method: 'virtual_account', amount: 10_000 } as const
  for (const fault of ['ordinary', 'html', 'declined', 'nevertoken', 'mismatch', 'badtoken', 'reset']) {
    const tid = `${fault}-logged-10000`
    await gateway.refund(refundRequest({ tid, refund_account, payment }), `${SECRET}-idem`, headers)
    await gateway.refund(refundRequest({ tid, refund_account, payment }), undefined, headers)
  }
  const wrong = { ...refundRequest(), refund_account: { ...refund_account, bank: 1 } }
  isProblem(t, await gateway.refund(wrong, undefined, headers), 'invalid_request')
  isProblem(t, await gateway.refund(`{"account_no":"${account_no}"`, undefined, headers), 'invalid_request')
  isProblem(t, await gateway.refund({}, undefined, bearer(`${SECRET}-other`)), 'unauthenticated')
  await allow(redis, '-evalsha', '-eval')
  const read = await gateway.request('/payments/x', { headers })
  isProblem(t, read, 'store_unavailable')
  await allow(redis, '+@all')
  await redis.stop()
  isProblem(
    t,
    await gateway.refund({ ...refundRequest(), refund_account }, undefined, headers),
    'store_unavailable',
  )
  gateway.signal('SIGTERM')
  t.equal(await gateway.ended, 0)

  const output = gateway.output()
  t.match(output, '"msg":"refund recorded"')
  const store = Buffer.from(SECRET.repeat(2)).toString('base64')
  for (const secret of [
    SECRET,
    account_no,
    store,
    '홍길동',
    'eyJ',
    apiKey('x', `${SECRET}-api`).slice(2, 66),
  ]) {
    const line = output.split('\n').find((line) => line.includes(secret))
    t.equal(line, undefined, secret)
  }
  t.notMatch(output, /"args":\[/, 'no Redis command with its arguments, which hold a refund')
  for (const line of output.trim().split('\n')) t.doesNotThrow(() => JSON.parse(line), line.slice(0, 100))
})

async function freshDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}
