import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { forgetOldest } from './forget-oldest.ts'

/** The account that a token was issued for. */
export type Grant = { readonly id: string; readonly key: string; readonly expiresAtMs: number }

export type Tokens = ReturnType<typeof createTokens>

const MAX_TOKENS = 100_000

/**
 * Issued tokens, in memory; the oldest is forgotten beyond a hundred thousand. A token is a JWT (HS256) of
 * `user`, `iat` and `exp`, as one of the provider's seen in the open; `jti` makes each its own.
 */
export function createTokens(lifetimeMs: number) {
  const secret = randomBytes(32)
  const grants = new Map<string, Grant>()
  let issued = 0

  return {
    issue({ id, key }: { id: string; key: string }): string {
      const now = Date.now()
      // JWT dates are whole seconds, so that a lifetime of half a second ends before its `exp`.
      const iat = Math.floor(now / 1000)
      const exp = iat + Math.ceil(lifetimeMs / 1000)
      const token = signedToken({ user: id, iat, exp, jti: randomUUID() }, secret)
      grants.set(token, { id, key, expiresAtMs: now + lifetimeMs })
      issued += 1
      forgetOldest(grants, MAX_TOKENS)
      return token
    },

    /** The token's account, unless it is unknown, revoked or expired. */
    find(token: string): Grant | null {
      const grant = grants.get(token)
      return grant && Date.now() < grant.expiresAtMs ? grant : null
    },

    revokeAll: () => grants.clear(),
    issuedCount: () => issued,
  }
}

function signedToken(payload: object, secret: Buffer): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${encoded({ typ: 'JWT', alg: 'HS256' })}.${encoded(payload)}`
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}
