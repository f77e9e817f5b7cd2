import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyInstance } from 'fastify'
import { problem } from '../problems/catalog.ts'
import { PROBLEM_CONTENT_TYPE } from '../problems/send-problem.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** How many requests are being handled on each connection: with pipelining, more than one. */
const requestsInFlight = new WeakMap<Socket, number>()

/** Counts them, so that {@link answerClientError} knows. Belongs before every hook that may answer. */
export function countRequestsInFlight(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { socket } = request.raw
    requestsInFlight.set(socket, (requestsInFlight.get(socket) ?? 0) + 1)
    done()
  })
  app.addHook('onResponse', (request, _reply, done) => {
    const { socket } = request.raw
    requestsInFlight.set(socket, (requestsInFlight.get(socket) ?? 1) - 1)
    done()
  })
}

/**
 * Answers what is no HTTP request that a route could get: a head that is too long or malformed. Node.js leaves writing
 * the answer to us, since there is no response to write it with. Behind a request in flight it would be taken for the
 * answer to that: then the connection is only closed. So it is where a request came too late: this process may have been
 * stopped meanwhile, and a caller that was told to mend a valid request could take a new key for it.
 */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  // Nothing can be written where the connection itself or its TLS failed, and waiting for it would never end.
  if (!/^(HPE|ERR_HTTP)_/.test(error.code)) {
    socket.destroy()
    return
  }
  const isTooLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (socket.writable && !isTooLate && !requestsInFlight.get(socket)) {
    const body = JSON.stringify(
      problem(
        'invalid_request',
        { detail: 'This is no HTTP request that can be read: its head is malformed or too long.' },
        randomUUID(),
      ),
    )
    const headers = Object.entries({
      'Content-Type': PROBLEM_CONTENT_TYPE,
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
      ...SECURITY_HEADERS,
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 400 Bad Request\r\n${headers.join('')}\r\n${body}`)
  }
  socket.destroySoon()
}
