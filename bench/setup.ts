import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { BENCH, ROOT } from './contenders.ts'

/**
 * Makes ready what a benchmark runs: the gateway as `npm start` would run it, the servers beside it, and the
 * packages that only these need.
 */
export function prepare({ buildGateway }: Readonly<{ buildGateway: boolean }>): void {
  if (!existsSync(`${BENCH}node_modules`)) run(BENCH, 'npm', 'ci', '--ignore-scripts')
  if (buildGateway) run(ROOT, 'npm', 'run', '--silent', 'build')
  run(ROOT, 'npx', 'tsc', '-p', 'bench/tsconfig.servers.json')
}

function run(cwd: string, command: string, ...commandArguments: string[]): void {
  const { status } = spawnSync(command, commandArguments, { cwd, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${command} ${commandArguments.join(' ')} failed; its messages are above`)
}
