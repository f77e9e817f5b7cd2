import type { PaymentReport } from './check-payment.ts'
import type { AppliedPayment, CancelTimes, Histories, Pause } from './histories.ts'
import { SPACING_MS } from './limits.ts'

type Pauses = Pick<Histories, 'pauses'>

/** A call that waited in front of a stopped sandbox may be heeded this long after it goes on. */
const BACKLOG_MS = 1_500

/**
 * By the sandbox's clock. A gateway counts from the outcome, which is later than the begin of a call that was heeded
 * when it was sent.
 */
export function checkSpacing(applied: AppliedPayment, { pauses }: Pauses, report: PaymentReport): void {
  for (const [one, next] of pairs(applied)) {
    const gapMs = next.beganMs - one.beganMs
    if (gapMs < SPACING_MS && !isAnyStopped(pauses.filter(isOfSandbox), one, next)) {
      report('spacing', `cancels began at ${one.beganMs} and ${next.beganMs} ms, ${gapMs} ms apart`)
    }
  }
}

/** A call ends when it is answered or its connection is closed. That of a stopped gateway stays open. */
export function checkOverlap(applied: AppliedPayment, { pauses }: Pauses, report: PaymentReport): void {
  for (const [one, next] of pairs(applied)) {
    const isOver = one.endedMs !== null && one.endedMs <= next.beganMs
    if (!isOver && !isAnyStopped(pauses, one, next)) {
      report(
        'overlap',
        `a cancel began at ${next.beganMs} ms, beside one from ${one.beganMs} to ${one.endedMs} ms`,
      )
    }
  }
}

/** Each cancel and the one that follows. */
export function pairs({ underWay }: AppliedPayment): [CancelTimes, CancelTimes][] {
  const inOrder = [...underWay].sort((one, other) => one.beganMs - other.beganMs)
  return inOrder.slice(1).map((next, index) => [inOrder[index] as CancelTimes, next])
}

const isOfSandbox = ({ name }: Pause) => name === 'sandbox'

/** Whether any of these pauses was between the two, or held the first of them up. */
function isAnyStopped(pauses: readonly Pause[], one: CancelTimes, next: CancelTimes): boolean {
  return pauses.some(({ fromMs, toMs }) => fromMs <= next.beganMs && toMs + BACKLOG_MS >= one.beganMs)
}
