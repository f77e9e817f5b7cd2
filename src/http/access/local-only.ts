import { BlockList, isIPv6 } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../../config/loopback.ts'
import { sendProblem } from '../problems/send-problem.ts'

/** The loopback address of IPv6, and those of IPv4 that are mapped into it. */
const LOOPBACK = new BlockList()
LOOPBACK.addAddress('::1', 'ipv6')
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')

/** A name or an address, and perhaps a port; an IPv6 address is captured without its brackets. */
const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+?))\.?(?::\d*)?$/i

/** Whether a `Host` header names this machine: another name may lead here by DNS rebinding. */
export function isLocalHost(host: string | undefined): boolean {
  const [, address, name] = HOST.exec(host ?? '') ?? []
  if (address !== undefined) return isIPv6(address) && LOOPBACK.check(address, 'ipv6')
  return name !== undefined && (isLoopback(name) || /.\.localhost$/i.test(name))
}

/** Whether an `Origin` header is of a page of this machine; `null` is of a page that hides where it comes from. */
export function isLocalOrigin(origin: string): boolean {
  const [, host] = /^https?:\/\/(.*)$/i.exec(origin) ?? []
  return host !== undefined && isLocalHost(host)
}

/**
 * An open service answers nobody who came by a name that is not this machine's, and no page of another site. A browser
 * on this machine would carry their requests past the loopback address.
 */
export function answerLocallyOnly(app: FastifyInstance, isOpen: () => boolean): void {
  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    const { host, origin } = request.headers
    if (!isOpen() || (isLocalHost(host) && (origin === undefined || isLocalOrigin(origin)))) return done()
    sendProblem(reply, 'forbidden', {
      detail:
        'Without API_KEYS only requests to localhost or a loopback address are answered, and of no page of another site.',
    })
  })
}
