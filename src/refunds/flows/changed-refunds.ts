import { refundChanges } from '../history.ts'
import { JOURNAL_LAG_MS, type Journal, type JournalEntry, type JournalledChange } from '../ports/journal.ts'
import type { RefundStore } from '../ports/store.ts'
import type { RefundStatus } from '../refund-states.ts'
import type { StoredRefund } from '../stored-refund.ts'

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

/** Where to begin: behind the position of an earlier refund, or null. `signal` ends the reading early. */
export type Reading = Readonly<{ after?: string | null; batch?: number; signal?: AbortSignal }>

/** A refund, at the place in the journal where it changed last. */
export type ChangedRefund = Readonly<{ position: string; stored: StoredRefund }>

/** Some of them, in the order of the journal. `isLast`: there are no more. */
export type ChangedBatch = Readonly<{ refunds: readonly ChangedRefund[]; isLast: boolean }>

/** How many entries are read at a time: what Redis and the event loop do in about a millisecond or two. */
const BATCH = 200

/** What a refund is after each change; one that is not here is of no refund. */
const STATUS_AFTER: Readonly<Partial<Record<JournalledChange, RefundStatus>>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  disputed: 'failed',
  unknown: 'unknown',
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
  for (let from = after; signal?.aborted !== true; ) {
    const { entries, next } = await parts.journal.read({ ...span, after: from, limit: batch })
    const mayMatch = entries.filter((entry) => mayBe(entry, filter))
    const found = await parts.store.findMany(mayMatch)
    const refunds = mayMatch.flatMap((entry, index) => {
      const stored = found[index] ?? null
      return stored !== null && isListedAt(entry, stored, filter)
        ? [{ position: entry.position, stored }]
        : []
    })
    yield { refunds, isLast: next === null }
    if (next === null) return
    from = next
  }
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
