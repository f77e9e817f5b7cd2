import fc from 'fast-check'
import { FAULTS } from '../../../src/sandbox/faults.ts'

export type Target = Readonly<{ method: string; path: string }>

/** What is written to one connection. */
export type Exchange = Readonly<{
  bytes: Buffer
  /** The requests in it, in order; null where the bytes were damaged and nobody can say. */
  targets: readonly Target[] | null
}>

type Headers = readonly (readonly [name: string, value: string])[]

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND'] as const

/** The provider's faults that take no time. */
const FAULT_NAMES = FAULTS.filter(({ behaviour }) => behaviour.waitMs === 0).map(({ name }) => name)

const segment = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => encodeURIComponent(text)),
  fc.constantFrom('%', '%zz', '%00', '%ff', '%2e%2e', '..', '.', '', 'a%2Fb', '*', 'x'.repeat(3000)),
  fc.string({ maxLength: 20 }).map((text) => text.replace(/[^!-~]|[?#]/g, '_')),
)
const query = fc
  .array(fc.tuple(fc.constantFrom('tid', 'status', 'limit', 'cursor', 'account', '__proto__'), segment), {
    maxLength: 4,
  })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`))

/** The secret that the fuzzed gateway takes notifications by. */
export const FUZZED_SECRET = 'a-secret-of-the-fuzzer-that-is-none'

const notificationPath = fc.oneof(
  { weight: 9, arbitrary: fc.constant(`/cookiepay/notifications/${FUZZED_SECRET}`) },
  segment.map((secret) => `/cookiepay/notifications/${secret}`),
)

const path = fc.oneof(
  { weight: 2, arbitrary: notificationPath },
  segment.map((tid) => `/payments/${tid}/outside-refunds`),
  fc.nat(40).map((n) => `/payments/pay-${n}-10000/outside-refunds`),
  { weight: 4, arbitrary: fc.tuple(fc.constant('/refunds'), query).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.tuple(segment, query).map(([id, rest]) => `/refunds/${id}${rest}`) },
  { weight: 2, arbitrary: fc.tuple(segment, query).map(([tid, rest]) => `/payments/${tid}${rest}`) },
  segment.map((id) => `/refunds/${id}/resolve`),
  segment.map((id) => `/refunds/${id}/events`),
  fc.constantFrom(
    '/healthz',
    '/readyz',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/docs/static/index.html',
    '/',
  ),
  segment.map((name) => `/docs/static/${name}`),
  segment.map((name) => `/${name}`),
)

const money = fc.oneof(
  fc.constantFrom(1, 1000, 10_000),
  fc.constantFrom(0, -1, 1.5, 1e10, 1e308, -0, '1000', null, true, Number.MAX_SAFE_INTEGER),
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('고객 변심', '', '\ud800', '\0', '\u3000', '\u200b\u2800', '.', '..'),
)
const tid = fc.oneof(
  fc.tuple(fc.constantFrom('pay', ...FAULT_NAMES), fc.nat(3000)).map(([name, n]) => `${name}-${n}-10000`),
  text,
)

/** Mostly a refund that could be made, with now and then a member that could not be. */
const refund = fc.record(
  {
    tid,
    reason: fc.oneof({ weight: 5, arbitrary: fc.constant('고객 변심') }, text),
    payment: fc.oneof(
      { weight: 6, arbitrary: fc.constant({ method: 'card_auth', amount: 10_000 }) },
      fc.record({
        method: fc.oneof(fc.constantFrom('mobile', 'virtual_account', 'card_billing'), text),
        amount: money,
      }),
      fc.jsonValue(),
    ),
    amount: money,
    tax_free_amount: money,
    refund_account: fc.jsonValue(),
    account: text,
    metadata: fc.oneof(fc.dictionary(text, text, { maxKeys: 12 }), fc.jsonValue()),
  },
  { requiredKeys: ['tid', 'reason', 'payment'] },
)
const soundRefund = fc.record({
  tid: fc
    .tuple(fc.constantFrom('pay', ...FAULT_NAMES), fc.nat(3000))
    .map(([name, n]) => `${name}-${n}-10000`),
  reason: fc.constant('고객 변심'),
  payment: fc.constant({ method: 'card_auth', amount: 10_000 }),
})
const resolution = fc.record({
  outcome: fc.constantFrom('succeeded', 'failed', 'x'),
  note: text,
  provider: fc.jsonValue(),
})

const booking = fc.record(
  { amount: fc.oneof(money, fc.constantFrom(10, -10)), tax_free_amount: money, note: text, account: text },
  { requiredKeys: ['amount', 'note'] },
)

const memberName = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('noti_type', 'tid', 'cancel_amount', 'cancel_date', 'api_id') },
  fc.constantFrom('NOTI_TYPE', 'TID', 'Cancel_Amount', 'cancel_amt', '__proto__', 'orderno'),
  text,
)
const memberValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('cancel', 'deposit_cancel', '3000', '3,000', '20260101103000') },
  { weight: 2, arbitrary: fc.nat(60).map((n) => `pay-${n}-10000`) },
  text,
)
/** Mostly of a payment that is known. */
const notification = fc
  .record({
    known: fc.nat(60),
    type: fc.constantFrom('cancel', 'CANCEL', 'deposit_cancel', 'approval', ''),
    amount: fc.oneof(money, fc.constantFrom('3,000', '원', '1'.repeat(400))),
    more: fc.dictionary(memberName, fc.oneof(memberValue, money, fc.jsonValue()), { maxKeys: 5 }),
  })
  .map(({ known, type, amount, more }) => ({
    noti_type: type,
    tid: `pay-${known}-10000`,
    cancel_amount: amount,
    ...more,
  }))
/** Half a surrogate pair cannot be encoded. */
const wellFormed = (value: string) => Buffer.from(value).toString()

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))

const formOf = (members: object) =>
  Buffer.from(
    Object.entries(members)
      .map(
        ([name, value]) =>
          `${encodeURIComponent(wellFormed(name))}=${encodeURIComponent(wellFormed(textOf(value)))}`,
      )
      .join('&'),
  )
const notificationBody = fc.oneof(
  { weight: 4, arbitrary: notification.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 4, arbitrary: notification.map(formOf) },
)

const body: fc.Arbitrary<Buffer> = fc.oneof(
  notificationBody,
  booking.map((value) => Buffer.from(JSON.stringify(value))),
  { weight: 8, arbitrary: soundRefund.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 8, arbitrary: refund.map((value) => Buffer.from(JSON.stringify(value))) },
  resolution.map((value) => Buffer.from(JSON.stringify(value))),
  fc.json().map((value) => Buffer.from(value)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      '',
      '{',
      '[]',
      'null',
      '{"__proto__":{"tid":1}}',
      '{"constructor":{"prototype":{}}}',
      '{"tid":"pay-1-10000","tid":"pay-2-10000","reason":"x","payment":{"method":"card_auth","amount":10000}}',
      '{"tid":"pay-1-10000","reason":"x","payment":{"method":"card_auth","amount":10000,"am\\u006funt":1}}',
      '{"a":[{"b":1,"b":1e-400}]}',
      '\ufeff{}',
    )
    .map((value) => Buffer.from(value)),
  fc
    .constantFrom('['.repeat(50_000), '{"a":'.repeat(9_000), `"${'x'.repeat(70_000)}"`)
    .map((value) => Buffer.from(value)),
  refund.map((value) => Buffer.from(JSON.stringify(value), 'utf16le')),
)

const idempotencyKey = fc.oneof(
  { weight: 6, arbitrary: fc.uuid() },
  { weight: 2, arbitrary: fc.nat(40).map((n) => `key-${n}`) },
  fc.nat(40).map((n) => `"key-${n}"`),
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    'application/json; charset=utf-16',
    'text/plain',
    'multipart/form-data',
    '',
    'application/problem+json',
    ';',
  ),
)
const anyHeader = fc.oneof(
  fc.constantFrom<readonly [string, string]>(
    ['Expect', '100-continue'],
    ['Expect', 'nothing'],
    ['Upgrade', 'websocket'],
    ['Connection', 'keep-alive, upgrade'],
    ['Content-Encoding', 'gzip'],
    ['Accept', 'text/html'],
    ['Range', 'bytes=0-1,3-'],
    ['If-None-Match', '*'],
    ['traceparent', `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`],
    ['X-Forwarded-For', '::1'],
    ['X-Forwarded-Prefix', '/pay'],
    ['X-Forwarded-Prefix', '//evil.example'],
    ['Origin', 'http://evil.example'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Cookie', 'a=b'],
  ),
  fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,20}$/), fc.string({ maxLength: 80 })),
)

/** What Node.js takes for a header's value: the rest would damage the request. */
const oneLine = (value: string) => value.replace(/[^ -~\u0080-\u00ff]/g, '')

type Parts = Readonly<{
  method: string
  path: string
  body: Buffer
  key: string
  type: string
  more: Headers
  token: string
  isChunked: boolean
}>

const parts: fc.Arbitrary<Parts> = fc.record({
  method: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('GET', 'POST') }, fc.constantFrom(...METHODS)),
  path,
  body,
  key: idempotencyKey,
  type: contentType,
  more: fc.array(anyHeader, { maxLength: 3 }),
  token: fc.oneof(
    { weight: 7, arbitrary: fc.constant('Bearer key') },
    { weight: 2, arbitrary: fc.constant('Bearer other-key') },
    fc.string({ maxLength: 30 }),
  ),
  isChunked: fc.boolean(),
})
/** Half of all: the request that matters most. */
const refundParts = parts.map((some): Parts => ({ ...some, method: 'POST', path: '/refunds' }))

function encode(request: Parts, isLast: boolean): Buffer {
  const { method, body, key, type, more, token, isChunked } = request
  const framing: Headers = isChunked
    ? [['Transfer-Encoding', 'chunked']]
    : [['Content-Length', String(body.length)]]
  const headers: Headers = [
    ['Host', 'gateway'],
    ['Authorization', token],
    ['Idempotency-Key', key],
    ['Content-Type', type],
    ...more.filter(([name]) => !/^(host|content-length|transfer-encoding)$/i.test(name)),
    ...framing,
    ...(isLast ? ([['Connection', 'close']] as const) : []),
  ]
  const head = headers.map(([name, value]) => `${name}: ${oneLine(value)}\r\n`).join('')
  return Buffer.concat([
    Buffer.from(`${method} ${request.path} HTTP/1.1\r\n${head}\r\n`, 'latin1'),
    isChunked ? chunked(body) : body,
  ])
}

function chunked(body: Buffer): Buffer {
  const chunk =
    body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]
  return Buffer.concat([...chunk, Buffer.from('0\r\n\r\n')])
}

/** Of one route: mostly as it should be. */
const notificationParts = fc
  .tuple(parts, notificationPath, fc.oneof({ weight: 6, arbitrary: notificationBody }, body), fc.nat(9))
  .map(
    ([some, path, sent, luck]): Parts => ({
      ...some,
      path,
      body: sent,
      method: luck === 0 ? some.method : 'POST',
    }),
  )

const wholeOf = (requests: fc.Arbitrary<Parts>): fc.Arbitrary<Exchange> =>
  fc.array(requests, { minLength: 1, maxLength: 3 }).map((some) => ({
    bytes: Buffer.concat(some.map((request, index) => encode(request, index === some.length - 1))),
    targets: some.map(({ method, path }) => ({ method, path })),
  }))

/** Cut short, or with some bytes that are others. Without HEAD, after which nobody could say where an answer ends. */
const damagedOf = (whole: fc.Arbitrary<Exchange>): fc.Arbitrary<Exchange> =>
  fc
    .tuple(
      whole.filter(({ bytes }) => !bytes.includes('HEAD ')),
      fc.nat(),
      fc.uint8Array({ maxLength: 12 }),
      fc.boolean(),
    )
    .map(([{ bytes }, position, noise, isCut]) => {
      const at = position % bytes.length
      const rest = isCut ? Buffer.alloc(0) : bytes.subarray(at + noise.length)
      return { bytes: Buffer.concat([bytes.subarray(0, at), noise, rest]), targets: null }
    })

const noise: fc.Arbitrary<Exchange> = fc
  .uint8Array({ minLength: 1, maxLength: 500 })
  .map((bytes) => ({ bytes: Buffer.from(bytes), targets: null }))

function exchangesOf(requests: fc.Arbitrary<Parts>): fc.Arbitrary<Exchange> {
  const whole = wholeOf(requests)
  return fc.oneof({ weight: 8, arbitrary: whole }, { weight: 2, arbitrary: damagedOf(whole) }, noise)
}

/** By what is asked: everything, or the notifications of the provider alone. */
export const EXCHANGES = {
  everything: exchangesOf(fc.oneof(parts, refundParts)),
  notifications: exchangesOf(notificationParts),
} as const
