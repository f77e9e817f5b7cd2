import type { Refund } from '../refund.ts'
import type { Refusal } from '../rules/refusals.ts'

/** The answer to one `POST /refunds`: a refund whose state is known or `unknown`, or a refusal. */
export type RefundAnswer =
  | Readonly<{ answer: 'refund'; refund: Refund; replayed: boolean }>
  | Readonly<{ answer: 'refused'; refusal: Refusal }>

/** The answer that nothing was made, and why. */
export function refused(refusal: Refusal): RefundAnswer {
  return { answer: 'refused', refusal }
}
