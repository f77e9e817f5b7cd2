import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  PAYMENT_GATEWAYS,
  PAYMENT_METHODS,
  type PaymentGateway,
  type PaymentMethod,
} from '../../src/refunds/payment.ts'
import { ledger, until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { cancelAnswer, sendJson, sendText, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { allContent } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'

// One account for each gateway, named after it; danal2 is a second contract with the same one.
const accounts = [...PAYMENT_GATEWAYS, 'danal2'].map((name) => ({
  name,
  id: `id-${name}`,
  key: `key-${name}`,
  pg: name === 'danal2' ? 'danal' : name,
}))
const accountsFile = join(t.testdir({ 'accounts.json': JSON.stringify(accounts) }), 'accounts.json')

const redis = await startTestRedis(t)
const provider = await startProviderStub(t)
const gateway = await startTestGateway(
  t,
  gatewayEnv(provider.url, redis, {
    COOKIEPAY_ID: '',
    COOKIEPAY_KEY: '',
    COOKIEPAY_PG: '',
    COOKIEPAY_ACCOUNTS_FILE: accountsFile,
    RATE_LIMIT_MAX: '100000',
    RECONCILE_INTERVAL_MS: '3600000',
  }),
)

const REFUND_ACCOUNT = { bank: '20', account_no: '1002345678901', account_name: '홍길동' }

/** A request for the account of this name. */
function request(account: string, changes: object = {}) {
  return { ...refundRequest({ account }), ...changes }
}

/** What the provider was sent while this ran. */
async function sent(run: () => Promise<unknown>) {
  const before = provider.cancels.length
  await run()
  return provider.cancels.slice(before)
}

/** Makes the provider decline the next cancel. */
function declineOnce() {
  provider.onCancel((response) => {
    provider.onCancel((next, { body }) => sendJson(next, cancelAnswer(body)))
    sendJson(response, cancelAnswer({}, { cancel_code: '3001', cancel_msg: '취소 거절' }))
  })
}

/** Makes the provider leave the next cancel unknown. */
function leaveUnknownOnce() {
  provider.onCancel((response) => {
    provider.onCancel((next, { body }) => sendJson(next, cancelAnswer(body)))
    sendText(response, '<html></html>')
  })
}

t.test('eligibility is decided by method, kind and gateway', async (t) => {
  const refused: Record<PaymentMethod, (pg: PaymentGateway, kind: 'full' | 'partial') => boolean> = {
    card_auth: () => false,
    card_keyin: () => false,
    card_billing: (_pg, kind) => kind === 'partial',
    easy_pay: (_pg, kind) => kind === 'partial',
    bank_transfer: (_pg, kind) => kind === 'partial',
    virtual_account: (pg, kind) => pg !== 'toss' || kind === 'partial',
    mobile: () => true,
  }
  for (const method of PAYMENT_METHODS) {
    for (const pg of PAYMENT_GATEWAYS) {
      for (const kind of ['full', 'partial'] as const) {
        const body = request(pg, {
          payment: { method, amount: 10_000 },
          ...(kind === 'partial' && { amount: 9_999 }),
          ...(method === 'virtual_account' && { refund_account: REFUND_ACCOUNT }),
        })
        const about = `${method}, ${pg}, ${kind}`
        const calls = await sent(async () => {
          const answer = await gateway.refund(body)
          if (refused[method](pg, kind)) {
            isProblem(t, answer, 'not_eligible', about)
            t.match(answer.body.rule, /^[a-z_]+$/, about)
          } else {
            isRefund(t, answer, 'succeeded', { about })
            t.equal(answer.body.kind, kind, about)
          }
        })
        t.equal(calls.length, refused[method](pg, kind) ? 0 : 1, about)
      }
    }
  }
})

t.test('an amount that is all of the payment is a full refund, and is sent all the same', async (t) => {
  for (const method of ['card_auth', 'card_billing', 'bank_transfer'] as const) {
    const body = request('danal', { payment: { method, amount: 10_000 }, amount: 10_000 })
    const [call] = await sent(async () => {
      const answer = await gateway.refund(body)
      isRefund(t, answer, 'succeeded', { about: method })
      t.match(answer.body, { kind: 'full', amount: 10_000 })
    })
    t.strictSame(call?.body, { tid: body.tid, amount: '10000', reason: body.reason })
  }
})

t.test('account is optional when there is only one; with several it must be one of them', async (t) => {
  const calls = await sent(async () => {
    for (const account of [undefined, 'default', 'Toss', 'toss ', '__proto__', 'constructor']) {
      const answer = await gateway.refund(request('toss', { account }))
      isProblem(t, answer, 'unknown_account', String(account))
      t.match(answer.body.detail, /toss, easypay/, 'names the ones that there are')
    }
  })
  t.equal(calls.length, 0)
})

t.test('each account has its own id, key, token and ledgers', async (t) => {
  const body = request('danal')
  const calls = await sent(async () => {
    isRefund(t, await gateway.refund(body), 'succeeded')
    isRefund(t, await gateway.refund({ ...body, account: 'danal2' }), 'succeeded')
  })
  t.strictSame(
    calls.map(({ headers }) => headers.apikey),
    ['key-danal', 'key-danal2'],
  )
  t.not(calls[0]?.headers.token, calls[1]?.headers.token)
  const tokenOf = (account: string) => provider.tokens.filter(({ body }) => body.pay2_id === `id-${account}`)
  for (const name of ['danal', 'danal2']) {
    t.match(tokenOf(name), [{ body: { pay2_id: `id-${name}`, pay2_key: `key-${name}` } }])
    t.match(await ledger(gateway, body.tid, `?account=${name}`), { refunded: 10_000, refunds: { length: 1 } })
  }
  isProblem(t, await gateway.request(`/payments/${body.tid}`), 'unknown_account')
  isProblem(t, await gateway.request(`/refunds?tid=${body.tid}&account=nobody`), 'unknown_account')
})

t.test('a virtual account needs a refund_account', async (t) => {
  const payment = { method: 'virtual_account', amount: 10_000 }
  const body = request('toss', { payment })
  isProblem(t, await gateway.refund(body, 'va'), 'refund_account_required')
  isRefund(t, await gateway.refund({ ...body, refund_account: REFUND_ACCOUNT }, 'va'), 'succeeded')
})

t.test('tax_free_amount only with a Kiwoompay account, and never more than amount', async (t) => {
  for (const pg of PAYMENT_GATEWAYS.filter((pg) => pg !== 'kiwoom')) {
    for (const tax_free_amount of [0, 100]) {
      const answer = await gateway.refund(request(pg, { amount: 1_000, tax_free_amount }))
      isProblem(t, answer, 'tax_free_not_allowed', `${pg}, ${tax_free_amount}`)
    }
  }
  const payment = (tax_free_amount: number) => ({ method: 'card_auth', amount: 10_000, tax_free_amount })
  const exceeding: Record<string, object> = {
    'more than amount': { amount: 1_000, tax_free_amount: 1_001 },
    'more than the whole': { tax_free_amount: 10_001 },
    'more tax-free than was paid so': { payment: payment(500), amount: 1_000, tax_free_amount: 501 },
    'more taxable than was paid so': { payment: payment(9_500), amount: 1_000, tax_free_amount: 499 },
    'a whole with less tax-free than was paid so': { payment: payment(500), tax_free_amount: 499 },
    'a whole with more tax-free than was paid so': { payment: payment(500), tax_free_amount: 501 },
    'a payment with more tax-free than all': { payment: payment(10_001) },
  }
  for (const [about, changes] of Object.entries(exceeding)) {
    isProblem(t, await gateway.refund(request('kiwoom', changes)), 'tax_free_exceeds_amount', about)
  }
})

t.test('neither part is refunded beyond what was paid, over several refunds', async (t) => {
  const payment = { method: 'card_auth', amount: 1_000, tax_free_amount: 400 }
  const step = request('kiwoom', { payment })
  const take = (amount: number | undefined, tax_free_amount?: number) =>
    gateway.refund({ ...step, amount, tax_free_amount })
  isRefund(t, await take(300, 300), 'succeeded', { about: '300, all of it tax-free' })
  isProblem(t, await take(101, 101), 'tax_free_exceeds_amount', '100 tax-free are left')
  isProblem(t, await take(650, 0), 'tax_free_exceeds_amount', '600 taxable are left')
  // Not stated, it counts as taxable first: 600 of these, and 50 tax-free.
  const [call] = await sent(async () => isRefund(t, await take(650), 'succeeded'))
  t.notOk('taxfree_amt' in (call?.body ?? {}), 'counted, but not sent')
  isProblem(t, await take(50, 49), 'tax_free_exceeds_amount', 'nothing taxable is left')
  isRefund(t, await take(50, 50), 'succeeded', { about: 'the rest, all of it tax-free' })
  isProblem(t, await take(1), 'amount_exceeds_remaining')
  t.match(await ledger(gateway, step.tid, '?account=kiwoom'), {
    refunded: 1_000,
    remaining: 0,
    tax_free_amount: 400,
  })
})

t.test('an amount above what was paid or what remains is refused, with what remains', async (t) => {
  const body = request('danal')
  const exceeds = async (amount: number | undefined, remaining: number) => {
    const answer = await gateway.refund({ ...body, amount })
    isProblem(t, answer, 'amount_exceeds_remaining', `${amount} of ${remaining}`)
    t.equal(answer.body.remaining, remaining)
  }
  await exceeds(10_001, 10_000)
  await exceeds(9_999_999_999, 10_000)
  t.equal(await ledger(gateway, body.tid, '?account=danal'), null, 'a refusal leaves no ledger')
  isRefund(t, await gateway.refund({ ...body, amount: 6_000 }), 'succeeded')
  await exceeds(4_001, 4_000)
  await exceeds(10_000, 4_000)
  await exceeds(10_001, 4_000)
  isRefund(t, await gateway.refund({ ...body, amount: 4_000 }), 'succeeded')
  await exceeds(1, 0)
  await exceeds(undefined, 0)
})

t.test('the remainder after partial refunds goes with its amount and is partial', async (t) => {
  const body = request('danal')
  isRefund(t, await gateway.refund({ ...body, amount: 2_500 }), 'succeeded')
  const [call] = await sent(async () => {
    const answer = await gateway.refund(body)
    isRefund(t, answer, 'succeeded')
    t.match(answer.body, { kind: 'partial', amount: 7_500 })
  })
  t.strictSame(call?.body, { tid: body.tid, reason: body.reason, amount: '7500' })
})

t.test('the remainder goes only where partial is allowed', async (t) => {
  // A payment by bank transfer has a remainder where the provider cancelled less than was asked.
  const body = request('danal', { payment: { method: 'bank_transfer', amount: 10_000 } })
  provider.onCancel((response) => sendJson(response, cancelAnswer({}, { cancel_amt: '9000' })))
  isRefund(t, await gateway.refund(body), 'succeeded')
  const calls = await sent(async () => {
    const answer = await gateway.refund(body)
    isProblem(t, answer, 'not_eligible')
    t.equal(answer.body.rule, 'partial_not_allowed')
  })
  t.equal(calls.length, 0)
  provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
})

t.test('payment is pinned while the tid has a refund that is not failed, and again after', async (t) => {
  const stated = { method: 'card_auth', amount: 10_000 }
  const others: Record<string, object> = {
    'another amount': { ...stated, amount: 10_001 },
    'a smaller amount': { ...stated, amount: 9_999 },
    'another method': { ...stated, method: 'card_keyin' },
    'a tax-free part': { ...stated, tax_free_amount: 0 },
  }
  const body = request('kiwoom', { amount: 1_000 })
  const mismatches = async (when: string) => {
    for (const [about, payment] of Object.entries(others)) {
      const answer = await gateway.refund({ ...body, payment })
      isProblem(t, answer, 'payment_mismatch', `${about}, ${when}`)
    }
  }
  isRefund(t, await gateway.refund(body), 'succeeded')
  await mismatches('after one that succeeded')

  const failed = request('kiwoom', { payment: { method: 'card_keyin', amount: 5_000, tax_free_amount: 10 } })
  declineOnce()
  isProblem(t, await gateway.refund(failed), 'provider_declined')
  body.tid = failed.tid
  isRefund(t, await gateway.refund(body), 'succeeded', { about: 'stated anew after a failed one' })
  await mismatches('after it was stated anew')
  t.match(await ledger(gateway, body.tid, '?account=kiwoom'), {
    method: 'card_auth',
    amount: 10_000,
    tax_free_amount: null,
    refunded: 1_000,
    remaining: 9_000,
    refunds: [{ status: 'failed' }, { status: 'succeeded' }],
  })

  body.tid = request('kiwoom').tid
  leaveUnknownOnce()
  isRefund(t, await gateway.refund(body), 'unknown')
  await mismatches('after an unknown one')
})

t.test(
  'everything that remains is not refunded beside one that is unknown, and waits for one in flight',
  async (t) => {
    const body = request('danal')
    leaveUnknownOnce()
    const unknown = await gateway.refund({ ...body, amount: 1_000 })
    isRefund(t, unknown, 'unknown')
    for (const amount of [undefined, 10_000]) {
      const answer = await gateway.refund({ ...body, amount })
      isProblem(t, answer, 'refund_unresolved')
      t.match(answer.body.refund, { id: unknown.body.id, status: 'unknown' }, 'names the other refund')
    }
    isRefund(t, await gateway.refund({ ...body, amount: 2_000 }), 'succeeded', { about: 'a part is' })
    isProblem(t, await gateway.refund({ ...body, amount: 7_001 }), 'refund_unresolved')
    isProblem(t, await gateway.refund({ ...body, amount: 8_001 }), 'amount_exceeds_remaining')
    t.match(await ledger(gateway, body.tid, '?account=danal'), {
      refunded: 2_000,
      in_flight: 0,
      unknown: 1_000,
      remaining: 7_000,
    })

    body.tid = request('danal').tid
    let answer = () => {}
    provider.onCancel((response, call) => {
      answer = () => sendJson(response, cancelAnswer(call.body))
    })
    const calls = provider.cancels.length
    const running = gateway.refund({ ...body, amount: 1_000 })
    await until('a cancel in flight', () => provider.cancels.length > calls)
    const present = await ledger(gateway, body.tid, '?account=danal')
    t.match(present, { refunded: 0, in_flight: 1_000, remaining: 9_000, refunds: [{ status: 'processing' }] })
    const everything = gateway.refund(body)
    provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
    await new Promise((resolve) => setTimeout(resolve, 300))
    t.equal(provider.cancels.length, calls + 1, 'it waits')
    answer()
    isRefund(t, await running, 'succeeded')
    isRefund(t, await everything, 'succeeded', { about: 'once that one is settled' })
  },
)

t.test('a payment that was stated too small has no more cancelled than was asked for', async (t) => {
  const sandbox = await startSandbox(t)
  const store = await startTestRedis(t)
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, store, { COOKIEPAY_PG: 'danal' }))
  const stated = { method: 'card_auth', amount: 10_000 } as const
  for (const amount of [undefined, 10_000]) {
    const tid = `order${amount}-50000`
    const body = refundRequest({ tid, payment: stated, ...(amount !== undefined && { amount }) })
    const answer = await gateway.refund(body)
    isRefund(t, answer, 'succeeded')
    t.match(answer.body, { kind: 'full', amount: 10_000, provider: { cancel_amt: '10000' } })
    t.match(await sandbox.cancels(tid), { applied_total: 10_000 })
  }
  // One that cannot be cancelled in part is refused then, and cancelled where it is stated as it is.
  const tid = 'nopart-50000'
  const refused = await gateway.refund(refundRequest({ tid, payment: stated }))
  t.match(refused.body, { code: 'provider_declined', refund: { provider: { cancel_code: '2004' } } })
  const whole = refundRequest({ tid, payment: { method: 'card_auth', amount: 50_000 } })
  isRefund(t, await gateway.refund(whole), 'succeeded')
  t.match(await sandbox.cancels(tid), { applied: [{ amount: 50_000 }] })
})

t.test('what is sent on: every value as a quoted string, and nothing that was not asked for', async (t) => {
  const base = { tid: '"1042"/{a}%20', reason: '고객 변심 <b>&"\\ ^|😀' }
  const sentBase = { ...base, reason: '고객 변심 <b>&"\\    ' }
  const whole = { ...sentBase, amount: '10000' }
  const stated = { payment: { method: 'card_auth', amount: 10_000 }, metadata: { secret: 'kept here' } }
  const cases: Record<string, [account: string, body: object, expected: object]> = {
    'a full refund': ['danal', {}, whole],
    'a partial refund': [
      'danal',
      { tid: 'part', amount: 9_999 },
      { ...sentBase, tid: 'part', amount: '9999' },
    ],
    'a tax-free part': [
      'kiwoom',
      { amount: 500, tax_free_amount: 200 },
      { ...sentBase, amount: '500', taxfree_amt: '200' },
    ],
    'a tax-free part of nothing': [
      'kiwoom',
      { tid: 'zero', amount: 500, tax_free_amount: 0 },
      { ...sentBase, tid: 'zero', amount: '500', taxfree_amt: '0' },
    ],
    'the tax-free part of a full refund': [
      'kiwoom',
      { tid: 'full', tax_free_amount: 200 },
      { ...whole, tid: 'full', taxfree_amt: '200' },
    ],
    'a virtual account': [
      'toss',
      { payment: { method: 'virtual_account', amount: 10_000 }, refund_account: REFUND_ACCOUNT },
      { ...whole, ...REFUND_ACCOUNT },
    ],
  }
  for (const [about, [account, changes, expected]] of Object.entries(cases)) {
    const calls = await sent(async () => {
      const answer = await gateway.refund({ ...base, ...stated, account, ...changes })
      isRefund(t, answer, 'succeeded', { about })
      t.match(answer.body, { ...base, metadata: stated.metadata, tid: String }, about)
    })
    t.equal(calls.length, 1, about)
    const [call] = calls
    t.strictSame(call?.body, expected, about)
    t.equal(call?.path, '/api/cancel')
    t.match(call?.headers['content-type'], /^application\/json/)
    t.equal(call?.headers.apikey, `key-${account}`)
    t.match(call?.headers.token, /^token-[0-9]+$/)
    t.notOk(Object.keys(call?.headers ?? {}).some((name) => /idempot/.test(name)))
  }
})

t.test('the account number goes to the provider, and is masked everywhere else', async (t) => {
  const account_no = '98765432104321'
  const body = request('toss', {
    payment: { method: 'virtual_account', amount: 10_000 },
    refund_account: { ...REFUND_ACCOUNT, account_no },
  })
  const [call] = await sent(async () => {
    const answer = await gateway.refund(body, 'masked')
    isRefund(t, answer, 'succeeded')
    const masked = { ...REFUND_ACCOUNT, account_no: '**********4321' }
    t.strictSame(answer.body.refund_account, masked)
    t.strictSame((await gateway.refund(body, 'masked')).body.refund_account, masked, 'replayed')
    const read = await gateway.request<object>(`/refunds/${answer.body.id}`)
    t.match(read.body, { refund_account: masked }, 'read')
    t.notMatch(JSON.stringify(await ledger(gateway, body.tid, '?account=toss')), account_no)
  })
  t.equal(call?.body.account_no, account_no)

  for (const [number, masked] of [
    ['12345', '***45'],
    ['1234', '**34'],
    ['1', '*'],
  ] as const) {
    const short = { ...body, tid: request('toss').tid }
    short.refund_account = { ...REFUND_ACCOUNT, account_no: number }
    t.equal((await gateway.refund(short)).body.refund_account?.account_no, masked, number)
  }
})

t.test('Redis holds no account number, key or token', async (t) => {
  const content = await allContent(redis)
  await holdsNoneOf(t, content, [
    '98765432104321',
    '1002345678901',
    ...accounts.map(({ key }) => key),
    ...provider.tokens.map((_call, index) => `token-${index}`),
  ])
  t.match(content, /\*\*\*\*4321/, 'but the masked number')
})

async function holdsNoneOf(t: Test, text: string, secrets: readonly string[]): Promise<void> {
  for (const secret of secrets) t.notOk(text.includes(secret), secret)
}
