import CircuitBreaker from 'opossum'
import { NOTHING_SENT } from '../refunds/nothing-sent.ts'
import type { CancelCall, CancelOutcome, NotSent, Place } from '../refunds/ports/provider.ts'
import { providerHasFailed } from './cancel-outcome.ts'
import { createPlaces } from './places.ts'

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
  readonly outcome: CancelOutcome

  constructor(outcome: CancelOutcome) {
    super('the provider failed')
    this.outcome = outcome
  }
}

/** The door to the cancel calls of one account. */
export type Admission = Readonly<{
  /** A place among the calls for this caller, or why it was turned away. */
  enter(caller: string): Promise<Place | NotSent>
  /** Whether calls are paused. */
  isOpen(): boolean
  close(): void
}>

/** So many calls at a time, shared fairly among callers (places.ts), and none while the provider keeps failing. */
export function createAdmission(cancel: CancelCall): Admission {
  const places = createPlaces()
  const breaker = createBreaker(cancel)
  let isTrying = false

  // Paused also within a place: the breaker may have opened since that was taken.
  const call: CancelCall = async (request, token) => {
    try {
      return await breaker.fire(request, token)
    } catch (error) {
      if (error instanceof FailedCall) return error.outcome
      if (CircuitBreaker.isOurError(error as Error)) return turnedAway(PAUSED)
      throw error
    }
  }

  return {
    async enter(caller) {
      const leave = places.take(caller) ?? (await places.wait(caller))
      if (leave === null) return turnedAway(CROWDED)
      if (breaker.closed) return { outcome: 'admitted', cancel: call, leave }
      if (breaker.opened || isTrying) {
        leave()
        return turnedAway(PAUSED)
      }
      isTrying = true
      const endTrial = () => {
        isTrying = false
        leave()
      }
      return { outcome: 'admitted', cancel: call, leave: endTrial }
    },
    isOpen: () => breaker.opened,
    close: () => breaker.shutdown(),
  }
}

/**
 * It counts calls alone: a place in which none was made, and a caller who was turned away, say nothing of the
 * provider.
 */
function createBreaker(cancel: CancelCall): CircuitBreaker<Parameters<CancelCall>, CancelOutcome> {
  const callOrThrow: CancelCall = async (request, token) => {
    const outcome = await cancel(request, token)
    if (providerHasFailed(outcome)) throw new FailedCall(outcome)
    return outcome
  }
  return new CircuitBreaker(callOrThrow, {
    timeout: false,
    rollingCountTimeout: BREAKER_WINDOW_MS,
    volumeThreshold: BREAKER_LEAST_CALLS,
    errorThresholdPercentage: BREAKER_FAILED_PERCENTAGE,
    resetTimeout: BREAKER_OPEN_MS,
    // Else all latencies of the window are sorted again at each failure, and every few seconds: nobody reads them.
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  })
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
