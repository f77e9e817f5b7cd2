import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { HostPort, RedisTarget } from '../../config/config.ts'
import { defineScripts, type RedisClient, type ScriptedClient } from '../lua/scripts.ts'
import { Connector, type Login, reportingConnector, sentinelConnector } from './connectors.ts'
import { sendLightly } from './light-commands.ts'

/** How long one command may take before its outcome counts as not known. */
export const REDIS_COMMAND_TIMEOUT_MS = 2_000
const REDIS_CONNECT_TIMEOUT_MS = 2_000
const LONGEST_RECONNECT_PAUSE_MS = 500

/** A private Redis is reached by its socket once it runs; the others by what the configuration says. */
export type ConnectionTarget = Exclude<RedisTarget, { kind: 'private' }> | { kind: 'socket'; path: string }

/**
 * What a payment needs of its client: an outage answers at once instead of queueing, and no command is
 * sent again behind the caller's back when the connection that carried it breaks.
 */
const OPTIONS = {
  connectTimeout: REDIS_CONNECT_TIMEOUT_MS,
  commandTimeout: REDIS_COMMAND_TIMEOUT_MS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // After a failover the former primary answers READONLY: connect again and find the new one.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
  retryStrategy: (times) => Math.min(50 * times, LONGEST_RECONNECT_PAUSE_MS),
} as const satisfies RedisOptions

/**
 * Connects in the background, for as long as it takes; what happens shows in the client's events. `current` is asked
 * for user name and password at each connect, since they may have changed; by default they have not.
 */
export function connectRedis(
  target: ConnectionTarget,
  current: () => ConnectionTarget = () => target,
): ScriptedClient {
  const login = () => loginOf(current())
  const client = createClient(target, login)
  const prepare = (server: Redis) => {
    followLogin(server, login)
    writeTogether(server)
  }
  if (client instanceof Cluster) {
    client.on('+node', prepare)
  } else {
    prepare(client)
    sendLightly(client)
  }
  return defineScripts(client)
}

/** ioredis reads them at each connect, and copies them where it connects to a server of a Cluster once more. */
function followLogin({ options }: Redis, login: () => Login): void {
  Object.defineProperties(options, {
    username: { get: () => login().username, enumerable: true, configurable: true },
    password: { get: () => login().password, enumerable: true, configurable: true },
  })
}

/** Commands of one turn of the event loop leave as one text, and so with one system call. */
function writeTogether(server: Redis): void {
  server.on('connect', () => {
    const { stream } = server
    const write = stream.write.bind(stream) as (text: string) => boolean
    let waiting = ''

    function writeAll(): void {
      const text = waiting
      waiting = ''
      // An ended one fails its commands by itself.
      if (stream.writable) write(text)
    }

    // ioredis gives it texts alone, where no argument is binary, and does not look at what it answers.
    stream.write = ((text: string) => {
      if (waiting === '') setImmediate(writeAll)
      waiting += text
      return true
    }) as typeof stream.write
  })
}

function createClient(target: ConnectionTarget, login: () => Login): RedisClient {
  switch (target.kind) {
    case 'socket':
      return new Redis({ ...OPTIONS, Connector, path: target.path })
    case 'url':
      return new Redis(target.url, { ...OPTIONS, Connector })
    case 'sentinel':
      return new Redis({ ...OPTIONS, ...login(), ...tlsOf(target), Connector: sentinelsOf(target, login) })
    case 'cluster':
      return createCluster(target, login)
  }
}

function createCluster(target: Extract<RedisTarget, { kind: 'cluster' }>, login: () => Login): Cluster {
  const Connector = reportingConnector((error) => cluster.emit('node error', error))
  const cluster: Cluster = new Cluster(
    target.nodes.map(({ host, port }: HostPort) => ({ host, port })),
    {
      enableOfflineQueue: false,
      clusterRetryStrategy: OPTIONS.retryStrategy,
      // Names stay names: a certificate may have no other.
      dnsLookup: (host, done) => done(null, host),
      redisOptions: { ...OPTIONS, ...login(), ...tlsOf(target), Connector },
    },
  )
  return cluster
}

/**
 * What was read again, where it is the same Redis under another login: that is what may change while the gateway
 * runs. Throws an Error that says so otherwise.
 */
export function sameServer(before: RedisTarget, read: RedisTarget): RedisTarget {
  const withoutLogin = (target: RedisTarget) => {
    const { url, ...rest } = { url: undefined, ...target }
    // Beside nodes or sentinels nothing but login and TLS is lent.
    if (target.kind !== 'url') return JSON.stringify([rest, new URL(url ?? 'redis:').protocol])
    return Object.assign(new URL(target.url), { username: '', password: '' }).href
  }
  if (withoutLogin(before) === withoutLogin(read)) return read
  throw new Error(
    'REDIS_URL_FILE: got another server, another database or other TLS; takes another user name or password while the gateway runs: start it again for the rest',
  )
}

type DistributedTarget = Extract<RedisTarget, { kind: 'cluster' | 'sentinel' }>

function sentinelsOf(
  target: Extract<RedisTarget, { kind: 'sentinel' }>,
  login: () => Login,
): ReturnType<typeof sentinelConnector> {
  const { sentinels, name } = target
  const isTls = 'tls' in tlsOf(target)
  return sentinelConnector({ sentinels, name, isTls, login, timeoutMs: REDIS_CONNECT_TIMEOUT_MS })
}

/** User name and password of a URL, whose host need not be used. */
function loginOf(target: ConnectionTarget): Login {
  if (!('url' in target) || target.url === undefined) return {}
  const { username, password } = new URL(target.url)
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  }
}

function tlsOf({ url }: DistributedTarget): Pick<RedisOptions, 'tls'> {
  return url !== undefined && new URL(url).protocol === 'rediss:' ? { tls: {} } : {}
}
