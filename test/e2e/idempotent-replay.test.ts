import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { keys } from '../../src/store/keys.ts'
import { ledger, until } from '../support/calls.ts'
import { type ContractCode, isProblem, isRefund } from '../support/contract.ts'
import { type Answer, gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import {
  cancelAnswer,
  type Respond,
  sendJson,
  sendText,
  startProviderStub,
} from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'

const provider = await startProviderStub(t)
const redis = await startTestRedis(t)
// Nothing but a request is to settle a refund here.
const ENV = { RECONCILE_INTERVAL_MS: '3600000', RATE_LIMIT_MAX: '100000' }
const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis, ENV))

const accept: Respond = (response, { body }) => sendJson(response, cancelAnswer(body))
const decline: Respond = (response) =>
  sendJson(response, cancelAnswer({}, { cancel_code: '3001', cancel_msg: '취소 거절' }))

/** Makes the provider hold its answers; the result lets them go. */
function holdAnswers(): () => void {
  const held: (() => void)[] = []
  provider.onCancel((...call) => held.push(() => accept(...call)))
  return () => {
    provider.onCancel(accept)
    for (const answer of held) answer()
  }
}

t.beforeEach(() => provider.onCancel(accept))

t.test('200 requests with one key at once are one call', async (t) => {
  provider.onCancel((...call) => setTimeout(() => accept(...call), 50))
  for (const body of [refundRequest(), refundRequest({ amount: 1_000 })]) {
    const calls = provider.cancels.length
    const key = `together-${body.tid}`
    const answers = await Promise.all(Array.from({ length: 200 }, () => gateway.refund(body, key)))
    t.equal(provider.cancels.length - calls, 1)
    const first = answers.filter(
      ({ status, headers }) => status === 201 && !headers.has('idempotent-replayed'),
    )
    t.equal(first.length, 1, 'one is the first')
    const refund = first[0]?.body as Answer['body']
    for (const answer of answers) {
      if (answer === first[0]) continue
      if (answer.status === 409) {
        isProblem(t, answer, 'idempotency_in_progress')
        if (answer.body.refund) t.match(answer.body.refund, { id: refund.id, status: 'processing' })
      } else {
        isRefund(t, answer, 'succeeded', { replayed: true })
        t.strictSame(answer.body, refund)
      }
    }
    t.match(await ledger(gateway, body.tid), { refunded: body.amount ?? 10_000, refunds: { length: 1 } })
  }
})

t.test('a running key answers in_progress to its payload, and reused to another one', async (t) => {
  const answer = holdAnswers()
  const body = refundRequest({ amount: 1_000 })
  const calls = provider.cancels.length
  const running = gateway.refund(body, 'running')
  await until('the call', () => provider.cancels.length > calls)
  isProblem(t, await gateway.refund(body, 'running'), 'idempotency_in_progress')
  for (const changes of [{ amount: 1_001 }, { tid: 'another-10000' }, { reason: 'x' }, { metadata: {} }]) {
    const about = JSON.stringify(changes)
    isProblem(t, await gateway.refund({ ...body, ...changes }, 'running'), 'idempotency_key_reused', about)
  }
  answer()
  isRefund(t, await running, 'succeeded')
  t.equal(provider.cancels.length - calls, 1)
})

t.test('a key belongs to its first payload from the start, also while that waits for a token', async (t) => {
  const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  let giveToken = () => {}
  provider.onToken((response) => {
    giveToken = () => sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: 'token' })
  })
  const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis, ENV))
  const first = gateway.refund(refundRequest(), 'early')
  await until('the token call', () => provider.tokens.length > 0)
  isProblem(t, await gateway.refund(refundRequest(), 'early'), 'idempotency_key_reused')
  giveToken()
  isRefund(t, await first, 'succeeded')
})

t.test('a key belongs to its payload, whatever became of it', async (t) => {
  const responses: Record<string, Respond> = {
    succeeded: accept,
    failed: decline,
    unknown: (response) => sendText(response, ''),
  }
  for (const [status, respond] of Object.entries(responses)) {
    provider.onCancel(respond)
    const body = refundRequest({ amount: 1_000 })
    const calls = provider.cancels.length
    await gateway.refund(body, `spent-${status}`)
    const changes: object[] = [
      { amount: 999 },
      { amount: undefined },
      { tid: `${body.tid}0` },
      { reason: `${body.reason} ` },
      { payment: { ...body.payment, amount: 20_000 } },
      { payment: { ...body.payment, tax_free_amount: 0 } },
      { metadata: { a: 'b' } },
      { account: 'default' },
    ]
    for (const change of changes) {
      const about = `${status}, ${JSON.stringify(change)}`
      isProblem(
        t,
        await gateway.refund({ ...body, ...change }, `spent-${status}`),
        'idempotency_key_reused',
        about,
      )
    }
    t.equal(provider.cancels.length - calls, 1)
  }
})

t.test('payloads are the same whatever the order of members or white space', async (t) => {
  const { tid } = refundRequest()
  const forms = [
    `{"tid":"${tid}","reason":"고객 변심","payment":{"method":"card_auth","amount":10000},"amount":1000,"metadata":{"a":"1","b":"2"}}`,
    `{"metadata":{"b":"2","a":"1"},"amount":1000,"payment":{"amount":10000,"method":"card_auth"},"reason":"고객 변심","tid":"${tid}"}`,
    `\n { "tid" : "${tid}",\r\n\t"reason" : "고객 변심", "payment" : { "method":"card_auth", "amount":10000 } , "amount":1000,"metadata":{"a":"1","b":"2"} } \n`,
    `{"tid":"${tid}","reason":"\\uace0\\uac1d \\ubcc0\\uc2ec","payment":{"method":"card_auth","amount":1e4},"amount":1000.0,"metadata":{"\\u0061":"1","b":"2"}}`,
  ]
  const calls = provider.cancels.length
  for (const [index, form] of forms.entries()) {
    isRefund(t, await gateway.refund(form, 'same'), 'succeeded', { replayed: index > 0, about: form })
  }
  t.equal(provider.cancels.length - calls, 1)
})

t.test('keys are scoped to the caller', async (t) => {
  const guarded = await startTestGateway(
    t,
    gatewayEnv(provider.url, await startTestRedis(t), {
      ...ENV,
      API_KEYS: [apiKey('orders', 'k1'), apiKey('orders', 'k2'), apiKey('finance', 'k3')].join(),
    }),
  )
  // Each names its own: else it would be a possible duplicate of the other's.
  const body = refundRequest({ amount: 1_000 })
  const post = (key: string, reference = 'orders') =>
    guarded.refund({ ...body, reference }, 'shared', bearer(key))
  const calls = provider.cancels.length
  const first = await post('k1')
  isRefund(t, first, 'succeeded')
  isRefund(t, await post('k2'), 'succeeded', { replayed: true, about: 'another key of the same caller' })
  const other = await post('k3', 'finance')
  isRefund(t, other, 'succeeded', { about: 'another caller' })
  t.not(other.body.id, first.body.id)
  t.equal(first.body.requested_by, 'orders')
  t.equal(other.body.requested_by, 'finance')
  t.equal(provider.cancels.length - calls, 2)
  isRefund(t, await gateway.refund(body, 'shared'), 'succeeded', { about: 'nobody in particular' })
})

t.test('what is refused leaves the key free for a corrected request', async (t) => {
  const accounts = [
    { name: 'toss', id: 'toss', key: 'k', pg: 'toss' },
    { name: 'kiwoom', id: 'kiwoom', key: 'k', pg: 'kiwoom' },
  ]
  const path = join(t.testdir({ 'accounts.json': JSON.stringify(accounts) }), 'accounts.json')
  const several = await startTestGateway(
    t,
    gatewayEnv(provider.url, redis, {
      ...ENV,
      COOKIEPAY_ID: '',
      COOKIEPAY_KEY: '',
      COOKIEPAY_PG: '',
      COOKIEPAY_ACCOUNTS_FILE: path,
    }),
  )
  const send = (changes: object, key: string) =>
    several.refund({ ...refundRequest({ account: 'kiwoom' }), ...changes }, key)
  const virtual = { account: 'toss', payment: { method: 'virtual_account', amount: 10_000 } }

  const pinned = refundRequest().tid
  isRefund(t, await send({ tid: pinned, amount: 9_000 }, 'pin'), 'succeeded')
  const blocked = refundRequest().tid
  provider.onCancel((response) => sendText(response, ''))
  isRefund(t, await send({ tid: blocked, amount: 1_000 }, 'block'), 'unknown')
  provider.onCancel(accept)

  const refused: Partial<Record<ContractCode, object>> = {
    invalid_request: { amount: '1000' },
    unknown_account: { account: 'nobody' },
    not_eligible: { payment: { method: 'mobile', amount: 10_000 } },
    refund_account_required: virtual,
    amount_exceeds_remaining: { tid: pinned, amount: 1_001 },
    tax_free_not_allowed: { account: 'toss', tax_free_amount: 0 },
    tax_free_exceeds_amount: { amount: 1_000, tax_free_amount: 1_001 },
    payment_mismatch: { tid: pinned, payment: { method: 'card_auth', amount: 20_000 }, amount: 1 },
    refund_unresolved: { tid: blocked },
  }
  for (const [code, changes] of Object.entries(refused)) {
    const calls = provider.cancels.length
    isProblem(t, await send(changes, code), code as ContractCode)
    isProblem(t, await send(changes, code), code as ContractCode, `${code} again`)
    t.equal(provider.cancels.length, calls, 'nothing is sent')
    isRefund(t, await send({ amount: 1_000 }, code), 'succeeded', { about: `corrected after ${code}` })
    t.equal(provider.cancels.length, calls + 1)
  }
})

t.test('refused requests at once, and corrected ones among them, are one refund', async (t) => {
  const pinned = refundRequest({ amount: 9_000 })
  isRefund(t, await gateway.refund(pinned), 'succeeded')
  for (let round = 0; round < 5; round++) {
    const key = `mixed-${round}`
    const wrong = { ...pinned, amount: 1_001 }
    const right = refundRequest({ amount: 1_000 })
    const calls = provider.cancels.length
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => gateway.refund(index % 2 ? right : wrong, key)),
    )
    const codes = new Set(answers.map(({ status, body }) => (status === 201 ? 'succeeded' : body.code)))
    for (const code of codes) {
      t.match(code, /^(succeeded|amount_exceeds_remaining|idempotency_(in_progress|key_reused))$/)
    }
    const last = await gateway.refund(right, key)
    isRefund(t, last, 'succeeded', { replayed: codes.has('succeeded') })
    t.equal(provider.cancels.length - calls, 1, 'one call')
    t.match(await ledger(gateway, right.tid), { refunded: 1_000, in_flight: 0, unknown: 0 })
    t.match(await ledger(gateway, pinned.tid), { refunded: 9_000, in_flight: 0, unknown: 0 })
  }
})

t.test('a stored one replays with the same status code and body, and without a call', async (t) => {
  const answers: Record<string, [ContractCode | 'succeeded' | 'unknown', Respond]> = {
    'a decline': ['provider_declined', decline],
    'cancelled before': [
      'already_cancelled',
      (response) =>
        sendJson(response, cancelAnswer({}, { cancel_code: '2001', cancel_msg: '이미 취소된 거래' })),
    ],
    'settled to the merchant': [
      'deposit_required',
      (response) => sendJson(response, cancelAnswer({}, { cancel_code: '9029', cancel_msg: '입금 완료' })),
    ],
    'a success': ['succeeded', accept],
    'an unknown': ['unknown', (response) => sendText(response, '')],
  }
  const stored = new Map<string, { body: object; first: Answer; code: string }>()
  for (const [key, [code, respond]] of Object.entries(answers)) {
    provider.onCancel(respond)
    const body = refundRequest({ metadata: { 주문: '1042' } })
    const first = await gateway.refund(body, key.replaceAll(' ', '-'))
    if (code === 'succeeded' || code === 'unknown') isRefund(t, first, code)
    else {
      isProblem(t, first, code)
      t.equal(first.body.instance, `/refunds/${first.body.refund?.id}`, 'names the refund')
      t.match(first.body.refund, { status: 'failed', failure: { code, detail: String } })
      t.match(first.body.refund?.provider, { cancel_code: String, cancel_msg: String })
    }
    stored.set(key.replaceAll(' ', '-'), { body, first, code })
  }

  provider.onCancel(accept)
  const replays = async (t: Test, when: string) => {
    const calls = provider.cancels.length
    for (const [key, { body, first }] of stored) {
      const repeat = await gateway.refund(body, key)
      t.equal(repeat.status, first.status, `${key} ${when}`)
      t.strictSame(repeat.body, first.body, `${key} ${when}`)
      t.equal(repeat.headers.get('idempotent-replayed'), 'true')
    }
    t.equal(provider.cancels.length, calls, 'no call')
  }
  await replays(t, 'at once')
  await sleep(20)
  await replays(t, 'later')
  const tokens = provider.tokens.length
  await provider.stop()
  await replays(t, 'while the provider is down')
  await provider.start()
  const restarted = await startTestGateway(t, gatewayEnv(provider.url, redis, ENV))
  for (const [key, { body, first }] of stored) {
    const repeat = await restarted.refund(body, key)
    t.strictSame([repeat.status, repeat.body], [first.status, first.body], 'from another gateway')
  }
  t.equal(provider.tokens.length, tokens, 'no token is fetched for a replay')
})

t.test('a payload keeps its fingerprint when STORE_SECRETS are rotated', async (t) => {
  const redis = await startTestRedis(t)
  const secret = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  const withSecrets = (secrets: string) =>
    startTestGateway(t, gatewayEnv(provider.url, redis, { ...ENV, STORE_SECRETS: secrets }))
  const before = await withSecrets(secret(1))
  const body = refundRequest()
  isRefund(t, await before.refund(body, 'rotated'), 'succeeded')
  const after = await withSecrets(`${secret(2)},${secret(1)}`)
  isRefund(t, await after.refund(body, 'rotated'), 'succeeded', { replayed: true })
  isProblem(t, await after.refund({ ...body, reason: 'x' }, 'rotated'), 'idempotency_key_reused')
})

t.test('after the retention of a key, a wrong payload is refused and does not get it', async (t) => {
  const body = refundRequest({ amount: 3_000 })
  const made = await gateway.refund(body, 'expired')
  isRefund(t, made, 'succeeded')
  const claim = keys.claim(made.body.id)
  const wrong = { ...body, amount: 4_000 }
  await withRedis(redis, async (client) => {
    await client.del(claim)
    isProblem(t, await gateway.refund(wrong, 'expired'), 'idempotency_key_reused')
    isRefund(t, await gateway.refund(body, 'expired'), 'succeeded', { replayed: true })
    t.equal((await gateway.request(`/refunds/${made.body.id}`)).status, 200)
    t.ok((await client.pttl(claim)) > 0)

    // As it is left by a process that dies before it has given the key back.
    const rightful = (await client.get(claim)) as string
    const [, fingerprint] = rightful.split(' ') as [string, string]
    await client.set(
      claim,
      rightful.replace(fingerprint, fingerprint.split('').reverse().join('')),
      'KEEPTTL',
    )
    isRefund(t, await gateway.refund(body, 'expired'), 'succeeded', {
      replayed: true,
      about: 'after a crash',
    })
    t.equal(await client.get(claim), rightful)
  })
  isProblem(t, await gateway.refund(wrong, 'expired'), 'idempotency_key_reused')
})
