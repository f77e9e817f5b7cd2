import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  INSTALL_HINT,
  inUse,
  PREDECESSOR_WAIT_MS,
  type Server,
  SOCKET_NAME,
  spawnServer,
} from './private-redis-process.ts'

/** A `redis-server` of our own. `stop` ends it and waits until it is gone; it may be called again. */
export type PrivateRedis = Readonly<{ socketPath: string; pid: number; stop(): Promise<void> }>

export type PrivateRedisOptions = Readonly<{
  /** Made where it is missing, and locked: one running instance each. */
  dataDir: string
  /** Called when the server ends without `stop`, saying how, with its last log lines. */
  onExit(error: Error): void
  /** Ends a start, and the server. */
  signal?: AbortSignal
  /** Further arguments of redis-server; they win over the built-in ones. */
  extraArgs?: readonly string[]
}>

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with a terminating zero. */
const SOCKET_PATH_MAX_BYTES = 103
const ANSWER_WAIT_MS = 10_000
/** A limit of its own, since a ledger of many months takes longer to load than a server takes to start. */
const LOAD_WAIT_MS = 120_000
const QUESTION_TIMEOUT_MS = 1_000
const POLL_MS = 20

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
  options.signal?.addEventListener('abort', () => void server.stop())
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

export type KeptRedisOptions = Readonly<{
  dataDir: string
  /** Called when the server has ended, or could not be started again; it is tried again. */
  onEnd(error: Error): void
  /** Called when it runs again. */
  onRestart(): void
}>

const FIRST_RESTART_PAUSE_MS = 100
const LONGEST_RESTART_PAUSE_MS = 5_000

/**
 * A private Redis that is started again when it dies, on the same files and socket, until it is stopped. Its data are on
 * the disk, and an outcome that waits to be stored needs it. Throws as `startPrivateRedis` where the first start fails.
 */
export async function keepPrivateRedis(
  options: KeptRedisOptions,
): Promise<Pick<PrivateRedis, 'socketPath' | 'stop'>> {
  const stopping = new AbortController()
  let restarting = Promise.resolve()
  const start = () =>
    startPrivateRedis({
      dataDir: options.dataDir,
      signal: stopping.signal,
      onExit(error) {
        restarting = restart(error)
      },
    })

  async function restart(error: Error): Promise<void> {
    options.onEnd(error)
    for (let pauseMs = FIRST_RESTART_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_RESTART_PAUSE_MS)) {
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        running = await start()
        options.onRestart()
        return
      } catch (error) {
        if (!stopping.signal.aborted) options.onEnd(error as Error)
      }
    }
  }

  let running = await start()
  return {
    socketPath: running.socketPath,
    async stop() {
      stopping.abort()
      await restarting
      await running.stop()
    },
  }
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

/** Beside the lock, for a server that somebody started by hand on this socket. */
async function waitForPredecessor(socketPath: string, dataDir: string): Promise<void> {
  const deadline = Date.now() + PREDECESSOR_WAIT_MS
  while (await isListening(socketPath)) {
    if (Date.now() > deadline) throw new Error(inUse(dataDir))
    await sleep(POLL_MS)
  }
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
      if (info.pid !== server.pid) throw new Error(inUse(dataDir))
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
