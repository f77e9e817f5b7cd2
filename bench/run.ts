// npm run bench -- [--node 26] [--rounds N] [--seconds S] [--connections 1,32,256] [--only gateway,redis3] ...
import { join } from 'node:path'
import { type Contender, GATEWAY_SAYS, gatewayOf, ROOT, referencesOn } from './contenders.ts'
import { describeMachine, leaveServerCore } from './machine.ts'
import { measureMemory } from './memory.ts'
import { nodeBinary, OWN_NODE } from './node-binary.ts'
import { readOptions, refuse } from './options.ts'
import { startCostMeter } from './redis-cost.ts'
import { createRequestWriter } from './requests.ts'
import type { BenchResults, Series } from './results.ts'
import { commandLine, writeResults } from './results-file.ts'
import { type Runner, runRounds, warmUp } from './rounds.ts'
import { drawReport, prepare } from './setup.ts'
import { openStage, type Stage, type StageOptions } from './stage.ts'
import { measureStarts } from './start-time.ts'
import { summaryText } from './summary.ts'
import { createWorkDirectory } from './work-directory.ts'

const START_TRIES = 7

/** While commands are counted, nothing but the requests is to cause any. */
const NO_SWEEPS = { RECONCILE_INTERVAL_MS: '3600000' }

const options = readOptions()
// First of all: a machine that is busy with something else is to be seen in the results.
const node = options.node === null ? OWN_NODE : nodeBinary(options.node)
const machine = describeMachine(node.version)
const contenders = chooseContenders()
prepare({ buildGateway: options.build })
leaveServerCore()
const directory = createWorkDirectory()
const results = await measure()
print(summaryText(results))
if (options.out !== null) {
  await writeResults(options.out, results)
  drawReport()
}

function chooseContenders(): readonly Contender[] {
  const others = options.also.map(({ name, directory }) => gatewayOf(name, directory, { node }))
  const own = gatewayOf('gateway', join(ROOT, 'dist'), { node, nodeArguments: options.nodeArguments })
  const all = [own, ...others, ...referencesOn(node)]
  const chosen = all.filter(({ name }) => options.only === null || options.only.includes(name))
  if (chosen.length === 0) refuse(`--only takes some of ${all.map(({ name }) => name).join(', ')}`)
  return chosen
}

async function measure(): Promise<BenchResults> {
  const { parts } = options
  const series: Series[] = []
  if (parts.includes('loads')) for (const aof of options.aof) series.push(...(await onStage(aof, runSeries)))
  return {
    command: commandLine('bench'),
    machine,
    seconds: options.seconds,
    providerDelayMs: options.providerDelayMs,
    servers: Object.fromEntries(contenders.map(({ name, says }) => [name, says])),
    series,
    redisCosts: parts.includes('commands') ? await onStage('always', measureRedisCosts) : [],
    starts: parts.includes('starts') ? await onStage('always', compareStarts) : [],
    memory: parts.includes('memory') ? await onStage('always', compareMemory) : [],
  }
}

async function onStage<Result>(
  aof: StageOptions['aof'],
  act: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const stage = await openStage({ directory, aof, providerDelayMs: options.providerDelayMs })
  try {
    return await act(stage)
  } finally {
    await stage.stop()
  }
}

/** All rounds with one kind of Redis. */
async function runSeries(stage: Stage): Promise<Series[]> {
  const runners: Runner[] = []
  const helpers = { redis: stage.redis.pid, provider: stage.provider.pid }
  for (const [database, contender] of contenders.entries()) {
    const process = await stage.start(contender, database)
    const redis = contender.usesRedis ? stage.redis.connect(database) : null
    runners.push({ contender, process, redis, helpers, requests: createRequestWriter(process.url) })
  }
  for (const runner of runners) {
    print(`AOF ${stage.aof}: warming up ${runner.contender.name}`)
    await warmUp(runner, options.warmUpRequests)
  }
  const series: Series[] = []
  for (const connections of loadsOf(stage.aof)) {
    const measured = await runRounds(runners, {
      connections,
      rounds: options.rounds,
      durationMs: options.seconds * 1_000,
      onRound: (number) =>
        print(`AOF ${stage.aof}, ${connections} connections: round ${number} of ${options.rounds}`),
    })
    series.push(...measured.map((one) => ({ ...one, connections, aof: stage.aof })))
  }
  return series
}

/** Without the file it is only asked what the file costs, and that at one load. */
function loadsOf(aof: Series['aof']): readonly number[] {
  const middle = options.connections[Math.floor(options.connections.length / 2)] as number
  return aof === 'always' ? options.connections : [middle]
}

async function measureRedisCosts(stage: Stage): Promise<BenchResults['redisCosts']> {
  const costs: BenchResults['redisCosts'][number][] = []
  const meter = await startCostMeter(stage.redis.connect(0), stage.redis.port)
  for (const [database, contender] of contenders.entries()) {
    if (!contender.usesRedis) continue
    print(`counting the commands of ${contender.name}`)
    const redisUrl = `redis://127.0.0.1:${meter.port}/${database}`
    const server = await stage.start(contender, database, { REDIS_URL: redisUrl, ...NO_SWEEPS })
    const requests = createRequestWriter(server.url)
    for (const kind of contender.kinds) {
      costs.push({ server: contender.name, kind, cost: await meter.measure(server.url, requests, kind) })
    }
    await server.stop()
  }
  await meter.stop()
  return costs
}

/** Of the gateway, its other builds and `bare`. */
function comparedBeside(): readonly Contender[] {
  return contenders.filter(({ name, says }) => name === 'bare' || says === GATEWAY_SAYS)
}

async function compareStarts(stage: Stage): Promise<BenchResults['starts']> {
  const servers = comparedBeside()
  print(`starting ${servers.map(({ name }) => name).join(', ')}`)
  const times = await measureStarts(
    servers.map(({ name, command }, database) => {
      const env = stage.environment(database)
      return { command, env, directory, probe: name === 'bare' ? null : '/readyz' }
    }),
    START_TRIES,
  )
  return servers.map(({ name }, index) => ({ server: name, ms: times[index] as number[] }))
}

async function compareMemory(stage: Stage): Promise<BenchResults['memory']> {
  const memory: BenchResults['memory'][number][] = []
  for (const [database, contender] of comparedBeside().entries()) {
    print(`${options.refunds} refunds of ${contender.name}`)
    const rssMib = await measureMemory(stage, { contender, database, refunds: options.refunds })
    memory.push({ server: contender.name, refunds: options.refunds, rssMib })
  }
  return memory
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
