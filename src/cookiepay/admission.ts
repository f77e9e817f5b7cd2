import CircuitBreaker from 'opossum'
import pLimit from 'p-limit'
import { NOTHING_SENT, type NotSent } from '../refunds/ports.ts'

/** How many calls of one account may be under way; more wait. */
export const MAX_CALLS = 64

/** A call that has not begun by then is turned away, and so is one that would make the queue longer. */
const LONGEST_WAIT_MS = 2_000
const LONGEST_QUEUE = 1_000

/**
 * The breaker opens when nearly all of at least this many calls in the window could not connect or ended
 * unknown. A few are the provider's everyday; a run of them means that each further call would be one more
 * unknown for a person to look at.
 */
export const BREAKER_LEAST_CALLS = 100
const BREAKER_WINDOW_MS = 60_000
const BREAKER_FAILED_PERCENTAGE = 90

/** After this one call is let through, to see. */
const BREAKER_OPEN_MS = 3_000

/** Carries the outcome of a call that failed past the breaker, which counts errors. */
class FailedCall extends Error {
  readonly outcome: unknown

  constructor(outcome: unknown) {
    super('the provider failed')
    this.outcome = outcome
  }
}

export type Admission = Readonly<{
  /** Runs `work` with a place among the calls, or turns it away, unrun. */
  run<Result>(work: () => Promise<Result>): Promise<Result | NotSent>
  /** Makes a call from within such work, unless calls were paused meanwhile. */
  call<Outcome>(
    send: () => Promise<Outcome>,
    hasFailed: (outcome: Outcome) => boolean,
  ): Promise<Outcome | NotSent>
  isOpen(): boolean
  close(): void
}>

/** The door to the calls of one account: so many at a time, and none while the provider keeps failing. */
export function createAdmission(): Admission {
  const limit = pLimit(MAX_CALLS)
  // Counts calls alone: work that came to none, and work that was turned away, say nothing of the provider.
  const breaker = new CircuitBreaker(
    async (send: () => Promise<unknown>, hasFailed: (outcome: unknown) => boolean) => {
      const outcome = await send()
      if (hasFailed(outcome)) throw new FailedCall(outcome)
      return outcome
    },
    {
      timeout: false,
      rollingCountTimeout: BREAKER_WINDOW_MS,
      volumeThreshold: BREAKER_LEAST_CALLS,
      errorThresholdPercentage: BREAKER_FAILED_PERCENTAGE,
      resetTimeout: BREAKER_OPEN_MS,
      // Else all latencies of the window are sorted again at each failure, and every few seconds: nobody reads them.
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    },
  )
  let isTrying = false

  async function enter<Result>(work: () => Promise<Result>): Promise<Result | NotSent> {
    if (breaker.closed) return work()
    if (breaker.opened || isTrying) return turnedAway(PAUSED)
    isTrying = true
    try {
      return await work()
    } finally {
      isTrying = false
    }
  }

  function waitForPlace<Result>(work: () => Promise<Result>): Promise<Result | NotSent> {
    return new Promise((resolve, reject) => {
      let hasLeft = false
      const timer = setTimeout(() => {
        hasLeft = true
        resolve(turnedAway(CROWDED))
      }, LONGEST_WAIT_MS)
      limit(async () => {
        if (hasLeft) return
        clearTimeout(timer)
        await enter(work).then(resolve, reject)
      })
    })
  }

  return {
    async run(work) {
      if (limit.activeCount < MAX_CALLS) return limit(() => enter(work))
      if (limit.pendingCount >= LONGEST_QUEUE) return turnedAway(CROWDED)
      return waitForPlace(work)
    },
    async call<Outcome>(send: () => Promise<Outcome>, hasFailed: (outcome: Outcome) => boolean) {
      try {
        return (await breaker.fire(send, hasFailed as (outcome: unknown) => boolean)) as Outcome
      } catch (error) {
        if (error instanceof FailedCall) return error.outcome as Outcome
        if (CircuitBreaker.isOurError(error as Error)) return turnedAway(PAUSED)
        throw error
      }
    },
    isOpen: () => breaker.opened,
    close: () => breaker.shutdown(),
  }
}

const PAUSED = 'The provider has been failing, so calls to it are paused.'
const CROWDED = 'Too many calls wait for the provider.'

function turnedAway(reason: string): NotSent {
  return {
    outcome: 'not_sent',
    code: 'provider_unavailable',
    detail: `${reason} ${NOTHING_SENT}`,
  }
}
