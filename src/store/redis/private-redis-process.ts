import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** The name of the server's unix socket, in its directory. */
export const SOCKET_NAME = 'redis.sock'

/** How long a server that another process has started there may take to end. */
export const PREDECESSOR_WAIT_MS = 5_000
const STOP_WAIT_MS = 10_000
const LOG_TAIL_CHARACTERS = 2_000

/** How the shell ends that becomes the server; the codes of redis-server itself are 0 and 1. */
const EXIT_CODE_IN_USE = 75
const EXIT_CODE_NO_LOCK = 69
const EXIT_CODE_NOT_FOUND = 127
const LOCK_POLL_SECONDS = 0.1
const LOCK_TRIES = PREDECESSOR_WAIT_MS / 1_000 / LOCK_POLL_SECONDS

/** What an operator does who has no Redis, or too old a one. */
export const INSTALL_HINT =
  'install Redis 7.0 or newer (apt-get install redis-server, brew install redis), or set REDIS_URL to a running one'

/**
 * An acknowledged write is on the disk (AOF, fsync always), nothing is evicted, and only this user's processes
 * reach the server: no port, and a socket of mode 0700.
 */
const SERVER_ARGS = [
  ['--port', '0'],
  ['--unixsocket', SOCKET_NAME],
  ['--unixsocketperm', '700'],
  ['--appendonly', 'yes'],
  ['--appendfsync', 'always'],
  ['--no-appendfsync-on-rewrite', 'no'],
  // Keeps a payment with a few refunds in one piece, which takes a seventh less memory.
  ['--hash-max-listpack-value', '1024'],
  ['--save', ''],
  ['--maxmemory-policy', 'noeviction'],
].flat()

/**
 * Runs redis-server so that it ends with this process however that ends, SIGKILL included: a watcher beside it
 * reads from a pipe that this process holds open and never writes to, and end of file comes when it is gone.
 * The pipe is descriptor 3 because a shell gives /dev/null to a background job's standard input.
 *
 * Before anything of the directory is touched, the socket included, its lock is taken, or waited for ($1 tries). It is on
 * the directory itself, where a file of its own could be removed and made anew; and on descriptor 9, which
 * redis-server inherits and its watcher, begun before, does not. So it is held for as long as anything writes there.
 */
const RUN_LOCKED_WHILE_PARENT_LIVES = `
command -v redis-server >/dev/null || exit ${EXIT_CODE_NOT_FOUND}
if command -v flock >/dev/null; then lock() { flock -n 9; }
elif command -v perl >/dev/null; then lock() { perl -e 'open my $d, "<&=", 9 or exit 2; exit(flock($d, 6) ? 0 : 1)'; }
else exit ${EXIT_CODE_NO_LOCK}
fi
tries=$1
shift
(read -r _ <&3; kill -TERM $$) &
exec 9<.
until lock; do
  [ $? -eq 1 ] || exit ${EXIT_CODE_NO_LOCK}
  tries=$((tries - 1))
  [ $tries -gt 0 ] || exit ${EXIT_CODE_IN_USE}
  sleep ${LOCK_POLL_SECONDS}
done
exec redis-server "$@" 3<&-
`

/** A `redis-server` that runs. */
export type Server = Readonly<{
  pid: number
  /** Resolves when the server has ended, to a description of how; never rejects. */
  ended: Promise<string>
  isStopping(): boolean
  stop(): Promise<void>
}>

/** Starts a server that ends with this process. It may not answer yet. */
export async function spawnServer(dataDir: string, extraArgs: readonly string[]): Promise<Server> {
  const args = ['-c', RUN_LOCKED_WHILE_PARENT_LIVES, 'sh', String(LOCK_TRIES), ...SERVER_ARGS, ...extraArgs]
  const child = spawn('/bin/sh', args, {
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the whole group of a terminal, and Redis is to outlive the gateway's
    // last refunds.
    detached: true,
  })
  const ended = describeEnd(child, dataDir)
  await once(child, 'spawn')
  if (child.pid === undefined) throw new Error('bug: a spawned process without a pid')

  let stopping: Promise<void> | undefined
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS)
    await ended
    clearTimeout(timer)
  }
  return {
    pid: child.pid,
    ended,
    isStopping: () => stopping !== undefined,
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

const DESCRIBED_ENDS: Readonly<Record<number, (dataDir: string, log: string) => string>> = {
  [EXIT_CODE_NOT_FOUND]: () => `redis-server was not found on the PATH: ${INSTALL_HINT}`,
  [EXIT_CODE_IN_USE]: inUse,
  [EXIT_CODE_NO_LOCK]: (dataDir, log) =>
    `${dataDir} cannot be locked, and two servers could write into it: install flock (util-linux) or perl, or set REDIS_URL. ${log}`.trim(),
}

function describeEnd(child: ChildProcess, dataDir: string): Promise<string> {
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_TAIL_CHARACTERS)
    })
  }
  child.once('exit', () => killGroup(child))
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      const how = `redis-server ended with ${signal ?? `code ${code}`}; its last words:\n${log.trim()}`
      resolve((code !== null && DESCRIBED_ENDS[code]?.(dataDir, log.trim())) || how)
    })
  })
}

/** Ends the watcher, before it could signal a process that got the ended server's pid. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has no process left.
  }
}

/** Why no server starts there. */
export function inUse(dataDir: string): string {
  return `another gateway uses ${dataDir}: stop it, or give this one a DATA_DIR of its own`
}
