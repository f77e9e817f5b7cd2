import CircuitBreaker from 'opossum'
import pLimit from 'p-limit'
import type { NotSent } from '../refunds/ports.ts'

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

/** Carries the result of work of which the provider's part failed past the breaker, which counts errors. */
class FailedWork extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super('the provider failed')
    this.result = result
  }
}

export type Admission = Readonly<{
  /** Runs `work`, which says of each call whether the provider failed; or turns it away, unrun. */
  run<Result>(work: (callFailed: () => void) => Promise<Result>): Promise<Result | NotSent>
  isOpen(): boolean
  close(): void
}>

/** The door to the calls of one account: so many at a time, and none while the provider keeps failing. */
export function createAdmission(): Admission {
  const limit = pLimit(MAX_CALLS)
  const breaker = new CircuitBreaker(
    async (work: (callFailed: () => void) => Promise<unknown>) => {
      let hasFailed = false
      const result = await work(() => {
        hasFailed = true
      })
      if (hasFailed) throw new FailedWork(result)
      return result
    },
    {
      timeout: false,
      rollingCountTimeout: BREAKER_WINDOW_MS,
      volumeThreshold: BREAKER_LEAST_CALLS,
      errorThresholdPercentage: BREAKER_FAILED_PERCENTAGE,
      resetTimeout: BREAKER_OPEN_MS,
      // A store that fails inside the work is not the provider's failure.
      errorFilter: (error) => !(error instanceof FailedWork),
    },
  )

  async function fire<Result>(work: (callFailed: () => void) => Promise<Result>): Promise<Result | NotSent> {
    try {
      return (await breaker.fire(work)) as Result
    } catch (error) {
      if (error instanceof FailedWork) return error.result as Result
      if (CircuitBreaker.isOurError(error as Error)) {
        return turnedAway('The provider has been failing, so calls to it are paused.')
      }
      throw error
    }
  }

  function waitForPlace<Result>(
    work: (callFailed: () => void) => Promise<Result>,
  ): Promise<Result | NotSent> {
    return new Promise((resolve, reject) => {
      let hasLeft = false
      const timer = setTimeout(() => {
        hasLeft = true
        resolve(turnedAway('Too many calls wait for the provider.'))
      }, LONGEST_WAIT_MS)
      limit(async () => {
        if (hasLeft) return
        clearTimeout(timer)
        await fire(work).then(resolve, reject)
      })
    })
  }

  return {
    async run(work) {
      if (limit.activeCount < MAX_CALLS) return limit(() => fire(work))
      if (limit.pendingCount >= LONGEST_QUEUE) return turnedAway('Too many calls wait for the provider.')
      return waitForPlace(work)
    },
    isOpen: () => breaker.opened,
    close: () => breaker.shutdown(),
  }
}

function turnedAway(reason: string): NotSent {
  return {
    outcome: 'not_sent',
    code: 'provider_unavailable',
    detail: `${reason} Nothing was sent: try again.`,
  }
}
