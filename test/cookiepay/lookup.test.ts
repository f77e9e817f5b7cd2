import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type ReceivedCall, type Respond, sendJson, sendText } from '../e2e/support/provider-stub.ts'
import { MERCHANT } from '../support/merchant.ts'
import { startClient } from './support.ts'

const TID = 't-1'
const ROW = {
  RESULTCODE: '0000',
  RESULTMSG: '성공',
  TID,
  AMOUNT: '10000',
  CANCELDATE: '2025-06-09 13:29:11',
}
const TOKEN_ERROR = { RTN_CD: '8001', RTN_MSG: '토큰 오류' }
const INCONCLUSIVE = { outcome: 'inconclusive' }

/** A provider's tokens and lookups; each token is another one. */
async function startAll(t: Test, onLookup: Respond, onToken?: Respond, timeoutMs = 10_000) {
  const tokens: ReceivedCall[] = []
  const lookups: ReceivedCall[] = []
  const giveToken: Respond = (response, _call, index) =>
    sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: `token-${index}` })
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString()
    const call = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) }
    if (call.path === '/payAuth/token') (onToken ?? giveToken)(response, call, tokens.push(call) - 1)
    else if (call.path === '/api/paysearch') onLookup(response, call, lookups.push(call) - 1)
    else t.fail(`no call to ${call.path} is expected`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  t.teardown(stop)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = startClient(t, url, { timeoutMs })
  return { tokens, lookups, stop, lookUp: () => client.lookUp(MERCHANT, TID) }
}

t.test('a lookup is sent as the manual has it', async (t) => {
  const { lookups, lookUp } = await startAll(t, (response) => sendJson(response, [ROW]))
  t.same(await lookUp(), { outcome: 'cancelled', refundedAt: '2025-06-09T13:29:11+09:00' })
  const [call] = lookups
  const koreanDate = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10)
  t.same(call?.body, { API_ID: 'shop', TID, STD_DT: koreanDate, END_DT: koreanDate })
  t.equal(call?.headers.token, 'token-0')
  t.equal(call?.headers.apikey, undefined)
  t.equal(lookups.length, 1)
})

const never: Respond = () => {}

const INCONCLUSIVE_ANSWERS: Readonly<Record<string, Respond>> = {
  'no CANCELDATE': (response) => sendJson(response, [{ ...ROW, CANCELDATE: '' }]),
  'a blank CANCELDATE': (response) => sendJson(response, [{ ...ROW, CANCELDATE: '  ' }]),
  'no CANCELDATE at all': (response) => sendJson(response, [{ ...ROW, CANCELDATE: undefined }]),
  'a CANCELDATE that is not text': (response) => sendJson(response, [{ ...ROW, CANCELDATE: 20250609 }]),
  'another RESULTCODE': (response) => sendJson(response, [{ ...ROW, RESULTCODE: 'E001' }]),
  'a row of another payment': (response) => sendJson(response, [{ ...ROW, TID: 't-10' }]),
  'no rows': (response) => sendJson(response, []),
  'E008, no match': (response) =>
    sendJson(response, { RESULTCODE: 'E008', RESULTMSG: '조회된 데이터가 없습니다' }),
  'a row under status 500': (response) => sendJson(response, [ROW], 500),
  'a row under status 404': (response) => sendJson(response, [ROW], 404),
  'a page': (response) => sendText(response, '<html></html>', 200, 'text/html'),
  nothing: (response) => sendText(response, ''),
  null: (response) => sendText(response, 'null'),
  'a closed connection': (response) => response.socket?.destroy(),
  'no answer in time': never,
}

for (const [what, respond] of Object.entries(INCONCLUSIVE_ANSWERS)) {
  t.test(`${what} settles nothing`, async (t) => {
    const { lookups, lookUp } = await startAll(t, respond, undefined, respond === never ? 300 : 10_000)
    t.match(await lookUp(), INCONCLUSIVE)
    t.equal(lookups.length, 1, 'and is not asked again')
  })
}

t.test('the row of the payment is found among others', async (t) => {
  const rows = [{ ...ROW, TID: 'other', CANCELDATE: '' }, ROW]
  const { lookUp } = await startAll(t, (response) => sendJson(response, rows))
  t.match(await lookUp(), { outcome: 'cancelled' })
})

t.test('a date that cannot be read is a cancel all the same', async (t) => {
  const row = { ...ROW, CANCELDATE: 'yesterday' }
  const { lookUp } = await startAll(t, (response) => sendJson(response, [row]))
  t.same(await lookUp(), { outcome: 'cancelled', refundedAt: null })
})

for (const status of [200, 401, 403]) {
  t.test(`a rejected token (${status}) is renewed, once`, async (t) => {
    const { tokens, lookups, lookUp } = await startAll(t, (response, { headers }) =>
      headers.token === 'token-0' ? sendJson(response, TOKEN_ERROR, status) : sendJson(response, [ROW]),
    )
    t.match(await lookUp(), { outcome: 'cancelled' })
    t.same(
      lookups.map(({ headers }) => headers.token),
      ['token-0', 'token-1'],
    )
    t.match(await lookUp(), { outcome: 'cancelled' })
    t.equal(tokens.length, 2, 'and kept')
  })
}

t.test('a second rejection settles nothing', async (t) => {
  const { tokens, lookups, lookUp } = await startAll(t, (response) => sendJson(response, TOKEN_ERROR))
  t.match(await lookUp(), INCONCLUSIVE)
  t.equal(lookups.length, 2)
  t.equal(tokens.length, 2)
})

t.test('without a token nothing is looked up', async (t) => {
  const { lookups, lookUp } = await startAll(
    t,
    (response) => sendJson(response, [ROW]),
    (response) => sendJson(response, TOKEN_ERROR),
  )
  t.match(await lookUp(), INCONCLUSIVE)
  t.equal(lookups.length, 0)
})

t.test('nor where the token cannot be renewed', async (t) => {
  const { lookups, lookUp } = await startAll(
    t,
    (response) => sendJson(response, TOKEN_ERROR),
    (response, _call, index) =>
      sendJson(response, index === 0 ? { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: 'token-0' } : TOKEN_ERROR),
  )
  t.match(await lookUp(), INCONCLUSIVE)
  t.equal(lookups.length, 1)
})

t.test('a provider that is away settles nothing', async (t) => {
  const { stop, lookUp } = await startAll(t, (response) => sendJson(response, [ROW]))
  t.match(await lookUp(), { outcome: 'cancelled' })
  await stop()
  t.match(await lookUp(), INCONCLUSIVE)
})
