import { refundChanges } from '../history.ts'
import { JOURNAL_LAG_MS, type Journal, type JournalEntry, type JournalledChange } from '../ports/journal.ts'
import type { RefundStore } from '../ports/store.ts'
import type { RefundStatus } from '../refund-states.ts'
import type { StoredRefund } from '../stored-refund.ts'
import { entriesInOrder, type Place } from './entries-in-order.ts'

/** What refunds that changed are read from. */
export type ChangeParts = Readonly<{ journal: Journal; store: Pick<RefundStore, 'findMany' | 'now'> }>

/** Which refunds: by the time of their last change, and where they are of one account, caller or status alone. */
export type ChangeFilter = Readonly<{
  /** Milliseconds since 1970, inclusive. */
  fromMs: number
  /** Milliseconds since 1970, exclusive; null: until now. */
  toMs: number | null
  status?: RefundStatus | undefined
  merchant?: string | undefined
  caller?: string | undefined
}>

/** Where to begin: behind an earlier refund, or null; and how many are read at a time. `signal` ends the reading early. */
export type Reading = Readonly<{ after?: Place | null; batch?: number; signal?: AbortSignal }>

/** A refund, at the place in the journal where it changed last. */
export type ChangedRefund = Readonly<{ place: Place; stored: StoredRefund }>

/** Some of them, by when they changed. `isLast`: there are no more. */
export type ChangedBatch = Readonly<{ refunds: readonly ChangedRefund[]; isLast: boolean }>

/** How many refunds are read at a time: what Redis and the event loop do in about a millisecond or two. */
const BATCH = 200

/** What a refund is after each change; one that is not here is of no refund. */
const STATUS_AFTER: Readonly<Partial<Record<JournalledChange, RefundStatus>>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  disputed: 'failed',
  unknown: 'unknown',
  awaiting_deposit: 'awaiting_deposit',
}

/** Until when the journal is complete by now, at most until `toMs`; in milliseconds since 1970. */
export function completeUntilMs({ store }: Pick<ChangeParts, 'store'>, toMs: number | null): number {
  return Math.min(toMs ?? Number.POSITIVE_INFINITY, store.now() - JOURNAL_LAG_MS)
}

/**
 * The refunds that changed last within the span, batch by batch, each where its last change is. One that changes while
 * they are read has moved behind the end: it is there once, or not any more. The last {@link JOURNAL_LAG_MS} are not
 * read, since an entry may still come to stand before one that is there. Throws StoreError.
 */
export async function* changedRefunds(
  parts: ChangeParts,
  filter: ChangeFilter,
  { after = null, batch = BATCH, signal }: Reading = {},
): AsyncGenerator<ChangedBatch, void, void> {
  const span = { fromMs: Math.max(0, filter.fromMs), toMs: completeUntilMs(parts, filter.toMs) }
  if (span.fromMs >= span.toMs) return
  for await (const { entries, isLast } of entriesInOrder(parts.journal, { ...span, after, signal })) {
    const mayMatch = entries.filter((entry) => mayBe(entry, filter))
    for (let start = 0; start < mayMatch.length && signal?.aborted !== true; start += batch) {
      const some = mayMatch.slice(start, start + batch)
      const refunds = await readListed(parts, some, filter)
      yield { refunds, isLast: isLast && start + batch >= mayMatch.length }
    }
  }
}

/** The refunds of these entries that are listed there. */
async function readListed(
  { store }: Pick<ChangeParts, 'store'>,
  entries: readonly JournalEntry[],
  filter: ChangeFilter,
): Promise<ChangedRefund[]> {
  const found = await store.findMany(entries)
  return entries.flatMap((entry, index) => {
    const stored = found[index] ?? null
    const isListed = stored !== null && isListedAt(entry, stored, filter)
    return isListed ? [{ place: { at: entry.at, position: entry.position }, stored }] : []
  })
}

/** Whether the refund of an entry can be one that is asked for, by what the entry alone says. */
function mayBe({ change, merchant }: JournalEntry, filter: ChangeFilter): boolean {
  const status = STATUS_AFTER[change]
  return (
    status !== undefined &&
    (filter.status === undefined || status === filter.status) &&
    (filter.merchant === undefined || merchant === filter.merchant)
  )
}

/** A refund that has changed since is listed there. */
function isListedAt({ number }: JournalEntry, stored: StoredRefund, { caller }: ChangeFilter): boolean {
  return (
    number === refundChanges(stored).length && (caller === undefined || stored.refund.requested_by === caller)
  )
}
