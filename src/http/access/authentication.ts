import { hash, timingSafeEqual, type X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiKey, Scope } from '../../config/config.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { type Caller, OPEN_CALLER } from '../caller.ts'
import { sendProblem } from '../problems/send-problem.ts'

/** How often an address may fail to authenticate in a minute. */
const MOST_FAILURES = 100
const FAILURE_WINDOW_MS = 60_000

/** Counts a failure of the request's address; how many seconds it has to wait, where that was one too many. */
type CountFailure = (request: FastifyRequest) => Promise<number | null>

/**
 * Counts failures by address (IPv6: its first 64 bits), for the latest 5,000 of them. Needs the rate limiter to be
 * registered. Whoever guesses learns nothing by being refused later: a key of keygen has 256 bits.
 */
export function limitFailures(api: FastifyInstance, metrics: Metrics): CountFailure {
  const countOne = api.createRateLimit({
    max: MOST_FAILURES,
    timeWindow: FAILURE_WINDOW_MS,
    // A connection that is gone already has no address.
    keyGenerator: ({ ip }) => normalizeIP(ip ?? ''),
  })
  return async (request) => {
    const found = await countOne(request)
    const isTooMany = !found.isAllowed && found.isExceeded
    metrics.countUnauthenticated(isTooMany ? 'rate_limited' : 'unauthenticated')
    return isTooMany ? found.ttlInSeconds : null
  }
}

/**
 * An `onRequest` hook that finds the caller by its key, or else by its client certificate, and checks the route's
 * scopes. `apiKeys` is asked at each request, since keys rotate. Failures alone count against an address, so that who
 * shares it with others, as behind a proxy, is let in all the same.
 */
export function authenticate(apiKeys: () => readonly ApiKey[] | null, countFailure: CountFailure) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const caller = findCaller(apiKeys(), request)
    if (caller === null) {
      countFailure(request).then((waitSeconds) => turnAway(reply, waitSeconds), done)
      return
    }
    request.caller = caller
    const { scopes } = request.routeOptions.config
    if (scopes !== undefined && !scopes.some((scope) => caller.scopes.includes(scope))) {
      sendLacksScope(reply, scopes)
      return
    }
    done()
  }
}

function turnAway(reply: FastifyReply, waitSeconds: number | null): void {
  if (waitSeconds === null) {
    reply.header('WWW-Authenticate', 'Bearer')
    sendProblem(reply, 'unauthenticated', { detail: 'Send a configured key as Authorization: Bearer <key>.' })
  } else {
    reply.header('Retry-After', waitSeconds)
    sendProblem(reply, 'rate_limited', {
      detail:
        'Too many requests without a configured key came from this address. Send one that is configured.',
    })
  }
}

/** Whether the caller may send such a body: what pays out to any bank account takes a scope of its own. */
export function mayPayOut({ scopes }: Caller, body: Readonly<{ refund_account?: unknown }>): boolean {
  return body.refund_account === undefined || scopes.includes('refund_account')
}

/** Answers a caller whose key allows none of these. */
export function sendLacksScope(reply: FastifyReply, scopes: readonly Scope[]): FastifyReply {
  return sendProblem(reply, 'forbidden', { detail: `This key lacks the scope ${scopes.join(' or ')}.` })
}

/** A key that is sent counts, also where it is wrong: the certificate then only opened the connection. */
function findCaller(
  apiKeys: readonly ApiKey[] | null,
  { headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>,
): Caller | null {
  if (apiKeys === null) return OPEN_CALLER
  if (headers.authorization !== undefined) return findByKey(apiKeys, headers.authorization)
  if (isOfAnotherSite(headers)) return null
  const certificate = certificateOf(raw.socket)
  return certificate === undefined ? null : findByCertificate(apiKeys, certificate)
}

/** A browser shows its certificate for whatever page asks it to, and says which one did (Fetch Metadata). */
function isOfAnotherSite({ 'sec-fetch-site': site }: FastifyRequest['headers']): boolean {
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Every configured key is compared, each in constant time, so that the time taken tells nothing. */
function findByKey(apiKeys: readonly ApiKey[], authorization: string): Caller | null {
  const key = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1]
  if (key === undefined) return null
  const digest = hash('sha256', key, 'buffer')
  let caller: Caller | null = null
  for (const { caller: name, sha256, scopes } of apiKeys) {
    if (sha256 !== null && timingSafeEqual(digest, sha256)) caller = { name, scopes }
  }
  return caller
}

/**
 * OpenSSL compares (RFC 9525: the DNS names; the common name counts only where there is none), not a parser of
 * our own. A certificate with the names of two callers is neither's.
 */
function findByCertificate(apiKeys: readonly ApiKey[], certificate: X509Certificate): Caller | null {
  const [found, ...others] = apiKeys.filter(
    ({ caller, sha256 }) =>
      sha256 === null && certificate.checkHost(caller, { wildcards: false }) !== undefined,
  )
  return found === undefined || others.length > 0 ? null : { name: found.caller, scopes: found.scopes }
}

const certificates = new WeakMap<Socket, X509Certificate>()

/** Read once for each connection. Only what the configured authority signed gets this far. */
function certificateOf(socket: Socket): X509Certificate | undefined {
  const known = certificates.get(socket)
  if (known !== undefined || !(socket instanceof TLSSocket) || !socket.authorized) return known
  const certificate = socket.getPeerX509Certificate()
  if (certificate !== undefined) certificates.set(socket, certificate)
  return certificate
}
