import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Test } from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import type { Problem } from '../../src/http/problems/catalog.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { startTestRedis, type TestRedis } from './redis.ts'
import { startSandbox } from './sandbox.ts'

/** A refund or a problem: which of the two, the test knows. */
type RefundOrProblem = Omit<Refund, 'status'> & Omit<Problem, 'status'> & { status: string | number }

/** The answer to a request, with its body read. */
export type Answer<Body = RefundOrProblem> = Readonly<{
  status: number
  headers: Headers
  body: Body
}>

export type TestGateway = Readonly<{
  url: string
  rotate: Gateway['rotate']
  close(): Promise<void>
  /** Any request; an object as `body` is sent as JSON, a string as it is. */
  request<Body = RefundOrProblem>(path: string, init?: RequestOptions): Promise<Answer<Body>>
  /** `POST /refunds`, with a key of its own where none is given. */
  refund(body: unknown, key?: string, headers?: Record<string, string>): Promise<Answer>
}>

type RequestOptions = Readonly<{ method?: string; headers?: Record<string, string>; body?: unknown }>

/** A gateway of this process on a free port, with real HTTP to its provider and a real Redis. */
export async function startTestGateway(t: Test, env: Record<string, string>): Promise<TestGateway> {
  const config = readConfig({
    PORT: '0',
    COOKIEPAY_ID: 'shop',
    COOKIEPAY_KEY: 'shop-key',
    COOKIEPAY_PG: 'toss',
    RESOLVE_FAILED_AFTER_MS: '300',
    COOKIEPAY_PAYMENT_SPACING_MS: '0',
    ...env,
  })
  const gateway = await startGateway(config, pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }))
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= gateway.close()
    return closing
  }
  t.teardown(close)
  return { url: gateway.url, rotate: gateway.rotate, close, ...client(gateway.url) }
}

/** The calls that a calling service makes. */
export function client(url: string): Pick<TestGateway, 'request' | 'refund'> {
  async function request<Body>(path: string, init: RequestOptions = {}): Promise<Answer<Body>> {
    const { method = init.body === undefined ? 'GET' : 'POST', headers = {}, body } = init
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return {
    request,
    refund: (body, key = randomUUID(), headers = {}) =>
      request('/refunds', { method: 'POST', headers: { 'idempotency-key': key, ...headers }, body }),
  }
}

/** Sandbox, Redis and gateway of one test. */
export async function startAll(t: Test, env: Record<string, string> = {}) {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const gateway = await startTestGateway(t, gatewayEnv(sandbox.base, redis, env))
  return { sandbox, redis, gateway, ...gateway }
}

/** The environment of a gateway between these two. */
export function gatewayEnv(
  providerUrl: string,
  redis: TestRedis,
  env: Record<string, string> = {},
): Record<string, string> {
  return { REDIS_URL: redis.url, COOKIEPAY_BASE_URL: providerUrl, ...env }
}

/** The refund that a request led to, succeeded or not; on a busy machine a store may need another moment. */
export async function madeRefund(
  { refund }: Pick<TestGateway, 'refund'>,
  body: RefundRequest,
): Promise<Refund> {
  const key = randomUUID()
  for (let attempt = 1; ; attempt += 1) {
    const answer = await refund(body, key)
    const made = (answer.body.refund ?? answer.body) as Refund
    if (made.id?.startsWith('rf_')) return made
    if (answer.status !== 503 || attempt === 10) throw new Error(JSON.stringify(answer.body))
    await sleep(300)
  }
}

/** A request that everything allows: a card payment of 10,000 KRW, refunded in full, with a tid of its own. */
export function refundRequest(overrides: Partial<RefundRequest> = {}): RefundRequest {
  return {
    tid: `t${randomUUID().slice(0, 8)}-10000`,
    reason: '고객 변심',
    payment: { method: 'card_auth', amount: 10_000 },
    ...overrides,
  }
}
