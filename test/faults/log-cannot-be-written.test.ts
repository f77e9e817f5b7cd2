import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { longestCloseMs } from '../../src/process/closing.ts'
import { until } from '../support/calls.ts'
import { isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { COMMAND, type SpawnedGateway, spawnGateway } from '../support/spawn-gateway.ts'

/** Their lines are more than a pipe takes. */
const REFUNDS = 300
const AT_ONCE = 20

/** A gateway that has one refund at the provider, which is answered when `finish` is called. */
async function startAll(
  t: Test,
  command: readonly string[] = COMMAND,
  settings: Record<string, string> = {},
) {
  const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const env = gatewayEnv(provider.url, redis, {
    RATE_LIMIT_MAX: '1000000',
    COOKIEPAY_TIMEOUT_MS: '120000',
    ...settings,
  })
  const gateway = await spawnGateway(t, env, { command })
  let finish: () => void = () => {}
  provider.onCancel((response, { body }) => {
    finish = () => sendJson(response, cancelAnswer(body))
  })
  const body = refundRequest()
  const slow = gateway.refund(body, 'slow')
  await until('it is at the provider', () => provider.cancels.length === 1)
  provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
  return { gateway, redis, provider, env, slow, body, finish: () => finish() }
}

/** Refunds as ever, more than the log takes, and an end in time with nothing lost. */
async function goesOn(t: Test, { gateway, env, slow, body, finish }: Awaited<ReturnType<typeof startAll>>) {
  for (let done = 0; done < REFUNDS; done += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => gateway.refund(refundRequest())))
    for (const answer of answers) isRefund(t, answer, 'succeeded')
  }
  t.equal((await gateway.request('/readyz')).status, 200)
  gateway.signal('SIGTERM')
  finish()
  isRefund(t, await slow, 'succeeded', { about: 'the one in flight' })
  t.equal(await endOf(gateway), 0, 'ends by itself')
  const next = await startTestGateway(t, env)
  const { body: replay } = await next.refund(body, 'slow')
  t.match(replay, { status: 'succeeded', resolution: null }, 'recorded, and never unknown')
}

/** Not waited for for longer: an exit that waits for a thread that writes has no end. */
async function endOf(gateway: SpawnedGateway, withinMs = 15_000) {
  let status: Awaited<SpawnedGateway['ended']> | undefined
  void gateway.ended.then((how) => {
    status = how
  })
  await until('the process has ended', () => status !== undefined, withinMs)
  return status
}

t.test(
  'everything at once: the store is away, the provider hangs, a collector and the log take nothing',
  { buffered: true },
  async (t) => {
    const timeoutMs = 2_000
    const collector = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(collector, 'listening')
    t.teardown(() => collector.close())
    const { port } = collector.address() as AddressInfo
    const { gateway, redis, provider, slow, finish } = await startAll(t, COMMAND, {
      COOKIEPAY_TIMEOUT_MS: String(timeoutMs),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    })
    provider.onCancel(() => {})
    const hanging = gateway.refund(refundRequest())
    await until('that one is there, too', () => provider.cancels.length === 2)
    gateway.stdout.pause()
    await redis.stop()
    finish()
    isRefund(t, await slow, 'succeeded', { about: 'its caller is told the truth' })
    const startedAt = Date.now()
    gateway.signal('SIGTERM')
    isRefund(t, await hanging, 'unknown')
    t.equal(await endOf(gateway, longestCloseMs(timeoutMs)), 0, 'ends by itself')
    t.comment(`${Date.now() - startedAt} ms`)
  },
)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

t.jobs = 2

t.test('the reader of the log stands still', { buffered: true }, async (t) => {
  // Its exit is heard of all the same, though its output has no end.
  const parts = await startAll(t)
  parts.gateway.stdout.pause()
  await goesOn(t, parts)
})

t.test('the reader of the log is gone', { buffered: true }, async (t) => {
  const parts = await startAll(t)
  parts.gateway.stdout.destroy()
  await goesOn(t, parts)
})

t.test('the disk of the log is full', { buffered: true }, async (t) => {
  const port = await freePort()
  // The shell says what the log cannot say.
  const script = `echo 'Server listening at http://127.0.0.1:${port}"'; PORT=${port} exec "$@" > /dev/full`
  await goesOn(t, await startAll(t, ['bash', '-c', script, 'bash', ...COMMAND]))
})
