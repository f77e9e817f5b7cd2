import { JOURNAL_LAG_MS, type Journal, type JournalEntry } from '../ports/journal.ts'

/** An entry's place among all: when its change was, and its position among those of that moment. */
export type Place = Pick<JournalEntry, 'at' | 'position'>

/** Some entries, in the order of their changes. `isLast`: there are no more. */
export type OrderedEntries = Readonly<{ entries: readonly JournalEntry[]; isLast: boolean }>

export type EntriesQuery = Readonly<{
  fromMs: number
  toMs: number
  /** An entry of the span that they are behind; null: all. */
  after: Place | null
  signal?: AbortSignal | undefined
}>

/** How many entries are read at a time: few, so that a refund that is being made hardly waits for them. */
const LEAST_READ = 64

/** And where all of them are held, as they are where they are dense. */
const MOST_READ = 512

/**
 * The entries of a span by when the changes were. The journal has them by when they were appended, which is later by
 * {@link JOURNAL_LAG_MS} at most. So those of such a time are held until none can come before them, and no more.
 * Throws StoreError.
 */
export async function* entriesInOrder(
  journal: Journal,
  { fromMs, toMs, after, signal }: EntriesQuery,
): AsyncGenerator<OrderedEntries, void, void> {
  const span = { fromMs: after?.at ?? fromMs, toMs }
  const behind = createBehind(after)
  let held: JournalEntry[] = []
  let newest = 0
  let limit = LEAST_READ
  for (let from: string | null = null; signal?.aborted !== true; ) {
    const { entries, next } = await journal.read({ ...span, after: from, limit })
    for (const { at } of entries) newest = Math.max(newest, at)
    // Equal ones stay in the order of the journal.
    held = [...held, ...entries].sort((one, other) => one.at - other.at)
    const certainUntil = next === null ? Number.POSITIVE_INFINITY : newest - JOURNAL_LAG_MS
    const isHeld = ({ at }: JournalEntry) => at > certainUntil
    const end = held.findIndex(isHeld)
    const certain = end === -1 ? held : held.slice(0, end)
    held = end === -1 ? [] : held.slice(end)
    yield { entries: behind(certain), isLast: next === null }
    if (certain.length === 0) limit = Math.min(MOST_READ, 2 * limit)
    if (next === null) return
    from = next
  }
}

/** Passes on what is behind this place. The span begins at its moment, so it is among the first of it. */
function createBehind(after: Place | null) {
  let isPassed = after === null
  return (entries: readonly JournalEntry[]): readonly JournalEntry[] => {
    if (after === null || isPassed) return entries
    const place = entries.findIndex(({ position }) => position === after.position)
    // Where its entry is forgotten by now, so are those before it.
    const behind = place === -1 ? entries.filter(({ at }) => at > after.at) : entries.slice(place + 1)
    isPassed = place !== -1 || behind.length > 0
    return behind
  }
}
