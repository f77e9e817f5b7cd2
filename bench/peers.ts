// npm run bench:peers: how many cancels each of the durable peers sends where things go wrong, beside the gateway.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildSandbox } from '../src/sandbox/app.ts'
import { BENCH, type Contender, DURABLE_PEERS, environmentOf, gatewayOf, ROOT } from './contenders.ts'
import { runLoad } from './load.ts'
import { cpuOfTrees } from './process-trees.ts'
import { type ServerProcess, startServer } from './processes.ts'
import { startBenchRedis } from './redis.ts'
import { API_KEY, createRequestWriter } from './requests.ts'
import { prepare } from './setup.ts'
import { startPostgres } from './stores/postgres.ts'
import { startRestate } from './stores/restate.ts'
import { createWorkDirectory } from './work-directory.ts'

/** A part of what was paid, so that a second cancel of it takes money as well. */
const PART = 3_000
const PAID = 10_000

/** How long the provider takes; each cancel is applied when it arrives. */
const ANSWER_MS = 3_000

/** What a server gives a call where it is not about that. */
const CALL_MS = 2 * ANSWER_MS

/** For how long a caller repeats its request, and the server may do what it does by itself. */
const WATCHED_MS = 25_000
const REPEAT_MS = 1_000

/** What becomes of one request: what the provider was sent and applied, and what the caller was told last. */
type Outcome = Readonly<{ calls: number; refunded: number; told: string }>

type Peer = Readonly<{ contender: Contender; env: Readonly<Record<string, string>>; storePid: number }>

type Cancels = Readonly<{ calls: number; applied_total: number }>

type Provider = Readonly<{ url: string; cancels(tid: string): Promise<Cancels> }>

type World = Readonly<{ directory: string; provider: Provider; redisUrl: string }>

/** A server that can be killed and started again, with the data of before. */
function starter({ directory, provider, redisUrl }: World, { contender, env }: Peer, callMs: number) {
  return (): Promise<ServerProcess> =>
    startServer({
      name: contender.name,
      command: contender.command,
      cwd: directory,
      env: {
        ...environmentOf({ redisUrl, providerUrl: provider.url, durable: true }),
        COOKIEPAY_TIMEOUT_MS: String(callMs),
        PROVIDER_TIMEOUT_MS: String(callMs),
        ...env,
      },
    })
}

type Told = Readonly<{ status: number; text: string }>

async function ask(url: string, key: string, tid: string, amount: number): Promise<Told | null> {
  const answer = await fetch(`${url}/refunds`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${API_KEY}`,
      'idempotency-key': key,
    },
    body: JSON.stringify({
      tid,
      reason: '고객 변심',
      amount,
      payment: { method: 'card_auth', amount: PAID },
      metadata: {},
    }),
    signal: AbortSignal.timeout(WATCHED_MS),
  }).catch(() => null)
  return answer && { status: answer.status, text: await answer.text().catch(() => '') }
}

/** A caller repeats its request with its key until the time is over, or it is told what it is to be told for ever. */
async function repeat(url: string, key: string, tid: string, until: number): Promise<string> {
  let last: Told | null = null
  while (performance.now() < until) {
    const told = await Promise.race([ask(url, key, tid, PART), sleep(until - performance.now(), null)])
    last = told ?? last
    if (last !== null && last.status < 300) break
    await sleep(REPEAT_MS)
  }
  return last === null ? 'nothing' : wordsOf(last)
}

/** The status, and of what kind it is. */
function wordsOf({ status, text }: Told): string {
  const found = /"(?:code|status)":\s*"([a-z_]+)"/.exec(text)?.[1]
  return found === undefined ? String(status) : `${status} ${found}`
}

/** The server is killed while the provider is at work, and started again; its caller repeats its request. */
async function killedInMidCall(world: World, peer: Peer): Promise<Outcome> {
  const start = starter(world, peer, CALL_MS)
  const key = randomUUID()
  const tid = tidOf('killed')
  const server = await start()
  const asked = ask(server.url, key, tid, PART)
  await Promise.race([asked, untilCalled(world.provider, tid)])
  process.kill(server.pid, 'SIGKILL')
  await asked
  await server.stop()
  const again = await start()
  const until = performance.now() + WATCHED_MS
  const told = await repeat(again.url, key, tid, until)
  await sleep(Math.max(0, until - performance.now()))
  const outcome = await outcomeOf(world.provider, tid, told)
  await again.stop()
  return outcome
}

/** The provider answers after the time that the server gives it; its caller repeats its request. */
async function answeredLate(world: World, peer: Peer): Promise<Outcome> {
  const server = await starter(world, peer, ANSWER_MS / 3)()
  const tid = tidOf('late')
  const until = performance.now() + WATCHED_MS
  const told = await repeat(server.url, randomUUID(), tid, until)
  await sleep(Math.max(0, until - performance.now()))
  const outcome = await outcomeOf(world.provider, tid, told)
  await server.stop()
  return outcome
}

/** Another amount under the key of a refund that was made. */
async function otherPayload(world: World, peer: Peer): Promise<Outcome> {
  const server = await starter(world, peer, CALL_MS)()
  const tid = tidOf('other')
  const key = randomUUID()
  await ask(server.url, key, tid, PART)
  const told = await ask(server.url, key, tid, PART + 1_000)
  const outcome = await outcomeOf(world.provider, tid, told === null ? 'nothing' : wordsOf(told))
  await server.stop()
  return outcome
}

async function untilCalled({ cancels }: Provider, tid: string): Promise<void> {
  while ((await cancels(tid)).calls === 0) await sleep(20)
}

/** The sandbox answers after that time, and the last part is what was paid. */
function tidOf(what: string): string {
  return `delay${ANSWER_MS}-${what}-${randomUUID().slice(0, 8)}-${PAID}`
}

async function outcomeOf({ cancels }: Provider, tid: string, told: string): Promise<Outcome> {
  const { calls, applied_total } = await cancels(tid)
  return { calls, refunded: applied_total, told }
}

const CASES = {
  'killed in mid-call': killedInMidCall,
  'the provider answers late': answeredLate,
  'another amount under the key': otherPayload,
} as const

const CONNECTIONS = 32
const WARM_UP_REQUESTS = 1_000
const ROUNDS = 3
const ROUND_MS = 4_000

/** CPU of server and store together for a new refund, in microseconds: the median of rounds that take turns. */
async function cpuPerRefund(world: World, peers: readonly Peer[]): Promise<readonly number[]> {
  const provider = await startServer({
    name: 'provider',
    command: [process.execPath, join(BENCH, 'dist/servers/provider.js')],
    cwd: world.directory,
    env: {},
  })
  const near = { ...world, provider: { ...world.provider, url: provider.url } }
  const lines = []
  for (const peer of peers) {
    const server = await starter(near, peer, CALL_MS)()
    const { next } = createRequestWriter(server.url)
    const load = { url: server.url, connections: CONNECTIONS, nextRequest: next }
    let left = WARM_UP_REQUESTS
    while (left > 0) left -= (await runLoad({ ...load, leadMs: 0, durationMs: 1_000 })).requests
    const roots = [server.pid, peer.storePid]
    lines.push({ server, load, roots, costs: [] as number[] })
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { load, roots, costs } of lines) {
      let from = 0
      let to = 0
      const onEdge = (edge: 'start' | 'end') => {
        if (edge === 'start') from = cpuOfTrees(roots)
        else to = cpuOfTrees(roots)
      }
      const { requests, failures } = await runLoad({ ...load, leadMs: 300, durationMs: ROUND_MS, onEdge })
      if (Object.keys(failures).length > 0) throw new Error(JSON.stringify(failures))
      costs.push(Math.round((to - from) / requests))
    }
  }
  for (const { server } of lines) await server.stop()
  await provider.stop()
  return lines.map(({ costs }) => costs.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] as number)
}

async function run(): Promise<void> {
  prepare({ buildGateway: true })
  const directory = createWorkDirectory()
  const sandbox = buildSandbox({ tokenLifetimeMs: 3_600_000, slowMs: ANSWER_MS })
  const url = await sandbox.listen({ host: '127.0.0.1', port: 0 })
  const cancels = async (tid: string) =>
    (await fetch(`${url}/sandbox/cancels?tid=${tid}`)).json() as Promise<Cancels>
  const redis = await startBenchRedis({ directory, durable: true })
  const postgres = await startPostgres(directory)
  const restate = await startRestate(directory)
  const [withPostgres, withRestate] = DURABLE_PEERS as [Contender, Contender]
  const peers: readonly Peer[] = [
    { contender: gatewayOf('gateway', join(ROOT, 'dist')), env: {}, storePid: redis.pid },
    { contender: withPostgres, env: { POSTGRES_URL: postgres.url }, storePid: postgres.pid },
    { contender: withRestate, env: restate.env, storePid: restate.pid },
  ]
  const world = { directory, provider: { url, cancels }, redisUrl: redis.urlOf(0) }
  try {
    row(['', ...peers.map(({ contender }) => contender.name)])
    row(['---', ...peers.map(() => '---')])
    for (const [name, look] of Object.entries(CASES)) {
      // Beside each other: each has a store and payments of its own.
      const outcomes = await Promise.all(peers.map((peer) => look(world, peer)))
      row([name, ...outcomes.map(({ calls, refunded, told }) => `${calls} sent, ${refunded} KRW; ${told}`)])
    }
    const costs = await cpuPerRefund(world, peers)
    row(['CPU of a new refund, server and store', ...costs.map((cost) => `${cost} µs`)])
  } finally {
    await restate.stop()
    await postgres.stop()
    await redis.stop()
    await sandbox.close()
  }
}

function row(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}

await run()
