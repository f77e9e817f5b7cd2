import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BENCH } from './contenders.ts'

/** Where the report looks for the results of `npm run bench:scale` and `soak`. */
export function resultsPath(name: 'bench' | 'bench-node-26' | 'scale' | 'soak'): string {
  return join(BENCH, 'results', `${name}.json`)
}

/** The same of `npm run bench`: on the container's Node.js, and on the one that runs it. No other is in the report. */
export function benchResultsPath(node: string | undefined): string | null {
  if (node === undefined) return resultsPath('bench')
  return node === '26' ? resultsPath('bench-node-26') : null
}

export async function writeResults(path: string, results: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(results, rounded, 2)}\n`)
}

/** More digits than that say nothing. */
const DIGITS = 4

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value
}

/** How this process was started, as a person would have typed it. */
export function commandLine(script: string): string {
  const given = process.argv.slice(2)
  return given.length === 0 ? `npm run ${script}` : `npm run ${script} -- ${given.join(' ')}`
}
