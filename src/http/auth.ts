import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiKey, Scope } from '../config.ts'
import { SCOPES } from '../config.ts'
import { sendProblem } from './send-problem.ts'

/** Who calls, and what it may do. */
export type Caller = Readonly<{ name: string; scopes: readonly Scope[] }>

/** Everybody, while no keys are configured; the configuration allows that on a loopback address only. */
export const OPEN_CALLER: Caller = { name: 'anonymous', scopes: SCOPES }

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link authenticate}; null on routes that are open to everybody. */
    caller: Caller | null
  }
  interface FastifyContextConfig {
    /** What a caller's key must allow on this route. */
    scope?: Scope
  }
}

/** An `onRequest` hook that finds the caller by its key and checks the route's scope. */
export function authenticate(apiKeys: readonly ApiKey[] | null) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const caller = apiKeys === null ? OPEN_CALLER : findCaller(apiKeys, request.headers.authorization)
    if (caller === null) {
      reply.header('WWW-Authenticate', 'Bearer')
      return sendProblem(reply, 'unauthenticated', {
        detail: 'Send a configured key as Authorization: Bearer <key>.',
      })
    }
    request.caller = caller
    const { scope } = request.routeOptions.config
    if (scope !== undefined && !caller.scopes.includes(scope)) {
      return sendProblem(reply, 'forbidden', { detail: `This key lacks the scope ${scope}.` })
    }
  }
}

/** Every configured key is compared, each in constant time, so that the time taken tells nothing. */
function findCaller(apiKeys: readonly ApiKey[], authorization: string | undefined): Caller | null {
  const key = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1]
  if (key === undefined) return null
  const digest = hash('sha256', key, 'buffer')
  let caller: Caller | null = null
  for (const { caller: name, sha256, scopes } of apiKeys) {
    if (timingSafeEqual(digest, sha256)) caller = { name, scopes }
  }
  return caller
}
