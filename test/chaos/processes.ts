import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PrivateRedis, startPrivateRedis } from '../../src/store/private-redis.ts'
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

export type Gateway = Target & Readonly<{ url: string; logPath: string }>
export type Sandbox = Target & Readonly<{ url: string }>
export type Redis = Target & Readonly<{ url: string }>

const START_WAIT_MS = 30_000
const POLL_MS = 40

/** A durable redis-server on a loopback port, with its data in a directory of its own. */
export async function startRedis(dataDir: string): Promise<Redis> {
  let up: { server: PrivateRedis; forget: () => void } | undefined
  const startOn = async (port: number) => {
    const server = await startPrivateRedis({
      dataDir,
      onExit: (error) => {
        throw error
      },
      extraArgs: ['--bind', '127.0.0.1', '--port', String(port)],
    })
    up = { server, forget: atExit(() => killNow(server.pid)) }
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const ending = up
    up = undefined
    if (ending === undefined) return
    if (signal === 'SIGKILL') killNow(ending.server.pid)
    await ending.server.stop()
    ending.forget()
  }

  const port = await onFreePort(startOn)
  return {
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    isUp: () => up !== undefined,
    async kill() {
      await end('SIGKILL')
      await startOn(port)
    },
    pause: (durationMs, signal) => pauseProcess(up?.server.pid, durationMs, signal),
    stop: () => end('SIGTERM'),
  }
}

export type GatewayOptions = Readonly<{
  /** Where buildCopy() put it. */
  directory: string
  number: number
  env: Readonly<Record<string, string>>
}>

/** A gateway on a loopback port that stays its own. Its log is a file: written by itself, it survives a kill. */
export async function startGateway({ directory, number, env }: GatewayOptions): Promise<Gateway> {
  const logPath = join(directory, `gateway-${number}.log`)
  const gateway = restartable(`gateway ${number}`, (port) => {
    const log = openSync(logPath, 'a')
    try {
      return spawn(process.execPath, [join(directory, 'server.js')], {
        // Nothing of the run's own environment, but for where programs are found.
        env: { PATH: process.env.PATH, PORT: String(port), LOG_LEVEL: 'warn', ...env },
        stdio: ['ignore', log, log],
      })
    } finally {
      closeSync(log)
    }
  })
  return { ...(await gateway), logPath }
}

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
): Promise<Target & Readonly<{ url: string }>> {
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
