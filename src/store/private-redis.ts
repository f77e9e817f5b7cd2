import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A `redis-server` of our own. `stop` ends it and waits until it is gone; it may be called again. */
export type PrivateRedis = Readonly<{ socketPath: string; pid: number; stop(): Promise<void> }>

export type PrivateRedisOptions = Readonly<{
  /** Made where it is missing; one running instance each. */
  dataDir: string
  /** Called when the server ends without `stop`, saying how, with its last log lines. */
  onExit(error: Error): void
  /** Further arguments of redis-server; they win over the built-in ones. */
  extraArgs?: readonly string[]
}>

const SOCKET_NAME = 'redis.sock'
/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with a terminating zero. */
const SOCKET_PATH_MAX_BYTES = 103
const PREDECESSOR_WAIT_MS = 5_000
const ANSWER_WAIT_MS = 10_000
/** Of its own, since a ledger of many months takes longer to load than a server takes to start. */
const LOAD_WAIT_MS = 120_000
const QUESTION_TIMEOUT_MS = 1_000
const STOP_WAIT_MS = 10_000
const POLL_MS = 20
const LOG_TAIL_CHARACTERS = 2_000
const EXIT_CODE_NOT_FOUND = 127

const INSTALL_HINT =
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
  // Keeps a payment with a few refunds in one piece, which takes a seventh less memory.
  ['--hash-max-listpack-value', '1024'],
  ['--save', ''],
  ['--maxmemory-policy', 'noeviction'],
].flat()

/**
 * Runs redis-server so that it ends with this process however that ends, SIGKILL included: a watcher beside it
 * reads from a pipe that this process holds open and never writes to, and end of file comes when it is gone.
 * The pipe is descriptor 3 because a shell gives /dev/null to a background job's standard input.
 */
const RUN_WHILE_PARENT_LIVES = `(read -r _ <&3; kill -TERM $$) & exec redis-server "$@" 3<&-`

/**
 * Starts a `redis-server` from the PATH as a child that keeps its data in `dataDir` and ends with this process.
 * Resolves once it has loaded its data. Throws an Error that says what to do when there is no redis-server or
 * too old a one, when another process uses `dataDir`, or when the server does not come up.
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const dataDir = resolve(options.dataDir)
  const socketPath = privateSocketPath(dataDir)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await waitForPredecessor(socketPath, dataDir)

  const server = await spawnServer(dataDir, options.extraArgs ?? [])
  try {
    await waitUntilLoaded(server, socketPath, dataDir)
  } catch (error) {
    await server.stop()
    throw error
  }
  void server.ended.then((how) => {
    if (!server.isStopping()) options.onExit(new Error(how))
  })
  return { socketPath, pid: server.pid, stop: server.stop }
}

/** Where the server of this directory is reached. Throws an Error where that path is too long. */
export function privateSocketPath(dataDir: string): string {
  return shortestPath(join(resolve(dataDir), SOCKET_NAME))
}

/** The socket's path as seen from the working directory, where that is the shorter one. */
function shortestPath(path: string): string {
  const fromHere = relative(process.cwd(), path)
  const shortest = fromHere.length < path.length ? fromHere : path
  if (Buffer.byteLength(shortest) <= SOCKET_PATH_MAX_BYTES) return shortest
  throw new Error(
    `DATA_DIR is too long: a unix socket's path holds ${SOCKET_PATH_MAX_BYTES} bytes, and ${shortest} is longer`,
  )
}

/** Two servers on one directory would write into each other's files. */
async function waitForPredecessor(socketPath: string, dataDir: string): Promise<void> {
  const deadline = Date.now() + PREDECESSOR_WAIT_MS
  while (await isListening(socketPath)) {
    if (Date.now() > deadline) throw directoryInUse(dataDir)
    await sleep(POLL_MS)
  }
}

function directoryInUse(dataDir: string): Error {
  return new Error(`another gateway uses ${dataDir}: stop it, or give this one a DATA_DIR of its own`)
}

async function isListening(socketPath: string): Promise<boolean> {
  const socket = createConnection(socketPath)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    // No socket, or one that a killed server left behind.
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false
    throw error
  } finally {
    socket.destroy()
  }
}

type Server = Readonly<{
  pid: number
  /** Resolves when the server has ended, to a description of how; never rejects. */
  ended: Promise<string>
  isStopping(): boolean
  stop(): Promise<void>
}>

async function spawnServer(dataDir: string, extraArgs: readonly string[]): Promise<Server> {
  const child = spawn('/bin/sh', ['-c', RUN_WHILE_PARENT_LIVES, 'sh', ...SERVER_ARGS, ...extraArgs], {
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the whole group of a terminal, and Redis is to outlive the gateway's
    // last refunds.
    detached: true,
  })
  const ended = describeEnd(child)
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

function describeEnd(child: ChildProcess): Promise<string> {
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_TAIL_CHARACTERS)
    })
  }
  child.once('exit', () => killGroup(child))
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      if (code === EXIT_CODE_NOT_FOUND) resolve(`redis-server was not found on the PATH: ${INSTALL_HINT}`)
      else resolve(`redis-server ended with ${signal ?? `code ${code}`}; its last words:\n${log.trim()}`)
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

async function waitUntilLoaded(server: Server, socketPath: string, dataDir: string): Promise<void> {
  let end: string | undefined
  void server.ended.then((how) => {
    end = how
  })
  const start = Date.now()
  for (;;) {
    const info = await readInfo(socketPath)
    if (end !== undefined) throw new Error(end)
    if (info !== undefined) {
      if (info.pid !== server.pid) throw directoryInUse(dataDir)
      if (info.majorVersion < 7) throw new Error(`redis-server is older than 7.0: ${INSTALL_HINT}`)
      if (!info.isLoading) return
    }
    const waitMs = info === undefined ? ANSWER_WAIT_MS : LOAD_WAIT_MS
    if (Date.now() - start > waitMs) {
      throw new Error(`redis-server in ${dataDir} is not ready after ${waitMs / 1_000} s`)
    }
    await sleep(POLL_MS)
  }
}

type Info = Readonly<{ pid: number; majorVersion: number; isLoading: boolean }>

/** What the server says of itself, or undefined while it does not answer. */
async function readInfo(socketPath: string): Promise<Info | undefined> {
  const socket = createConnection(socketPath)
  socket.setTimeout(QUESTION_TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
  // QUIT: the server closes the connection after its answer, which so ends where the stream does.
  socket.setEncoding('utf8').write('INFO\r\nQUIT\r\n')
  try {
    const text = (await socket.toArray()).join('')
    const field = (name: string) => new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]
    return {
      pid: Number(field('process_id')),
      majorVersion: Number(field('redis_version')),
      isLoading: field('loading') !== '0',
    }
  } catch {
    return undefined
  }
}
