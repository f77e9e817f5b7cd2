import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { HostPort, RedisTarget } from '../config.ts'
import { defineScripts, type RedisClient, type Scripts } from './scripts.ts'

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

/** Connects in the background, for as long as it takes; what happens shows in the client's events. */
export function connectRedis(target: ConnectionTarget): RedisClient & Scripts {
  const client = createClient(target)
  if (client instanceof Cluster) client.on('+node', writeTogether)
  else writeTogether(client)
  return defineScripts(client)
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

function createClient(target: ConnectionTarget): RedisClient {
  switch (target.kind) {
    case 'socket':
      return new Redis({ ...OPTIONS, path: target.path })
    case 'url':
      return new Redis(target.url, OPTIONS)
    case 'sentinel':
      return new Redis({
        ...OPTIONS,
        ...credentials(target.url),
        sentinels: target.sentinels.map(({ host, port }) => ({ host, port })),
        name: target.name,
      })
    case 'cluster':
      return new Cluster(
        target.nodes.map(({ host, port }: HostPort) => ({ host, port })),
        {
          enableOfflineQueue: false,
          clusterRetryStrategy: OPTIONS.retryStrategy,
          redisOptions: { ...OPTIONS, ...credentials(target.url) },
        },
      )
  }
}

/** User name, password and TLS of a URL whose host is not used. */
function credentials(url: string | undefined): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  if (url === undefined) return {}
  const { protocol, username, password } = new URL(url)
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  }
}
