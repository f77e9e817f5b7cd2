// npm run bench -- [--rounds N] [--seconds S] [--connections 1,32,256] [--only gateway,redis3] ...
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BENCH, type Contender, environmentOf, gatewayOf, type Kind, REFERENCES, ROOT } from './contenders.ts'
import { describeMachine, leaveServerCore, onServerCore } from './machine.ts'
import { readOptions } from './options.ts'
import { startServer } from './processes.ts'
import { type BenchRedis, startBenchRedis } from './redis.ts'
import { createRequestWriter } from './requests.ts'
import type { BenchResults, Round, Series } from './results.ts'
import { type Runner, runRound, warmUp } from './rounds.ts'
import { prepare } from './setup.ts'
import { summaryText } from './summary.ts'

const options = readOptions()
prepare({ buildGateway: options.build })
leaveServerCore()
const contenders = chooseContenders()
const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-bench-'))
try {
  const series: Series[] = []
  for (const aof of options.aof) series.push(...(await runAll(aof)))
  const results = describe(series)
  print(summaryText(results))
  if (options.out !== null) await writeResults(results, options.out)
} finally {
  await rm(directory, { recursive: true, force: true })
}

function chooseContenders(): readonly Contender[] {
  const all = [
    gatewayOf('gateway', join(ROOT, 'dist'), options.nodeArguments),
    ...options.also.map(({ name, directory }) => gatewayOf(name, directory)),
    ...REFERENCES,
  ]
  const chosen = all.filter(({ name }) => options.only === null || options.only.includes(name))
  if (chosen.length === 0) throw new Error(`--only takes some of ${all.map(({ name }) => name).join(', ')}`)
  return chosen
}

/** All rounds with one kind of Redis; rounds of all servers take turns, so that a slow minute hits each. */
async function runAll(aof: Series['aof']): Promise<Series[]> {
  const redis = await startBenchRedis(directory, aof === 'always')
  const provider = await startServer({
    name: 'provider',
    command: [process.execPath, join(BENCH, 'dist/provider.js')],
    cwd: directory,
    env: { PROVIDER_DELAY_MS: String(options.providerDelayMs) },
    logPath: join(directory, `provider-${aof}.log`),
  })
  const runners: Runner[] = []
  try {
    for (const contender of contenders) {
      runners.push(await startContender(contender, { redis, providerUrl: provider.url, aof }))
    }
    for (const runner of runners) {
      print(`aof ${aof}: warming up ${runner.contender.name}`)
      await warmUp(runner, options.warmUpMs)
    }
    const series: Series[] = []
    // Without the file it is only asked what the file costs: at one load.
    const loads = aof === 'always' ? options.connections : options.connections.slice(0, 2).slice(-1)
    for (const connections of loads) series.push(...(await runLoads(runners, connections, aof)))
    return series
  } finally {
    for (const { process } of runners) await process.stop()
    await provider.stop()
    await redis.stop()
  }
}

async function startContender(
  contender: Contender,
  { redis, providerUrl, aof }: { redis: BenchRedis; providerUrl: string; aof: Series['aof'] },
): Promise<Runner> {
  const database = contenders.indexOf(contender)
  const process = await startServer({
    name: contender.name,
    command: onServerCore(contender.command),
    cwd: directory,
    env: environmentOf({ redisUrl: redis.urlOf(database), providerUrl, durable: aof === 'always' }),
    logPath: join(directory, `${contender.name}-${aof}.log`),
  })
  return {
    contender,
    process,
    requests: createRequestWriter(process.url),
    redis: contender.usesRedis ? redis.connect(database) : null,
  }
}

async function runLoads(
  runners: readonly Runner[],
  connections: number,
  aof: Series['aof'],
): Promise<Series[]> {
  const measured = new Map<string, { server: string; kind: Kind; rounds: Round[] }>()
  for (let number = 1; number <= options.rounds; number += 1) {
    print(`aof ${aof}, ${connections} connections: round ${number} of ${options.rounds}`)
    for (const runner of runners) {
      for (const [kind, round] of await runRound(runner, connections, options.seconds * 1_000)) {
        const server = runner.contender.name
        const series = measured.get(`${server} ${kind}`) ?? { server, kind, rounds: [] }
        series.rounds.push(round)
        measured.set(`${server} ${kind}`, series)
      }
    }
  }
  return [...measured.values()].map(({ server, kind, rounds }) => ({
    server,
    kind,
    connections,
    aof,
    rounds,
  }))
}

function describe(series: readonly Series[]): BenchResults {
  return {
    command: ['npm run bench', ...process.argv.slice(2)].join(' ').replace('bench --', 'bench -- --'),
    machine: describeMachine(),
    seconds: options.seconds,
    providerDelayMs: options.providerDelayMs,
    servers: Object.fromEntries(contenders.map(({ name, says }) => [name, says])),
    series,
  }
}

async function writeResults(results: BenchResults, path: string): Promise<void> {
  await mkdir(join(BENCH, 'results'), { recursive: true })
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
