/** The run's own order of events, and its time. */
export type RunClock = Readonly<{
  /** A number above all that were given before: requests and answers are ordered by it. */
  step(): number
  /** Milliseconds since the start. */
  ms(): number
  /** The same of a time of the machine's clock. */
  msOf(date: string): number
}>

export function createRunClock(): RunClock {
  const startedAt = performance.now()
  const startedOn = Date.now()
  let steps = 0
  return {
    step: () => ++steps,
    ms: () => Math.round(performance.now() - startedAt),
    msOf: (date) => Date.parse(date) - startedOn,
  }
}
