import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that serves HTTP until it is stopped. */
export type ServerProcess = Readonly<{ name: string; url: string; pid: number; stop(): Promise<void> }>

export type ServerOptions = Readonly<{
  name: string
  command: readonly string[]
  /** Where its log goes as well, a file of its own. */
  cwd: string
  env: Readonly<Record<string, string>>
  /** For one that does not write its address: what it writes once it listens, and where that is. */
  listening?: Readonly<{ says: RegExp; url: string }>
}>

const START_WAIT_MS = 30_000
const STOP_WAIT_MS = 30_000
const POLL_MS = 20

/**
 * Ends the command with this process however that ends, SIGKILL included: a watcher beside it reads from a pipe
 * that this process holds open and never writes to, and end of file comes when it is gone.
 */
const RUN_WHILE_PARENT_LIVES = '(read -r _ <&3; kill -TERM $$) & exec "$@" 3<&-'

const running = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of running) killGroup(child)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** Starts a server and waits for the address that it writes to its log. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const logPath = join(options.cwd, `${options.name}-${randomUUID()}.log`)
  const child = await spawnServer(options, logPath)
  const stop = () => stopServer(child)
  try {
    const url = await untilListening(child, options, logPath)
    return { name: options.name, url, pid: child.pid as number, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function spawnServer({ command, cwd, env }: ServerOptions, logPath: string): Promise<ChildProcess> {
  const log = openSync(logPath, 'a')
  const child = spawn('/bin/sh', ['-c', RUN_WHILE_PARENT_LIVES, 'sh', ...command], {
    cwd,
    // Nothing of this shell's own settings, but for where programs are found.
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', log, log, 'pipe'],
    // A group of its own, so that Ctrl-C leaves the order of the end to this process.
    detached: true,
  })
  closeSync(log)
  running.add(child)
  child.once('exit', () => {
    killGroup(child)
    running.delete(child)
  })
  await once(child, 'spawn')
  return child
}

async function untilListening(
  child: ChildProcess,
  { name, listening }: ServerOptions,
  logPath: string,
): Promise<string> {
  const deadline = performance.now() + START_WAIT_MS
  for (;;) {
    const log = readFileSync(logPath, 'utf8')
    const written = /listening (?:at|on) (http:\/\/[^"\s]+)/.exec(log)?.[1]
    const url = listening === undefined ? written : listening.says.test(log) ? listening.url : undefined
    if (url !== undefined) return url
    if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}:\n${log}`)
    if (performance.now() > deadline) throw new Error(`${name} does not listen:\n${log}`)
    await sleep(POLL_MS)
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS)
  await once(child, 'exit')
  clearTimeout(timer)
}

/** What is left of a server and the watcher beside it. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has no process left.
  }
}
