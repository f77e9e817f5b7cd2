import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { SAME_WISH_MS } from '../../src/process/closing.ts'
import { until } from '../support/calls.ts'
import { isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { COMMAND, type SpawnedGateway, spawnGateway } from '../support/spawn-gateway.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A refund that is at the provider for so long while `signal` is sent, and what became of all. */
async function endWhileInFlight(
  t: Test,
  {
    holdMs,
    command = COMMAND,
    signal,
  }: { holdMs: number; command?: readonly string[]; signal(gateway: SpawnedGateway): Promise<void> },
) {
  const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  provider.onCancel(async (response, { body }) => {
    await sleep(holdMs)
    sendJson(response, cancelAnswer(body))
  })
  const env = gatewayEnv(provider.url, redis)
  const gateway = await spawnGateway(t, env, { command })
  const body = refundRequest()
  const answer = gateway.refund(body, 'in-flight').catch((error: Error) => error)
  await until('it is at the provider', () => provider.cancels.length === 1)
  await signal(gateway)
  const status = await gateway.ended
  const next = await startTestGateway(t, env)
  return { answer: await answer, status, replay: await next.refund(body, 'in-flight') }
}

async function isFinished(t: Test, { answer, status, replay }: Awaited<ReturnType<typeof endWhileInFlight>>) {
  t.equal(status, 0, 'it ends as if it was asked once')
  t.match(answer, { status: 201, body: { status: 'succeeded' } })
  isRefund(t, replay, 'succeeded', { replayed: true })
  t.equal(replay.body.resolution, null, 'it was never unknown')
}

/** What npm start does, from the source. */
function npmStart(t: Test): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'npm-start-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const start = `cd ${ROOT} && exec ${COMMAND.join(' ')}`
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ scripts: { start } }))
  return ['npm', '--prefix', directory, '--silent', '--no-update-notifier', 'start']
}

t.jobs = 3

for (const pauseMs of [1, 10, 50]) {
  t.test(`the same signal again after ${pauseMs} ms is the same wish`, { buffered: true }, async (t) => {
    const seen = await endWhileInFlight(t, {
      holdMs: 1_500,
      async signal(gateway) {
        for (let i = 0; i < 3; i++) {
          gateway.signal('SIGTERM')
          await sleep(pauseMs)
        }
      },
    })
    await isFinished(t, seen)
  })
}

t.test('and so is another that comes with it', { buffered: true }, async (t) => {
  const seen = await endWhileInFlight(t, {
    holdMs: 1_500,
    async signal(gateway) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        gateway.signal(signal)
        await sleep(20)
      }
    },
  })
  await isFinished(t, seen)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`npm start: the whole group gets a ${signal}`, { buffered: true }, async (t) => {
    const { answer, replay } = await endWhileInFlight(t, {
      holdMs: 1_500,
      command: npmStart(t),
      signal: async (gateway) => gateway.signalGroup(signal),
    })
    t.match(answer, { status: 201 })
    isRefund(t, replay, 'succeeded', { replayed: true })
    t.equal(replay.body.resolution, null, 'it was never unknown')
  })
}

t.test('one that comes later ends the process at once', { buffered: true }, async (t) => {
  const { status, answer } = await endWhileInFlight(t, {
    holdMs: SAME_WISH_MS + 5_000,
    async signal(gateway) {
      gateway.signal('SIGTERM')
      await sleep(SAME_WISH_MS + 200)
      gateway.signal('SIGTERM')
    },
  })
  t.equal(status, 1)
  t.type(answer, Error, 'what was in flight is cut off')
})
