import t, { type Test } from 'tap'
import {
  gatewayEnv,
  refundRequest,
  startAll,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts'

const IN_PART = { payment: { method: 'card_auth', amount: 10_000 }, amount: 1_000 } as const

function start(t: Test, PAYMENT_LOOKUP: string, env: Record<string, string> = {}) {
  return startAll(t, { PAYMENT_LOOKUP, COOKIEPAY_PG: 'danal', ...env })
}

t.test('off: nothing is looked up, whatever was stated', async (t) => {
  const { refund, sandbox } = await start(t, 'off')
  t.equal((await refund(refundRequest({ tid: 'otheramount-10000' }))).status, 201)
  t.equal((await refund(refundRequest({ tid: 'kakaopay-10000' }))).status, 201)
  t.match(await sandbox.cancels(), { calls: 2 })
})

for (const mode of ['verify', 'require']) {
  t.test(`${mode}: what contradicts the row is refused, and the key is free`, async (t) => {
    const { refund, sandbox } = await start(t, mode)
    const wrong: [body: ReturnType<typeof refundRequest>, detail: RegExp][] = [
      [refundRequest({ tid: 'a-50000' }), /another amount\. /],
      [refundRequest({ tid: 'otheramount-10000' }), /another amount\. /],
      [refundRequest({ tid: 'othermethod-10000' }), /another method\. /],
      [refundRequest({ tid: 'kakaopay-10000' }), /another method\. /],
      [refundRequest({ tid: 'bank-50000' }), /another amount and another method\. /],
    ]
    for (const [index, [body, detail]] of wrong.entries()) {
      const answer = await refund(body, `key-${index}`)
      t.match(
        answer,
        { status: 409, body: { code: 'payment_mismatch', retry: 'fix_request', detail } },
        body.tid,
      )
      t.notMatch(String(answer.body.detail), /\d/)
    }
    t.match(await sandbox.cancels(), { calls: 0 })
    const right = refundRequest({ tid: 'a-50000', payment: { method: 'card_auth', amount: 50_000 } })
    t.match(await refund(right, 'key-0'), { status: 201, body: { amount: 50_000 } }, 'with the same key')
  })

  t.test(`${mode}: each method is known by its row`, async (t) => {
    const { refund } = await start(t, mode)
    const rows = [
      ['keyin', 'card_keyin'],
      ['billing', 'card_billing'],
      ['kakaopay', 'easy_pay'],
      ['kakaocard', 'easy_pay'],
      ['naverpay', 'easy_pay'],
      ['bank', 'bank_transfer'],
      ['order', 'card_auth'],
      ['order2', 'easy_pay'],
    ] as const
    for (const [word, method] of rows) {
      const body = refundRequest({ tid: `${word}-10000`, payment: { method, amount: 10_000 } })
      t.match(await refund(body), { status: 201 }, word)
    }
  })

  t.test(`${mode}: a payment that cannot be found out`, async (t) => {
    const { refund, sandbox } = await start(t, mode)
    for (const word of ['norow', 'brokenrow']) {
      const answer = await refund(refundRequest({ tid: `${word}-10000` }), word)
      if (mode === 'verify') {
        t.match(answer, { status: 201 }, word)
      } else {
        t.match(answer, { status: 503, body: { code: 'provider_unavailable', retry: 'same_key' } }, word)
        const other = refundRequest({ tid: `free${word}-10000` })
        t.match(await refund(other, word), { status: 201 }, 'the key is free for another payload')
      }
      t.equal((await sandbox.cancels(`${word}-10000`)).applied.length, mode === 'verify' ? 1 : 0)
    }
  })
}

t.test('a slow lookup is waited for, and no longer than a call may take', async (t) => {
  // The sandbox takes 200 ms.
  const { refund } = await start(t, 'require')
  t.match(await refund(refundRequest({ tid: 'slowrow-10000' })), { status: 201 })
})

t.test('a payment is looked up once, however many refunds it has', async (t) => {
  const { refund, request } = await start(t, 'require')
  for (let part = 0; part < 3; part++) {
    t.match(await refund(refundRequest({ tid: 'parts-10000', ...IN_PART, amount: 1_000 + part })), {
      status: 201,
    })
  }
  t.equal(await lookupsOf(request), 1)
})

/** How often this gateway found a payment. */
async function lookupsOf(request: TestGateway['request']): Promise<number> {
  const { body } = await request<string>('/metrics')
  return Number(/_seconds_count\{call="payment_lookup",outcome="found"[^}]*\} (\d+)/.exec(body)?.[1] ?? 0)
}

t.test('what was found is kept with the payment, also of a refund that failed', async (t) => {
  const { refund, gateway, sandbox, redis, request } = await start(t, 'require')
  const body = refundRequest({ tid: 'declined-10000' })
  t.match(await refund(body), { status: 422, body: { code: 'provider_declined' } })
  t.equal(await lookupsOf(request), 1)
  await gateway.close()
  const env = gatewayEnv(sandbox.base, redis, { PAYMENT_LOOKUP: 'require', COOKIEPAY_PG: 'danal' })
  const fresh = await startTestGateway(t, env)
  t.match(await fresh.refund(body), { status: 422, body: { code: 'provider_declined' } })
  t.equal(await lookupsOf(fresh.request), 0)
  const other = { ...body, payment: { method: 'card_auth', amount: 9_000 } } as const
  t.match(
    await fresh.refund(other),
    { status: 409, body: { code: 'payment_mismatch' } },
    'other facts are not',
  )
  t.equal(await lookupsOf(fresh.request), 1)
})

t.test('a check looks up, too, and what follows it needs not', async (t) => {
  const { refund, request } = await start(t, 'require')
  const check = (body: object) => request('/refunds/check', { body })
  t.match(await check(refundRequest({ tid: 'otheramount-10000' })), {
    status: 409,
    body: { code: 'payment_mismatch', detail: /another amount/ },
  })
  t.match(await check(refundRequest({ tid: 'norow-10000' })), {
    status: 503,
    body: { code: 'provider_unavailable' },
  })
  const body = refundRequest({ tid: 'ordinary-10000' })
  t.match(await check(body), { status: 200, body: { allowed: true } })
  t.match(await refund(body), { status: 201 })
  t.equal(await lookupsOf(request), 2)
})

t.test('a repeat is answered with its refund, whatever the row says now', async (t) => {
  const { refund, gateway, sandbox, redis } = await start(t, 'off')
  const body = refundRequest({ tid: 'otheramount-10000' })
  const first = await refund(body, 'same')
  t.equal(first.status, 201)
  await gateway.close()
  const strict = await startTestGateway(
    t,
    gatewayEnv(sandbox.base, redis, { PAYMENT_LOOKUP: 'require', COOKIEPAY_PG: 'danal' }),
  )
  t.match(await strict.refund(body, 'same'), { status: 201, body: { id: first.body.id } })
})
