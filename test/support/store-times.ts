import type { RefundStoreOptions } from '../../src/store/refund-store.ts'

/** Of a store whose Redis is on this machine, and whose tests go by its clock. */
export function storeTimes(leaseMs: number): Pick<RefundStoreOptions, 'now' | 'clock' | 'longestLeaseMs'> {
  // As it is now: a test may put another clock in the place of this process's.
  return { now: Date.now, clock: () => performance.now(), longestLeaseMs: () => leaseMs }
}
