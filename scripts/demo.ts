/**
 * `npm run demo`: sandbox, private Redis and gateway on this machine, and four refunds through them.
 * Keeps serving until Ctrl-C; with `--once` it ends, with status 0 only if all four went as they should. With `--day` the
 * console has more to show.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { ConnectionTarget } from '../src/store/redis/connection.ts'
import { privateSocketPath } from '../src/store/redis/private-redis.ts'
import { makeDay } from './demo-day.ts'

const READY_WAIT_MS = 30_000

const PROVIDER_ID = 'demo'

const { values: options } = parseArgs({
  options: { once: { type: 'boolean', default: false }, day: { type: 'boolean', default: false } },
})
const children: ChildProcess[] = []
// Nothing else of this shell's settings: the demo is the same on every machine.
const { PATH, HOME, TMPDIR, REDIS_URL } = process.env
const inherited = { PATH, HOME, TMPDIR, REDIS_URL }
const dataDir = await mkdtemp(join(tmpdir(), 'refund-gateway-demo-'))
let isEnding = false

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0))
process.stdout.on('error', () => void end(1)) // nobody reads any more

try {
  const sandboxUrl = await startSandbox()
  const gatewayUrl = await startGateway(sandboxUrl)
  // With a Redis of the user's own, an earlier demo's keys would replay.
  const run = Date.now().toString(36)
  const allWell = await showRefunds(gatewayUrl, run)
  if (options.day) await makeDay(gatewayUrl, run, { providerId: PROVIDER_ID, target: redisOfDemo() })
  if (options.once) {
    await end(allWell ? 0 : 1)
  } else {
    print(
      `\nConsole: ${gatewayUrl}/console   Swagger UI: ${gatewayUrl}/docs   metrics: ${gatewayUrl}/metrics   Ctrl-C ends it all.`,
    )
    print(`CookiePay sandbox: ${sandboxUrl}   what it applied: ${sandboxUrl}/sandbox/cancels`)
  }
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : error}\n`)
  await end(1)
}

async function startSandbox(): Promise<string> {
  const child = start(['src/sandbox/main.ts', '--port', '0'], {}, ['ignore', 'pipe', 'inherit'])
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  for await (const line of lines) {
    const url = /^sandbox listening on (\S+)$/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('the sandbox did not start')
}

async function startGateway(sandboxUrl: string): Promise<string> {
  const port = await choosePort(Number(process.env.PORT ?? 3000))
  const url = `http://127.0.0.1:${port}`
  const child = start(
    ['src/server.ts'],
    {
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      COOKIEPAY_BASE_URL: sandboxUrl,
      COOKIEPAY_ID: PROVIDER_ID,
      COOKIEPAY_KEY: 'demo-key',
      COOKIEPAY_PG: 'toss',
      DATA_DIR: dataDir,
    },
    'inherit',
  )
  const deadline = performance.now() + READY_WAIT_MS
  while (performance.now() < deadline && child.exitCode === null) {
    const isReady = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return url
    await sleep(50)
  }
  throw new Error('the gateway did not get ready')
}

/** Where the gateway keeps its refunds. */
function redisOfDemo(): ConnectionTarget {
  return REDIS_URL === undefined
    ? { kind: 'socket', path: privateSocketPath(dataDir) }
    : { kind: 'url', url: REDIS_URL }
}

function start(
  args: string[],
  env: NodeJS.ProcessEnv,
  stdio: 'inherit' | ('ignore' | 'pipe' | 'inherit')[],
): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    stdio,
    env: { ...inherited, ...env },
  })
  children.unshift(child)
  child.once('exit', (status) => {
    if (!isEnding) {
      process.stderr.write(`${args[0]} ended with status ${status}\n`)
      void end(1)
    }
  })
  return child
}

/** The wanted port, or any free one where that is taken. */
async function choosePort(wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    if (address !== null && typeof address === 'object') return address.port
  }
  throw new Error('no free port')
}

async function showRefunds(url: string, run: string): Promise<boolean> {
  const full = {
    tid: `order1-${run}-50000`,
    reason: '고객 변심',
    payment: { method: 'card_auth', amount: 50000 },
  }
  const partial = {
    tid: `order2-${run}-50000`,
    reason: '부분 반품',
    payment: { method: 'card_auth', amount: 50000 },
    amount: 20000,
  }
  const mobile = {
    tid: `order3-${run}-50000`,
    reason: '고객 변심',
    payment: { method: 'mobile', amount: 50000 },
  }

  print(`\nThe gateway listens on ${url}; CookiePay is the sandbox.`)
  const first = await refund(url, '1. A full refund', `demo-${run}-full`, full)
  const second = await refund(url, '2. A partial refund', `demo-${run}-partial`, partial)
  const third = await refund(url, '3. The full refund again, as after a timeout', `demo-${run}-full`, full)
  const fourth = await refund(url, '4. A refund that the rules refuse', `demo-${run}-mobile`, mobile)
  return (
    first.status === 201 &&
    first.body.kind === 'full' &&
    second.status === 201 &&
    second.body.kind === 'partial' &&
    third.status === 201 &&
    third.replayed &&
    third.body.id === first.body.id &&
    fourth.status === 422 &&
    fourth.body.code === 'not_eligible'
  )
}

async function refund(url: string, title: string, key: string, body: unknown) {
  const response = await fetch(`${url}/refunds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as Record<string, unknown>
  const replayed = response.headers.get('idempotent-replayed') === 'true'
  print(`\n${title}`)
  print(`   POST /refunds   Idempotency-Key: ${key}`)
  print(`   ${JSON.stringify(body)}`)
  print(`   -> ${response.status}${replayed ? '   Idempotent-Replayed: true' : ''}`)
  for (const name of ['id', 'status', 'kind', 'amount', 'refunded_at', 'code', 'rule', 'detail', 'retry']) {
    if (answer[name] !== undefined) print(`      ${name}: ${answer[name]}`)
  }
  return { status: response.status, replayed, body: answer }
}

async function end(status: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  // The gateway first, and its Redis with it; the sandbox outlives the refunds in flight.
  for (const child of children) {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
  }
  await rm(dataDir, { recursive: true, force: true })
  process.exit(status)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
