/** The run's own order of events, and its time. */
export type RunClock = Readonly<{
  /** A number above all that were given before: requests and answers are ordered by it. */
  step(): number
  /** Milliseconds since the start. */
  ms(): number
}>

export function createRunClock(): RunClock {
  const startedAt = performance.now()
  let steps = 0
  return {
    step: () => ++steps,
    ms: () => Math.round(performance.now() - startedAt),
  }
}
