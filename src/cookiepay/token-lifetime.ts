/** The lifetime is documented nowhere. This is assumed of a token that does not say (docs/provider.md, Tokens). */
const FALLBACK_LIFETIME_MS = 10 * 60_000

/** A token is used no more this long, or this part of its lifetime, before it expires. */
const LONGEST_MARGIN_MS = 60_000
/** `iat` is a whole second, and the token up to one second older than it says. */
const SHORTEST_MARGIN_MS = 1_000
const MARGIN_PART = 0.1

/**
 * How long a token that was just received can be used. From `exp - iat` where it is a JWT that has both, so
 * that a clock that differs from the provider's does not matter; from `exp` alone; else assumed.
 */
export function usableLifetimeMs(token: string, now = Date.now()): number {
  const lifetimeMs = lifetimeOf(readJwtTimes(token), now)
  const marginMs = Math.min(LONGEST_MARGIN_MS, Math.max(SHORTEST_MARGIN_MS, lifetimeMs * MARGIN_PART))
  return Math.max(0, lifetimeMs - marginMs)
}

function lifetimeOf({ exp, iat }: { exp?: number; iat?: number }, now: number): number {
  if (exp === undefined) return FALLBACK_LIFETIME_MS
  if (iat === undefined) return exp * 1000 - now
  return (exp - iat) * 1000
}

function readJwtTimes(token: string): { exp?: number; iat?: number } {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString())
    return {
      ...(Number.isFinite(payload.exp) && { exp: payload.exp }),
      ...(Number.isFinite(payload.iat) && { iat: payload.iat }),
    }
  } catch {
    return {}
  }
}
