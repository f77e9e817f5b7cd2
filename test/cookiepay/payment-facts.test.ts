import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { classifyPayment } from '../../src/cookiepay/payment-facts.ts'
import { ACCOUNT, startClient } from '../support/cookiepay.ts'
import { MERCHANT } from '../support/merchant.ts'
import { json, type Respond, sendJson } from '../support/provider-stub.ts'

const TID = 't-1'
const ROW = { RESULTCODE: '0000', TID, AMOUNT: '10000', PAYMETHOD: 'CARD', CARDCODE: '', CANCELDATE: '' }
const NO_MATCH = { RESULTCODE: 'E008', RESULTMSG: '조회된 거래내역이 없습니다' }
const TOKEN_ERROR = { RTN_CD: '8001', RTN_MSG: '토큰 오류' }
const INCONCLUSIVE = { outcome: 'inconclusive' }

function classify(body: unknown, status = 200) {
  return classifyPayment({ seen: 'answer', status, body: JSON.stringify(body) }, TID)
}

function facts(changes: object) {
  const found = classify([{ ...ROW, ...changes }])
  return found.outcome === 'found' ? found.facts : found
}

t.test('how a payment may have been made', async (t) => {
  const byCard = ['card_auth', 'card_keyin', 'card_billing', 'easy_pay']
  const methods: [row: object, methods: string[] | null][] = [
    [{ PAYMETHOD: 'CARD' }, byCard],
    [{ PAYMETHOD: 'CARD', CARDCODE: undefined }, byCard],
    [{ PAYMETHOD: 'CARD', CARDCODE: 'KB' }, byCard],
    [{ PAYMETHOD: 'CARD', CARDCODE: 'KAKAO' }, ['easy_pay']],
    [{ PAYMETHOD: 'CARD', CARDCODE: ' kakao ' }, ['easy_pay']],
    [{ PAYMETHOD: 'CARD_SUGI' }, ['card_keyin']],
    [{ PAYMETHOD: 'CARD_BATCH' }, ['card_billing']],
    [{ PAYMETHOD: 'KAKAOPAY' }, ['easy_pay']],
    [{ PAYMETHOD: 'NAVERPAY' }, ['easy_pay']],
    [{ PAYMETHOD: 'BANK' }, ['bank_transfer']],
    [{ PAYMETHOD: 'BANK', CARDCODE: 'KAKAO' }, ['bank_transfer']],
    [{ PAYMETHOD: 'VACCT' }, ['virtual_account']],
    [{ PAYMETHOD: 'VACCOUNT' }, ['virtual_account']],
    [{ PAYMETHOD: 'MOBILE' }, ['mobile']],
    [{ PAYMETHOD: ' bank ' }, ['bank_transfer']],
    // What is not known contradicts nothing.
    [{ PAYMETHOD: 'PAYCO' }, null],
    [{ PAYMETHOD: 'PAYCO', CARDCODE: 'KAKAO' }, null],
    [{ PAYMETHOD: '' }, null],
    [{ PAYMETHOD: undefined }, null],
    [{ PAYMETHOD: 7 }, null],
    [{ PAYMETHOD: 'constructor' }, null],
  ]
  for (const [row, expected] of methods) t.match(facts(row), { methods: expected }, JSON.stringify(row))
})

t.test('what was paid', async (t) => {
  const amounts: [AMOUNT: unknown, amount: number | null][] = [
    ['10000', 10_000],
    [10_000, 10_000],
    ['10,000', 10_000],
    ['10000.00', 10_000],
    ['', null],
    ['0', null],
    [undefined, null],
    [null, null],
    ['?', null],
    ['10.000', null],
    ['-10000', null],
  ]
  for (const [AMOUNT, amount] of amounts) t.match(facts({ AMOUNT }), { amount }, String(AMOUNT))
})

t.test('a row that was cancelled is one of the payment all the same', async (t) => {
  t.match(facts({ CANCELDATE: '2026-01-01 00:00:00' }), { amount: 10_000 })
})

t.test('only the one row for this tid that says 0000 counts', async (t) => {
  t.match(classify(ROW), { outcome: 'found' })
  t.match(classify([{ ...ROW, TID: 'other' }, ROW]), { outcome: 'found' })
  for (const body of [NO_MATCH, [NO_MATCH], [], [{ ...ROW, TID: 'T-1' }]]) {
    t.match(classify(body), { outcome: 'not_found' }, JSON.stringify(body))
  }
  for (const body of [[ROW, ROW], { ...ROW, RESULTCODE: 'E001' }, 'text', { RESULTCODE: 'E002' }]) {
    t.match(classify(body), INCONCLUSIVE, JSON.stringify(body))
  }
  t.match(classify(ROW, 500), INCONCLUSIVE)
  t.match(classify(TOKEN_ERROR), { outcome: 'token_rejected' })
  t.match(classifyPayment({ seen: 'no_answer', detail: 'gone' }, TID), INCONCLUSIVE)
})

/** A client of a provider, and the paths that it calls. */
async function startAll(t: Test, handlers: Partial<Handlers> = {}) {
  const paths: string[] = []
  const tokenOf: Respond = (response, _call, index) =>
    sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: `token-${index}` })
  const {
    onToken = tokenOf,
    onSearch = json([ROW]),
    onCertificate = json(NO_MATCH),
    timeoutMs = 10_000,
  } = handlers
  const responds: Record<string, Respond> = {
    '/payAuth/token': onToken,
    '/api/paysearch': onSearch,
    '/api/paycert': onCertificate,
  }
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    const text = Buffer.concat(await request.toArray()).toString()
    const index = paths.filter((other) => other === path).length
    paths.push(path)
    responds[path]?.(response, { path, headers: request.headers, text, body: JSON.parse(text) }, index)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const calls: string[] = []
  const client = startClient(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    timeoutMs,
    onCall: (call, outcome) => calls.push(`${call} ${outcome}`),
  })
  return { paths, calls, client, ask: (tid = TID) => client.lookUpPayment({ merchant: MERCHANT, tid }) }
}

type Handlers = Readonly<{ onToken: Respond; onSearch: Respond; onCertificate: Respond; timeoutMs: number }>

t.test('asked is the search, else the certificate, as for a cancel', async (t) => {
  const found = await startAll(t)
  t.match(await found.ask(), { outcome: 'found', facts: { amount: 10_000 } })
  t.same(found.paths, ['/payAuth/token', '/api/paysearch'])
  t.same(found.calls, ['token token', 'payment_lookup found'], 'counted by a name of its own')

  const byTid = await startAll(t, { onSearch: json(NO_MATCH), onCertificate: json(ROW) })
  t.match(await byTid.ask(), { outcome: 'found' })
  t.same(byTid.paths.slice(1), ['/api/paysearch', '/api/paycert'])

  const tid = 'a'.repeat(21)
  const long = await startAll(t, { onCertificate: json({ ...ROW, TID: tid }) })
  t.match(await long.ask(tid), { outcome: 'found' })
  t.same(long.paths.slice(1), ['/api/paycert'])

  const nowhere = await startAll(t, { onSearch: json(NO_MATCH) })
  t.match(await nowhere.ask(), { ...INCONCLUSIVE, detail: 'The lookup does not know the payment.' })
})

t.test('a rejected token is renewed, once', async (t) => {
  const once = await startAll(t, {
    onSearch: (response, { headers }) =>
      headers.token === 'token-0' ? sendJson(response, TOKEN_ERROR) : sendJson(response, [ROW]),
  })
  t.match(await once.ask(), { outcome: 'found' })
  const always = await startAll(t, { onSearch: json(TOKEN_ERROR) })
  t.match(await always.ask(), INCONCLUSIVE)
  t.equal(always.paths.filter((path) => path === '/api/paysearch').length, 2)
})

const never: Respond = () => {}
const after =
  (waitMs: number, body: unknown): Respond =>
  (response) =>
    void setTimeout(() => sendJson(response, body), waitMs).unref()

const SLOW: Record<string, Partial<Handlers>> = {
  'a token that does not come': { onToken: never },
  'a search that is not answered': { onSearch: never },
  'a search and a certificate that take long together': {
    onSearch: after(450, NO_MATCH),
    onCertificate: after(450, ROW),
  },
}

for (const [what, handlers] of Object.entries(SLOW)) {
  t.test(`${what}: all of it ends within one timeout of the account`, async (t) => {
    const { ask } = await startAll(t, { ...handlers, timeoutMs: 500 })
    const startedAt = performance.now()
    t.match(await ask(), INCONCLUSIVE)
    t.ok(performance.now() - startedAt < 800, 'in time')
  })
}

t.test('of an account that is gone nothing is looked up', async (t) => {
  const { client, ask, paths } = await startAll(t)
  client.setAccounts([{ ...ACCOUNT, id: 'other' }])
  t.match(await ask(), INCONCLUSIVE)
  t.same(paths, [])
})

t.test('many of them keep no token and no lookup of a cancel waiting', async (t) => {
  const { client, ask, paths } = await startAll(t, {
    onSearch: (response, call, index) => {
      if (index >= 8) sendJson(response, [{ ...ROW, TID: call.body.TID }])
    },
    timeoutMs: 2_000,
  })
  await client.authorize(MERCHANT)
  const held = Array.from({ length: 8 }, (_, index) => ask(`held-${index}`))
  while (paths.filter((path) => path === '/api/paysearch').length < 8) await new Promise(setImmediate)
  t.match(await client.lookUp({ merchant: MERCHANT, tid: TID, amount: 1, requestedAt: 0 }), {
    detail: /no date of a cancel/,
  })
  await Promise.all(held)
})
