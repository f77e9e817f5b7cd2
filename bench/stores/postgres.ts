import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ServerProcess, startServer } from '../processes.ts'

/** Where Debian puts each version; else they are on the PATH. */
const VERSIONS = '/usr/lib/postgresql'

/** PostgreSQL does not run as root. */
const USER = 'postgres'

/**
 * A PostgreSQL of its own on a loopback port, as it comes: fsync and synchronous commit are on. Its address is of the
 * form of POSTGRES_URL. Throws where it is not installed (`apt-get install postgresql`).
 */
export async function startPostgres(directory: string): Promise<ServerProcess> {
  const bin = binaries()
  const dataDir = mkdtempSync(join(directory, 'postgres-'))
  const as =
    process.getuid?.() === 0 ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : []
  if (as.length > 0) {
    // Whoever it runs as must get there.
    chmodSync(directory, 0o711)
    chownSync(dataDir, idOf('-u'), idOf('-g'))
  }
  const [init = '', ...initArguments] = [...as, join(bin, 'initdb')]
  const how = ['-D', dataDir, '-U', USER, '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']
  // What initdb writes is not measured, nor is anything lost that would be missed.
  execFileSync(init, [...initArguments, ...how], { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' })
  const port = randomInt(20_000, 30_000)
  return startServer({
    name: 'postgres',
    command: [
      ...as,
      join(bin, 'postgres'),
      ...['-D', dataDir, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories='],
    ],
    cwd: directory,
    env: {},
    listening: {
      says: /database system is ready to accept connections/,
      url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    },
  })
}

function binaries(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  const newest = versions.sort((one, other) => Number(other) - Number(one))[0]
  return newest === undefined ? '' : join(VERSIONS, newest, 'bin')
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, USER]))
}
