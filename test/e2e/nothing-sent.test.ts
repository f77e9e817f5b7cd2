import { type AddressInfo, createConnection, createServer } from 'node:net'
import t from 'tap'
import { MAX_CALLS } from '../../src/cookiepay/places.ts'
import { ledger, metric, until } from '../support/calls.ts'
import { type ContractCode, isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import {
  accept,
  bytes,
  cancelAnswer,
  json,
  type Respond,
  reset,
  sendJson,
  sendText,
  startProviderStub,
  trickle,
} from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { allow } from '../support/redis-content.ts'
import { startStubbedGateway, UNDISTURBED } from '../support/stubbed-gateway.ts'

/** For calls that are not to be answered. */
const IMPATIENT = '500'

t.test('a provider that cannot be reached: nothing was sent, the key is free', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t, { COOKIEPAY_CONNECT_TIMEOUT_MS: '1000' })
  const body = refundRequest()
  await stub.stop()
  isProblem(t, await gateway.refund(body, 'refused'), 'provider_unavailable', 'refused for the token')
  t.equal(await ledger(gateway, body.tid), null)
  await stub.start()
  isRefund(t, await gateway.refund(body, 'refused'), 'succeeded', { about: 'the same request again' })

  await stub.stop()
  const next = refundRequest({ amount: 4_000 })
  isProblem(t, await gateway.refund(next, 'cancel'), 'provider_unavailable', 'refused for the cancel')
  t.equal(await ledger(gateway, next.tid), null, 'no reservation is left')
  await stub.start()
  const corrected = { ...next, amount: 5_000 }
  isRefund(t, await gateway.refund(corrected, 'cancel'), 'succeeded', { about: 'a corrected request' })
  t.equal(stub.cancels.length, 2)
})

t.test('a host that does not resolve, or that does not speak TLS: nothing was sent', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const urls = {
    'no such host': 'http://no-such-host.invalid',
    'no TLS': stub.url.replace('http:', 'https:'),
    'a TLS handshake without an end': `https://127.0.0.1:${port}`,
  }
  const env = { ...UNDISTURBED, COOKIEPAY_CONNECT_TIMEOUT_MS: '300', COOKIEPAY_TIMEOUT_MS: '2000' }
  for (const [about, url] of Object.entries(urls)) {
    const gateway = await startTestGateway(t, gatewayEnv(url, redis, env))
    const body = refundRequest()
    isProblem(t, await gateway.refund(body, 'no-tls'), 'provider_unavailable', about)
    t.equal(await ledger(gateway, body.tid), null)
  }
  t.equal(stub.tokens.length + stub.cancels.length, 0)
})

t.test('no token: nothing was sent, the key is free', async (t) => {
  const refusals: Record<string, [ContractCode, Respond]> = {
    'RTN_CD other than 0000': ['provider_auth_failed', json({ RTN_CD: '9001', RTN_MSG: '연동키 오류' })],
    'status 401': ['provider_auth_failed', json({ RTN_CD: '9001' }, 401)],
    'status 403 with a page': ['provider_auth_failed', (response) => sendText(response, '<html>', 403)],
    'status 500': ['provider_unavailable', json({ RTN_CD: '9001' }, 500)],
    'status 500 with a token': ['provider_unavailable', json({ RTN_CD: '0000', TOKEN: 'x' }, 500)],
    'a page': ['provider_unavailable', (response) => sendText(response, '<html>점검</html>')],
    'an empty body': ['provider_unavailable', (response) => sendText(response, '')],
    'no TOKEN': ['provider_unavailable', json({ RTN_CD: '0000' })],
    'a TOKEN that is a number': ['provider_unavailable', json({ RTN_CD: '0000', TOKEN: 1 })],
    'a TOKEN that no header holds': ['provider_unavailable', json({ RTN_CD: '0000', TOKEN: 'a\r\nb: c' })],
    'an array': ['provider_unavailable', json([])],
    'a reset': ['provider_unavailable', reset],
    'half an answer': ['provider_unavailable', bytes('HTTP/1.1 200 OK\r\n')],
    'no answer': ['provider_unavailable', () => {}],
    'an answer without an end': ['provider_unavailable', trickle],
  }
  const { stub, gateway } = await startStubbedGateway(t, { COOKIEPAY_TIMEOUT_MS: IMPATIENT })
  for (const [about, [code, respond]] of Object.entries(refusals)) {
    stub.onToken(respond)
    const body = refundRequest({ amount: 1_000 })
    isProblem(t, await gateway.refund(body, 'no-token'), code, about)
    t.equal(await ledger(gateway, body.tid), null)
  }
  t.equal(stub.cancels.length, 0)
  stub.onToken((response) => sendJson(response, { RTN_CD: '0000', TOKEN: 'good' }))
  isRefund(t, await gateway.refund(refundRequest(), 'no-token'), 'succeeded')
})

t.test('COOKIEPAY_TIMEOUT_MS is the total for one call, a trickling answer included', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t, { COOKIEPAY_TIMEOUT_MS: IMPATIENT })
  const answers: Record<string, Respond> = {
    'no answer': () => {},
    'a body that trickles': trickle,
    'a head that trickles': (response) => {
      response.req.socket.write('HTTP/1.1 200 OK\r\n')
      const interval = setInterval(() => response.req.socket.write('X-More: 1\r\n'), 50)
      response.req.socket.once('close', () => clearInterval(interval))
    },
    'an answer that is complete but for its end': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write(JSON.stringify(cancelAnswer({})))
    },
  }
  for (const [about, respond] of Object.entries(answers)) {
    stub.onCancel(respond)
    const body = refundRequest()
    const startedAt = performance.now()
    const answer = await gateway.refund(body, encodeURIComponent(about))
    const durationMs = performance.now() - startedAt
    isRefund(t, answer, 'unknown', { about })
    t.ok(durationMs >= 450 && durationMs < 5_000, `${about}: after ${Math.round(durationMs)} ms`)
    t.match(await ledger(gateway, body.tid), { unknown: 10_000, remaining: 0 })
  }
})

t.test('what finds no free connection in time is not sent at all', async (t) => {
  const timeoutMs = 2_000
  const { stub, gateway } = await startStubbedGateway(t, { COOKIEPAY_TIMEOUT_MS: String(timeoutMs) })
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded', { about: 'a token' })
  const waitedMs: number[] = []
  stub.onCancel((response) => {
    const arrivedAt = performance.now()
    if (response.closed) waitedMs.push(0)
    else response.once('close', () => waitedMs.push(performance.now() - arrivedAt))
  })
  const bodies = Array.from({ length: 140 }, () => refundRequest())
  const taking = bodies.slice(0, MAX_CALLS).map((body) => gateway.refund(body))
  await until('every connection is taken', () => stub.cancels.length === MAX_CALLS + 1)
  const waiting = bodies.slice(MAX_CALLS).map((body) => gateway.refund(body))
  const answers = await Promise.all([...taking, ...waiting])
  const received = stub.cancels.slice(1).map(({ body }) => body.tid)
  t.equal(new Set(received).size, received.length, 'no call is made twice')
  for (const [index, answer] of answers.entries()) {
    const { tid } = bodies[index] as { tid: string }
    if (answer.status === 202) continue
    isProblem(t, answer, 'provider_unavailable', tid)
    t.notOk(received.includes(tid), 'not sent')
    t.equal(await ledger(gateway, tid), null)
  }
  await until('the end of all calls', () => waitedMs.length === received.length)
  const hopeless = waitedMs.filter((ms) => ms < timeoutMs / 4).length
  t.equal(hopeless, 0, `${hopeless} of ${received.length} were sent when there was no time left to answer`)
})

t.test('a connection that the provider closed while it was idle is not used', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  stub.onCancel((response, call, index) => {
    accept(response, call, index)
    response.once('finish', () => setTimeout(() => response.req.socket.destroy(), 5))
  })
  for (let count = 0; count < 10; count++) {
    isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})

t.test('a caller that hangs up does not stop the refund', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  let finish = () => {}
  stub.onCancel((response, call, index) => {
    finish = () => accept(response, call, index)
  })
  const body = refundRequest()
  const hangUp = new AbortController()
  const gone = fetch(`${gateway.url}/refunds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'hang-up' },
    body: JSON.stringify(body),
    signal: hangUp.signal,
  })
  await until('the cancel', () => stub.cancels.length === 1)
  hangUp.abort()
  await t.rejects(gone)
  isProblem(t, await gateway.refund(body, 'hang-up'), 'idempotency_in_progress')
  finish()
  await until('the outcome', async () => (await ledger(gateway, body.tid))?.refunded === 10_000)
  isRefund(t, await gateway.refund(body, 'hang-up'), 'succeeded', { replayed: true })
  t.equal(stub.cancels.length, 1)
})

t.test('garbage behind a request in flight is not answered in its place', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  let finish = () => {}
  stub.onCancel((response, call, index) => {
    finish = () => accept(response, call, index)
  })
  const body = refundRequest()
  const text = JSON.stringify(body)
  const { hostname, port } = new URL(gateway.url)
  const connection = createConnection(Number(port), hostname)
  let received = ''
  connection.setEncoding('utf8').on('data', (chunk) => {
    received += chunk
  })
  connection.on('error', () => {})
  connection.write(
    `POST /refunds HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: followed\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
  await until('the call', () => stub.cancels.length === 1)
  connection.write('}\r\n\r\n')
  await until('an answer, or the end of the connection', () => received !== '' || connection.closed)
  t.notMatch(received, /fix_request/, 'the caller does not hear that nothing was stored')
  finish()
  connection.destroy()
  await until('the outcome', async () => (await ledger(gateway, body.tid))?.refunded === 10_000)
  isRefund(t, await gateway.refund(body, 'followed'), 'succeeded', { replayed: true })
})

t.test('a store that may forget: refunds are refused, and nothing is sent', async (t) => {
  const stub = await startProviderStub(t)
  const forgetful = await startTestRedis(t, ['--appendonly', 'no'])
  const strict = await startTestGateway(t, gatewayEnv(stub.url, forgetful, UNDISTURBED))
  isProblem(t, await strict.refund(refundRequest(), 'forgetful'), 'store_not_durable')
  t.equal(stub.tokens.length + stub.cancels.length, 0)
  const relaxed = await startTestGateway(
    t,
    gatewayEnv(stub.url, forgetful, { ...UNDISTURBED, REDIS_DURABILITY: 'relaxed' }),
  )
  isRefund(t, await relaxed.refund(refundRequest(), 'forgetful'), 'succeeded', { about: 'relaxed' })
})

t.test('a store that is away: refunds are refused at once, and nothing is sent', async (t) => {
  const stub = await startProviderStub(t)
  const away = await startTestRedis(t)
  const gateway = await startTestGateway(t, gatewayEnv(stub.url, away, UNDISTURBED))
  const body = refundRequest()
  await away.stop()
  isProblem(t, await gateway.refund(body, 'away'), 'store_unavailable')
  isProblem(t, await gateway.request(`/payments/${body.tid}`), 'store_unavailable')
  isProblem(t, await gateway.request(`/refunds?tid=${body.tid}`), 'store_unavailable')
  isProblem(t, await gateway.request(`/refunds/rf_${'0'.repeat(26)}`), 'store_unavailable')
  t.equal(stub.tokens.length + stub.cancels.length, 0)
  await away.start()
  await until('a gateway that is ready', async () => (await gateway.request('/readyz')).status === 200)
  isRefund(t, await gateway.refund(body, 'away'), 'succeeded', { about: 'once it is back' })
})

t.test(
  'a store that cannot take the outcome: the caller hears it all the same, and it is kept later',
  async (t) => {
    const { stub, gateway, redis } = await startStubbedGateway(t)
    let finish = () => {}
    stub.onCancel((response, call, index) => {
      finish = () => accept(response, call, index)
    })
    const body = refundRequest({ amount: 1_000 })
    const running = gateway.refund(body, 'kept-later')
    await until('the call', () => stub.cancels.length === 1)
    await allow(redis, '-evalsha', '-eval')
    finish()
    const answer = await running
    isRefund(t, answer, 'succeeded')
    t.equal(await metric(gateway, 'refund_gateway_pending_writes'), 1)
    await allow(redis, '+@all')
    await until('the outcome', async () => (await ledger(gateway, body.tid))?.refunded === 1_000)
    const repeat = await gateway.refund(body, 'kept-later')
    isRefund(t, repeat, 'succeeded', { replayed: true })
    t.match(repeat.body, { ...answer.body, updated_at: String })
    t.equal(stub.cancels.length, 1)
  },
)

t.test(
  'a store that fails before the call: nothing is sent, and the key is free once it is back',
  async (t) => {
    const { stub, gateway, redis } = await startStubbedGateway(t)
    const body = refundRequest({ amount: 1_000 })
    await allow(redis, '-evalsha', '-eval')
    isProblem(t, await gateway.refund(body, 'failing'), 'store_unavailable')
    t.equal(stub.cancels.length, 0)
    await allow(redis, '+@all')
    await until(
      'what was begun is undone',
      async () => (await metric(gateway, 'refund_gateway_pending_writes')) === 0,
    )
    isRefund(t, await gateway.refund({ ...body, amount: 2_000 }, 'failing'), 'succeeded', {
      about: 'corrected',
    })
    t.match(await ledger(gateway, body.tid), { refunded: 2_000, in_flight: 0, unknown: 0 })
  },
)
