import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkConfig } from '../../src/commands/parts/check-config.ts'
import { built } from '../support/built.ts'
import { createAuthority } from '../support/certificates.ts'
import { gatewayEnv } from '../support/gateway.ts'
import { apiKey } from '../support/keys.ts'
import { json, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { countKeys, withRedis } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'

const SECRET = 'hush-this-is-a-secret'
const STORE_SECRET = Buffer.from(SECRET.repeat(2)).toString('base64')
const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
const ENV: Record<string, string> = {
  ...gatewayEnv(sandbox.base, redis),
  ...{ COOKIEPAY_ID: 'shop', COOKIEPAY_KEY: SECRET, COOKIEPAY_PG: 'toss' },
  API_KEYS: `${apiKey('orders', SECRET, 'create+read')},${apiKey('desk', 'other', 'resolve')}`,
  STORE_SECRETS: STORE_SECRET,
  EVENT_ENDPOINTS: JSON.stringify([
    { name: 'orders', url: `https://orders.test/${SECRET}?key=${SECRET}`, secret: `whsec_${STORE_SECRET}` },
    { name: 'desk', url: 'https://desk.test/', secret: `whsec_${STORE_SECRET}`, callers: ['desk'] },
  ]),
}

/** What is said, in lines, and whether all is well; of secrets there is nothing in it. */
async function check(t: Test, env: Record<string, string>) {
  const lines: string[] = []
  const isFine = await checkConfig(env, (line) => lines.push(line))
  const text = lines.join('\n')
  for (const secret of [SECRET, STORE_SECRET, apiKey('x', SECRET).slice(2, 66), '-----BEGIN']) {
    t.notOk(text.includes(secret), `${secret} is not shown`)
  }
  return { isFine, text }
}

t.test('all is well, and nothing is changed by looking', async (t) => {
  const { isFine, text } = await check(t, ENV)
  t.ok(isFine, text)
  t.match(text, /^PORT +3000 \(default\)$/m)
  t.match(text, /^COOKIEPAY_KEY +set$/m)
  t.match(text, /^COOKIEPAY_ID +shop$/m)
  t.match(text, /^API_KEYS +orders \(key: create\+read\), desk \(key: resolve\)$/m)
  t.match(
    text,
    /^EVENT_ENDPOINTS +orders \(https:\/\/orders\.test; all events\), desk \(https:\/\/desk\.test; all events; of desk\)$/m,
  )
  t.match(text, /^STORE_SECRETS +1 of them, newest first$/m)
  t.match(text, /^ok +Redis: reachable/m)
  t.match(text, /^ok +account default: the provider gave a token$/m)
  t.equal(await countKeys(redis), 0)
  t.same(await withRedis(redis, (client) => client.keys('*')), [], 'not even the id of the store')
})

t.test('what is wrong is said in words', async (t) => {
  const stub = await startProviderStub(t)
  stub.onToken(json({ RTN_CD: '9999', RTN_MSG: SECRET }))
  const wrong: Record<string, [env: Record<string, string>, said: RegExp]> = {
    'a value': [{ PORT: 'x' }, /^wrong +PORT: got "x"; takes an integer from 0 to 65535$/m],
    'Redis is away': [
      { REDIS_URL: `redis://:${SECRET}@127.0.0.1:1` },
      /^wrong +Redis: cannot be used: .*ECONNREFUSED/m,
    ],
    'another password': [
      { REDIS_URL: redis.url.replace('//', `//gateway:${SECRET}@`) },
      /^wrong +Redis: cannot be used: .*(WRONGPASS|NOAUTH)/m,
    ],
    'another store': [
      { REDIS_STORE_ID: '1b4e28ba-2fa1-41d2-883f-0016d3cca427' },
      /^wrong +Redis: .*lost data: the store id 1b4e28ba.* is missing/m,
    ],
    'the provider is away': [
      { COOKIEPAY_BASE_URL: 'http://127.0.0.1:1' },
      /^wrong +account default: The provider cannot be reached/m,
    ],
    'the provider refuses': [
      { COOKIEPAY_BASE_URL: stub.url },
      /^wrong +account default: The provider does not accept this account's id, key or token/m,
    ],
  }
  for (const [about, [env, said]] of Object.entries(wrong)) {
    const { isFine, text } = await check(t, { ...ENV, ...env })
    t.notOk(isFine, about)
    t.match(text, said, about)
  }

  const everysec = await startTestRedis(t, ['--appendonly', 'no'])
  const strict = await check(t, { ...ENV, REDIS_URL: everysec.url })
  t.match(strict, { isFine: false, text: /^wrong +Redis: may lose what it acknowledged: its append-only/m })
  const relaxed = await check(t, { ...ENV, REDIS_URL: everysec.url, REDIS_DURABILITY: 'relaxed' })
  t.match(relaxed, { isFine: true, text: /^warning +Redis: may lose .* REDIS_DURABILITY is relaxed$/m })
})

t.test('several accounts, each asked for its token, and a certificate', async (t) => {
  const stub = await startProviderStub(t)
  stub.onToken((response, call) =>
    json(call.body.pay2_id === 'b' ? { RTN_CD: '1' } : { RTN_CD: '0000', TOKEN: 'x' })(response, call, 0),
  )
  const accounts = ['a', 'b'].map((name) => ({ name, id: name, key: SECRET, pg: 'toss' }))
  const file = join(t.testdir({ 'accounts.json': JSON.stringify(accounts) }), 'accounts.json')
  const own = await (await createAuthority(t)).issue('gateway')
  const { COOKIEPAY_ID: _id, COOKIEPAY_KEY: _key, COOKIEPAY_PG: _pg, ...others } = ENV
  const { isFine, text } = await check(t, {
    ...others,
    COOKIEPAY_BASE_URL: stub.url,
    COOKIEPAY_ACCOUNTS_FILE: file,
    TLS_CERT_FILE: own.certFile,
    TLS_KEY_FILE: own.keyFile,
  })
  t.notOk(isFine)
  t.match(text, /^COOKIEPAY_ACCOUNTS_FILE +a \(a, toss\), b \(b, toss\) \(from "\/.+"\)$/m)
  t.match(text, /^ok +account a: /m)
  t.match(text, /^wrong +account b: /m)
  t.match(text, /^warning +TLS_CERT: CN=gateway, valid until /m, 'of two days')
})

t.test('the exit status tells scripts', async (t) => {
  const [file = '', ...command] = await built('commands/check-config.ts')
  const run = (env: Record<string, string>) =>
    spawnSync(file, command, {
      cwd: new URL('../../', import.meta.url),
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    })
  const wrong = run({ ...ENV, PORT: 'x' })
  t.equal(wrong.status, 1)
  t.match(wrong.stdout, /^wrong +PORT/)
  const dataDir = t.testdir({})
  const { REDIS_URL: _, ...own } = ENV
  // A private Redis, too, and without the sandbox of this process, which such a call would keep from answering.
  const alone = run({ ...own, DATA_DIR: dataDir, COOKIEPAY_BASE_URL: 'http://127.0.0.1:1' })
  t.match(alone.stdout, /^ok +Redis: reachable/m)
  t.equal(alone.status, 1)
})
