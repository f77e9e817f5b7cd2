import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { BENCH, ROOT } from './contenders.ts'

/**
 * Makes ready what a benchmark runs: the gateway as `npm start` would run it, the servers beside it, and the
 * packages that only these need.
 */
export function prepare({ buildGateway }: Readonly<{ buildGateway: boolean }>): void {
  if (!packagesAreInstalled()) run(BENCH, 'npm', 'ci', '--ignore-scripts')
  if (buildGateway) run(ROOT, 'npm', 'run', '--silent', 'build')
  run(ROOT, 'npx', 'tsc', '-p', 'bench')
}

/** By the lock file that npm keeps of what it installed: one that is older than what it should be, is not. */
function packagesAreInstalled(): boolean {
  const installed = `${BENCH}node_modules/.package-lock.json`
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${BENCH}package-lock.json`).mtimeMs
}

/** Draws what `results/` holds into docs/performance.md. */
export function drawReport(): void {
  run(ROOT, process.execPath, '--enable-source-maps', 'bench/dist/report/main.js')
}

function run(cwd: string, command: string, ...commandArguments: string[]): void {
  const { status } = spawnSync(command, commandArguments, { cwd, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${command} ${commandArguments.join(' ')} failed; its messages are above`)
}
