import type { Machine } from '../machine.ts'

/** Where, when and how something was measured. */
export function machineText(machine: Machine, command: string): string {
  const { cpu, cores, memoryGib, system, node, redis, pinned, loadBefore, date } = machine
  const how = pinned
    ? 'the server under test on a core of its own, all else on the others'
    : 'nothing pinned to a core, since there is no `taskset`'
  return `\`${command}\` on ${date}: ${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}, Node.js ${node}, Redis ${redis}; ${how}. Load average before: ${loadBefore}.`
}
