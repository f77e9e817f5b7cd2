import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { endOfKoreanDay } from '../../src/refunds/korean-day.ts'
import { merchantOf } from '../../src/refunds/merchant.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { keys } from '../../src/store/keys.ts'
import { ledger, resolveAsFailed, until } from '../support/calls.ts'
import { hasEveryMember, isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import {
  accept,
  DEPOSIT_ANSWER,
  json,
  NEEDS_DEPOSIT,
  type Respond,
  reset,
  sendText,
  startProviderStub,
} from '../support/provider-stub.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'
import { startSandbox } from '../support/sandbox.ts'

const TWO_CALLERS = {
  API_KEYS: [
    apiKey('orders', 'orders-key', 'create+read'),
    apiKey('finance', 'finance-key', 'read_all+resolve'),
    apiKey('desk', 'desk-key', 'resolve'),
    apiKey('both', 'both-key', 'create+read_all+resolve'),
  ].join(),
}
const AS_ORDERS = bearer('orders-key')
const AS_FINANCE = bearer('finance-key')

/** A gateway with a Kiwoompay account, and callers; nothing settles by itself. */
async function startAll(t: Test, env: Record<string, string> = {}) {
  const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const gateway = await startTestGateway(
    t,
    gatewayEnv(provider.url, redis, {
      COOKIEPAY_PG: 'kiwoom',
      RECONCILE_INTERVAL_MS: '3600000',
      RATE_LIMIT_MAX: '100000',
      ...TWO_CALLERS,
      ...env,
    }),
  )
  const deposit = (id: string, headers: Record<string, string> = AS_FINANCE) =>
    gateway.request(`/refunds/${id}/deposit`, { method: 'POST', headers })
  const read = (id: string) => gateway.request<Refund>(`/refunds/${id}`, { headers: AS_ORDERS })
  const sums = (tid: string) =>
    ledger({ request: (path, init) => gateway.request(path, { ...init, headers: AS_FINANCE }) }, tid)

  /** A refund that failed for want of a deposit. */
  async function needDeposit(overrides: Partial<RefundRequest> = {}, key?: string) {
    provider.onCancel(json(NEEDS_DEPOSIT))
    const body = refundRequest(overrides)
    const answer = await gateway.refund(body, key, AS_ORDERS)
    provider.onCancel(accept)
    isProblem(t, answer, 'deposit_required')
    return { body, id: answer.body.refund?.id as string }
  }
  return { provider, redis, gateway, deposit, read, sums, needDeposit }
}

/** Has the deposit of a refund be asked for two days before, as the store tells it. */
async function makeExpire(redis: TestRedis, { id, tid }: { id: string; tid: string }) {
  const key = keys.payment(merchantOf('shop'), tid)
  await withRedis(redis, async (client) => {
    const text = (await client.hget(key, id)) as string
    const at = Date.now() - 2 * 24 * 3_600_000
    await client.hset(key, id, text.replace(/"at":\d+/, `"at":${at}`))
  })
}

t.test('a deposit is asked for once, and its whole answer is shown', async (t) => {
  const { provider, deposit, read, sums, needDeposit } = await startAll(t)
  const { body, id } = await needDeposit({ reason: '고객 [변심]' })
  t.match(await sums(body.tid), { remaining: 10_000, awaiting_deposit: 0 })

  const before = Date.now()
  const asked = await deposit(id)
  t.equal(asked.status, 200)
  hasEveryMember(t, asked.body, 'asked')
  t.match(asked.body, { id, status: 'awaiting_deposit', failure: null, resolution: null })
  t.match(asked.body, { provider: { cancel_code: '9029' }, deposit: { answer: DEPOSIT_ANSWER } })
  const { requested_at = '', expires_at } = asked.body.deposit ?? {}
  t.ok(Math.abs(Date.parse(requested_at) - before) < 5_000)
  t.equal(expires_at, endOfKoreanDay(Date.parse(requested_at)))

  const [call] = provider.deposits
  t.same(call?.body, { tid: body.tid, reason: '고객  변심 ', amount: '10000' })
  t.match(call?.headers, { token: 'token-0', apikey: 'shop-key' })
  t.match(await sums(body.tid), { awaiting_deposit: 10_000, remaining: 0, refunded: 0 })

  t.same((await deposit(id)).body, asked.body, 'again: the same')
  t.same((await read(id)).body, asked.body)
  t.equal(provider.deposits.length, 1)
})

t.test('what is answered is kept whatever it is, and a lost answer is null', async (t) => {
  const { provider, deposit, read, needDeposit } = await startAll(t)
  const long = `<html>${'가'.repeat(10_000)}</html>`
  const rows: [about: string, respond: Respond, answer: string | null][] = [
    [
      'an error of the provider',
      json({ RTN_CD: '9999', RTN_MSG: '시스템 오류' }, 500),
      '{"RTN_CD":"9999","RTN_MSG":"시스템 오류"}',
    ],
    ['a page', (response) => sendText(response, '<html>점검</html>', 200, 'text/html'), '<html>점검</html>'],
    ['nothing', (response) => sendText(response, ''), ''],
    ['a list', json([['우리은행', 1]]), '[["우리은행",1]]'],
    [
      'a number beyond what JavaScript holds',
      (response) => sendText(response, '{"no":12345678901234567890}'),
      '{"no":12345678901234567890}',
    ],
    ['much too long a page', (response) => sendText(response, long), `${long.slice(0, 8192)}…`],
    [
      'a declined call',
      json({ RESULTCODE: 'E001', RESULTMSG: '대상 아님' }),
      '{"RESULTCODE":"E001","RESULTMSG":"대상 아님"}',
    ],
    ['what the call carried', json({ echo: 'shop-key' }), '{"echo":"[hidden]"}'],
    ['a broken connection', reset, null],
  ]
  for (const [about, respond, answer] of rows) {
    const { id } = await needDeposit()
    const calls = provider.deposits.length
    provider.onDeposit(respond)
    const asked = await deposit(id)
    t.match([asked.status, asked.body.status], [200, 'awaiting_deposit'], about)
    t.equal(asked.body.deposit?.answer, answer, about)
    t.equal((await read(id)).body.deposit?.answer, answer, about)
    await deposit(id)
    t.equal(provider.deposits.length, calls + 1, `${about}: never again`)
  }
})

t.test(
  'a rejected token is replaced once, and a deposit that was not asked for leaves all as it was',
  async (t) => {
    const { provider, deposit, read, sums, needDeposit } = await startAll(t)
    const { id } = await needDeposit()
    const refused = json({ RTN_CD: '9002', RTN_MSG: '유효하지 않거나 만료된 TOKEN 입니다' })
    provider.onDeposit((response, call, index) =>
      index === 0 ? refused(response, call, index) : sendText(response, DEPOSIT_ANSWER),
    )
    t.match((await deposit(id)).body, { status: 'awaiting_deposit', deposit: { answer: DEPOSIT_ANSWER } })
    t.equal(provider.deposits.length, 2)
    t.not(provider.deposits[0]?.headers.token, provider.deposits[1]?.headers.token)

    const other = await needDeposit()
    const before = (await read(other.id)).body
    provider.onDeposit(refused)
    isProblem(t, await deposit(other.id), 'provider_auth_failed')
    await provider.stop()
    isProblem(t, await deposit(other.id), 'provider_unavailable')
    t.same((await read(other.id)).body, before, 'as it was')
    t.match(await sums(other.body.tid), { remaining: 10_000, awaiting_deposit: 0 })
    await provider.start()
    provider.onDeposit((response) => sendText(response, DEPOSIT_ANSWER))
    t.match((await deposit(other.id)).body, {
      status: 'awaiting_deposit',
      deposit: { answer: DEPOSIT_ANSWER },
    })
  },
)

t.test('who may ask, and of which refunds', async (t) => {
  const { provider, gateway, deposit, needDeposit } = await startAll(t)
  const { id } = await needDeposit()
  isProblem(t, await deposit(id, AS_ORDERS), 'forbidden')
  isProblem(t, await deposit('rf_00000000000000000000000000'), 'not_found')

  provider.onCancel(json(NEEDS_DEPOSIT))
  const own = await gateway.refund(refundRequest(), undefined, bearer('both-key'))
  isProblem(t, await deposit(own.body.refund?.id as string, bearer('both-key')), 'not_resolvable')
  t.equal((await deposit(own.body.refund?.id as string)).status, 200, 'somebody else may')

  const seen = await deposit(id, bearer('desk-key'))
  t.same(Object.keys(seen.body).sort(), ['amount', 'created_at', 'id', 'kind', 'status'], 'cut down')

  provider.onCancel(accept)
  const succeeded = await gateway.refund(refundRequest(), undefined, AS_ORDERS)
  isProblem(t, await deposit(succeeded.body.id), 'not_resolvable')
  provider.onCancel(json({ cancel_code: '3001', cancel_msg: '취소가 거절되었습니다' }))
  const declined = await gateway.refund(refundRequest(), undefined, AS_ORDERS)
  isProblem(t, await deposit(declined.body.refund?.id as string), 'not_resolvable')
  provider.onCancel(json({}, 500))
  const unknown = await gateway.refund(refundRequest(), undefined, AS_ORDERS)
  isProblem(t, await deposit(unknown.body.id), 'not_resolvable')
  t.equal(provider.deposits.length, 2)
})

t.test('an account of another PG takes no deposit', async (t) => {
  const { provider, deposit, needDeposit } = await startAll(t, { COOKIEPAY_PG: 'toss' })
  const { id } = await needDeposit()
  isProblem(t, await deposit(id), 'not_resolvable')
  t.equal(provider.deposits.length, 0)
})

t.test('two who ask at once ask once', async (t) => {
  const { provider, deposit, needDeposit } = await startAll(t)
  provider.onDeposit(async (response) => {
    await sleep(100)
    sendText(response, DEPOSIT_ANSWER)
  })
  for (let round = 0; round < 5; round++) {
    const { id } = await needDeposit()
    const answers = await Promise.all([deposit(id), deposit(id), deposit(id, bearer('desk-key'))])
    t.same(
      answers.map(({ status }) => status),
      [200, 200, 200],
    )
    t.equal(provider.deposits.length, round + 1)
  }
})

t.test('it holds its amount, and must still fit', async (t) => {
  const { gateway, deposit, sums, needDeposit, provider } = await startAll(t)
  const { body, id } = await needDeposit({ amount: 6000 })
  isRefund(t, await gateway.refund({ ...body, amount: 5000 }, undefined, AS_ORDERS), 'succeeded')
  const tooMuch = await deposit(id)
  isProblem(t, tooMuch, 'amount_exceeds_remaining')
  t.equal(tooMuch.body.remaining, 5000)

  const held = await needDeposit({ amount: 6000 })
  t.equal((await deposit(held.id)).status, 200)
  const beside = (amount?: number) =>
    gateway.refund({ ...held.body, ...(amount ? { amount } : { amount: 10_000 }) }, undefined, AS_ORDERS)
  isProblem(t, await beside(5000), 'refund_unresolved')
  isRefund(t, await beside(4000), 'succeeded')
  t.match(await sums(held.body.tid), { refunded: 4000, awaiting_deposit: 6000, remaining: 0 })

  provider.onCancel(json({}, 500))
  const uncertain = await needDeposit()
  provider.onCancel(json({}, 500))
  isRefund(t, await gateway.refund({ ...uncertain.body, amount: 1000 }, undefined, AS_ORDERS), 'unknown')
  isProblem(t, await deposit(uncertain.id), 'refund_unresolved')
  t.equal(provider.deposits.length, 1)
})

t.test('one that was refunded under another key meanwhile is a duplicate', async (t) => {
  const { gateway, deposit, needDeposit } = await startAll(t)
  const { body, id } = await needDeposit({ amount: 3000 })
  isRefund(t, await gateway.refund(body, undefined, AS_ORDERS), 'succeeded')
  const again = await deposit(id)
  isProblem(t, again, 'possible_duplicate')
  t.equal(again.body.rule, 'same_amount')

  const named = await needDeposit({ amount: 3000, reference: 'line-1' })
  isRefund(t, await gateway.refund({ ...named.body, amount: 2000 }, undefined, AS_ORDERS), 'succeeded')
  t.match((await deposit(named.id)).body, { code: 'possible_duplicate', rule: 'same_reference' })

  const first = await needDeposit({ amount: 3000, reference: 'line-1' })
  t.equal((await deposit(first.id)).status, 200)
  isProblem(
    t,
    await gateway.refund({ ...first.body, amount: 100 }, undefined, AS_ORDERS),
    'possible_duplicate',
  )
})

t.test('its key replays it as awaiting, then as settled', async (t) => {
  const { gateway, deposit, read, sums, needDeposit } = await startAll(t)
  const { body, id } = await needDeposit({}, 'one-key')
  await deposit(id)
  const replay = await gateway.refund(body, 'one-key', AS_ORDERS)
  t.match([replay.status, replay.body.status], [202, 'awaiting_deposit'])
  const resolved = await gateway.request(`/refunds/${id}/resolve`, {
    method: 'POST',
    headers: AS_FINANCE,
    body: { outcome: 'succeeded', note: '입금 후 취소됨' },
  })
  t.match(resolved.body, { status: 'succeeded', resolution: { source: 'operator', by: 'finance' } })
  t.equal(resolved.body.deposit?.answer, DEPOSIT_ANSWER, 'its deposit stays shown')
  isRefund(t, await gateway.refund(body, 'one-key', AS_ORDERS), 'succeeded', { replayed: true })
  t.match(await sums(body.tid), { refunded: 10_000, awaiting_deposit: 0 })
  isProblem(t, await deposit(id), 'not_resolvable')
  const { data } = (
    await gateway.request<{ data: { event: string; by: string | null }[] }>(`/refunds/${id}/events`, {
      headers: AS_ORDERS,
    })
  ).body
  t.same(
    data.map(({ event, by }) => [event, by]),
    [
      ['processing', 'orders'],
      ['failed', null],
      ['awaiting_deposit', 'finance'],
      ['succeeded', 'finance'],
    ],
  )
  t.equal((await read(id)).body.status, 'succeeded')
})

t.test(
  'it can be called failed, not too early and not by who asked for it, and its amount is free again',
  async (t) => {
    const { gateway, deposit, sums, needDeposit } = await startAll(t, { RESOLVE_FAILED_AFTER_MS: '1000' })
    const { body, id } = await needDeposit()
    await sleep(1000)
    await deposit(id)
    const fail = () =>
      gateway.request(`/refunds/${id}/resolve`, {
        method: 'POST',
        headers: AS_FINANCE,
        body: { outcome: 'failed', note: '입금하지 않기로 함' },
      })
    isProblem(t, await fail(), 'not_resolvable')
    await sleep(1000)
    t.match((await fail()).body, { status: 'failed', failure: { code: 'provider_declined' } })
    t.match(await sums(body.tid), { remaining: 10_000, awaiting_deposit: 0 })
    isProblem(t, await deposit(id), 'not_resolvable')
    isRefund(t, await gateway.refund(body, undefined, AS_ORDERS), 'succeeded')
  },
)

t.test('after it has expired another one can be asked for', async (t) => {
  const { provider, redis, deposit, sums, needDeposit } = await startAll(t)
  const { body, id } = await needDeposit()
  const { body: first } = await deposit(id)
  await makeExpire(redis, { id, tid: body.tid })
  provider.onDeposit(json({ account: 'another' }))
  const again = await deposit(id)
  t.match(again.body, { status: 'awaiting_deposit', deposit: { answer: '{"account":"another"}' } })
  t.ok(Date.parse(again.body.deposit?.requested_at ?? '') >= Date.parse(first.deposit?.requested_at ?? ''))
  t.same((await deposit(id)).body, again.body)
  t.equal(provider.deposits.length, 2)
  t.match(await sums(body.tid), { awaiting_deposit: 10_000 })

  await makeExpire(redis, { id, tid: body.tid })
  await provider.stop()
  isProblem(t, await deposit(id), 'provider_unavailable')
  await provider.start()
  t.match(
    (await deposit(id)).body.deposit,
    { answer: '{"account":"another"}' },
    'the one before is still over',
  )
  t.equal(provider.deposits.length, 3)
})

t.test('those that await a deposit are listed', async (t) => {
  const { gateway, deposit, needDeposit } = await startAll(t)
  const ids: string[] = []
  for (let count = 0; count < 3; count++) {
    const { id } = await needDeposit()
    await deposit(id)
    ids.push(id)
  }
  const list = async (status: string) => {
    const query = `/refunds?status=${status}&limit=100`
    const { body } = await gateway.request<{ data: Refund[] }>(query, { headers: AS_FINANCE })
    return body.data.map(({ id }) => id)
  }
  t.same(await list('awaiting_deposit'), ids)
  t.same(await list('unknown'), [])
  t.same(await list('processing'), [])
  await gateway.request(`/refunds/${ids[0]}/resolve`, {
    method: 'POST',
    headers: AS_FINANCE,
    body: { outcome: 'succeeded', note: 'x' },
  })
  t.same(await list('awaiting_deposit'), ids.slice(1))
  const { body } = await gateway.request<string>('/metrics', { headers: AS_FINANCE })
  t.match(body, /^refund_gateway_refunds_awaiting_deposit 2$/m)
})

t.test('the whole way against the sandbox: paid, and settled by the lookup', async (t) => {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const env = { COOKIEPAY_PG: 'kiwoom', RECONCILE_INTERVAL_MS: '300' }
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, env))
  const body = refundRequest({ tid: 'deposited-a1-10000' })
  const failed = await gateway.refund(body)
  isProblem(t, failed, 'deposit_required')
  const id = failed.body.refund?.id as string
  const asked = await gateway.request(`/refunds/${id}/deposit`, { method: 'POST' })
  t.match(JSON.parse(asked.body.deposit?.answer ?? ''), {
    RESULTCODE: '0000',
    AMOUNT: '10000',
    BANKNAME: /./,
  })
  t.match(await sandbox.deposits(body.tid), { calls: 1, deposits: [{ amount: 10_000, paidAt: null }] })
  t.equal((await sandbox.cancels(body.tid)).applied_total, 0)

  t.equal((await sandbox.payDeposit(body.tid)).status, 200)
  t.equal((await sandbox.cancels(body.tid)).applied_total, 10_000)
  await until('the lookup settles it', async () => {
    const { body } = await gateway.request<Refund>(`/refunds/${id}`)
    return body.status === 'succeeded'
  })
  t.match((await gateway.request<Refund>(`/refunds/${id}`)).body, {
    status: 'succeeded',
    resolution: { source: 'lookup' },
    failure: null,
  })
  t.equal((await sandbox.payDeposit(body.tid)).status, 409, 'paid once')
})

t.test('paid in part, it is settled by its notification, and by no other', async (t) => {
  const secret = 'a-secret-of-the-url-that-is-long-enough-0'
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const env = { COOKIEPAY_PG: 'kiwoom', RECONCILE_INTERVAL_MS: '3600000', NOTIFICATION_SECRETS: secret }
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, env))
  await sandbox.notify(`${gateway.url}/cookiepay/notifications/${secret}`)
  const body = refundRequest({ tid: 'deposited-b1-10000', amount: 4000 })
  const failed = await gateway.refund(body)
  isProblem(t, failed, 'deposit_required')
  const id = failed.body.refund?.id as string
  await gateway.request(`/refunds/${id}/deposit`, { method: 'POST' })
  const read = async () => (await gateway.request<Refund>(`/refunds/${id}`)).body

  const tell = (body: object) =>
    gateway.request(`/cookiepay/notifications/${secret}`, { method: 'POST', body })
  const of = { tid: body.tid, orderno: 'o-1', paymethod: 'CARD', cancel_date: '' }
  await tell({ ...of, noti_type: 'cancel', cancel_amount: '4000' })
  await tell({ ...of, noti_type: 'deposit_cancel', cancel_amount: '3999' })
  t.equal((await read()).status, 'awaiting_deposit', 'another type, another amount')

  t.equal((await sandbox.payDeposit(body.tid)).status, 200)
  await until('its notification settles it', async () => (await read()).status === 'succeeded')
  t.match(await read(), { resolution: { source: 'notification' }, deposit: { answer: /ACCOUNTNO/ } })
  t.match(await ledger(gateway, body.tid), { refunded: 4000, awaiting_deposit: 0, remaining: 6000 })
})

t.test('paid after a person has called it failed, it is disputed and holds its amount', async (t) => {
  const secret = 'a-secret-of-the-url-that-is-long-enough-0'
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const times = { RECONCILE_INTERVAL_MS: '3600000', RESOLVE_FAILED_AFTER_MS: '300' }
  const env = { COOKIEPAY_PG: 'kiwoom', NOTIFICATION_SECRETS: secret, ...times }
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, env))
  await sandbox.notify(`${gateway.url}/cookiepay/notifications/${secret}`)
  const body = refundRequest({ tid: 'deposited-late1-10000', amount: 4000 })
  const failed = await gateway.refund(body)
  const id = failed.body.refund?.id as string
  await gateway.request(`/refunds/${id}/deposit`, { method: 'POST' })
  await until('a person may call it failed', async () => (await resolveAsFailed(gateway, id)).status === 200)
  t.match(await ledger(gateway, body.tid), { awaiting_deposit: 0, disputed: 0, remaining: 10_000 })

  t.equal((await sandbox.payDeposit(body.tid)).status, 200)
  const read = async () => (await gateway.request<Refund>(`/refunds/${id}`)).body
  await until('its notification disputes it', async () => (await read()).disputed === true)
  t.match(await ledger(gateway, body.tid), { disputed: 4000, remaining: 6000 })
})
