/**
 * Time that only moves forward, in milliseconds, for measuring how long something took. It counts the time
 * for which the machine was suspended.
 */
export type MonotonicClock = () => number
