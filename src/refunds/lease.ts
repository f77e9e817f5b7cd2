import type { MonotonicClock } from './clock.ts'

/**
 * The lease is this much longer than one provider call may take (docs/operating.md, Unknown and disputed
 * refunds). A call that starts this soon after begin is over before the lease is.
 */
export const LEASE_SLACK_MS = 5_000

/**
 * A claim is only acted on for this long after it was read. The mark that it was abandoned must outlive this.
 * A process that was stopped for longer finds out here, before it relays.
 */
export const CLAIM_TRUST_MS = 10 * 60_000

/** How long a refund is its attempt's own: one call, and what comes before it. */
export function leaseMs({
  connectTimeoutMs,
  timeoutMs,
}: Readonly<{ connectTimeoutMs: number; timeoutMs: number }>): number {
  return connectTimeoutMs + timeoutMs + LEASE_SLACK_MS
}

/** How many milliseconds of an attempt's lease are left, asked now; negative once it is over. */
export type LeaseLeft = () => number

/**
 * A lease that the store has granted after `askedAt`, and so ends no sooner than this says. By a clock that counts
 * the time for which the process or its machine was suspended, since the store's clock goes on meanwhile.
 */
export function startLease(
  clock: MonotonicClock,
  { askedAt, leaseMs }: Readonly<{ askedAt: number; leaseMs: number }>,
): LeaseLeft {
  return () => askedAt + leaseMs - clock()
}
