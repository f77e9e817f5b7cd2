import type { RefundStore } from '../refunds/ports/store.ts'
import type { Refund } from '../refunds/refund.ts'
import { listRefunds } from './lua/list-refunds.ts'
import type { Scripts } from './lua/scripts.ts'

/** How many refunds of a payment are read at a time for a page of those that match. */
const MOST_READ = 100

type Query = Parameters<RefundStore['listByPayment']>[0]
type Page = Awaited<ReturnType<RefundStore['listByPayment']>>

/** A page of the payment's refunds that match, and its ledger at the moment of the last look. Throws StoreError. */
export async function listByPayment(
  redis: Scripts,
  { merchant, tid, limit, cursor, matches }: Query,
): Promise<Page> {
  const found: Refund[] = []
  for (let from = cursor ?? '1', count = limit; ; count = MOST_READ) {
    const { next, ledger, bookings, refunds } = await listRefunds(redis, {
      merchant,
      tid,
      from,
      limit: count,
    })
    for (const { number, refund } of refunds) {
      if (matches?.(refund) === false) continue
      if (found.length === limit) return { ledger, bookings, refunds: found, nextCursor: number }
      found.push(refund)
    }
    if (next === null || found.length === limit) {
      return { ledger, bookings, refunds: found, nextCursor: next }
    }
    from = next
  }
}
