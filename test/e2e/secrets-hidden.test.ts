import { randomBytes, randomInt } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FAULTS } from '../../src/sandbox/faults.ts'
import { until } from '../support/calls.ts'
import { type Answer, gatewayEnv, refundRequest } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { cancelAnswer, json, type ProviderStub, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'
import { type SpawnedGateway, spawnGateway } from '../support/spawn-gateway.ts'
import { UNDISTURBED } from '../support/stubbed-gateway.ts'

const marker = (what: string) => `planted-${what}-${randomBytes(8).toString('hex')}`

/** Secrets of one run, each recognisable wherever it turns up. */
function plant() {
  return {
    'API key': marker('api-key'),
    'unknown API key': marker('unknown-key'),
    'provider key': marker('provider-key'),
    'provider token': marker('token'),
    'account number': `${randomInt(10 ** 11)}`.padStart(14, '9'),
    'store secret': randomBytes(32).toString('base64'),
    'Redis password': marker('redis-password'),
    'idempotency key': marker('idempotency-key'),
  }
}
type Planted = ReturnType<typeof plant>

const HOLDER = `홍${randomBytes(4).toString('hex')}`
const REASON = marker('reason').slice(0, 50)

/** Changes the gateway's own user, in the words of `ACL SETUSER`. */
async function setUser(redis: TestRedis, ...rules: string[]): Promise<void> {
  await withRedis(redis, (client) => client.call('ACL', 'SETUSER', 'gateway', ...rules))
}

async function start(t: Test, providerUrl: string, planted: Planted) {
  const redis = await startTestRedis(t)
  await setUser(redis, 'on', `>${planted['Redis password']}`, '~*', '+@all')
  const gateway = await spawnGateway(t, {
    ...gatewayEnv(providerUrl, redis, UNDISTURBED),
    REDIS_URL: redis.url.replace('//', `//gateway:${planted['Redis password']}@`),
    LOG_LEVEL: 'trace',
    COOKIEPAY_KEY: planted['provider key'],
    COOKIEPAY_TIMEOUT_MS: '1000',
    API_KEYS: apiKey('orders', planted['API key']),
    STORE_SECRETS: planted['store secret'],
  })
  return { redis, gateway }
}

/** Refunds with everything personal in them, their replays, and requests that are refused. */
async function makeRefunds(gateway: SpawnedGateway, planted: Planted, tids: readonly string[]) {
  const headers = bearer(planted['API key'])
  const refund_account = { bank: '20', account_no: planted['account number'], account_name: HOLDER }
  const virtual = { payment: { method: 'virtual_account', amount: 10_000 }, refund_account } as const
  const answers: Answer[] = []
  const refund = async (body: unknown, key: string, by = headers) => {
    answers.push(await gateway.refund(body, key, by))
  }
  for (const tid of tids) {
    const body = refundRequest({ tid, reason: REASON, ...virtual })
    const key = `${planted['idempotency key']}-${tid}`
    await refund(body, key)
    await refund(body, key)
  }
  // As the demo does: in full, in part, once more, and what the rules refuse.
  const full = refundRequest({ reason: REASON })
  const partial = refundRequest({ reason: REASON, amount: 3_000 })
  const mobile = refundRequest({ ...virtual, payment: { method: 'mobile', amount: 10_000 } })
  for (const [index, body] of [full, partial, full, mobile].entries()) await refund(body, `demo-${index % 2}`)
  // What cannot be taken, with the same content.
  await refund({ ...refundRequest(virtual), refund_account: { ...refund_account, bank: 1 } }, 'wrong')
  await refund({ ...refundRequest(virtual), extra: planted['account number'] }, 'extra')
  await refund(`{"refund_account":{"account_no":"${planted['account number']}"`, 'not JSON')
  await refund(refundRequest(virtual), 'wrong', bearer(planted['unknown API key']))
  await refund(refundRequest({ ...virtual, account: 'nowhere' }), 'unknown')
  return answers
}

/** All that the append-only files hold, as bytes that a search takes for characters. */
async function filesOf(redis: TestRedis): Promise<string> {
  const names = await readdir(redis.dataDir, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}

/** Whether the text holds any of the planted, as it is or encoded. */
function isFreeOf(t: Test, planted: Record<string, string>, text: string, where: string): void {
  for (const [what, secret] of Object.entries(planted)) {
    const forms = [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]
    if (/^\d+$/.test(secret)) forms.push(`${secret.slice(0, 4)}-${secret.slice(4)}`)
    const found = forms.find((form) => text.includes(form))
    const at = found ? text.slice(Math.max(0, text.indexOf(found) - 200), text.indexOf(found)) : ''
    t.notOk(found, `${where} holds no ${what} ${at}`)
  }
}

async function search(
  t: Test,
  gateway: SpawnedGateway,
  redis: TestRedis,
  planted: Planted,
  answers: Answer[],
) {
  // A store that fails under it, and one that is away.
  await setUser(redis, '-evalsha', '-eval')
  answers.push(...(await makeRefunds(gateway, planted, ['store-fails-10000'])))
  await redis.stop()
  answers.push(...(await makeRefunds(gateway, planted, ['store-away-10000'])))
  const metrics = String((await gateway.request<string>('/metrics')).body)
  gateway.signal('SIGTERM')
  t.equal(await gateway.ended, 0)

  const files = await filesOf(redis)
  t.match(files, `**********${planted['account number'].slice(-4)}`, 'the files are those that were written')
  t.match(files, HOLDER, 'the holder is stored: the contract answers with it')
  isFreeOf(t, planted, files, 'the append-only file')

  const output = gateway.output()
  t.match(output, 'refund recorded', 'the log is the one that was written')
  isFreeOf(t, { ...planted, 'holder of an account': HOLDER }, output, 'the log')
  isFreeOf(t, { ...planted, 'holder of an account': HOLDER, reason: REASON }, metrics, 'the metrics')

  t.ok(answers.some(({ status }) => status >= 400))
  isFreeOf(t, planted, JSON.stringify(answers.map(({ body }) => body)), 'the answers')
}

t.test("the demo's requests and the sandbox's faults leak nothing", async (t) => {
  const planted = plant()
  const sandbox = await startSandbox(t)
  const { gateway, redis } = await start(t, sandbox.base, planted)
  const faults = FAULTS.map(({ name }) => name.replace('<N>', '250'))
  const tids = ['ordinary', ...faults].map((fault) => `${fault}-leak-10000`)
  const answers = await makeRefunds(gateway, planted, tids)
  await search(t, gateway, redis, planted, answers)
  t.notOk(gateway.output().includes(REASON), 'nor why a refund was made')
  t.notMatch(gateway.output(), /eyJ/, 'nor a token of the sandbox, which begins so')
})

t.test('a provider that repeats what it was sent leaks nothing', async (t) => {
  const planted = plant()
  const stub = await startProviderStub(t)
  const { gateway, redis } = await start(t, stub.url, planted)
  const answers: Answer[] = []
  const noToken = `no ${planted['provider key']}`
  stub.onToken(json({ RTN_CD: noToken, RTN_MSG: noToken }))
  answers.push(...(await makeRefunds(gateway, planted, ['no-token-10000'])))
  stub.onToken(json({ RTN_CD: '0000', TOKEN: planted['provider token'] }))
  // After so many refusals the provider is asked again only after a pause.
  const headers = bearer(planted['API key'])
  const isMade = async () => (await gateway.refund(refundRequest(), 'asked-again', headers)).status === 201
  await until('a token is asked for again', isMade)
  for (const [about, answer] of Object.entries(ECHOES)) {
    stub.onCancel(answer)
    answers.push(...(await makeRefunds(gateway, planted, [`${about}-10000`])))
  }
  t.match(JSON.stringify(answers), /\[hidden\]/, 'what was repeated is shown as hidden')
  await search(t, gateway, redis, planted, answers)
})

const said: (call: ProviderStub['cancels'][number]) => string = ({ headers, text }) =>
  `계좌 ${headers.token} ${headers.apikey} ${text}`

/** In other words: escaped as PHP does, and in groups. */
const rewritten: typeof said = ({ headers, body }) => {
  const number = String(body.account_no)
  const escapedName = [...String(body.account_name)].map(
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${headers.apikey} ${number.slice(0, 4)}-${number.slice(4)} ${[...String(body.account_name)].join(' ')} ${escapedName.join('')}`
}

const ECHOES: Record<string, Parameters<ProviderStub['onCancel']>[0]> = {
  everywhere: (response, call, index) => {
    const what = rewritten(call)
    const members = {
      cancel_code: what,
      cancel_msg: what,
      cancel_tid: what,
      cancel_date: what,
      cancel_amt: what,
    }
    json(cancelAnswer(call.body, { ...members }))(response, call, index)
  },
  'in-tid': (response, call, index) =>
    json(cancelAnswer(call.body, { cancel_tid: said(call), cancel_date: rewritten(call) }))(
      response,
      call,
      index,
    ),
  succeeds: (response, call, index) =>
    json(cancelAnswer(call.body, { cancel_msg: said(call) }))(response, call, index),
  declines: (response, call, index) =>
    json(cancelAnswer(call.body, { cancel_code: '3001', cancel_msg: said(call) }))(response, call, index),
  ambiguous: (response, call, index) =>
    json(cancelAnswer(call.body, { cancel_code: '8001', cancel_msg: `통신 ${said(call)}` }))(
      response,
      call,
      index,
    ),
  rejects: (response, call, index) => json({ RTN_CD: said(call) }, 401)(response, call, index),
  fails: (response, call, index) => json({ message: said(call) }, 500)(response, call, index),
  page: (response, call) => response.writeHead(200, { 'content-type': 'text/html' }).end(said(call)),
}
