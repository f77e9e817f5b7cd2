/**
 * How long each step of one refund took, in milliseconds; 0: it was not come to. `turnMs` is the wait for other refunds
 * of the payment, `admissionMs` the one for a place among the calls to the provider. A token that is renewed counts as
 * part of the relay.
 */
export type StepTimings = {
  readonly startedAt: number
  /** When the last step ended; the next one began then. */
  lastAt: number
} & Record<RefundStep, number>

/** The steps of a refund in their order (docs/architecture.md). */
export const REFUND_STEPS = [
  'claimMs',
  'tokenMs',
  'turnMs',
  'admissionMs',
  'beginMs',
  'relayMs',
  'settleMs',
] as const
export type RefundStep = (typeof REFUND_STEPS)[number]

/** One object for the whole of a refund: this is the hot path. */
export function startTimings(now: number): StepTimings {
  return {
    startedAt: now,
    lastAt: now,
    claimMs: 0,
    tokenMs: 0,
    turnMs: 0,
    admissionMs: 0,
    beginMs: 0,
    relayMs: 0,
    settleMs: 0,
  }
}

/** Ends a step, or a further part of one; what comes next belongs to the step that is ended next. */
export function endStep(timings: StepTimings, step: RefundStep, now: number): void {
  timings[step] += now - timings.lastAt
  timings.lastAt = now
}
