import { randomInt, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { startGateway } from '../../src/gateway.ts'
import { until } from '../support/calls.ts'
import { client, gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

const PAUSE_MS = 20

/** What came of one request: an answer, or how it failed. */
type Outcome =
  | { status: number; refundStatus: string; isReplay: boolean }
  | { error: string; isReused: boolean }

function send(port: number, agent: Agent | false, body: string, key: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: 'POST',
        path: '/refunds',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': key,
        },
      },
      async (response: IncomingMessage) => {
        try {
          const text = Buffer.concat(await response.toArray()).toString()
          resolve({
            status: response.statusCode ?? 0,
            refundStatus: JSON.parse(text).status,
            isReplay: response.headers['idempotent-replayed'] === 'true',
          })
        } catch (error) {
          resolve({ error: `in the answer: ${error}`, isReused: outgoing.reusedSocket })
        }
      },
    )
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ error: error.code ?? error.message, isReused: outgoing.reusedSocket }),
    )
    outgoing.end(body)
  })
}

t.test('two replicas are restarted one after the other under load', async (t) => {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const ports = [await freePort(), await freePort()] as const
  const start = (port: number) =>
    spawnGateway(t, {
      ...gatewayEnv(sandbox.base, redis, { RATE_LIMIT_MAX: '1000000' }),
      PORT: String(port),
    })
  const replicas = await Promise.all(ports.map(start))

  let isOver = false
  const counts = { answered: 0, refused: 0, notAccepted: 0 }
  const failures: string[] = []

  async function call(isKeptAlive: boolean, caller: number): Promise<void> {
    const agents = ports.map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
    for (let turn = caller; !isOver; turn++) {
      const body = JSON.stringify(refundRequest({ tid: `delay60-${randomUUID()}-10000` }))
      const key = randomUUID()
      const sendTo = (to: number) =>
        send(ports[to] as number, isKeptAlive ? (agents[to] as Agent) : false, body, key)
      let to = turn % 2
      let outcome = await sendTo(to)
      while ('error' in outcome && outcome.error === 'ECONNREFUSED') {
        counts.refused += 1
        await sleep(5)
        to = 1 - to
        outcome = await sendTo(to)
      }
      // A connection that the kernel has made, and that nobody has accepted when the listener closes, is reset by
      // the kernel: no program sees it. That this was one is proved by the other replica, to which the key is new.
      if ('error' in outcome && outcome.error === 'ECONNRESET' && !outcome.isReused) {
        counts.notAccepted += 1
        outcome = await sendTo(1 - to)
      }
      const isAnswered = 'status' in outcome && outcome.status === 201 && !outcome.isReplay
      if (isAnswered && 'status' in outcome && outcome.refundStatus === 'succeeded') counts.answered += 1
      else failures.push(`${isKeptAlive ? 'kept' : 'fresh'} ${JSON.stringify(outcome)}`)
      await sleep(PAUSE_MS)
    }
    for (const agent of agents) agent.destroy()
  }
  const callers = Array.from({ length: 8 }, (_, index) => call(index % 2 === 0, index))

  await sleep(500)
  for (const [index, port] of ports.entries()) {
    const replica = replicas[index]
    const startedAt = Date.now()
    replica?.signal('SIGTERM')
    t.equal(await replica?.ended, 0, 'ends by itself')
    t.ok(Date.now() - startedAt < 4_000, `after ${Date.now() - startedAt} ms`)
    await start(port)
  }
  await sleep(300)
  isOver = true
  await Promise.all(callers)

  t.same(failures, [], `each of ${counts.answered} is answered, ${counts.refused} after a refusal`)
  // Those that lay in the listeners' queues: four, and some more where the machine is busy.
  t.ok(counts.notAccepted <= 8, `${counts.notAccepted} reset by the kernel`)
  const { applied, calls } = await sandbox.cancels()
  t.equal(applied.length, counts.answered, 'and each is applied once')
  t.equal(calls, counts.answered)
})

async function startClosable(t: Test, providerUrl: string) {
  const redis = await startTestRedis(t)
  const config = readConfig({
    ...gatewayEnv(providerUrl, redis),
    PORT: '0',
    COOKIEPAY_ID: 'shop',
    COOKIEPAY_KEY: 'shop-key',
    COOKIEPAY_PG: 'toss',
  })
  const gateway = await startGateway(config, pino({ level: 'silent' }))
  let closing: Promise<void> | undefined
  const close = (graceMs = 0) => {
    closing ??= gateway.close(graceMs)
    return closing
  }
  t.teardown(() => close())
  return {
    ...client(gateway.url),
    port: Number(new URL(gateway.url).port),
    close,
    env: gatewayEnv(providerUrl, redis),
  }
}

t.test('while it closes, it is not ready, serves those who come, and sends them away', async (t) => {
  const provider = await startProviderStub(t)
  const { request, refund, close } = await startClosable(t, provider.url)
  await request('/healthz')
  const closing = close(1_000)

  const ready = await request<{ status: string }>('/readyz')
  t.equal(ready.status, 503)
  t.equal(ready.body.status, 'not_ready')
  t.equal(ready.headers.get('connection'), 'close')
  const answer = await refund(refundRequest())
  t.equal(answer.status, 201, 'a refund is still made')
  t.equal(answer.headers.get('connection'), 'close')
  const missing = await request('/nowhere')
  t.equal(missing.headers.get('connection'), 'close', 'whatever is answered')
  await closing
  await t.rejects(request('/healthz'))
})

t.test('callers who keep their connections do not hold the close', async (t) => {
  const provider = await startProviderStub(t)
  provider.onCancel(async (response, { body }) => {
    await sleep(700)
    sendJson(response, cancelAnswer(body))
  })
  const { port, close } = await startClosable(t, provider.url)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const body = () => JSON.stringify(refundRequest())
  // One that is idle, one that has a refund in flight, and one that never asks for anything.
  const silent = connect(port, '127.0.0.1')
  t.teardown(() => silent.destroy())
  silent.on('error', () => {})
  await Promise.all([once(silent, 'connect'), send(port, agent, body(), 'idle')])
  const inFlight = send(port, agent, body(), 'in-flight')
  const another = send(port, agent, body(), 'another')
  await until('both are in flight', () => provider.cancels.length === 3)

  const startedAt = Date.now()
  await close()
  t.match(await inFlight, { status: 201 })
  t.match(await another, { status: 201 })
  t.ok(Date.now() - startedAt < 4_000, `${Date.now() - startedAt} ms`)
})

t.test('a refund whose caller has hung up is finished before the gateway ends', async (t) => {
  const provider = await startProviderStub(t)
  provider.onCancel(async (response, { body }) => {
    await sleep(500)
    sendJson(response, cancelAnswer(body))
  })
  const { port, close, env } = await startClosable(t, provider.url)
  const body = refundRequest()
  const hungUp = new Agent()
  const outcome = send(port, hungUp, JSON.stringify(body), 'hung-up')
  await until('it is in flight', () => provider.cancels.length === 1)
  hungUp.destroy()
  t.match(await outcome, { error: 'ECONNRESET' })
  await close()

  const next = await startTestGateway(t, env)
  const replay = await next.refund(body, 'hung-up')
  t.equal(replay.status, 201)
  t.match(replay.body, { status: 'succeeded', resolution: null }, 'and never was unknown')
  t.equal(provider.cancels.length, 1)
})

/** Below those that systems hand out by themselves, so that it is still free after a restart. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000)
    const server = createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return port
    } catch {
      // Taken: another one.
    } finally {
      server.close()
    }
  }
}
