import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startClient } from '../support/cookiepay.ts'
import { MERCHANT } from '../support/merchant.ts'
import { json, type ReceivedCall, type Respond, sendJson, sendText } from '../support/provider-stub.ts'

const TID = 't-1'
const LONG_TID = 'a'.repeat(21)

/** When the refund was asked for. */
const REQUESTED_AT = Date.now() - 60_000
const MINUTE_MS = 60_000

/** Korean time, as the lookup writes it. */
const korean = (at: number) => new Date(at + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

const CANCELLED_AT = REQUESTED_AT + 2_000
const REFUNDED_AT = `${korean(CANCELLED_AT).replace(' ', 'T')}+09:00`
const ROW = {
  RESULTCODE: '0000',
  RESULTMSG: '성공',
  TID,
  AMOUNT: '10000',
  CANCELDATE: korean(CANCELLED_AT),
}
const NO_MATCH = { RESULTCODE: 'E008', RESULTMSG: '조회된 거래내역이 없습니다' }
const TOKEN_ERROR = { RTN_CD: '8001', RTN_MSG: '토큰 오류' }
const INCONCLUSIVE = { outcome: 'inconclusive' }

/** A provider's tokens and lookups, of which paycert finds nothing unless it is told to; each token is another one. */
async function startAll(
  t: Test,
  onLookup: Respond,
  { onToken, onCertificate = json(NO_MATCH), timeoutMs = 10_000, tid = TID }: Partial<Setting> = {},
) {
  const tokens: ReceivedCall[] = []
  const lookups: ReceivedCall[] = []
  const certificates: ReceivedCall[] = []
  const giveToken: Respond = (response, _call, index) =>
    sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: `token-${index}` })
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString()
    const call = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) }
    if (call.path === '/payAuth/token') (onToken ?? giveToken)(response, call, tokens.push(call) - 1)
    else if (call.path === '/api/paysearch') onLookup(response, call, lookups.push(call) - 1)
    else if (call.path === '/api/paycert') onCertificate(response, call, certificates.push(call) - 1)
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
  const query = { merchant: MERCHANT, tid, amount: 10_000, requestedAt: REQUESTED_AT }
  const lookUpCancels = () => client.lookUpCancels({ merchant: MERCHANT, tid })
  return { tokens, lookups, certificates, stop, lookUp: () => client.lookUp(query), lookUpCancels }
}

type Setting = Readonly<{ onToken: Respond; onCertificate: Respond; timeoutMs: number; tid: string }>

t.test('a lookup is sent as the manual has it', async (t) => {
  const { lookups, certificates, lookUp } = await startAll(t, json([ROW]))
  t.same(await lookUp(), { outcome: 'cancelled', refundedAt: REFUNDED_AT })
  const [call] = lookups
  const koreanDate = korean(Date.now()).slice(0, 10)
  t.same(call?.body, { API_ID: 'shop', TID, STD_DT: koreanDate, END_DT: koreanDate })
  t.equal(call?.headers.token, 'token-0')
  t.equal(call?.headers.apikey, undefined)
  t.equal(call?.headers['accept-encoding'], 'identity')
  t.equal(lookups.length, 1)
  t.equal(certificates.length, 0)
})

t.test('a tid that the search does not take is looked up by itself', async (t) => {
  const { lookups, certificates, lookUp } = await startAll(t, json([]), {
    tid: LONG_TID,
    onCertificate: json({ ...ROW, TID: LONG_TID }),
  })
  t.same(await lookUp(), { outcome: 'cancelled', refundedAt: REFUNDED_AT })
  t.equal(lookups.length, 0)
  t.strictSame(
    certificates.map(({ body, headers }) => [body, headers.token]),
    [[{ tid: LONG_TID }, 'token-0']],
  )
})

const NOT_FOUND: Readonly<Record<string, Respond>> = {
  'E008, no match': json(NO_MATCH),
  'E008 in a list': json([NO_MATCH]),
  'no rows': json([]),
  'a row of another payment': json([{ ...ROW, TID: 't-10' }]),
  'a row of another payment, by itself': json({ ...ROW, TID: 't-10' }),
}

for (const [what, respond] of Object.entries(NOT_FOUND)) {
  t.test(`${what}: the payment is looked up by its tid alone`, async (t) => {
    const found = await startAll(t, respond, { onCertificate: json(ROW) })
    t.same(await found.lookUp(), { outcome: 'cancelled', refundedAt: REFUNDED_AT })
    t.equal(found.lookups.length, 1)
    t.equal(found.certificates.length, 1)
    const notFound = await startAll(t, respond)
    t.match(await notFound.lookUp(), INCONCLUSIVE)
  })
}

const never: Respond = () => {}
const dated = (CANCELDATE: unknown): Respond => json([{ ...ROW, CANCELDATE }])

const INCONCLUSIVE_ANSWERS: Readonly<Record<string, Respond>> = {
  'no CANCELDATE': dated(''),
  'a blank CANCELDATE': dated('  '),
  'no CANCELDATE at all': dated(undefined),
  'a CANCELDATE that is not text': dated(Number(korean(CANCELLED_AT).replaceAll(/\D/g, ''))),
  'a CANCELDATE that is no date': dated('yesterday'),
  'a CANCELDATE without a time': dated(korean(CANCELLED_AT).slice(0, 10)),
  'a zero date': dated('0000-00-00 00:00:00'),
  'a zero date of digits': dated('00000000000000'),
  'a dash for none': dated('-'),
  'the text null': dated('null'),
  'a flag instead of a date': dated('Y'),
  'the year 1': dated('0001-01-01 00:00:00'),
  'the beginning of 1970': dated('1970-01-01 09:00:00'),
  'a date of years before': dated('2020-01-01 00:00:00'),
  'a date of the year 9999': dated('9999-12-31 23:59:59'),
  'a date of eleven minutes before the request': dated(korean(REQUESTED_AT - 11 * MINUTE_MS)),
  'a date of the future': dated(korean(Date.now() + 10 * MINUTE_MS)),
  'Korean time that says it is UTC': dated(`${korean(CANCELLED_AT).replace(' ', 'T')}Z`),
  'another RESULTCODE': json([{ ...ROW, RESULTCODE: 'E001' }]),
  'a RESULTCODE that is no text': json([{ ...ROW, RESULTCODE: 0 }]),
  'an error': json({ RESULTCODE: 'E002', RESULTMSG: 'API_ID와 TOKEN이 일치하지 않습니다' }),
  'the row twice': json([ROW, ROW]),
  'a row that contradicts another': json([ROW, { ...ROW, CANCELDATE: '' }]),
  'another amount of the payment': json([{ ...ROW, AMOUNT: '50000' }]),
  'a sum of partial cancels': json([{ ...ROW, CANCEL_SUM_AMOUNT: '4000' }]),
  'a sum of partial cancels, as it was spelled': json([{ ...ROW, CANCLE_SUM_AMOUNT: '4000' }]),
  'a sum of nothing': json([{ ...ROW, CANCEL_SUM_AMOUNT: '0' }]),
  'a sum that is no text': json([{ ...ROW, CANCEL_SUM_AMOUNT: 4000 }]),
  'a row in a list in a list': json([[ROW]]),
  'a row among what is none': json([ROW, null]),
  'a row under status 500': json([ROW], 500),
  'a row under status 404': json([ROW], 404),
  'no match under status 500': json(NO_MATCH, 500),
  'a page': (response) => sendText(response, '<html></html>', 200, 'text/html'),
  nothing: (response) => sendText(response, ''),
  null: (response) => sendText(response, 'null'),
  'a closed connection': (response) => response.socket?.destroy(),
  'no answer in time': never,
}

for (const [what, respond] of Object.entries(INCONCLUSIVE_ANSWERS)) {
  const timeoutMs = respond === never ? 300 : 10_000
  t.test(`${what} settles nothing`, async (t) => {
    const { lookups, certificates, lookUp } = await startAll(t, respond, { timeoutMs })
    t.match(await lookUp(), INCONCLUSIVE)
    t.equal(lookups.length, 1, 'and is not asked again')
    t.equal(certificates.length, 0)
  })
}

for (const CANCELDATE of ['', '0000-00-00 00:00:00', '2020-01-01 00:00:00']) {
  t.test(`nor does a payment by its tid alone, cancelled on ${CANCELDATE || 'no day'}`, async (t) => {
    const onCertificate = json({ ...ROW, TID: LONG_TID, CANCELDATE })
    const { lookUp, certificates } = await startAll(t, never, { tid: LONG_TID, onCertificate })
    t.match(await lookUp(), INCONCLUSIVE)
    t.equal(certificates.length, 1)
  })
}

const CONCLUSIVE_ROWS: Readonly<Record<string, object>> = {
  digits: { CANCELDATE: korean(CANCELLED_AT).replaceAll(/\D/g, '') },
  'ISO 8601 with an offset': { CANCELDATE: REFUNDED_AT },
  'ISO 8601 in UTC': { CANCELDATE: new Date(CANCELLED_AT).toISOString() },
  'by a clock that is nine minutes behind': { CANCELDATE: korean(REQUESTED_AT - 9 * MINUTE_MS) },
  'without an amount': { AMOUNT: undefined },
  'with an amount that cannot be read': { AMOUNT: '?' },
  'with a sum of all of it': { CANCEL_SUM_AMOUNT: '10000' },
  'with an empty sum': { CANCEL_SUM_AMOUNT: '' },
}

for (const [what, changes] of Object.entries(CONCLUSIVE_ROWS)) {
  t.test(`a cancel is found: ${what}`, async (t) => {
    const { lookUp } = await startAll(t, json([{ ...ROW, ...changes }]))
    t.match(await lookUp(), { outcome: 'cancelled' })
    const byTid = await startAll(t, never, {
      tid: LONG_TID,
      onCertificate: json({ ...ROW, ...changes, TID: LONG_TID }),
    })
    t.match(await byTid.lookUp(), { outcome: 'cancelled' })
  })
}

t.test('the row of the payment is found among others', async (t) => {
  const rows = [{ ...ROW, TID: 'other', CANCELDATE: '' }, ROW]
  const { lookUp } = await startAll(t, json(rows))
  t.match(await lookUp(), { outcome: 'cancelled' })
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
  const { lookups, lookUp } = await startAll(t, (response) => sendJson(response, [ROW]), {
    onToken: json(TOKEN_ERROR),
  })
  t.match(await lookUp(), INCONCLUSIVE)
  t.equal(lookups.length, 0)
})

t.test('nor where the token cannot be renewed', async (t) => {
  const { lookups, lookUp } = await startAll(t, (response) => sendJson(response, TOKEN_ERROR), {
    onToken: (response, _call, index) =>
      sendJson(response, index === 0 ? { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: 'token-0' } : TOKEN_ERROR),
  })
  t.match(await lookUp(), INCONCLUSIVE)
  t.equal(lookups.length, 1)
})

t.test('a provider that is away settles nothing', async (t) => {
  const { stop, lookUp } = await startAll(t, (response) => sendJson(response, [ROW]))
  t.match(await lookUp(), { outcome: 'cancelled' })
  await stop()
  t.match(await lookUp(), INCONCLUSIVE)
})

/** What a row shows of cancels, but for when it settles a full refund. */
const SHOWN = { paid: 10_000, cancelledAt: null, isUntouched: false, cancelledSum: null }
const ROWS_OF_CANCELS: readonly [what: string, row: object, shown: object][] = [
  ['a date', {}, { ...SHOWN, cancelledAt: REFUNDED_AT }],
  ['nothing', { CANCELDATE: '' }, { ...SHOWN, isUntouched: true }],
  ['no member of that name', { CANCELDATE: undefined }, { ...SHOWN, isUntouched: true }],
  ['what is no date', { CANCELDATE: 'Y' }, SHOWN],
  ['a date that is no text', { CANCELDATE: 20250609132911 }, SHOWN],
  ['a sum and no date', { CANCELDATE: '', CANCEL_SUM_AMOUNT: '3,000' }, { ...SHOWN, cancelledSum: 3_000 }],
  ['a sum that is a number', { CANCELDATE: '', CANCLE_SUM_AMOUNT: 3_000 }, { ...SHOWN, cancelledSum: 3_000 }],
  ['a sum of 0', { CANCELDATE: '', CANCEL_SUM_AMOUNT: '0' }, { ...SHOWN, isUntouched: true }],
  [
    'two sums',
    { CANCELDATE: '', CANCEL_SUM_AMOUNT: '3000', CANCLE_SUM_AMOUNT: '4000' },
    { ...SHOWN, cancelledSum: null },
  ],
  ['no amount', { CANCELDATE: '', AMOUNT: '' }, { ...SHOWN, isUntouched: true, paid: null }],
]

for (const [what, row, shown] of ROWS_OF_CANCELS) {
  t.test(`what a row shows of cancels: ${what}`, async (t) => {
    const { lookUpCancels } = await startAll(t, json([{ ...ROW, ...row }]))
    const seen = await lookUpCancels()
    if (seen.outcome !== 'found') return t.fail(seen.outcome)
    const { fullCancelAt, ...found } = seen.row
    t.strictSame(found, shown)
    const settles = what === 'a date' ? REFUNDED_AT : null
    t.equal(fullCancelAt({ amount: 10_000, requestedAt: REQUESTED_AT }), settles)
    t.equal(fullCancelAt({ amount: 9_999, requestedAt: REQUESTED_AT }), null)
  })
}

t.test('no row of cancels is told from no answer', async (t) => {
  t.match(await (await startAll(t, json(NO_MATCH))).lookUpCancels(), { outcome: 'no_row' })
  t.match(await (await startAll(t, sendFailure)).lookUpCancels(), { outcome: 'no_answer' })
})

const sendFailure: Respond = (response) => {
  response.writeHead(500).end('{}')
}
