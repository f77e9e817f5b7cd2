import { createConnection, type NetConnectOpts, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis'
import type { HostPort } from '../../config/config.ts'
import { isLoopback } from '../../config/loopback.ts'
import { noConnection } from './causes.ts'

/** A user name and a password, as Redis's AUTH takes them. */
export type Login = Readonly<{ username?: string; password?: string }>

type ConnectorConstructor = NonNullable<RedisOptions['Connector']>

/** Says which error a Sentinel gave, while the next one is asked. */
type EmitError = (type: string, error: Error) => void

const LONGEST_SENTINEL_PAUSE_MS = 500
const SENTINEL_PAUSE_STEP_MS = 50

/**
 * Opens the socket that a client's options name. ioredis's own connector listens for one error of each socket, but a
 * TLS socket can have two (a certificate that is refused, then the server's alert), and the second would end the
 * process. So every socket of every connection is opened here.
 */
export class Connector extends AbstractConnector {
  readonly options: RedisOptions

  constructor(options: unknown) {
    super((options as RedisOptions).disconnectTimeout ?? 0)
    this.options = options as RedisOptions
  }

  override async connect(_emit: EmitError): Promise<Socket> {
    this.connecting = true
    const { path, host, port, family } = this.options
    return this.open(path ? { path } : { host: host as string, port: port as number, family })
  }

  protected open(address: NetConnectOpts): Socket {
    const { tls } = this.options
    const socket = tls
      ? connectTls({ ...address, ...(tls as ConnectionOptions) } as ConnectionOptions)
      : createConnection(address)
    socket.on('error', (error) => this.onSocketError(error))
    this.stream = socket
    return socket
  }

  protected onSocketError(error: Error): void {
    this.firstError = error
  }
}

/** Tells the errors of all its sockets: a Cluster's client keeps those to itself by which it looks for its servers. */
export function reportingConnector(report: (error: Error) => void): ConnectorConstructor {
  return class extends Connector {
    protected override onSocketError(error: Error): void {
      super.onSocketError(error)
      report(error)
    }
  }
}

export type SentinelOptions = Readonly<{
  sentinels: readonly HostPort[]
  /** What the sentinels call the primary. */
  name: string
  isTls: boolean
  /** Lent to the sentinels too; asked for at each connect, since it may have changed. */
  login(): Login
  /** For a sentinel to be reached in, and again to answer in. */
  timeoutMs: number
}>

/**
 * Asks sentinels where the primary is, and connects to it, for as long as it takes. Both are spoken to in TLS where
 * that is wanted: who could answer in a sentinel's place could name a server of its own.
 */
export function sentinelConnector(options: SentinelOptions): ConnectorConstructor {
  // Those that were configured, and those that they know of; the one to ask first is first.
  let known = [...options.sentinels]

  async function findPrimary(sentinel: HostPort): Promise<HostPort> {
    const { primary, others } = await askSentinel(sentinel, options)
    const unheard = others.filter(
      ({ host, port }) => !known.some((at) => at.host === host && at.port === port),
    )
    known = [sentinel, ...known.filter((other) => other !== sentinel), ...unheard]
    return primary
  }

  return class extends Connector {
    /** A primary that was deposed, and does not know it, is not asked for again at the sentinel that named it. */
    override check({ role }: { role?: string }): boolean {
      const isPrimary = role === undefined || role === 'master'
      if (!isPrimary) known = [...known.slice(1), ...known.slice(0, 1)]
      return isPrimary
    }

    override async connect(emit: EmitError): Promise<Socket> {
      this.connecting = true
      for (let round = 1; ; round++) {
        for (const sentinel of known) {
          const primary = await findPrimary(sentinel).catch((error: Error) => {
            emit('error', error)
            return undefined
          })
          if (!this.connecting) throw noConnection()
          if (primary !== undefined) return this.open(primary)
        }
        const pauseMs = Math.min(round * SENTINEL_PAUSE_STEP_MS, LONGEST_SENTINEL_PAUSE_MS)
        await sleep(pauseMs, undefined, { ref: false })
        if (!this.connecting) throw noConnection()
      }
    }
  }
}

type Answer = Readonly<{ primary: HostPort; others: readonly HostPort[] }>

/** What the sentinel says. Throws an Error that names the sentinel and says why it could not be used. */
async function askSentinel(sentinel: HostPort, options: SentinelOptions): Promise<Answer> {
  try {
    return options.isTls ? await askInTls(sentinel, options) : await askWithLogins(sentinel, options, false)
  } catch (error) {
    const { host, port } = sentinel
    throw new Error(`Sentinel ${host}:${port}: ${(error as Error).message}`, { cause: error })
  }
}

/** A sentinel of this machine may speak in clear text: nothing crosses a network. It is given no password then. */
async function askInTls(sentinel: HostPort, options: SentinelOptions): Promise<Answer> {
  try {
    return await askWithLogins(sentinel, options, true)
  } catch (error) {
    if (!isLoopback(sentinel.host) || REFUSED_LOGIN.test((error as Error).message)) throw error
    return await askOnce(sentinel, options, {}).catch(() => {
      throw error
    })
  }
}

const REFUSED_LOGIN = /^(NOAUTH|WRONGPASS|NOPERM)/

/** A sentinel has users of its own, often none. What is lent is shown only to one that asks for it. */
async function askWithLogins(sentinel: HostPort, options: SentinelOptions, isTls: boolean): Promise<Answer> {
  const { username, password } = options.login()
  const logins: Login[] = [{}]
  if (password !== undefined) logins.push({ password, ...(username && { username }) })
  if (password !== undefined && username) logins.push({ password })
  for (const [index, login] of logins.entries()) {
    try {
      return await askOnce(sentinel, options, { ...login, ...(isTls && { tls: {} }) })
    } catch (error) {
      const isLast = index === logins.length - 1
      if (isLast || !REFUSED_LOGIN.test((error as Error).message)) throw error
    }
  }
  throw new Error('bug: no login was tried')
}

/** The options of a connection for one question. Without HELLO, which fails where a password is asked for, and says so at length. */
const SENTINEL_CLIENT = {
  enableReadyCheck: false,
  disableClientInfo: true,
  retryStrategy: () => null,
  protocol: 2,
} as const satisfies RedisOptions

async function askOnce(
  { host, port }: HostPort,
  { name, timeoutMs }: SentinelOptions,
  access: Login & { tls?: ConnectionOptions },
): Promise<Answer> {
  const client = new Redis({
    ...SENTINEL_CLIENT,
    ...access,
    ...{ connectTimeout: timeoutMs, commandTimeout: timeoutMs },
    ...{ host, port, Connector },
  })
  let cause: Error | undefined
  client.on('error', (error: Error) => {
    cause ??= error
  })
  try {
    const [primary, others] = await Promise.all([
      client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      client.call('SENTINEL', 'SENTINELS', name).catch(() => []),
    ])
    if (!Array.isArray(primary)) throw new Error(`it knows no primary of the name ${name}`)
    return { primary: hostPort(primary[0], primary[1]), others: (others as string[][]).flatMap(reachable) }
  } catch (error) {
    throw cause ?? error
  } finally {
    client.disconnect()
  }
}

/** One of the other sentinels, as name after value; none where it is not connected. */
function reachable(flat: readonly string[]): HostPort[] {
  const field = (name: string) => flat[flat.indexOf(name) + 1] ?? ''
  const isConnected = flat.includes('ip') && !field('flags').split(',').includes('disconnected')
  return isConnected ? [hostPort(field('ip'), field('port'))] : []
}

function hostPort(host: unknown, port: unknown): HostPort {
  return { host: String(host), port: Number(port) }
}
