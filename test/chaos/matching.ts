import type { Refund } from '../../src/refunds/refund.ts'
import { type Cancel, faultOf, paidAmount } from './histories.ts'

/** How much less the sandbox's fault `mismatch` cancels than it is asked. */
const MISMATCH = 100

/** What the sandbox cancels for a refund. */
export function cancelledAmount({ tid, amount }: Pick<Refund, 'tid' | 'amount'>): number {
  return faultOf(tid) === 'mismatch' ? Math.max(1, amount - MISMATCH) : amount
}

/** Which refund of a payment each applied cancel belongs to, and the cancels that belong to none. */
export type Match = Readonly<{ cancelOf: ReadonlyMap<Refund, Cancel>; strays: readonly Cancel[] }>

/**
 * Finds for each cancel the refund that stands for it: the one that names it, else one of its amount that
 * has not failed. The run gives the refunds of a payment different amounts, so there is one at most.
 */
export function matchCancels(refunds: readonly Refund[], cancels: readonly Cancel[]): Match {
  const cancelOf = new Map<Refund, Cancel>()
  const named = (cancel: Cancel) =>
    refunds.find(
      ({ status, provider }) => status === 'succeeded' && provider?.cancel_tid === cancel.cancel_tid,
    )
  const left = cancels.filter((cancel) => {
    const refund = named(cancel)
    if (refund !== undefined) cancelOf.set(refund, cancel)
    return refund === undefined
  })
  const strays = left.filter((cancel) => {
    const fits = (refund: Refund) => !cancelOf.has(refund) && cancelledAmount(refund) === cancel.amount
    const refund =
      refunds.find((refund) => refund.status === 'succeeded' && fits(refund)) ??
      refunds.find((refund) => (refund.status !== 'failed' || isDisputed(refund)) && fits(refund))
    if (refund !== undefined) cancelOf.set(refund, cancel)
    return refund === undefined
  })
  return { cancelOf, strays }
}

/** Called failed by somebody, and succeeded by the provider. */
export function isDisputed(refund: Refund): boolean {
  return 'disputed' in refund && refund.disputed === true
}

/** The lookup takes no longer ones. */
const LONGEST_LOOKUP_TID = 20

/** Whether the provider's lookup shows that this refund's cancel was applied. */
export function isFoundByLookup(refund: Refund, cancel: Cancel | undefined): boolean {
  const isWhole = cancel?.amount === paidAmount(refund.tid)
  return refund.kind === 'full' && isWhole && refund.tid.length <= LONGEST_LOOKUP_TID
}
