import { Writable } from 'node:stream'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { startGateway } from '../../src/gateway.ts'
import { metric, until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { client, gatewayEnv, refundRequest } from '../support/gateway.ts'
import { json, reset, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { UNDISTURBED } from '../support/stubbed-gateway.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`

type LogLine = Readonly<Record<string, unknown>>

/** A gateway before a provider stub, and every line that it logs. */
async function startLoggedGateway(t: Test, env: Record<string, string> = {}) {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const lines: LogLine[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const config = readConfig({
    PORT: '0',
    COOKIEPAY_ID: 'shop',
    COOKIEPAY_KEY: 'shop-key',
    COOKIEPAY_PG: 'toss',
    ...gatewayEnv(stub.url, redis, { ...UNDISTURBED, ...env }),
  })
  const gateway = await startGateway(config, pino({ level: 'info' }, stream))
  t.teardown(() => gateway.close())
  return { stub, redis, lines, ...client(gateway.url) }
}

t.test('one line tells the story of a refund', async (t) => {
  const { refund, lines } = await startLoggedGateway(t)
  const answer = await refund(refundRequest(), undefined, { traceparent: TRACEPARENT })
  isRefund(t, answer, 'succeeded')
  const requestId = answer.headers.get('x-request-id')
  const told = lines.filter((line) => line.refund === answer.body.id)
  t.equal(told.length, 1, 'one line')
  const [line = {}] = told
  t.match(line, {
    level: 30,
    msg: 'refund recorded',
    reqId: requestId,
    traceId: TRACE_ID,
    caller: 'anonymous',
    account: 'default',
    status: 'succeeded',
    kind: 'full',
    amount: 10_000,
    providerCode: '0000',
  })
  t.match(requestId, /^[0-9a-f-]{36}$/)
  const steps = ['claimMs', 'tokenMs', 'admissionMs', 'beginMs', 'relayMs', 'settleMs']
  const tookMs = steps.map((step) => line[step] as number)
  t.ok(
    tookMs.every((stepMs) => stepMs >= 0),
    `steps: ${tookMs}`,
  )
  const totalMs = tookMs.reduce((sum, stepMs) => sum + stepMs, 0)
  t.ok(Math.abs(totalMs - (line.durationMs as number)) <= 1, `${totalMs} is the whole of ${line.durationMs}`)
  t.ok((line.relayMs as number) > 0 && (line.tokenMs as number) > 0, 'calls take time')
})

t.test('an unknown outcome is a warning that says why', async (t) => {
  const { stub, refund, lines } = await startLoggedGateway(t)
  stub.onCancel(reset)
  const answer = await refund(refundRequest())
  isRefund(t, answer, 'unknown')
  const line = lines.find((line) => line.refund === answer.body.id)
  t.match(line, { level: 40, msg: 'refund recorded', status: 'unknown', detail: /no complete answer/ })
  t.notOk(line !== undefined && 'traceId' in line, 'no trace that nobody started')
})

t.test('a refund that was not sent is told by one line, too', async (t) => {
  const { stub, refund, lines } = await startLoggedGateway(t)
  stub.onToken(json({ RTN_CD: '9999', RTN_MSG: '인증 실패' }))
  const answer = await refund(refundRequest(), undefined, { traceparent: TRACEPARENT })
  isProblem(t, answer, 'provider_auth_failed')
  const told = lines.filter(({ msg }) => msg === 'refund not sent')
  t.equal(told.length, 1)
  const instance = (answer.body as unknown as { instance: string }).instance
  t.match(told[0], {
    level: 40,
    reqId: instance.replace('urn:uuid:', ''),
    traceId: TRACE_ID,
    caller: 'anonymous',
    account: 'default',
    code: 'provider_auth_failed',
  })
  t.type(told[0]?.detail, 'string')
})

t.test('the trace context is passed on to the cancel call, as far as it is one', async (t) => {
  const { stub, refund } = await startLoggedGateway(t)
  await refund(refundRequest(), undefined, { traceparent: TRACEPARENT })
  await refund(refundRequest(), undefined, { traceparent: 'not-a-trace' })
  await refund(refundRequest())
  t.strictSame(
    stub.cancels.map(({ headers }) => headers.traceparent),
    [TRACEPARENT, undefined, undefined],
  )
})

t.test('what the alerts look at is counted', async (t) => {
  const { stub, redis, refund, request } = await startLoggedGateway(t)
  const gateway = { request }
  const count = (series: string) => metric(gateway, `refund_gateway_${series}`)
  t.equal(await count('store_state{state="durable"}'), 1)
  t.equal(await count('oldest_unknown_age_seconds'), 0)
  const { body: untouched } = await request<string>('/metrics')
  // An increase is only seen from a series that was there before.
  for (const series of [
    'token_failures_total{reason="not_issued"} 0',
    'token_failures_total{reason="rejected"} 0',
    'refund_answers_total{outcome="provider_auth_failed"} 0',
    'amount_mismatches_total 0',
    'conflicts_total 0',
    'disputed_refunds_total 0',
    'lost_refunds_total 0',
  ]) {
    t.ok(untouched.includes(`refund_gateway_${series}\n`), `${series} from the start`)
  }

  stub.onToken(json({ RTN_CD: '9999', RTN_MSG: '인증 실패' }))
  await refund(refundRequest())
  t.equal(await count('token_failures_total{reason="not_issued"}'), 1)
  t.equal(await count('refund_answers_total{outcome="provider_auth_failed"}'), 1)
  stub.onToken(json({ RTN_CD: '0000', RTN_MSG: '성공', TOKEN: 'token' }))
  stub.onCancel(json({ RTN_CD: '9999', RTN_MSG: '토큰 오류' }))
  await refund(refundRequest())
  t.ok((await count('token_failures_total{reason="rejected"}')) >= 1)

  stub.onCancel(reset)
  isRefund(t, await refund(refundRequest()), 'unknown')
  t.equal(await count('refund_step_duration_seconds_count{step="settle"}'), 1)
  t.ok((await count('oldest_unknown_age_seconds')) > 0)

  await redis.stop()
  await until('the loss', async () => (await count('store_state{state="unavailable"}')) === 1)
  t.equal(await count('store_state{state="durable"}'), 0)
  const { body } = await request<string>('/metrics')
  t.notMatch(body, /^refund_gateway_(unsettled_refunds|oldest_unknown_age_seconds) /m, 'not known, so absent')
})
