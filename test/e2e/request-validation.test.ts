import t, { type Test } from 'tap'
import { type RefundRequest, RefundRequest as RefundRequestSchema } from '../../src/refunds/refund-request.ts'
import { sendRaw } from '../support/calls.ts'
import { isProblem, isRefund, pointsAt } from '../support/contract.ts'
import { startAll } from '../support/gateway.ts'
import { countKeys } from '../support/redis-content.ts'

const { gateway, sandbox, redis } = await startAll(t, { COOKIEPAY_PG: 'kiwoom', RATE_LIMIT_MAX: '100000' })

/** Every member that there is, all of them in order. */
const COMPLETE = {
  tid: 'order-10000',
  reason: '고객 변심',
  payment: { method: 'card_auth', amount: 10_000, tax_free_amount: 1_000 },
  amount: 4_000,
  tax_free_amount: 1_000,
  refund_account: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
  account: 'default',
  metadata: { order: '1042' },
} satisfies RefundRequest

const JSON_TYPE = ['Content-Type', 'application/json']
const KEY = ['Idempotency-Key', 'some-key']
const EMOJI = '😀'

/** The complete request with the member at this path replaced; undefined leaves it out. */
function withMember(path: string, value: unknown): object {
  const body = structuredClone(COMPLETE) as Record<string, unknown>
  const names = path.split('/')
  const last = names.pop() as string
  const parent = names.reduce((object, name) => object[name] as Record<string, unknown>, body)
  parent[last] = value
  return body
}

const NO_STRINGS: readonly unknown[] = [null, true, 1000, 1.5, {}, [], ['x'], '']
const NO_INTEGERS: readonly unknown[] = [
  null,
  true,
  false,
  '1000',
  '',
  1.5,
  -1,
  -1000,
  1e11,
  10_000_000_000,
  1e300,
  {},
  [],
  [1000],
]
const NO_OBJECTS: readonly unknown[] = [null, true, 1000, 'x', '', [], [{}]]

/** Texts that show nothing: one of each kind, and several together. */
const BLANKS: readonly string[] = [
  ' ',
  '   ',
  '\t\n',
  '\u0000',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u00ad',
  '\u034f',
  '\u115f',
  '\u180e',
  '\u200b',
  '\u200d\u200e',
  '\u2028',
  '\u202e',
  '\u2060',
  '\u2800',
  '\u3000',
  '\u3164',
  '\ufe0f',
  '\ufeff',
  '\uffa0',
  '\u{e0020}',
  ' \u3000\u200b\u00a0 ',
]

/** What is no tid: other than visible ASCII, or without a letter and digit. */
const NO_TIDS: readonly string[] = [
  ...BLANKS,
  'T W',
  ' TW',
  'TW ',
  'T\tW',
  'TW\n',
  'TW\u0000',
  'T\u007fW',
  'TW\u00a0',
  'TW\u200b',
  '\ufeffTW',
  'ＴＷ',
  'Ｔ1',
  '１',
  'é1',
  'e\u03011',
  '거래1',
  `${EMOJI}1`,
  '.',
  '..',
  '-',
  '/',
  '%',
  '{}',
  '!-/:-@[-`{-~',
]

const WRONG: Record<string, readonly unknown[]> = {
  tid: [...NO_STRINGS, ...NO_TIDS, 'x'.repeat(51)],
  reason: [...NO_STRINGS, ...BLANKS, 'x'.repeat(51), '가'.repeat(51), EMOJI.repeat(51)],
  payment: NO_OBJECTS,
  'payment/method': [...NO_STRINGS, 'card', 'CARD_AUTH', 'card_auth '],
  'payment/amount': [...NO_INTEGERS, 0],
  'payment/tax_free_amount': NO_INTEGERS,
  amount: [...NO_INTEGERS, 0],
  tax_free_amount: NO_INTEGERS,
  refund_account: NO_OBJECTS,
  'refund_account/bank': [...NO_STRINGS, ...BLANKS, 'x'.repeat(31)],
  'refund_account/account_no': [...NO_STRINGS, ...BLANKS, '1'.repeat(31)],
  'refund_account/account_name': [...NO_STRINGS, ...BLANKS, EMOJI.repeat(31)],
  account: [...NO_STRINGS, 'x'.repeat(31)],
  reference: [...NO_STRINGS, ...BLANKS, 'x'.repeat(65), EMOJI.repeat(65)],
  expected_remaining: NO_INTEGERS,
  duplicate_of: [
    ...NO_STRINGS,
    'rf_',
    `rf_${'I'.repeat(26)}`,
    `rf_${'0'.repeat(27)}`,
    ` rf_${'0'.repeat(26)}`,
  ],
  metadata: NO_OBJECTS,
  'metadata/order': [null, true, 1000, {}, [], 'x'.repeat(201), EMOJI.repeat(201)],
}

const REQUIRED = [
  'tid',
  'reason',
  'payment',
  'payment/method',
  'payment/amount',
  'refund_account/bank',
  'refund_account/account_no',
  'refund_account/account_name',
]

t.test('no value is coerced from another type, and each has its limits', async (t) => {
  const members = ['payment', 'refund_account'].flatMap((name) =>
    Object.keys(
      RefundRequestSchema.properties[name as 'payment' | 'refund_account'].properties as object,
    ).map((member) => `${name}/${member}`),
  )
  const all = [...Object.keys(RefundRequestSchema.properties), ...members, 'metadata/order']
  t.strictSame(Object.keys(WRONG).sort(), all.sort(), 'every member is tried')

  for (const [path, values] of Object.entries(WRONG)) {
    for (const value of values) {
      // Some would break a line of the report.
      const about = `${path}: ${encodeURI(JSON.stringify(value)).slice(0, 60)}`
      pointsAt(t, await gateway.refund(withMember(path, value)), [`#/${path}`], about)
    }
  }
})

t.test('a required member cannot be left out', async (t) => {
  for (const path of REQUIRED) {
    pointsAt(t, await gateway.refund(withMember(path, undefined)), [`#/${path}`], `no ${path}`)
  }
  pointsAt(t, await gateway.refund({}), ['#/tid', '#/reason', '#/payment'], 'all mistakes are told at once')
})

t.test('unknown members are refused, not dropped', async (t) => {
  for (const name of ['amout', 'Amount', 'taxfree_amt', 'tax_free', '금액', ' ', 'toString', 'length']) {
    for (const parent of ['', 'payment/', 'refund_account/']) {
      pointsAt(
        t,
        await gateway.refund(withMember(parent + name, 1000)),
        [`#/${parent}${name}`],
        parent + name,
      )
    }
  }
  const slashed = { ...COMPLETE, 'a/b~c': 1 }
  pointsAt(t, await gateway.refund(slashed), ['#/a~1b~0c'], 'a name is escaped as RFC 6901 has it')

  const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`member${index}`, 1]))
  const answer = await gateway.refund({ ...COMPLETE, ...many })
  isProblem(t, answer, 'invalid_request', 'thousands of mistakes')
  t.ok((answer.body.errors?.length ?? 0) <= 100, 'the list of errors is bounded')
})

t.test('metadata: up to 10 entries, key 1..40, value 0..200', async (t) => {
  const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`key${index}`, '']))
  pointsAt(t, await gateway.refund({ ...COMPLETE, metadata: eleven }), ['#/metadata'], '11 entries')
  for (const key of ['', 'k'.repeat(41), EMOJI.repeat(41)]) {
    const answer = await gateway.refund({ ...COMPLETE, metadata: { [key]: 'x' } })
    isProblem(t, answer, 'invalid_request', `key of ${[...key].length}`)
    t.ok(
      answer.body.errors?.some(({ pointer }) => pointer === `#/metadata/${key}`),
      JSON.stringify(answer.body.errors),
    )
  }
})

t.test('a body that is not one JSON object is an invalid request', async (t) => {
  const bodies = [
    '',
    ' ',
    '{',
    '{"tid":}',
    `${JSON.stringify(COMPLETE)}{}`,
    JSON.stringify(COMPLETE).replaceAll('"', "'"),
    `${JSON.stringify(COMPLETE).slice(0, -1)},}`,
    'undefined',
    'NaN',
    'null',
    'true',
    '1000',
    '"text"',
    '[]',
    JSON.stringify([COMPLETE]),
    '['.repeat(30_000),
    `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  ]
  for (const body of bodies) {
    const about = `${body.slice(0, 30)} (${body.length})`
    const answer = await sendRaw(gateway.url, { headers: [...JSON_TYPE, ...KEY], body })
    isProblem(t, answer, 'invalid_request', about)
    t.match(answer.body.errors?.[0]?.pointer, /^#/, about)
  }
})

t.test('a member that would reach a prototype is refused', async (t) => {
  const complete = JSON.stringify(COMPLETE)
  const bodies = [
    complete.replace('{', '{"__proto__":{"amount":1},'),
    complete.replace('{', '{"\\u005f_proto__":{"amount":1},'),
    complete.replace('"payment":{', '"payment":{"__proto__":{"amount":1},'),
    complete.replace('"metadata":{', '"metadata":{"__proto__":"x",'),
    complete.replace('"metadata":{', '"metadata":{"__proto__":{"polluted":"x"},'),
    complete.replace('{', '{"constructor":{"prototype":{"amount":1}},'),
  ]
  for (const body of bodies) isProblem(t, await gateway.refund(body), 'invalid_request', body.slice(0, 60))
})

t.test('a member that is named twice is refused, wherever it stands and however it is spelled', async (t) => {
  const complete = JSON.stringify({ ...COMPLETE, metadata: { order: '1042' } })
  const doubled: [body: string, pointer: string][] = [
    [complete.replace('{', '{"amount":9000,'), '#/amount'],
    [complete.replace(/}$/, ',"amount":9000}'), '#/amount'],
    [complete.replace(/}$/, ',"amount":4000}'), '#/amount'],
    [complete.replace(/}$/, ',"am\\u006funt":9000}'), '#/amount'],
    [complete.replace('{', '{"\\u0074id":"victim-10000",'), '#/tid'],
    [complete.replace(/}$/, ',"payment":{"method":"card_auth","amount":1000}}'), '#/payment'],
    [complete.replace('"payment":{', '"payment":{"amount":1,'), '#/payment/amount'],
    [
      complete.replace('"refund_account":{', '"refund_account":{"account_no":"1",'),
      '#/refund_account/account_no',
    ],
    [complete.replace('"metadata":{', '"metadata":{"order":"1",'), '#/metadata/order'],
    [complete.replace('"metadata":{', '"metadata":{"가":"1","\\uac00":"2",'), '#/metadata/가'],
    [complete.replace('"metadata":{', '"metadata":{"a/~b":"1","a/~b":"2",'), '#/metadata/a~1~0b'],
    [complete.replace('{', '{"nested":[0,{"a":1,"a":2}],'), '#/nested/1/a'],
    [complete.replace('{', '{"nobody":1,"nobody":2,'), '#/nobody'],
  ]
  for (const [body, pointer] of doubled) pointsAt(t, await gateway.refund(body), [pointer], body)
  const withMark = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(doubled[0]?.[0] as string)])
  const answer = await sendRaw(gateway.url, { headers: [...JSON_TYPE, ...KEY], body: withMark })
  pointsAt(t, answer, ['#/amount'], 'behind a byte order mark')
})

t.test('an amount that only rounding makes an integer is refused', async (t) => {
  const complete = JSON.stringify(COMPLETE)
  for (const amount of [
    '2999.9999999999999999',
    '3000.00000000000000001',
    '1e-400',
    '3000.0000000000001e0',
  ]) {
    const body = complete.replace('"amount":4000', `"amount":${amount}`)
    const answer = await gateway.refund(body)
    pointsAt(t, answer, ['#/amount'], amount)
  }
})

t.test('a body of a megabyte is too large', async (t) => {
  const body = JSON.stringify({ ...COMPLETE, reason: 'x'.repeat(1024 * 1024) })
  const headers = [...JSON_TYPE, ...KEY]
  isProblem(t, await sendRaw(gateway.url, { headers, body }), 'payload_too_large', 'with its length stated')
  const chunked = [...headers, 'Transfer-Encoding', 'chunked']
  isProblem(t, await sendRaw(gateway.url, { headers: chunked, body }), 'payload_too_large', 'in chunks')
  for (let count = 0; count < 10; count++) {
    isProblem(t, await gateway.refund(body), 'payload_too_large', 'heard by a caller that sends it all first')
  }
})

t.test('a body that is not application/json is an unsupported media type', async (t) => {
  const body = JSON.stringify(COMPLETE)
  const types = [
    'text/plain',
    'text/plain; charset=utf-8',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/octet-stream',
    'application/jsonx',
    'application/json-patch+json',
    'application',
    'json',
    '*/*',
    '',
  ]
  for (const type of types) {
    const headers = ['Content-Type', type, ...KEY]
    isProblem(t, await sendRaw(gateway.url, { headers, body }), 'unsupported_media_type', `"${type}"`)
  }
  isProblem(t, await sendRaw(gateway.url, { headers: KEY, body }), 'unsupported_media_type', 'no type at all')
})

t.test('Idempotency-Key is required', async (t) => {
  const body = JSON.stringify(COMPLETE)
  const answer = await sendRaw(gateway.url, { headers: JSON_TYPE, body })
  isProblem(t, answer, 'idempotency_key_missing')
})

t.test('a key is 1 to 255 visible ASCII characters, bare or quoted, sent once', async (t) => {
  const body = JSON.stringify(COMPLETE)
  const wrong: Record<string, readonly string[]> = {
    empty: [''],
    'white space': ['   '],
    'a tab': ['\t'],
    'a space inside': ['a b'],
    'a tab inside': ['a\tb'],
    'of 256 characters': ['k'.repeat(256)],
    'of 4000 characters': ['k'.repeat(4_000)],
    'of 256 characters, quoted': [`"${'k'.repeat(256)}"`],
    'not ASCII': [Buffer.from('키').toString('latin1')],
    latin1: ['ké'],
    'not ASCII, quoted': [`"${Buffer.from('키').toString('latin1')}"`],
    'empty quotes': ['""'],
    'one quote': ['"'],
    'quotes that do not end': ['"abc'],
    'quotes with more behind': ['"abc"d'],
    'quotes with parameters': ['"abc";a=1'],
    'a quote inside quotes': ['"a"b"'],
    'an escape of nothing': ['"a\\b"'],
    'an escaped end': ['"abc\\"'],
    'a space inside quotes': ['"a b"'],
    'sent twice': ['a', 'b'],
    'sent twice, the same': ['a', 'a'],
    'sent twice, quoted': ['"a"', '"b"'],
    'sent twice, once empty': ['a', ''],
    'sent twice, empty first': ['', 'a'],
    'sent three times': ['a', 'b', 'c'],
  }
  for (const [about, values] of Object.entries(wrong)) {
    const headers = [...JSON_TYPE, ...values.flatMap((value) => ['Idempotency-Key', value])]
    isProblem(t, await sendRaw(gateway.url, { headers, body }), 'idempotency_key_invalid', about)
  }
})

t.test('a request that HTTP itself turns away is answered with a problem, too', async (t) => {
  const headers = [...JSON_TYPE, 'Idempotency-Key', 'k'.repeat(20_000)]
  const answer = await sendRaw(gateway.url, { headers, body: JSON.stringify(COMPLETE) })
  t.ok(answer.status >= 400 && answer.status < 500, `status ${answer.status}`)
  t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
  t.match(answer.body, { type: String, title: String, code: String, instance: String, retry: 'fix_request' })
})

t.test('of all of them, nothing was stored and nothing was sent', async (t) => {
  t.equal(await countKeys(redis), 0)
  t.match(await sandbox.cancels(), { calls: 0, applied: [], tokens_issued: 0 })
})

t.test('what the limits allow is taken', async (t) => {
  const body = (changes: object) => JSON.stringify({ ...COMPLETE, ...changes })
  let count = 0
  const tid = () => `limits${count++}-10000`
  const succeeds = async (t: Test, about: string, changes: object, headers?: string[]) => {
    const answer = await sendRaw(gateway.url, {
      headers: headers ?? [...JSON_TYPE, 'Idempotency-Key', `limit-${count}`],
      body: body({ tid: tid(), ...changes }),
    })
    isRefund(t, answer, 'succeeded', { about })
    return answer
  }

  await succeeds(t, 'every member', {})
  const { body: spoken } = await succeeds(t, '50 emoji are 50 characters', { reason: EMOJI.repeat(50) })
  t.equal(spoken.reason, EMOJI.repeat(50))
  await succeeds(t, 'a tid of 50 characters', { tid: '!~'.repeat(24).concat('a1') })
  await succeeds(t, 'blanks around what is seen', { reason: ' \u3000취소\u200b ' })
  await succeeds(t, 'the name of the payment twice, in two objects', { metadata: { tid: 'x', amount: '1' } })
  const metadata = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [String(index) + EMOJI.repeat(39), EMOJI.repeat(200)]),
  )
  const { body: kept } = await succeeds(t, 'the most metadata', { metadata })
  t.strictSame(kept.metadata, metadata)
  const odd = { constructor: 'a', toString: 'b', toJSON: 'c', length: '', 'a\nb': '', '1': 'x' }
  const { body: oddlyKept } = await succeeds(t, 'odd names of metadata', { metadata: odd })
  t.strictSame(oddlyKept.metadata, odd)
  await succeeds(t, 'empty metadata', { metadata: {} })
  const account = { bank: '은'.repeat(30), account_no: '1'.repeat(30), account_name: EMOJI.repeat(30) }
  await succeeds(t, 'the longest refund_account', { refund_account: account })
  const whole = { amount: 9_999_999_999, payment: { method: 'card_auth', amount: 9_999_999_999 } }
  await succeeds(t, 'the largest amount', { tid: 'largest-9999999999', ...whole, tax_free_amount: 0 })

  for (const type of [
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json;charset=UTF-8',
  ]) {
    await succeeds(t, type, {}, ['Content-Type', type, 'Idempotency-Key', `type ${type}`.replaceAll(' ', '')])
  }
  const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('')
  const keys = ['!', 'k'.repeat(255), visible.slice(2), `"${'k'.repeat(254)}"`, 'a,b', 'a"b"']
  for (const key of keys) {
    await succeeds(t, `key ${key.slice(0, 50)}`, {}, [...JSON_TYPE, 'Idempotency-Key', key])
  }
})

t.test('a key is the same key bare and quoted', async (t) => {
  const body = JSON.stringify({ ...COMPLETE, tid: 'quoted-10000' })
  const send = (key: string) =>
    sendRaw(gateway.url, { headers: [...JSON_TYPE, 'Idempotency-Key', key], body })
  isRefund(t, await send('a"\\b'), 'succeeded')
  isRefund(t, await send('"a\\"\\\\b"'), 'succeeded', { replayed: true })
  isRefund(t, await send('  a"\\b  '), 'succeeded', { replayed: true, about: 'white space around it' })
})
