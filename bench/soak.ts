// npm run soak -- --minutes N [--rate R]
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { environmentOf, gatewayOf, ROOT } from './contenders.ts'
import { describeMachine, leaveServerCore, onServerCore } from './machine.ts'
import { positive } from './options.ts'
import { startServer } from './processes.ts'
import { startBenchRedis } from './redis.ts'
import { API_KEY } from './requests.ts'
import type { SoakResults, SoakSample } from './results.ts'
import { commandLine, resultsPath, writeResults } from './results-file.ts'
import { drawReport, prepare } from './setup.ts'
import { startCallers } from './soak/callers.ts'
import { judgeFlatness } from './soak/flatness.ts'
import { OPERATOR_KEY, startOperator } from './soak/operator.ts'
import { takeSample } from './soak/sampling.ts'
import { flatnessText } from './summary.ts'
import { createWorkDirectory } from './work-directory.ts'

const SAMPLES = 300
const SHORTEST_INTERVAL_MS = 1_000

/**
 * What is kept for days is kept for a minute here, so that memory can be seen to come to rest; and calls are given
 * up early, so that the faults which never answer are many.
 */
const HURRIED = {
  IDEMPOTENCY_RETENTION_HOURS: '0.0167',
  COOKIEPAY_CONNECT_TIMEOUT_MS: '500',
  COOKIEPAY_TIMEOUT_MS: '1000',
  RECONCILE_INTERVAL_MS: '2000',
  RESOLVE_FAILED_AFTER_MS: '1000',
  // Who asked for a refund does not settle it.
  API_KEYS: `caller:${hash('sha256', API_KEY)}:create+read,operator:${hash('sha256', OPERATOR_KEY)}:read_all+resolve`,
}
const SANDBOX_SLOW_MS = '500'

const USAGE = `npm run soak -- [options]
  --minutes N  how long (30); a third of it is warm-up
  --rate R     requests a second (100)
  --out FILE   where the results go (bench/results/soak.json)
`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '100' },
    out: { type: 'string', default: resultsPath('soak') },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const durationMs = positive('minutes', values.minutes) * 60_000
const requestsPerSecond = positive('rate', values.rate)
const machine = describeMachine()
prepare({ buildGateway: true })
leaveServerCore()

const results: SoakResults = {
  command: commandLine('soak'),
  machine,
  requestsPerSecond,
  ...(await soak(createWorkDirectory())),
}
const flatness = judgeFlatness(results.samples)
print(`\n${flatnessText(flatness)}\n\n${JSON.stringify(results.answers, null, 2)}`)
await writeResults(values.out, results)
if (values.out === resultsPath('soak')) drawReport()
process.exitCode = flatness.every(({ isFlat }) => isFlat) ? 0 : 1

async function soak(directory: string): Promise<Pick<SoakResults, 'answers' | 'samples'>> {
  const redis = await startBenchRedis({ directory, durable: true, rewritesFile: true })
  const sandbox = await startServer({
    name: 'sandbox',
    command: [
      process.execPath,
      join(ROOT, 'dist/sandbox/main.js'),
      '--port',
      '0',
      '--slow-ms',
      SANDBOX_SLOW_MS,
    ],
    cwd: directory,
    env: {},
  })
  const surroundings = { redisUrl: redis.urlOf(0), providerUrl: sandbox.url, durable: true }
  const gateway = await startServer({
    name: 'gateway',
    command: onServerCore(gatewayOf('gateway', join(ROOT, 'dist')).command),
    cwd: directory,
    env: { ...environmentOf(surroundings), ...HURRIED },
  })
  const callers = startCallers(gateway.url, requestsPerSecond)
  const operator = startOperator(gateway.url)
  try {
    const observed = { url: gateway.url, redis: redis.connect(0), callers, startedAt: performance.now() }
    const samples = await sampleSteadily(() => takeSample(observed))
    return { answers: callers.answers, samples }
  } finally {
    await operator.stop()
    await callers.stop()
    for (const server of [gateway, sandbox, redis]) await server.stop()
  }
}

async function sampleSteadily(take: () => Promise<SoakSample>): Promise<SoakSample[]> {
  const intervalMs = Math.max(SHORTEST_INTERVAL_MS, durationMs / SAMPLES)
  const samples: SoakSample[] = []
  const startedAt = performance.now()
  while (samples.length * intervalMs < durationMs) {
    await sleep(startedAt + (samples.length + 1) * intervalMs - performance.now())
    const sample = await take()
    samples.push(sample)
    print(sampleLine(sample))
  }
  return samples
}

function sampleLine({
  seconds,
  rssMib,
  heapMib,
  handles,
  redisMib,
  unsettled,
  p50Ms,
  p99Ms,
}: SoakSample): string {
  const shown = (value: number | null) => value?.toFixed(1) ?? '-'
  return `${seconds.toFixed(0)} s: RSS ${shown(rssMib)} MiB, heap ${shown(heapMib)}, handles ${handles}, Redis ${shown(redisMib)} MiB, unsettled ${unsettled}, p50 ${shown(p50Ms)} ms, p99 ${shown(p99Ms)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
