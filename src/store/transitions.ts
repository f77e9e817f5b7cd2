import type { Refund } from '../refunds/refund.ts'
import { type RefundState, TRANSITIONS } from '../refunds/refund-states.ts'

/**
 * How far one settlement can lead from each state: nowhere, one step of the table, or two, since a refund that fails
 * may be disputed in the same script.
 */
const WAYS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(TRANSITIONS).map(([before, next]) => {
    const beyond = next.includes('failed') ? ['disputed'] : []
    return [before, new Set<string>([before, ...next, ...beyond])]
  }),
)

/** A refund's status, or that it is disputed. */
export function stateOf({ status, disputed }: Refund): RefundState {
  return disputed ? 'disputed' : status
}

/** Throws where the table of transitions has no way between the states that a script found and left. */
export function assertTransition({ before, after }: Readonly<{ before: string; after: RefundState }>): void {
  if (WAYS.get(before)?.has(after) !== true) throw new Error(`bug: a refund went from ${before} to ${after}`)
}
