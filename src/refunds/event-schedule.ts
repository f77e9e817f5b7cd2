const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** How long an event waits after each failed attempt; the last one again and again. */
export const RETRY_PAUSES_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
]

/** For how long an event is tried, as the contract has it. */
export const TRIED_FOR_MS = 72 * HOUR_MS

/** By how much of itself a pause may be shorter, so that what failed together is not tried together. */
const JITTER = 0.2

/** How long an event waits after this many attempts, all of which failed. */
export function retryPauseMs(attempts: number): number {
  const index = Math.min(Math.max(attempts, 1), RETRY_PAUSES_MS.length) - 1
  return RETRY_PAUSES_MS[index] as number
}

/** How much of that pause counts as over already; `chance` from 0 to 1. */
export function jitterMs(attempts: number, chance: number): number {
  return Math.floor(retryPauseMs(attempts) * JITTER * chance)
}

/** Whether no further attempt comes within the time: what has waited for longer before its first one gets that. */
export function isLastAttempt({ attempts, ageMs }: Readonly<{ attempts: number; ageMs: number }>): boolean {
  return ageMs + retryPauseMs(attempts) > TRIED_FOR_MS
}
