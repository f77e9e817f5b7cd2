/**
 * Requests that no client would send, on raw connections. By hand: npm run fuzz -- --requests 100000 --seed 1, or with
 * --of notifications of that route alone.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { metric } from '../support/calls.ts'
import { faultOf } from '../support/fuzz/document.ts'
import { EXCHANGES, type Exchange, FUZZED_SECRET } from '../support/fuzz/requests.ts'
import { readAnswers, send } from '../support/fuzz/wire.ts'
import { gatewayEnv, startAll } from '../support/gateway.ts'
import { apiKey } from '../support/keys.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { type SpawnedGateway, spawnGateway } from '../support/spawn-gateway.ts'

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '3000' },
    seed: { type: 'string' },
    /** A name of EXCHANGES. */
    of: { type: 'string', default: 'everything' },
  },
})
const wanted = Number(options.requests)
const isNotifications = options.of === 'notifications'
const exchanges = EXCHANGES[isNotifications ? 'notifications' : 'everything']
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31))

/** Connections at once. */
const CONNECTIONS = 32
const BATCH = 512
/** Below that, memory is still that of a start. */
const STEADY_FROM_REQUESTS = 50_000
const SHOWN_FAULTS = 10

type Tally = { requests: number; answers: Map<number, number>; faults: string[] }

/** Sends one exchange, and adds to the tally what came of it. */
async function play(url: string, exchange: Exchange, tally: Tally): Promise<void> {
  const { targets, bytes } = exchange
  tally.requests += targets?.length ?? 1
  const faults: string[] = []
  try {
    const answers = readAnswers(
      await send(url, exchange),
      targets?.map(({ method }) => method),
    )
    answers.forEach((answer, index) => {
      tally.answers.set(answer.status, (tally.answers.get(answer.status) ?? 0) + 1)
      const fault = faultOf(answer, targets?.[index])
      if (fault !== undefined) faults.push(`answer ${index + 1}: ${fault}`)
    })
    if (targets !== null && answers.length === 0) faults.push('no answer')
  } catch (error) {
    faults.push(String(error))
  }
  for (const fault of faults)
    tally.faults.push(`${fault}\n${JSON.stringify(bytes.toString('latin1')).slice(0, 1500)}`)
}

async function playAll(url: string, batch: readonly Exchange[], tally: Tally): Promise<void> {
  const queue = batch.values()
  const player = async () => {
    for (const exchange of queue) await play(url, exchange, tally)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, player))
}

async function startFuzzed(t: Test, rateLimitMax: string): Promise<SpawnedGateway> {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  return spawnGateway(
    t,
    gatewayEnv(sandbox.base, redis, {
      // The second sees what the first asked for cut down.
      API_KEYS: `${apiKey('fuzzer', 'key')},${apiKey('other', 'other-key', 'create+read+resolve')}`,
      NOTIFICATION_SECRETS: FUZZED_SECRET,
      RATE_LIMIT_MAX: rateLimitMax,
      COOKIEPAY_TIMEOUT_MS: '2000',
    }),
  )
}

/** The payments that notifications are of: of any other, one waits whether its own answer is yet to come. */
async function refundSome(gateway: SpawnedGateway): Promise<void> {
  for (let number = 0; number <= 60; number += 1) {
    await gateway.request('/refunds', {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'idempotency-key': `some-${number}` },
      body: {
        tid: `pay-${number}-10000`,
        reason: '고객 변심',
        payment: { method: 'card_auth', amount: 10_000 },
        amount: 1_000,
      },
    })
  }
}

async function fuzz(t: Test, gateway: SpawnedGateway, wanted: number) {
  const tally: Tally = { requests: 0, answers: new Map(), faults: [] }
  const memoryMiB: number[] = []
  for (let batch = 0; tally.requests < wanted && tally.faults.length < SHOWN_FAULTS; batch += 1) {
    await playAll(gateway.url, fc.sample(exchanges, { numRuns: BATCH, seed: seed + batch }), tally)
    memoryMiB.push(Math.round((await metric(gateway, 'process_resident_memory_bytes')) / 2 ** 20))
    if (batch % 10 === 9) t.comment(`${tally.requests} requests, ${memoryMiB.at(-1)} MiB`)
  }
  const statuses = [...tally.answers].sort(([one], [other]) => one - other)
  t.comment(
    `seed ${seed}, ${tally.requests} requests; answers: ${statuses.map((pair) => pair.join(' x')).join(', ')}`,
  )
  return { ...tally, memoryMiB }
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

t.setTimeout(3_600_000)
t.test(`${wanted} requests at random, seed ${seed}`, async (t) => {
  const gateway = await startFuzzed(t, '1000000')
  if (isNotifications) await refundSome(gateway)
  const { faults, answers, memoryMiB } = await fuzz(t, gateway, wanted)
  t.strictSame(faults.slice(0, SHOWN_FAULTS), [], 'every answer is in the document, and comes')
  const seen = isNotifications ? [200, 400, 404, 413] : [200, 201, 202, 400, 401, 404, 415, 422]
  for (const status of seen) t.ok(answers.get(status), `${status} was seen`)
  t.notMatch(gateway.output(), /unexpected error|unhandled|uncaught|\bbug:|"level":60/i)
  t.equal((await gateway.request('/readyz')).status, 200, 'the gateway is as it was')
  t.equal((await gateway.request('/metrics')).status, 200)
  if (wanted >= STEADY_FROM_REQUESTS) {
    const half = memoryMiB.slice(memoryMiB.length / 2)
    const [earlier, later] = [half.slice(0, half.length / 2), half.slice(half.length / 2)]
    t.comment(`memory in MiB: ${memoryMiB.filter((_, index) => index % 8 === 0).join(' ')}`)
    t.ok(mean(later) < mean(earlier) * 1.15, `steady: ${mean(earlier)} MiB, then ${mean(later)} MiB`)
  }
})

t.test('requests at random, beyond the rate limit', async (t) => {
  const gateway = await startFuzzed(t, '5')
  const { faults, answers } = await fuzz(t, gateway, BATCH)
  t.strictSame(faults.slice(0, SHOWN_FAULTS), [], 'every answer is in the document, and comes')
  t.ok(answers.get(429), '429 was seen')
})

t.test('an offer of another protocol ends its connection, and what came in behind it', async (t) => {
  const { url } = await startAll(t)
  const answers = readAnswers(
    await send(url, {
      targets: [],
      bytes: Buffer.from(
        'GET /refunds?tid=x HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nGET /healthz',
      ),
    }),
  )
  t.strictSame(
    answers.map(({ status, headers }) => [status, headers.get('connection')]),
    [[200, 'close']],
  )
})
