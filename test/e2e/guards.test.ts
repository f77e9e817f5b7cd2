import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { ledger, until } from '../support/calls.ts'
import { type ContractCode, isProblem, isRefund } from '../support/contract.ts'
import {
  type Answer,
  gatewayEnv,
  refundRequest,
  startAll,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts'
import { accept, cancelAnswer, type Respond, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { startStubbedGateway, UNDISTURBED } from '../support/stubbed-gateway.ts'

const PAYMENT = { method: 'card_auth', amount: 100_000 } as const

/** Checks the same body: `POST /refunds/check`. */
function check({ request }: TestGateway, body: unknown, headers: Record<string, string> = {}) {
  return request<Answer['body'] & { allowed?: true; remaining_after?: number }>('/refunds/check', {
    method: 'POST',
    body,
    headers,
  })
}

/** How many commands Redis has run, but for those that look at it. */
async function commandsOf(t: Test, redis: TestRedis) {
  const client = new Redis(redis.port, '127.0.0.1')
  t.teardown(() => client.disconnect())
  return async () => {
    const text = await client.info('commandstats')
    const counts = [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
      .filter(([, name]) => !/^(info|ping|hello|client|config|time|get|zscore)/.test(name as string))
      .map(([, name, calls]) => [name as string, Number(calls)] as const)
    return Object.fromEntries(counts)
  }
}

t.test('a job that runs twice refunds each line of an order once', async (t) => {
  const { gateway, sandbox } = await startAll(t)
  const lines = Array.from({ length: 20 }, (_, index) => ({
    tid: 'lines-100000',
    reason: '부분 반품',
    payment: PAYMENT,
    amount: 5_000,
    reference: `order-7-line-${index + 1}`,
  }))
  const made: Answer[] = []
  for (const [index, line] of lines.entries()) made.push(await gateway.refund(line, `run-1-${index}`))
  for (const answer of made) isRefund(t, answer, 'succeeded')
  for (const [index, line] of lines.entries()) {
    const again = await gateway.refund(line, `run-2-${index}`)
    isProblem(t, again, 'possible_duplicate')
    t.match(again.body, { rule: 'same_reference', refund: { id: made[index]?.body.id } })
  }
  t.match(await sandbox.cancels('lines-100000'), { calls: 20, applied_total: 100_000 })
  const repeat = await gateway.refund(lines[0], 'run-1-0')
  isRefund(t, repeat, 'succeeded', { replayed: true })
})

t.test('all lines of an order at once are refunded one after the other', async (t) => {
  const { gateway, sandbox } = await startAll(t)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      gateway.refund({
        tid: 'delay20-lines-100000',
        reason: '부분 반품',
        payment: PAYMENT,
        amount: 5_000,
        reference: `line ${index}`,
      }),
    ),
  )
  for (const answer of answers) isRefund(t, answer, 'succeeded')
  t.match(await sandbox.cancels('delay20-lines-100000'), { calls: 20, applied_total: 100_000 })
})

t.test('a caller that takes a new key after each 202 makes one refund', async (t) => {
  const { gateway, sandbox } = await startAll(t)
  const tid = 'busy-new-keys-10000'
  const body = refundRequest({ tid, amount: 3_000 })
  const first = await gateway.refund(body)
  isRefund(t, first, 'unknown')
  for (let index = 0; index < 10; index++) {
    const again = await gateway.refund(body)
    isProblem(t, again, 'possible_duplicate')
    t.match(again.body, { rule: 'same_amount', refund: { id: first.body.id, status: 'unknown' } })
  }
  t.equal((await sandbox.cancels(tid)).calls, 1)
  // Knowing of that one is another decision.
  isProblem(
    t,
    await gateway.refund({ ...body, duplicate_of: 'rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E' }),
    'possible_duplicate',
  )
  isRefund(t, await gateway.refund({ ...body, duplicate_of: first.body.id }), 'unknown')
})

t.test('a refund that fails frees its reference and its amount', async (t) => {
  const { gateway, stub } = await startStubbedGateway(t)
  stub.onCancel((response, { body }, index) =>
    sendJson(response, cancelAnswer(body, index < 2 ? { cancel_code: '3001', cancel_msg: '한도초과' } : {})),
  )
  const body = refundRequest({ amount: 1_000, reference: 'line-1' })
  isProblem(t, await gateway.refund(body), 'provider_declined')
  const { reference: _, ...bare } = body
  isProblem(t, await gateway.refund(bare), 'provider_declined')
  isRefund(t, await gateway.refund(body), 'succeeded')
  isRefund(t, await gateway.refund(bare), 'succeeded')
  isProblem(t, await gateway.refund(body), 'possible_duplicate')
  isProblem(t, await gateway.refund(bare), 'possible_duplicate')
})

t.test('fifty callers of one payment are no storm for Redis', async (t) => {
  const { stub, redis, gateway } = await startStubbedGateway(t, {
    COOKIEPAY_TIMEOUT_MS: '20000',
  })
  const counts = await commandsOf(t, redis)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded', { about: 'warm' })
  stub.onCancel((response, call, index) => setTimeout(() => accept(response, call, index), 400))
  const before = await counts()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      gateway.refund({
        tid: 'storm-100000',
        reason: '부분 반품',
        payment: PAYMENT,
        amount: 1_000,
        reference: `${index}`,
      }),
    ),
  )
  const after = await counts()
  const made = answers.filter(({ status }) => status === 201)
  for (const answer of answers) {
    if (answer.status === 201) isRefund(t, answer, 'succeeded')
    else isProblem(t, answer, 'payment_busy')
  }
  t.ok(made.length >= 10 && made.length <= 14, `${made.length} were made in 5 s, 400 ms each`)
  const scripts = (after.evalsha ?? 0) - (before.evalsha ?? 0)
  // A dry run each, then begin and settle, or a release with the deletion of its claim.
  t.ok(scripts <= 50 * 4, `${scripts} scripts`)
  const total = sum(after) - sum(before)
  // Those within scripts included. Fifty payments of one refund each take as much.
  t.ok(total <= 50 * 25, `${total} commands`)
})

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

/** Remembers when each cancel arrived and was answered. */
function timedCancels(tookMs: number) {
  const calls: { from: number; to: number }[] = []
  const respond: Respond = (response, call, index) => {
    const timed = { from: performance.now(), to: Number.POSITIVE_INFINITY }
    calls.push(timed)
    setTimeout(() => {
      timed.to = performance.now()
      accept(response, call, index)
    }, tookMs)
  }
  /** The shortest time between the beginning of one and that of the next, and whether any two overlap. */
  const seen = () => {
    const pairs = calls.slice(1).map((call, index) => [calls[index] as (typeof calls)[0], call] as const)
    return {
      count: calls.length,
      closestMs: Math.min(...pairs.map(([one, next]) => next.from - one.from)),
      overlap: pairs.some(([one, next]) => next.from < one.to),
    }
  }
  return { respond, seen }
}

t.test('two cancels of a payment neither overlap nor come closer than the spacing', async (t) => {
  const SPACING_MS = 300
  for (const replicas of [1, 2]) {
    const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
    const env = gatewayEnv(stub.url, redis, {
      ...UNDISTURBED,
      COOKIEPAY_PAYMENT_SPACING_MS: String(SPACING_MS),
    })
    const gateways = await Promise.all(Array.from({ length: replicas }, () => startTestGateway(t, env)))
    const { respond, seen } = timedCancels(60)
    stub.onCancel(respond)
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        (gateways[index % replicas] as TestGateway).refund({
          tid: 'spaced-100000',
          reason: '부분 반품',
          payment: PAYMENT,
          amount: 1_000,
          reference: `${index}`,
        }),
      ),
    )
    for (const answer of answers) isRefund(t, answer, 'succeeded')
    const { count, closestMs, overlap } = seen()
    t.same([count, overlap], [8, false], `${replicas} gateways`)
    t.ok(closestMs >= SPACING_MS, `${replicas} gateways: ${closestMs} ms`)
    // Another payment is not kept.
    const startedAt = performance.now()
    isRefund(t, await (gateways[0] as TestGateway).refund(refundRequest()), 'succeeded')
    t.ok(performance.now() - startedAt < SPACING_MS)
  }
})

t.test('a slow provider: who waits for five seconds is told to repeat', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  stub.onCancel((response, call, index) => setTimeout(() => accept(response, call, index), 6_500))
  const body = refundRequest({ amount: 1_000 })
  const first = gateway.refund(body)
  await until('it is under way', () => stub.cancels.length === 1)
  const startedAt = performance.now()
  const second = await gateway.refund({ ...body, amount: 2_000 }, 'busy')
  const tookMs = performance.now() - startedAt
  isProblem(t, second, 'payment_busy')
  t.ok(tookMs >= 4_900 && tookMs < 6_400, `${tookMs} ms`)
  isRefund(t, await first, 'succeeded')
  stub.onCancel(accept)
  isRefund(t, await gateway.refund({ ...body, amount: 2_500 }, 'busy'), 'succeeded', {
    about: 'the key is free, also for a corrected request',
  })
  t.equal(stub.cancels.length, 2)
})

t.test('who hangs up while it waits leaves nothing', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  let answerFirst = () => {}
  stub.onCancel((response, call, index) => {
    answerFirst = () => accept(response, call, index)
  })
  const body = refundRequest({ amount: 1_000 })
  const first = gateway.refund(body, 'first')
  await until('it is under way', () => stub.cancels.length === 1)

  const text = JSON.stringify({ ...body, amount: 2_000 })
  const waiting = httpRequest(`${gateway.url}/refunds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'gone' },
  })
  waiting.on('error', () => {})
  waiting.end(text)
  await new Promise((resolve) => setTimeout(resolve, 300))
  waiting.destroy()
  await new Promise((resolve) => setTimeout(resolve, 300))
  stub.onCancel(accept)
  answerFirst()
  isRefund(t, await first, 'succeeded')
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(stub.cancels.length, 1)
  t.match(await ledger(gateway, body.tid), { refunded: 1_000, refunds: { length: 1 } })
  isRefund(t, await gateway.refund({ ...body, amount: 2_000 }, 'gone'), 'succeeded', {
    about: 'the key is free',
  })
})

t.test('a used key is not called free, whatever the other payload breaks', async (t) => {
  const { gateway } = await startAll(t)
  const body = refundRequest()
  const made = await gateway.refund(body, 'used')
  const others: Partial<RefundRequest>[] = [
    { account: 'nobody' },
    { payment: { method: 'mobile', amount: 10_000 } },
    { amount: 10_001 },
    { tax_free_amount: 1 },
    { payment: { method: 'virtual_account', amount: 10_000 } },
  ]
  for (const other of others)
    isProblem(t, await gateway.refund({ ...body, ...other }, 'used'), 'idempotency_key_reused')
  isRefund(t, await gateway.refund(body, 'used'), 'succeeded', { replayed: true })
  t.equal(made.status, 201)
})

/** A request that is refused, and what it takes; each breaks all that comes after it, too, as far as that can be. */
type Refusing = Readonly<{
  code: ContractCode
  rule?: string
  body: Partial<RefundRequest>
}>

const OTHER_ID = 'rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E'

/** By a payment of 10,000 KRW of which 3,000 were refunded with a reference and 2,000 without one. */
const BY_ITS_PAYMENT: readonly Refusing[] = [
  {
    code: 'payment_mismatch',
    body: {
      payment: { method: 'card_auth', amount: 20_000 },
      reference: 'line-1',
      amount: 9_000,
      expected_remaining: 1,
    },
  },
  {
    code: 'possible_duplicate',
    rule: 'same_reference',
    body: { reference: 'line-1', amount: 9_000, expected_remaining: 1 },
  },
  { code: 'possible_duplicate', rule: 'same_amount', body: { amount: 2_000, expected_remaining: 1 } },
  { code: 'remaining_mismatch', body: { amount: 9_000, expected_remaining: 10_000 } },
  { code: 'amount_exceeds_remaining', body: { amount: 9_000, expected_remaining: 5_000 } },
]

/** By itself, whatever was refunded. */
const BY_ITSELF: readonly Refusing[] = [
  { code: 'unknown_account', body: { account: 'nobody', payment: { method: 'mobile', amount: 10_000 } } },
  {
    code: 'not_eligible',
    rule: 'method_not_refundable',
    body: { payment: { method: 'mobile', amount: 10_000 }, amount: 20_000 },
  },
  {
    code: 'not_eligible',
    rule: 'partial_not_allowed',
    body: { payment: { method: 'virtual_account', amount: 10_000 }, amount: 1, tax_free_amount: 20_000 },
  },
  {
    code: 'refund_account_required',
    body: { payment: { method: 'virtual_account', amount: 10_000 }, amount: 20_000, tax_free_amount: 30_000 },
  },
  { code: 'amount_exceeds_remaining', body: { amount: 20_000, tax_free_amount: 30_000 } },
  { code: 'tax_free_not_allowed', body: { amount: 1_000, tax_free_amount: 30_000 } },
]

t.test('refusals come in the order that docs/calling.md states, from POST and from check', async (t) => {
  const { gateway } = await startAll(t)
  const tid = 'order-of-refusals-10000'
  const body = refundRequest({ tid })
  isRefund(t, await gateway.refund({ ...body, amount: 3_000, reference: 'line-1' }), 'succeeded')
  isRefund(t, await gateway.refund({ ...body, amount: 2_000 }), 'succeeded')

  const inOrder = [...BY_ITSELF, ...BY_ITS_PAYMENT]
  for (const { code, rule, body: changes } of inOrder) {
    const posted = await gateway.refund({ ...body, ...changes })
    isProblem(t, posted, code)
    t.equal(posted.body.rule, rule, code)
    isSameProblem(t, posted, await check(gateway, { ...body, ...changes }))
  }

  // An unknown one beside it, in a payment of its own.
  const uncertain = refundRequest({ tid: 'busy-order-of-refusals-10000' })
  const unknown = await gateway.refund({ ...uncertain, amount: 3_000 })
  isRefund(t, unknown, 'unknown')
  for (const [code, changes] of [
    ['possible_duplicate', { amount: 3_000, expected_remaining: 1 }],
    ['refund_unresolved', { expected_remaining: 1 }],
    ['refund_unresolved', { amount: 8_000, expected_remaining: 1 }],
    ['remaining_mismatch', { amount: 6_000, expected_remaining: 1 }],
  ] as const) {
    const posted = await gateway.refund({ ...uncertain, ...changes })
    isProblem(t, posted, code)
    isSameProblem(t, posted, await check(gateway, { ...uncertain, ...changes }))
  }

  const text = readFileSync(new URL('../../docs/calling.md', import.meta.url), 'utf8')
  const stated = codesInOrder(text)
  const expected = [...inOrder.map(({ code, rule }) => rule ?? code)]
  let position = -1
  for (const name of expected) {
    const found = stated.indexOf(name, position + 1)
    t.ok(found > position, `${name} comes next`)
    position = Math.max(position, found)
  }
})

/** Codes and rules of the numbered list, as they come. */
function codesInOrder(page: string): string[] {
  const section = page.slice(page.indexOf('\n## Order of refusals'), page.indexOf('\n## Retrying'))
  const list = section.slice(section.indexOf('\n1. '))
  return [...list.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => name as string)
}

/** What POST says and check says are the same but for the request's own name. */
function isSameProblem(t: Test, posted: Answer, checked: Answer): void {
  const { instance: _, ...body } = posted.body
  const { instance: __, ...other } = checked.body
  t.strictSame(other, body, `check says the same: ${body.code}`)
  t.equal(checked.status, posted.status)
  t.equal(checked.headers.get('retry-after'), posted.headers.get('retry-after'))
}

t.test('check says what a refund would be, and writes nothing', async (t) => {
  const { gateway, redis, sandbox } = await startAll(t, { COOKIEPAY_PAYMENT_SPACING_MS: '1100' })
  const { request } = gateway
  const body = refundRequest({ tid: 'checked-10000' })
  t.match(await check(gateway, body), {
    status: 200,
    body: {
      allowed: true,
      account: 'default',
      kind: 'full',
      amount: 10_000,
      tax_free_amount: null,
      remaining: 10_000,
      remaining_after: 0,
    },
  })
  t.equal(await ledger({ request }, body.tid), null, 'nothing was written')
  isRefund(t, await gateway.refund({ ...body, amount: 3_000 }), 'succeeded')
  // Within the spacing: a refund would wait, and be made.
  t.match(await check(gateway, body), {
    status: 200,
    body: { allowed: true, kind: 'partial', amount: 7_000, remaining: 7_000, remaining_after: 0 },
  })
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
  isRefund(t, await gateway.refund(body), 'succeeded')
  isSameProblem(t, await gateway.refund(body), await check(gateway, body))

  const slow = refundRequest({ tid: 'delay1500-checked-10000', amount: 1_000 })
  const first = gateway.refund(slow)
  await until('it is in flight', async () => (await ledger({ request }, slow.tid))?.in_flight === 1_000)
  isProblem(t, await check(gateway, { ...slow, amount: 2_000 }), 'payment_busy')
  isProblem(t, await check(gateway, slow), 'possible_duplicate')
  isProblem(t, await gateway.refund(slow), 'possible_duplicate', 'at once, not after it')
  isRefund(t, await first, 'succeeded')

  isProblem(t, await check(gateway, { ...body, amount: '1' }), 'invalid_request')
  await redis.stop()
  await until('it is noticed', async () => (await check(gateway, body)).status === 503)
})

t.test('a check takes the scopes of the refund', async (t) => {
  const keyOf = (caller: string, scopes: string) => `${caller}:${hash('sha256', caller)}:${scopes}`
  const { gateway } = await startAll(t, {
    API_KEYS: [
      keyOf('reader', 'read'),
      keyOf('shop', 'create'),
      keyOf('payer', 'create+refund_account'),
    ].join(','),
  })
  const as = (caller: string) => ({ authorization: `Bearer ${caller}` })
  const body = refundRequest()
  const paidOut = refundRequest({
    payment: { method: 'virtual_account', amount: 10_000 },
    refund_account: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
  })
  isProblem(t, await check(gateway, body), 'unauthenticated')
  isProblem(t, await check(gateway, body, as('reader')), 'forbidden')
  t.equal((await check(gateway, body, as('shop'))).status, 200)
  isProblem(t, await check(gateway, paidOut, as('shop')), 'forbidden')
  t.equal((await check(gateway, paidOut, as('payer'))).status, 200)

  isRefund(t, await gateway.refund({ ...body, amount: 1_000 }, 'k', as('shop')), 'succeeded')
  const duplicate = await check(gateway, { ...body, amount: 1_000 }, as('payer'))
  t.match(duplicate.body, { code: 'possible_duplicate' })
  t.same(
    Object.keys(duplicate.body.refund ?? {}).sort(),
    ['amount', 'created_at', 'id', 'kind', 'status'],
    "another caller's refund is cut down",
  )
})

t.test('another id than that of the latest lets no duplicate through', async (t) => {
  const { gateway } = await startAll(t)
  const body = refundRequest({ amount: 1_000 })
  const first = await gateway.refund(body)
  const second = await gateway.refund({ ...body, duplicate_of: first.body.id })
  isRefund(t, second, 'succeeded')
  for (const id of [first.body.id, OTHER_ID]) {
    const again = await gateway.refund({ ...body, duplicate_of: id })
    isProblem(t, again, 'possible_duplicate')
    t.equal(again.body.refund?.id, second.body.id)
  }
  isRefund(t, await gateway.refund({ ...body, duplicate_of: second.body.id }), 'succeeded')
})
