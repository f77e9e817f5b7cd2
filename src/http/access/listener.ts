import { constants } from 'node:crypto'
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { FastifyServerFactory } from 'fastify'
import type { TlsFiles } from '../../config/config.ts'

// An import of its names loads Node.js's own undici as well, a twentieth of the start, and for nothing.
const { createServer } = process.getBuiltinModule('node:http')

/** How long a client may take for the head of its request, a connection that sends nothing included. */
const HEADERS_TIMEOUT_MS = 5_000

/** How long a client may take to send its whole request. */
const REQUEST_TIMEOUT_MS = 10_000

/** How often the two are looked at: the default of 30 s would let a slow client stay five times as long. */
const CHECK_INTERVAL_MS = 1_000

/** How long a client may take for its TLS handshake, before which the other two do not count. */
const HANDSHAKE_TIMEOUT_MS = 5_000

/** Longer than load balancers keep idle connections (60 s), so that it is they who close them. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

/** A key, an idempotency key and what proxies add are a tenth of this. */
const MAX_HEADER_BYTES = 16 * 1024

/** So that clients cannot use up the file descriptors that calls to the provider and to Redis need. */
const MAX_CONNECTIONS = 10_000

/** What callers connect to. */
export type Listener = Readonly<{
  serverFactory: FastifyServerFactory
  /** New connections get this certificate and are asked for one of this authority; open ones stay as they are. */
  renewTls(tls: TlsFiles): void
  /** New connections may be silent for so long from now on. */
  setLongestAnswer(ms: number): void
}>

/**
 * The servers of one app, with every limit on what clients may hold open. `longestAnswerMs` bounds how long a
 * connection may be silent in both directions, which ends a client that does not read its answer.
 */
export function createListener(tls: TlsFiles | null, longestAnswerMs: number): Listener {
  const tlsServers: TlsServer[] = []
  const servers: Server[] = []

  function create(listener: RequestListener): Server {
    const handler = endingAfterUpgrade(listener)
    const server =
      tls === null
        ? createServer(HTTP_OPTIONS, handler)
        : createTlsServer({ ...HTTP_OPTIONS, ...secureOptions(tls) }, handler)
    if (server instanceof TlsServer) tlsServers.push(server)
    // Node.js would answer an expectation that it does not know with an empty 417, past every hook. It may as well
    // be ignored (RFC 9110, 10.1.1).
    server.on('checkExpectation', handler)
    return server
  }

  return {
    // Called once more for the second address of localhost.
    serverFactory(handler) {
      const server = create(handler)
      server.maxConnections = MAX_CONNECTIONS
      server.setTimeout(longestAnswerMs)
      servers.push(server)
      return server
    },
    setLongestAnswer(ms) {
      for (const server of servers) server.setTimeout(ms)
    },
    renewTls(renewed) {
      for (const server of tlsServers) server.setSecureContext(secureOptions(renewed))
    },
  }
}

/**
 * No other protocol is spoken here, so an offer of one is ignored (RFC 9110, 7.8). But the parser of Node.js drops what
 * came in behind it, and would take the rest of a request that was cut there for a new one. So the connection ends.
 */
function endingAfterUpgrade(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false
    listener(request, response)
  }
}

const HTTP_OPTIONS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_INTERVAL_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
} as const satisfies ServerOptions

function secureOptions({ certificate, key, clientAuthority }: TlsFiles) {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2' as const,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ...(clientAuthority !== null && {
      ca: clientAuthority,
      requestCert: true,
      rejectUnauthorized: true,
      // A session that is resumed would outlive the authority that vouched for its certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
    }),
  }
}
