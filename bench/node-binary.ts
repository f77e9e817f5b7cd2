import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { refuse } from './options.ts'

/** The Node.js that the servers under test run on. */
export type NodeBinary = Readonly<{ path: string; version: string }>

/** What runs this benchmark. */
export const OWN_NODE: NodeBinary = { path: process.execPath, version: process.version }

/**
 * A Node.js of this version, such as `26`: of the npm package that carries it, installed on demand into a cache of the
 * benchmark's own.
 */
export function nodeBinary(version: string): NodeBinary {
  const directory = join(homedir(), '.cache/refund-gateway-bench', `node-${version}`)
  const name = packageName()
  const path = join(directory, 'node_modules', name, 'bin/node')
  if (!existsSync(path)) install(directory, `${name}@${version}`)
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return { path, version: stdout.trim() }
}

/** As the package `node` chooses it. That one would link it in by an install script, which npm may not run. */
function packageName(): string {
  const { platform, arch } = process
  return `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`
}

function install(directory: string, packageAndVersion: string): void {
  const options = ['--prefix', directory, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  const { status } = spawnSync('npm', ['install', ...options, packageAndVersion], { stdio: ['ignore', 2, 2] })
  if (status !== 0) refuse(`--node: ${packageAndVersion} cannot be installed; what npm said is above`)
}
