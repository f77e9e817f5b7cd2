import type { RefundStoreOptions } from '../../src/store/refund-store.ts'

/** Of a store whose Redis is on this machine, and whose tests go by its clock. */
export function storeTimes(leaseMs: number): Pick<RefundStoreOptions, 'now' | 'clock' | 'longestLeaseMs'> {
  return { now: () => Date.now(), clock: () => performance.now(), longestLeaseMs: () => leaseMs }
}
