// npm run bench:journal -- [--refunds 100000] [--rate 100] [--rounds 5] [--seconds 4]
//
// A page of a day, an export, and refunds beside an export, with so many refunds in the journal.
import { type ChildProcess, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { koreanDay } from '../src/refunds/korean-day.ts'
import { gatewayOf, ROOT } from './contenders.ts'
import { leaveServerCore, usageOf } from './machine.ts'
import { positive } from './options.ts'
import { makeDurable, startBenchRedis } from './redis.ts'
import { API_KEY, createRequestWriter, PAID, refundBody } from './requests.ts'
import { type Runner, runRounds, warmUp } from './rounds.ts'
import { fill, openFlow } from './scale/flow.ts'
import { prepare } from './setup.ts'
import { openStage } from './stage.ts'
import { createWorkDirectory } from './work-directory.ts'

const { values } = parseArgs({
  options: {
    refunds: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
})
const refunds = positive('refunds', values.refunds)
const print = (line: string) => process.stdout.write(`${line}\n`)
const headers = { authorization: `Bearer ${API_KEY}` }

/** As the benchmarks' caller has it, and with everybody's refunds to read. */
const API_KEY_ENTRY = `caller-2:${hash('sha256', API_KEY)}:create+read+read_all`

const DAY_MS = 86_400_000

/** What is less than 5 s old is in no list. */
const LAG_MS = 8_000
const PAGES = 200

prepare({ buildGateway: true })
leaveServerCore()
const directory = createWorkDirectory()
const startedAt = Date.now()
const redis = await startBenchRedis({ directory, durable: false })
const flow = await openFlow(redis.urlOf(0), 'succeeded')
await fill(flow, refunds, (number) => refundBody(`${String(number).padStart(17, 'f')}-${PAID}`))
flow.close()
print(`filled with ${refunds} refunds in ${((Date.now() - startedAt) / 1_000).toFixed(0)} s`)
await spreadOverDay()
print('spread over a day')
await makeDurable(redis.connect(0))
const stage = await openStage({ directory, aof: 'always', providerDelayMs: 0, redis })
try {
  const contender = gatewayOf('gateway', join(ROOT, 'dist'))
  const server = await stage.start(contender, 0, { API_KEYS: API_KEY_ENTRY })
  const runner: Runner = {
    contender: { ...contender, kinds: ['new'] },
    process: server,
    helpers: { redis: redis.pid, provider: stage.provider.pid },
    redis: null,
    requests: createRequestWriter(server.url),
  }
  const span = `from=${new Date(startedAt - DAY_MS).toISOString()}&to=${koreanDay(Date.now() + 1)}`
  await sleep(LAG_MS)
  await measurePages(server.url, span)
  for (const format of ['csv', 'ndjson']) await measureExport(server, `${span}&format=${format}`)
  await measureBeside(runner, span)
} finally {
  await stage.stop()
}

/** As if they had been made in the 24 hours before: as dense as they were filled, no day is. */
async function spreadOverDay(): Promise<void> {
  const client = redis.connect(0)
  for (const key of await client.keys('journal:*')) {
    const entries: string[] = []
    for (let after = '-'; ; ) {
      const page = await client.xrange(key, after, '+', 'COUNT', 10_000)
      for (const [, fields] of page) entries.push(fields[1] as string)
      if (page.length < 10_000) break
      after = `(${page.at(-1)?.[0]}`
    }
    await client.del(key)
    for (let from = 0; from < entries.length; from += 5_000) {
      const batch = client.pipeline()
      for (const [index, entry] of entries.slice(from, from + 5_000).entries()) {
        const at = startedAt - DAY_MS + Math.floor(((from + index) / entries.length) * (DAY_MS - 120_000))
        batch.xadd(key, `${at}-*`, 'e', entry)
      }
      await batch.exec()
    }
  }
}

/** Pages of 20, one after the other from the beginning of the day. */
async function measurePages(url: string, span: string): Promise<void> {
  const times: number[] = []
  let cursor = ''
  for (let page = 0; page < PAGES; page += 1) {
    const start = performance.now()
    const answer = await fetch(`${url}/refunds?${span}${cursor}`, { headers })
    const { next_cursor } = (await answer.json()) as { next_cursor: string | null }
    times.push(performance.now() - start)
    cursor = next_cursor === null ? '' : `&cursor=${next_cursor}`
  }
  times.sort((one, other) => one - other)
  print(`page of 20: p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`)
}

function at(ascending: readonly number[], part: number): string {
  return (ascending[Math.floor(part * (ascending.length - 1))] ?? Number.NaN).toFixed(1)
}

function startExport(url: string, query: string, file: string): ChildProcess {
  const address = `${url}/refunds/export?${query}`
  return spawn('curl', ['-sSf', '-H', `Authorization: ${headers.authorization}`, '-o', file, address], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function measureExport({ url, pid }: Runner['process'], query: string): Promise<void> {
  const file = join(directory, 'export')
  const rssOf = () => (usageOf(pid)?.rssBytes ?? 0) / 2 ** 20
  const before = rssOf()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, rssOf())
  }, 100)
  const start = performance.now()
  const [code] = await once(startExport(url, query, file), 'exit')
  clearInterval(timer)
  if (code !== 0) throw new Error(`curl ended with ${code}`)
  const seconds = (performance.now() - start) / 1_000
  const mib = statSync(file).size / 2 ** 20
  print(
    `export ${query.split('format=')[1]}: ${seconds.toFixed(1)} s, ${mib.toFixed(1)} MiB, RSS ${before.toFixed(0)} MiB before and ${most.toFixed(0)} MiB at most`,
  )
}

/** Rounds of the same steady load without and with an export beside it, in turns. */
async function measureBeside(runner: Runner, span: string): Promise<void> {
  await warmUp(runner, 3_000)
  const alone: number[] = []
  const beside: number[] = []
  const round = async () => {
    const [measured] = await runRounds([runner], {
      connections: 16,
      requestsPerSecond: positive('rate', values.rate),
      rounds: 1,
      durationMs: positive('seconds', values.seconds) * 1_000,
      onRound: () => {},
    })
    return measured?.rounds[0]?.p99Ms ?? Number.NaN
  }
  for (let number = 0; number < positive('rounds', values.rounds); number += 1) {
    alone.push(await round())
    // Longer than a round: of so many refunds, and at its pace.
    const exporting = startExport(runner.process.url, span, '/dev/null')
    beside.push(await round())
    if (exporting.exitCode !== null) throw new Error('the export was over before its round')
    exporting.kill()
  }
  for (const times of [alone, beside]) times.sort((one, other) => one - other)
  const shown = (times: number[]) => `${at(times, 0.5)} ms (${at(times, 0)}..${at(times, 1)})`
  const ratio = (Number(at(beside, 0.5)) / Number(at(alone, 0.5))).toFixed(2)
  print(`p99 of a refund: ${shown(alone)} alone, ${shown(beside)} beside an export: ${ratio} x`)
}
