import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** What the numbers were measured on. */
export type Machine = Readonly<{
  cpu: string
  cores: number
  memoryGib: number
  system: string
  node: string
  redis: string
  /** Whether the server under test had a core to itself. */
  pinned: boolean
  /** How busy it was already: the load average of the last minute. */
  loadBefore: number
  date: string
}>

/** The core of the server under test. */
const SERVER_CORE = 0

/** Asked before anything is pinned: afterwards it tells how many this process may use. */
const CORES = availableParallelism()

/** How many cores Redis, provider and load share. */
export const OTHER_CORES = Math.max(1, CORES - 1)

const canPin = CORES > 1 && spawnSync('taskset', ['--version']).error === undefined

/**
 * Keeps this process and all that it starts (Redis, provider, load) off the core of the server under test.
 * Where there is no `taskset` nothing is pinned, and everything competes for all cores.
 */
export function leaveServerCore(): void {
  if (!canPin) return
  const others = `${SERVER_CORE + 1}-${CORES - 1}`
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', others, String(process.pid)])
}

/** A command line that runs on any core: a child is else kept to the cores of this process. */
export function onAllCores(command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '--cpu-list', `0-${CORES - 1}`, ...command] : command
}

/** A command line that runs on the core of the server under test. */
export function onServerCore(command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '--cpu-list', String(SERVER_CORE), ...command] : command
}

/** `node`: the version that the servers under test run on. */
export function describeMachine(node: string = process.version): Machine {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: CORES,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node,
    redis: / v=(\S+)/.exec(stdout ?? '')?.[1] ?? 'unknown',
    pinned: canPin,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    date: new Date().toISOString().slice(0, 10),
  }
}

/** What a process, or several together, have used of the machine so far; null where the system does not tell (it has no /proc). */
export type Usage = Readonly<{ cpuMicroseconds: number; rssBytes: number }>

/** `USER_HZ`: in this unit Linux tells processor time to programs, on every architecture that Node.js runs on. */
const TICK_MICROSECONDS = 10_000

/** Of a process and of all that it has started: a server may be many processes. Those that have ended are left out. */
export function usageOf(pid: number): Usage | null {
  const tree = treeOf(pid)
  if (tree.length === 0) return null
  return {
    cpuMicroseconds: tree.reduce((sum, one) => sum + one.cpuMicroseconds, 0),
    rssBytes: tree.reduce((sum, one) => sum + one.rssBytes, 0),
  }
}

/** The process, and its children with theirs, where the system tells. */
function treeOf(pid: number): Usage[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    return [usageOfProcess(pid), ...children.flatMap((child) => treeOf(Number(child)))]
  } catch {
    return []
  }
}

/** Throws where there is no such process. */
function usageOfProcess(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  // The name in parentheses may hold spaces; after it, utime and stime are the 12th and 13th word.
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(words[11]) + Number(words[12])
  const rssKib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  return { cpuMicroseconds: ticks * TICK_MICROSECONDS, rssBytes: rssKib * 1024 }
}
