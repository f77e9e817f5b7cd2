import { setImmediate as pollOnce } from 'node:timers/promises'
import { buildConnector, Client } from 'undici'
import { type Exchange, type ExchangeRequest, exchange } from './exchange.ts'

/**
 * How long a connection is left alone after an answer. A server may close it at just that moment, and of a request
 * that is on its way then nobody knows whether it was read: a refund would become `unknown`.
 */
const REST_MS = 30

/** A connection that was idle for longer is not used again; undici closes it. */
const LONGEST_IDLE_MS = 2_000

/** What the server must announce for that to be safe, in seconds: a second more. */
const LEAST_ANNOUNCED_SECONDS = 3

/** More than this rest only above eight thousand calls a second; any further connection is closed. */
const MOST_RESTING = 256

export type Connections = Readonly<{
  /** One POST, sent at most once: on a new connection, or on one that the server has announced to keep open. */
  exchange(request: ExchangeRequest): Promise<Exchange>
  close(): Promise<void>
}>

/**
 * Connections for calls that must not be lost. One is used again only where `Keep-Alive: timeout=` announced that
 * (RFC 2068, 19.7.1), after a rest, and never again once a server broke what it had announced.
 */
export function createConnections(origin: string, connectTimeoutMs: number): Connections {
  // Shared, so that TLS sessions are resumed.
  const connect = buildConnector({ timeout: connectTimeoutMs, rejectUnauthorized: true })
  const open = new Set<Client>()
  const resting: { client: Client; since: number }[] = []
  let isTrusted = true

  function openNew(): Client {
    const client = new Client(origin, {
      connect,
      // The total of exchange() covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: LONGEST_IDLE_MS,
      keepAliveMaxTimeout: LONGEST_IDLE_MS,
    })
    open.add(client)
    return client
  }

  function discard(client: Client): void {
    open.delete(client)
    client.destroy().catch(() => {})
  }

  /** Null where none has rested for long enough. */
  function takeRested(): Client | null {
    const longest = resting[0]
    if (longest === undefined || performance.now() - longest.since < REST_MS) return null
    resting.shift()
    return longest.client
  }

  return {
    async exchange(request) {
      const rested = takeRested()
      // What was closed while this process was busy is read before anything is written, and connected anew.
      if (rested !== null) await pollOnce()
      const client = rested ?? openNew()
      const seen = await exchange(client, request)
      if (rested !== null && seen.seen === 'no_answer') {
        isTrusted = false
        for (const { client: other } of resting.splice(0)) discard(other)
      }
      const isKept = seen.seen === 'answer' && (seen.announcedSeconds ?? 0) >= LEAST_ANNOUNCED_SECONDS
      if (isKept && isTrusted && resting.length < MOST_RESTING) {
        resting.push({ client, since: performance.now() })
      } else {
        discard(client)
      }
      return seen
    },

    async close() {
      isTrusted = false
      await Promise.all([...open].map((client) => client.destroy()))
    },
  }
}
