import type { Refund } from '../refund.ts'
import { type ChangeFilter, type ChangeParts, changedRefunds, completeUntilMs } from './changed-refunds.ts'
import type { Place } from './entries-in-order.ts'

/** Where a page begins: its list's end, which the first page has fixed, in milliseconds since 1970, and what it is behind. */
export type PageStart = Readonly<{ toMs: number; place: Place }>

/** One page; `next` null: there are no more. */
export type TimePage = Readonly<{ refunds: readonly Refund[]; next: PageStart | null }>

/**
 * A page of the refunds that changed last within the span, oldest first: full, unless it is the last. `after`: the
 * `next` of the page before; `signal`: nobody waits for it any more. A list ends where it ended for its first page, so
 * that it has an end however many refunds are made, and none is in it twice. Throws StoreError.
 */
export async function listByTime(
  parts: ChangeParts,
  filter: ChangeFilter,
  { limit, after, signal }: Readonly<{ limit: number; after: PageStart | null; signal?: AbortSignal }>,
): Promise<TimePage> {
  const page: Refund[] = []
  const toMs = after?.toMs ?? completeUntilMs(parts, filter.toMs)
  const isNarrow = filter.status !== undefined || filter.merchant !== undefined || filter.caller !== undefined
  // Mostly every entry is one of the page.
  const batch = isNarrow ? undefined : limit
  const reading = {
    after: after?.place ?? null,
    ...(batch !== undefined && { batch }),
    ...(signal && { signal }),
  }
  for await (const { refunds, isLast } of changedRefunds(parts, { ...filter, toMs }, reading)) {
    for (const [index, { place, stored }] of refunds.entries()) {
      page.push(stored.refund)
      if (page.length < limit) continue
      const isEnd = isLast && index === refunds.length - 1
      return { refunds: page, next: isEnd ? null : { toMs, place } }
    }
  }
  return { refunds: page, next: null }
}
