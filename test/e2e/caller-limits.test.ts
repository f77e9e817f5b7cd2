import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { CallerLimits } from '../../src/refunds/caller-limits.ts'
import { metric, resolveAsFailed, until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import {
  type Answer,
  gatewayEnv,
  refundRequest,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { json, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'
import { UNDISTURBED } from '../support/stubbed-gateway.ts'

const API_KEYS = ['orders', 'desk'].map((caller) => apiKey(caller, caller)).join(',')
const ORDERS = bearer('orders')
const DESK = bearer('desk')

const limitsOf = (limits: CallerLimits) => JSON.stringify([{ caller: 'orders', ...limits }])

/** Two replicas in front of one provider and one Redis. */
async function startReplicas(t: Test, limits: CallerLimits) {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const env = gatewayEnv(stub.url, redis, { ...UNDISTURBED, API_KEYS, CALLER_LIMITS: limitsOf(limits) })
  const replicas = await Promise.all([startTestGateway(t, env), startTestGateway(t, env)])
  return { stub, redis, replicas, gateway: replicas[0] as TestGateway }
}

const asOrders = ({ refund }: TestGateway, body = refundRequest(), key: string = randomUUID()) =>
  refund(body, key, ORDERS)

const used = (gateway: TestGateway, limit: string) =>
  gatewayMetric(gateway, `refund_gateway_caller_limit_used{caller="orders",limit="${limit}"}`)

async function gatewayMetric(gateway: TestGateway, series: string): Promise<number> {
  return metric({ request: (path) => gateway.request(path, { headers: ORDERS }) }, series)
}

/** The refusal and its limit, whose day ends at the next midnight of Korea. */
function isLimited(t: Test, answer: Answer, limit: { name: string; max: number; used: number | null }): void {
  isProblem(t, answer, 'limit_exceeded')
  const { resets_at: resetsAt, ...rest } = answer.body.limit as NonNullable<Answer['body']['limit']>
  t.strictSame(rest, limit)
  if (limit.used === null) {
    t.equal(resetsAt, null)
    return
  }
  const untilMs = Date.parse(resetsAt as string) - Date.now()
  t.ok(untilMs > 0 && untilMs <= 24 * 3_600_000, `${resetsAt} is within a day`)
  t.match(resetsAt, /T00:00:00\+09:00$/)
}

t.test('who stole a key refunds no more than its caller may, at however many replicas at once', async (t) => {
  const { stub, replicas, gateway } = await startReplicas(t, { max_amount_per_day: 105_000 })
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => asOrders(replicas[index % 2] as TestGateway)),
  )
  t.equal(answers.filter(({ status }) => status === 201).length, 10)
  t.equal(stub.cancels.length, 10)
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    isProblem(t, answer, 'limit_exceeded')
  }
  isLimited(t, await asOrders(gateway), { name: 'max_amount_per_day', max: 105_000, used: 100_000 })
  isRefund(t, await asOrders(gateway, refundRequest({ amount: 5_000 })), 'succeeded')
  t.equal(await used(gateway, 'max_amount_per_day'), 105_000)
  isRefund(t, await gateway.refund(refundRequest(), undefined, DESK), 'succeeded')
})

t.test('a job gone wild stops at its number of refunds and at its largest one', async (t) => {
  const { stub, gateway } = await startReplicas(t, { max_amount: 9_000, max_refunds_per_day: 3 })
  isLimited(t, await asOrders(gateway), { name: 'max_amount', max: 9_000, used: null })
  for (let count = 0; count < 3; count++) {
    isRefund(t, await asOrders(gateway, refundRequest({ amount: 9_000 })), 'succeeded')
  }
  const body = refundRequest({ amount: 1 })
  isLimited(t, await asOrders(gateway, body, 'key'), { name: 'max_refunds_per_day', max: 3, used: 3 })
  t.equal(stub.cancels.length, 3)
  // Nothing was stored: the key takes another payload.
  isLimited(t, await asOrders(gateway, refundRequest({ amount: 2 }), 'key'), {
    name: 'max_refunds_per_day',
    max: 3,
    used: 3,
  })
})

t.test('what is refused, declined or called failed is given back; what is unknown counts', async (t) => {
  const { stub, gateway } = await startReplicas(t, { max_amount_per_day: 20_000, max_refunds_per_day: 1 })
  stub.onCancel(json({ cancel_code: '9001', cancel_msg: '취소 한도 초과' }))
  isProblem(t, await asOrders(gateway), 'provider_declined')
  t.equal(await used(gateway, 'max_refunds_per_day'), 0)
  isProblem(
    t,
    await asOrders(gateway, refundRequest({ amount: 10_000, expected_remaining: 1 })),
    'remaining_mismatch',
  )
  t.equal(await used(gateway, 'max_refunds_per_day'), 0)

  stub.onCancel((response) => response.writeHead(500).end('?'))
  const { body: unknown } = await asOrders(gateway)
  t.equal(unknown.status, 'unknown')
  isLimited(t, await asOrders(gateway, refundRequest({ amount: 1 })), {
    name: 'max_refunds_per_day',
    max: 1,
    used: 1,
  })
  await resolveAsFailed(gateway, unknown.id, { headers: DESK })
  t.equal(await used(gateway, 'max_amount_per_day'), 0)
  stub.onCancel(json({ cancel_code: '0000', cancel_msg: '성공' }))
  isRefund(t, await asOrders(gateway), 'succeeded')
})

t.test('everything that remains counts as what it is, and a check takes nothing', async (t) => {
  const { gateway } = await startReplicas(t, { max_amount_per_day: 10_000 })
  const check = (body: unknown) => gateway.request('/refunds/check', { headers: ORDERS, body })
  const body = refundRequest({ amount: 4_000 })
  const { amount: _, ...rest } = body
  isRefund(t, await asOrders(gateway, body), 'succeeded')
  t.match(await check(rest), { status: 200, body: { allowed: true, amount: 6_000 } })
  t.equal(await used(gateway, 'max_amount_per_day'), 4_000)
  const refunded = await asOrders(gateway, rest, 'rest')
  isRefund(t, refunded, 'succeeded')
  t.equal(refunded.body.amount, 6_000)
  const limit = { name: 'max_amount_per_day', max: 10_000, used: 10_000 }
  isLimited(t, await check(refundRequest()), limit)
  isLimited(t, await asOrders(gateway), limit)
  isLimited(t, await check(refundRequest({ amount: 1 })), limit)
  // A replay is no refund.
  isRefund(t, await asOrders(gateway, rest, 'rest'), 'succeeded', { replayed: true })
})

t.test('limits are read again when their file changes', async (t) => {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-limits-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'limits.json')
  await writeFile(file, limitsOf({ max_refunds_per_day: 1 }))
  const env = gatewayEnv(stub.url, redis, { ...UNDISTURBED, API_KEYS, CALLER_LIMITS_FILE: file })
  const gateway = await spawnGateway(t, env)
  const refund = () => gateway.refund(refundRequest({ amount: 1 }), undefined, ORDERS)
  t.equal((await refund()).status, 201)
  t.equal((await refund()).status, 403)
  await writeFile(file, '[{"caller":"orders","max_refunds":5}]')
  await until('the mistake', () => gateway.output().includes('"not rotated: '))
  t.equal((await refund()).status, 403, 'what was read last stays in force')
  await writeFile(file, limitsOf({ max_refunds_per_day: 2 }))
  await until('the new limit', async () => (await refund()).status === 201)
  t.equal((await refund()).status, 403)
  await writeFile(file, '[]')
  await until('no limits', async () => (await refund()).status === 201)
})
