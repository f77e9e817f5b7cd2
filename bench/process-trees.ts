import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts in hundredths of a second, whatever the machine. */
const MICROSECONDS_PER_TICK = 10_000

type Process = Readonly<{ parent: number; ticks: number }>

/**
 * What these processes and all that they have started have used of the processors, in microseconds; those that have
 * ended are in their parents' count.
 */
export function cpuOfTrees(roots: readonly number[]): number {
  const processes = readProcesses()
  const isWithin = (pid: number): boolean => {
    const parent = processes.get(pid)?.parent
    return roots.includes(pid) || (parent !== undefined && isWithin(parent))
  }
  let ticks = 0
  for (const [pid, process] of processes) if (isWithin(pid)) ticks += process.ticks
  return ticks * MICROSECONDS_PER_TICK
}

function readProcesses(): ReadonlyMap<number, Process> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Map(
    pids.flatMap((pid) => {
      const found = readProcess(pid)
      return found === null ? [] : [[Number(pid), found] as const]
    }),
  )
}

/** Null: it has ended meanwhile. */
function readProcess(pid: string): Process | null {
  try {
    // What stands in parentheses is its name, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const [own, system, ended, endedSystem] = fields.slice(11, 15).map(Number) as [
      number,
      number,
      number,
      number,
    ]
    return { parent: Number(fields[1]), ticks: own + system + ended + endedSystem }
  } catch {
    return null
  }
}
