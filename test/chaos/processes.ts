import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cp, mkdir, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit, killNow } from './leftovers.ts'

/** A process of the run that things are done to. */
export type Target = Readonly<{
  name: string
  /** Only what is up can be killed or paused. */
  isUp(): boolean
  /** SIGKILL, and started again at once; resolves once that is up. */
  kill(): Promise<void>
  /** SIGSTOP, and SIGCONT after this time, or earlier where the signal says so. */
  pause(durationMs: number, signal: AbortSignal): Promise<void>
  /** The end of it. */
  stop(): Promise<void>
}>

export type Gateway = Target &
  Readonly<{
    url: string
    logPath: string
    /** How far the store had come when this gateway last wrote that down, in milliseconds since 1970; 0: never. */
    rememberedAt(): number
    /** SIGTERM twice, as npm, systemd and terminals send it; resolves once it has ended and is up again. */
    terminateTwice(pauseMs: number): Promise<void>
    /** Is stopped when it next connects to the provider, and goes on this much later. */
    pauseBeforeWriting(durationMs: number, signal: AbortSignal): Promise<void>
  }>
export type Sandbox = Target & Readonly<{ url: string }>
export type Redis = Target &
  Readonly<{
    url: string
    /** Whether there is a past that it can be put back to, older than what each gateway remembers of it. */
    canForget(rememberedAt: number): boolean
    /** Runs on a copy that was made earlier, for a while; then on its newest data again. */
    putOlderBack(durationMs: number): Promise<void>
    /** The same without the end of its append-only file. */
    cutTail(durationMs: number): Promise<void>
  }>

const START_WAIT_MS = 30_000
const POLL_MS = 40

/**
 * A durable redis-server on a loopback port. It is run here and not by the gateway's own code, which would notice what
 * is done to its files.
 */
export async function startRedis(directory: string): Promise<Redis> {
  const dataDir = join(directory, 'data')
  const olderDir = join(directory, 'older')
  const newestDir = join(directory, 'newest')
  await mkdir(dataDir, { recursive: true })
  let up: RunningRedis | undefined
  let olderSince: number | undefined
  const lengths = createLengths(join(dataDir, APPENDED_FILE))

  const startOn = async (port: number) => {
    up = await runRedis(dataDir, port)
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const ending = up
    up = undefined
    if (ending === undefined) return
    process.kill(ending.pid, signal)
    await ending.ended
    ending.forget()
  }
  /** Runs on what `change` makes of the data, for a while; then on the data again. */
  const runOnOther = async (change: () => Promise<void>, durationMs: number) => {
    await end('SIGKILL')
    await rm(newestDir, { recursive: true, force: true })
    await cp(dataDir, newestDir, { recursive: true })
    await change()
    await startOn(port)
    await sleep(durationMs)
    await end('SIGKILL')
    await rm(dataDir, { recursive: true, force: true })
    await rename(newestDir, dataDir)
    await startOn(port)
  }

  const port = await onFreePort(startOn)
  return {
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    isUp: () => up !== undefined,
    async kill() {
      await end('SIGKILL')
      if (olderSince === undefined || performance.now() - olderSince > COPY_EVERY_MS) {
        await rm(olderDir, { recursive: true, force: true })
        await cp(dataDir, olderDir, { recursive: true })
        olderSince = performance.now()
      }
      await startOn(port)
    },
    canForget: (rememberedAt) =>
      olderSince !== undefined &&
      performance.now() - olderSince > LEAST_LOSS_MS &&
      Date.now() - rememberedAt < LEAST_LOSS_MS,
    putOlderBack: (durationMs) =>
      runOnOther(async () => {
        await rm(dataDir, { recursive: true, force: true })
        await cp(olderDir, dataDir, { recursive: true })
      }, durationMs),
    async cutTail(durationMs) {
      const length = lengths.before(LEAST_LOSS_MS)
      await runOnOther(() => truncate(join(dataDir, APPENDED_FILE), length), durationMs)
    },
    pause: (durationMs, signal) => pauseProcess(up?.pid, durationMs, signal),
    async stop() {
      lengths.stop()
      await end('SIGTERM')
    },
  }
}

/** Written to and never rewritten, see `runRedis`. */
const APPENDED_FILE = 'appendonlydir/appendonly.aof.1.incr.aof'

/** An older copy of the data is made at a kill, and not oftener than this. */
const COPY_EVERY_MS = 8_000

/** What is lost is longer than what a gateway may take to remember how far the store has come. */
const LEAST_LOSS_MS = 2_500

type RunningRedis = Readonly<{ pid: number; ended: Promise<unknown>; forget: () => void }>

async function runRedis(dataDir: string, port: number): Promise<RunningRedis> {
  const settings = {
    ...{ bind: '127.0.0.1', port, dir: dataDir, save: '', appendonly: 'yes', appendfsync: 'always' },
    ...{ 'maxmemory-policy': 'noeviction', 'hash-max-listpack-value': 1024 },
    // One file that only grows: what it was a while ago is its beginning.
    'auto-aof-rewrite-percentage': 0,
  }
  const child = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = once(child, 'exit')
  await once(child, 'spawn')
  const pid = child.pid as number
  const forget = atExit(() => killNow(pid))
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_TAIL_CHARACTERS)
      if (log.includes('Ready to accept connections')) resolve()
    })
    child.once('exit', () => reject(new Error(`redis-server ended: ${log}`)))
  })
  return { pid, ended, forget }
}

const LOG_TAIL_CHARACTERS = 2_000

/** How long a file was, a while ago. */
function createLengths(path: string): Readonly<{ before(ageMs: number): number; stop(): void }> {
  const seen: { length: number; at: number }[] = []
  const timer = setInterval(() => {
    const length = statSync(path, { throwIfNoEntry: false })?.size
    if (length !== undefined) seen.push({ length, at: performance.now() })
    if (seen.length > MOST_LENGTHS) seen.shift()
  }, LENGTH_EVERY_MS).unref()
  return {
    before(ageMs) {
      const length = seen.findLast(({ at }) => performance.now() - at > ageMs)?.length
      if (length === undefined) throw new Error(`bug: ${path} is not that old`)
      return length
    },
    stop: () => clearInterval(timer),
  }
}

const LENGTH_EVERY_MS = 100
const MOST_LENGTHS = 600

export type GatewayOptions = Readonly<{
  /** Where buildCopy() put it. */
  directory: string
  number: number
  env: Readonly<Record<string, string>>
}>

/** A gateway on a loopback port that stays its own. Its log is a file: written by itself, it survives a kill. */
export async function startGateway({ directory, number, env }: GatewayOptions): Promise<Gateway> {
  const logPath = join(directory, `gateway-${number}.log`)
  const markPath = join(directory, `gateway-${number}.mark`)
  const pausePath = join(directory, `gateway-${number}.pause`)
  const preloadPath = join(directory, 'pause-before-writing.mjs')
  writeFileSync(preloadPath, PAUSE_BEFORE_WRITING)
  const gateway = await restartable(`gateway ${number}`, (port) => {
    const log = openSync(logPath, 'a')
    try {
      return spawn(process.execPath, ['--import', preloadPath, join(directory, 'server.js')], {
        // Nothing of the run's own environment, but for where programs are found.
        env: {
          PATH: process.env.PATH,
          PORT: String(port),
          LOG_LEVEL: 'warn',
          // Its own, so that it remembers the store's past through its own end.
          STORE_MARK_FILE: markPath,
          PAUSE_FILE: pausePath,
          ...env,
        },
        stdio: ['ignore', log, log],
      })
    } finally {
      closeSync(log)
    }
  })
  return {
    ...gateway,
    logPath,
    rememberedAt: () => markIn(markPath),
    async pauseBeforeWriting(durationMs, signal) {
      writeFileSync(pausePath, '')
      const deadline = performance.now() + PAUSE_WAIT_MS
      // It removes the file and stops; no call in time: there is nothing to pause.
      while (existsSync(pausePath) && performance.now() < deadline) await sleep(POLL_MS)
      if (!existsSync(pausePath)) await sleep(durationMs, undefined, { signal }).catch(() => {})
      rmSync(pausePath, { force: true })
      gateway.goOn()
    },
  }
}

/** The mark that a gateway has written down; 0: none yet. */
function markIn(path: string): number {
  if (!existsSync(path)) return 0
  const { marks } = JSON.parse(readFileSync(path, 'utf8')) as { marks: Record<string, { mark: number }> }
  return Math.max(0, ...Object.values(marks).map(({ mark }) => mark))
}

const PAUSE_WAIT_MS = 2_000

/** Between the intent and the call: the moment at which a connection to the provider is opened for it. */
const PAUSE_BEFORE_WRITING = `import fs from 'node:fs'
import net from 'node:net'
const provider = new URL(process.env.COOKIEPAY_BASE_URL).port
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const { port } = [args[0]].flat()[0] ?? {}
  if (String(port) === provider && fs.existsSync(process.env.PAUSE_FILE)) {
    fs.rmSync(process.env.PAUSE_FILE, { force: true })
    process.kill(process.pid, 'SIGSTOP')
  }
  return connect.apply(this, args)
}
`

/** The sandbox, whose memory is the truth: it is paused at most, never killed before the end. */
export async function startSandbox(directory: string, args: readonly string[]): Promise<Sandbox> {
  return restartable('sandbox', (port) =>
    spawn(process.execPath, [join(directory, 'sandbox/main.js'), '--port', String(port), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
}

/** A Node.js process that answers `/healthz` on the port it is given. */
async function restartable(
  name: string,
  run: (port: number) => ChildProcess,
): Promise<Target & Readonly<{ url: string; goOn(): void; terminateTwice(pauseMs: number): Promise<void> }>> {
  type Running = { pid: number; ended: Promise<unknown>; forget: () => void }
  let up: Running | undefined

  async function startOn(port: number): Promise<void> {
    const child = run(port)
    const ended = once(child, 'exit')
    await once(child, 'spawn')
    const pid = child.pid as number
    const running = { pid, ended, forget: atExit(() => killNow(pid)) }
    try {
      await untilHealthy(name, child, port)
    } catch (error) {
      await end(running)
      throw error
    }
    up = running
  }

  async function end({ pid, ended, forget }: Running): Promise<void> {
    killNow(pid)
    await ended
    forget()
  }

  async function stop(): Promise<void> {
    const ending = up
    up = undefined
    if (ending !== undefined) await end(ending)
  }

  const port = await onFreePort(startOn)
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    isUp: () => up !== undefined,
    async kill() {
      await stop()
      await startOn(port)
    },
    pause: (durationMs, signal) => pauseProcess(up?.pid, durationMs, signal),
    goOn() {
      if (up !== undefined) process.kill(up.pid, 'SIGCONT')
    },
    async terminateTwice(pauseMs) {
      const ending = up
      up = undefined
      if (ending === undefined) return
      process.kill(ending.pid, 'SIGTERM')
      await sleep(pauseMs)
      process.kill(ending.pid, 'SIGTERM')
      await ending.ended
      ending.forget()
      await startOn(port)
    },
    stop,
  }
}

async function untilHealthy(name: string, child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + START_WAIT_MS
  for (;;) {
    const isHealthy = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      async (response) => (await response.text()) !== '' && response.ok,
      () => false,
    )
    if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}`)
    if (isHealthy) return
    if (performance.now() > deadline) throw new Error(`${name} does not answer after ${START_WAIT_MS} ms`)
    await sleep(POLL_MS)
  }
}

/** Stops a process for a while. It is not ended meanwhile: see Monkey. */
async function pauseProcess(pid: number | undefined, durationMs: number, signal: AbortSignal): Promise<void> {
  if (pid === undefined) return
  process.kill(pid, 'SIGSTOP')
  await sleep(durationMs, undefined, { signal }).catch(() => {})
  process.kill(pid, 'SIGCONT')
}

/** Ports below those that systems hand out by themselves, which are still free at a restart; a taken one is passed over. */
async function onFreePort(startOn: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(20_000, 30_000)
    try {
      await startOn(port)
      return port
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}
