import { uptime } from 'node:os'
import type { MonotonicClock } from '../refunds/clock.ts'

/** Where the time comes from, in milliseconds. */
export type TimeSources = Readonly<{
  /** Stands still while the machine is suspended (CLOCK_MONOTONIC). */
  monotonic(): number
  /** Goes on while it is, but can be set. */
  wall(): number
  /** Goes on, and nobody sets it (CLOCK_BOOTTIME); costs the read of a file, and is exact to 10 ms. */
  sinceBoot(): number
}>

const SYSTEM: TimeSources = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  sinceBoot: () => uptime() * 1_000,
}

/** The wall clock is read in whole milliseconds, and slewed by up to half a millisecond a second. */
const NOTICED_MS = 5

/**
 * A clock for leases: never goes back, and counts the time for which the machine was suspended. It is the
 * monotonic clock for as long as the wall clock keeps in step with it. A wall clock that has gone ahead of it
 * tells that the machine was suspended or the clock set. Both are counted: a lease that is thought over too
 * early only leaves a call unmade. A wall clock that was set back hides a suspension, which the time since
 * boot tells. What no clock of the machine counts, such as a virtual machine that was stopped and whose
 * clocks nobody has put right, is not seen.
 */
export function createSuspendAwareClock(sources: TimeSources = SYSTEM): MonotonicClock {
  let ahead = sources.wall() - sources.monotonic()
  let asleep = sources.sinceBoot() - sources.monotonic()
  let suspended = 0

  return () => {
    const monotonic = sources.monotonic()
    const moved = sources.wall() - monotonic - ahead
    if (Math.abs(moved) >= NOTICED_MS) {
      const asleepNow = sources.sinceBoot() - monotonic
      suspended += Math.max(0, moved, asleepNow - asleep)
      ahead += moved
      asleep = asleepNow
    }
    return monotonic + suspended
  }
}
