import type { MonotonicClock } from '../clock.ts'

/** How long a request waits for other refunds of its payment, all in all. */
export const PAYMENT_WAIT_MS = 5_000

/** How long a request still waits for its payment. It is only made for one that has to. */
export type Patience = Readonly<{
  /** Negative once it is over. */
  leftMs(): number
  /** Aborted once nobody waits for the answer any more. */
  signal: AbortSignal | undefined
  /**
   * Waits until the store is worth asking again: for what is left of a spacing, or else (null) a little longer than the
   * last time. False: there is no time left for that, or nobody waits any more.
   */
  pause(retryAfterMs: number | null): Promise<boolean>
}>

/** How soon another process is asked after that has the payment, and how soon at the most. */
const FIRST_POLL_MS = 50
const LONGEST_POLL_MS = 250

/** Begins to wait. `hungUp`: made when it is needed first, which for most requests is never. */
export function startPatience(clock: MonotonicClock, hungUp: (() => AbortSignal) | undefined): Patience {
  const endsAt = clock() + PAYMENT_WAIT_MS
  const signal = hungUp?.()
  const leftMs = () => endsAt - clock()
  let pollMs = FIRST_POLL_MS

  return {
    leftMs,
    signal,
    async pause(retryAfterMs) {
      if (signal?.aborted || (retryAfterMs ?? 0) >= leftMs()) return false
      await sleep(retryAfterMs ?? Math.min(pollMs, leftMs()), signal)
      if (retryAfterMs === null) pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)
      return !signal?.aborted && leftMs() > 0
    },
  }
}

/** Until then, or until it is aborted. */
function sleep(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    // A pause of nothing would ask the store as fast as it answers.
    const timer = setTimeout(end, Math.max(1, Math.ceil(durationMs)))
    signal?.addEventListener('abort', end)
  })
}
