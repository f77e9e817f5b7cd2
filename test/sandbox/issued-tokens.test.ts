import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createTokens } from '../../src/sandbox/issued-tokens.ts'
import { ID, KEY, startSandbox } from '../support/sandbox.ts'

const REFUSED = { RTN_CD: '9002', RTN_MSG: '유효하지 않거나 만료된 TOKEN 입니다' }

t.test('a token is a JWT of user, iat and exp, and no two are the same', async (t) => {
  const { requestToken, issueToken } = await startSandbox(t)
  const answer = await requestToken({ pay2_id: ID, pay2_key: KEY })
  t.match(answer, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: /^[\w-]+\.[\w-]+\.[\w-]+$/ })
  const [header, payload] = String(answer.TOKEN)
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
  t.strictSame(JSON.parse(String(header)), { typ: 'JWT', alg: 'HS256' })
  const { user, iat, exp } = JSON.parse(String(payload))
  t.equal(user, ID)
  t.equal(exp - iat, 3600)
  t.ok(Math.abs(iat - Date.now() / 1000) < 5)
  t.not(await issueToken(), await issueToken())
})

t.test('no token for wrong credentials or a request that is not valid', async (t) => {
  const { base, requestToken, cancels } = await startSandbox(t)
  const refusals: [unknown, string, RegExp][] = [
    [{ pay2_id: 'wrong', pay2_key: KEY }, '9001', /올바르지 않습니다/],
    [{ pay2_id: ID, pay2_key: 'wrong' }, '9001', /올바르지 않습니다/],
    [{ pay2_id: ID }, '9003', /pay2_key/],
    [{ pay2_key: KEY }, '9003', /pay2_id/],
    [{ pay2_id: '', pay2_key: KEY }, '9003', /pay2_id/],
    [{ pay2_id: 'a'.repeat(31), pay2_key: KEY }, '9003', /pay2_id/],
    [{ pay2_id: ID, pay2_key: 'a'.repeat(51) }, '9003', /pay2_key/],
    [{ pay2_id: 1, pay2_key: KEY }, '9003', /pay2_id/],
    [{ pay2_id: ID, pay2_key: KEY, pay2_pg: 'toss' }, '9003', /pay2_pg/],
    [null, '9003', /읽을 수 없습니다/],
    [[], '9003', /읽을 수 없습니다/],
  ]
  for (const [body, code, message] of refusals) {
    const answer = await requestToken(body)
    t.match(answer, { RTN_CD: code, RTN_MSG: message }, JSON.stringify(body))
    t.notOk(answer.TOKEN)
  }
  for (const init of [
    { body: '{"pay2_id":', headers: { 'content-type': 'application/json' } },
    { body: '', headers: { 'content-type': 'application/json' } },
    {
      body: 'pay2_id=shop&pay2_key=shop-key',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    {},
  ]) {
    const response = await fetch(`${base}/payAuth/token`, { method: 'POST', ...init })
    t.equal(response.status, 200)
    t.match(await response.json(), { RTN_CD: '9003', RTN_MSG: /읽을 수 없습니다/ }, JSON.stringify(init))
  }
  t.equal((await cancels()).tokens_issued, 0)
})

t.test('a token ends with its lifetime', async (t) => {
  const { issueToken, cancel, lookup } = await startSandbox(t, { tokenLifetimeMs: 1000 })
  const token = await issueToken()
  t.match(await cancel({ tid: 'a-500', reason: 'r', amount: '100' }, token), { cancel_code: '0000' })
  await sleep(1050)
  t.strictSame(await cancel({ tid: 'a-500', reason: 'r', amount: '100' }, token), REFUSED)
  t.strictSame(await lookup('a-500', { token }), REFUSED)
})

t.test('a cancel needs a token of ours, unrevoked, and the key that it was issued for', async (t) => {
  const { post, issueToken, cancels } = await startSandbox(t)
  const body = { tid: 'a-500', reason: 'r' }
  const token = await issueToken()
  const revoked = await issueToken()
  await post('/sandbox/tokens/revoke', {})
  const good = await issueToken()
  const headers: Record<string, string>[] = [
    {},
    { apikey: KEY },
    { token: good },
    { token: 'a.b.c', apikey: KEY },
    { token, apikey: KEY },
    { token: revoked, apikey: KEY },
    { token: good, apikey: 'other' },
  ]
  for (const set of headers) {
    const response = await post('/api/cancel', body, set)
    t.equal(response.status, 200)
    t.strictSame(await response.json(), REFUSED, JSON.stringify(set))
  }
  t.match(await cancels('a-500'), { calls: headers.length, applied: [], tokens_issued: 3 })
  const response = await post('/api/cancel', body, { token: good, apikey: KEY })
  t.match(await response.json(), { cancel_code: '0000', cancel_amt: '500' })
})

t.test('the oldest token is forgotten first when there are too many', async (t) => {
  const tokens = createTokens(3_600_000)
  const first = tokens.issue({ id: ID, key: KEY })
  const second = tokens.issue({ id: ID, key: KEY })
  for (let count = 2; count < 100_001; count++) tokens.issue({ id: ID, key: KEY })
  t.equal(tokens.find(first), null)
  t.ok(tokens.find(second))
  t.equal(tokens.issuedCount(), 100_001)
})
