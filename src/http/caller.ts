import type { Scope } from '../config/config.ts'
import { SCOPES } from '../config/config.ts'

/** Who calls, and what it may do. */
export type Caller = Readonly<{ name: string; scopes: readonly Scope[] }>

/** Everybody, while no keys are configured; the configuration allows that on a loopback address only. */
export const OPEN_CALLER: Caller = { name: 'anonymous', scopes: SCOPES }

/** Who reads: what it asked for itself, or everybody's. */
export const READERS = ['read', 'read_all'] as const satisfies readonly Scope[]

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by authentication; null on routes that are open to everybody. */
    caller: Caller | null
  }
  interface FastifyContextConfig {
    /** What a caller's key must allow on this route: one of these. */
    scopes?: readonly Scope[]
  }
}
