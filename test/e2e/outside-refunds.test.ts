import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { refundRequest, startAll } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'

type Booking = { id: string; amount: number; tax_free_amount?: number | null; note?: string; by?: string }
type Answered = {
  code?: string
  remaining: number
  outside: number
  refunded: number
  outside_refunds: Booking[]
  errors?: unknown
}

async function startPayment(t: Test, env: Record<string, string> = {}, overrides = {}) {
  const all = await startAll(t, env)
  const body = refundRequest({ amount: 1_000, ...overrides })
  const first = await all.refund(body)
  t.equal(first.status, 201)
  const path = `/payments/${body.tid}/outside-refunds`
  const book = (amount: unknown, more: object = {}, key: string = randomUUID()) =>
    all.request<Answered>(path, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: { amount, note: '콘솔에서 취소함', ...more },
    })
  const ledger = async () => (await all.request<Answered>(`/payments/${body.tid}`)).body
  return { ...all, body, path, book, ledger }
}

t.test('what was refunded outside takes its place of the payment', async (t) => {
  const { book, refund, body, ledger } = await startPayment(t)
  const booked = await book(3_000)
  t.equal(booked.status, 201)
  t.match(booked.body, { refunded: 1_000, outside: 3_000, remaining: 6_000 })
  t.match(booked.body.outside_refunds, [
    {
      id: /^ob_[0-9A-Z]{26}$/,
      amount: 3_000,
      tax_free_amount: null,
      note: '콘솔에서 취소함',
      by: 'anonymous',
    },
  ])
  t.same(await ledger(), booked.body)
  t.match((await refund({ ...body, amount: 6_001 })).body, {
    code: 'amount_exceeds_remaining',
    remaining: 6_000,
  })
  t.equal((await refund({ ...body, amount: 6_000 })).status, 201)
  t.match((await book(1)).body, { code: 'amount_exceeds_remaining', remaining: 0 })
})

t.test('a booking is taken back, and never more than was booked', async (t) => {
  const { book, ledger } = await startPayment(t)
  await book(3_000)
  t.match(await book(-3_001), { status: 422, body: { code: 'amount_exceeds_remaining', remaining: 6_000 } })
  t.match((await book(-1_000)).body, { outside: 2_000, remaining: 7_000 })
  t.match((await book(-2_000)).body, { outside: 0, remaining: 9_000 })
  t.match(await book(-1), { status: 422, body: { code: 'amount_exceeds_remaining' } })
  t.same(
    (await ledger()).outside_refunds.map(({ amount }) => amount),
    [3_000, -1_000, -2_000],
  )
})

t.test('a repeat books nothing more, and another body of its key is refused', async (t) => {
  const { book, request, refund, path } = await startPayment(t)
  const first = await book(3_000, {}, 'key')
  t.equal(first.headers.get('idempotent-replayed'), null)
  const again = await book(3_000, {}, 'key')
  t.equal(again.status, 201)
  t.equal(again.headers.get('idempotent-replayed'), 'true')
  t.same(again.body, first.body)
  t.match(await book(2_000, {}, 'key'), { status: 422, body: { code: 'idempotency_key_reused' } })
  t.match(await book(3_000, { note: 'another' }, 'key'), {
    status: 422,
    body: { code: 'idempotency_key_reused' },
  })

  const other = refundRequest({ amount: 100 })
  await refund(other)
  const elsewhere = await request(`/payments/${other.tid}/outside-refunds`, {
    method: 'POST',
    headers: { 'idempotency-key': 'key' },
    body: { amount: 3_000, note: '콘솔에서 취소함' },
  })
  t.match(elsewhere, { status: 422, body: { code: 'idempotency_key_reused' } })
  t.match(await request(path, { method: 'POST', body: { amount: 1, note: 'n' } }), {
    status: 400,
    body: { code: 'idempotency_key_missing' },
  })
})

t.test('many requests of one key, and many keys at once, book what they may and no more', async (t) => {
  const { book, ledger } = await startPayment(t)
  await Promise.all(Array.from({ length: 8 }, () => book(1_000, {}, 'one-key')))
  t.match(await ledger(), { outside: 1_000 })
  const answers = await Promise.all(Array.from({ length: 12 }, () => book(1_000)))
  t.equal(answers.filter(({ status }) => status === 201).length, 8)
  t.match(await ledger(), { outside: 9_000, remaining: 0 })
})

t.test('the key of a refused booking is free', async (t) => {
  const { book } = await startPayment(t)
  t.equal((await book(90_000, {}, 'key')).status, 422)
  t.match(await book(9_000, {}, 'key'), { status: 201, body: { outside: 9_000 } })
})

t.test('a payment that nobody here knows takes no booking', async (t) => {
  const { request } = await startAll(t)
  const answer = await request('/payments/never-seen/outside-refunds', {
    method: 'POST',
    headers: { 'idempotency-key': 'key' },
    body: { amount: 1, note: 'n' },
  })
  t.match(answer, { status: 404, body: { code: 'not_found' } })
})

t.test('each mistake of the body is named', async (t) => {
  const { book, ledger } = await startPayment(t)
  for (const [amount, more, pointer] of [
    [0, {}, '#/amount'],
    ['3000', {}, '#/amount'],
    [1.5, {}, '#/amount'],
    [10_000_000_000, {}, '#/amount'],
    [1, { note: ' ' }, '#/note'],
    [1, { note: undefined }, '#/note'],
    [1, { by: 'me' }, '#/by'],
  ] as const) {
    t.match(await book(amount, more), {
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer }] },
    })
  }
  t.match(await book(1, { account: 'other' }), { status: 422, body: { code: 'unknown_account' } })
  t.match(await book(1, { tax_free_amount: 1 }), { status: 422, body: { code: 'tax_free_not_allowed' } })
  t.match(await ledger(), { outside: 0 })
})

t.test('neither part of a payment is booked beyond what was paid of it', async (t) => {
  const payment = { method: 'card_auth', amount: 10_000, tax_free_amount: 4_000 }
  const { book, ledger } = await startPayment(t, { COOKIEPAY_PG: 'kiwoom' }, { payment, tax_free_amount: 0 })
  const tooMuch = { status: 422, body: { code: 'tax_free_exceeds_amount' } }
  t.match(await book(4_001, { tax_free_amount: 4_001 }), tooMuch)
  t.match(await book(5_001, { tax_free_amount: 0 }), tooMuch)
  t.match(await book(100, { tax_free_amount: -1 }), tooMuch)
  t.match(await book(100, { tax_free_amount: 101 }), tooMuch)
  t.equal((await book(6_000)).status, 201, 'taxable first: 5,000 of it, and 1,000 tax-free')
  t.match(await book(-6_000, { tax_free_amount: -2_000 }), tooMuch)
  t.match(await book(-1_000, { tax_free_amount: 0 }), { status: 201 })
  t.match(await book(1_001, { tax_free_amount: 0 }), tooMuch)
  t.match((await book(-5_000)).body, { outside: 0 })
  t.match(await ledger(), { outside: 0, remaining: 9_000 })
})

t.test('an unknown refund holds its amount beside a booking, and the payment is kept', async (t) => {
  const { book, refund, body, ledger, redis } = await startPayment(t, { RECONCILE_INTERVAL_MS: '3600000' })
  t.ok(redis)
  const { tid } = refundRequest({ tid: `html-${randomUUID().slice(0, 8)}-10000` })
  t.equal((await refund({ ...body, tid, amount: 4_000 })).status, 202)
  t.match(await ledger(), { outside: 0 })
  t.match((await book(9_000)).body, { outside: 9_000 })
  const beside = refundRequest({ tid, amount: 1_000 })
  t.equal((await refund({ ...beside, amount: 6_001 })).status, 409)
})

t.test('only the scope resolve books, and who did is shown to whom it may be', async (t) => {
  const API_KEYS = [
    apiKey('orders', 'one', 'create+read'),
    apiKey('finance', 'two', 'resolve+read'),
    apiKey('audit', 'three', 'read_all'),
  ].join(',')
  const { request, refund } = await startAll(t, { API_KEYS })
  const [orders, finance, audit] = ['one', 'two', 'three'].map(bearer)
  const body = refundRequest({ amount: 1_000 })
  t.equal((await refund(body, 'key', orders)).status, 201)
  const book = (headers = {}) =>
    request<Answered>(`/payments/${body.tid}/outside-refunds`, {
      method: 'POST',
      headers: { 'idempotency-key': 'booking', ...headers },
      body: { amount: 500, note: 'console' },
    })
  t.match(await book(), { status: 401 })
  t.match(await book(orders), { status: 403, body: { code: 'forbidden' } })
  t.match(await book(finance), {
    status: 201,
    body: { outside_refunds: [{ by: 'finance', note: 'console' }] },
  })
  const read = async (headers = {}) => (await request<Answered>(`/payments/${body.tid}`, { headers })).body
  t.same(Object.keys((await read(orders)).outside_refunds[0] ?? {}).sort(), ['amount', 'at', 'id'])
  t.match((await read(audit)).outside_refunds, [{ by: 'finance', note: 'console' }])
})
