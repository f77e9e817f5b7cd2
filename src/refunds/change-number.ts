import type { StoredRefund } from './stored-refund.ts'

/** How many changes of its state a refund has had. */
export function changeNumber({ refund, history }: StoredRefund): number {
  const earlier = history.filter(({ event }) => event === 'unknown' || event === 'failed').length
  const isFinal = refund.status === 'succeeded' || (refund.status === 'failed' && !refund.disputed)
  const disputes = history.filter(({ event }) => event === 'failed').length
  return earlier + disputes + Number(isFinal)
}
