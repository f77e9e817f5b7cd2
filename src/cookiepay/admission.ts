import CircuitBreaker from 'opossum'
import { NOTHING_SENT } from '../refunds/nothing-sent.ts'
import type { NotSent } from '../refunds/ports/provider.ts'

/** How many calls of one account may be under way, whoever asked for them; more wait. */
export const MAX_CALLS = 64

/**
 * Further places. A caller gets one of them only while it has fewer calls under way than are left of them, so that who
 * comes when others hold all the rest still gets in at once, also where several come.
 */
export const RESERVED_CALLS = 16

/** A call that has not begun by then is turned away, and so is one that would make its caller's queue longer. */
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
  /**
   * Runs `work` with a place among the calls, or turns it away, unrun. Of those who wait, the caller with the fewest
   * calls under way is next.
   */
  run<Result>(caller: string, work: () => Promise<Result>): Promise<Result | NotSent>
  /** Makes a call from within such work, unless calls were paused meanwhile. */
  call<Outcome>(
    send: () => Promise<Outcome>,
    hasFailed: (outcome: Outcome) => boolean,
  ): Promise<Outcome | NotSent>
  isOpen(): boolean
  close(): void
}>

/** What one caller has under way and waiting, first come first. Kept: callers are as many as are configured. */
type Share = { held: number; readonly waiting: Set<Waiter> }
type Waiter = () => void

/** The door to the calls of one account: so many at a time, and none while the provider keeps failing. */
export function createAdmission(): Admission {
  const shares = new Map<string, Share>()
  let held = 0
  let waiting = 0

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

  function shareOf(caller: string): Share {
    let share = shares.get(caller)
    if (share === undefined) {
      share = { held: 0, waiting: new Set() }
      shares.set(caller, share)
    }
    return share
  }

  function hasPlaceFor(share: Share): boolean {
    return held < MAX_CALLS || share.held < MAX_CALLS + RESERVED_CALLS - held
  }

  async function hold<Result>(share: Share, work: () => Promise<Result>): Promise<Result | NotSent> {
    held += 1
    share.held += 1
    try {
      return await enter(work)
    } finally {
      held -= 1
      share.held -= 1
      if (waiting > 0) letIn()
    }
  }

  /** Lets in who waits, as long as there is a place: where the one with the fewest calls gets none, nobody does. */
  function letIn(): void {
    for (;;) {
      let next: Share | undefined
      for (const share of shares.values()) {
        if (share.waiting.size > 0 && (next === undefined || share.held < next.held)) next = share
      }
      if (next === undefined || !hasPlaceFor(next)) return
      const [enterNow] = next.waiting
      enterNow?.()
    }
  }

  function waitForPlace<Result>(share: Share, work: () => Promise<Result>): Promise<Result | NotSent> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        share.waiting.delete(enterNow)
        waiting -= 1
      }
      const enterNow = () => {
        leave()
        hold(share, work).then(resolve, reject)
      }
      const timer = setTimeout(() => {
        leave()
        resolve(turnedAway(CROWDED))
      }, LONGEST_WAIT_MS)
      share.waiting.add(enterNow)
      waiting += 1
    })
  }

  return {
    async run(caller, work) {
      const share = shareOf(caller)
      if (hasPlaceFor(share)) return hold(share, work)
      if (share.waiting.size >= LONGEST_QUEUE) return turnedAway(CROWDED)
      return waitForPlace(share, work)
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
