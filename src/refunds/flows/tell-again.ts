import { EVENT_TYPES, type EventType } from '../event-types.ts'
import type { EventQueue } from '../ports/events.ts'
import { JOURNAL_LAG_MS, type Journal, type JournalEntry, type JournalQuery } from '../ports/journal.ts'

/** How many events one request sends again. */
const MOST_AT_ONCE = 10_000

/** How many entries of the journal are read at a time. */
const PAGE = 500

/** What telling again needs. */
export type TellAgainParts = Readonly<{
  journal: Journal
  queue: Pick<EventQueue, 'tellAgain'>
  /** What each endpoint that is configured now asks for; null: everything. */
  asked(endpoint: string): Readonly<{ events: readonly EventType[] | null }> | undefined
}>

/** What happened in a span of time is told to an endpoint again. */
export type TellAgainWish = Pick<JournalQuery, 'fromMs' | 'toMs'> & Readonly<{ endpoint: string }>

/** `nextFrom`: the span goes on there, in milliseconds since 1970; null: all of it is queued. */
export type TellAgainAnswer =
  | Readonly<{ answer: 'queued'; count: number; nextFrom: number | null }>
  | Readonly<{ answer: 'not_found' }>

/**
 * Queues what happened in a span of time to be sent to an endpoint once more, under the same ids. What is queued stays
 * so, whoever dies; where the queue is full, the answer says where to go on. Throws StoreError.
 */
export async function tellAgain(parts: TellAgainParts, wish: TellAgainWish): Promise<TellAgainAnswer> {
  const asked = parts.asked(wish.endpoint)
  if (asked === undefined) return { answer: 'not_found' }
  let count = 0
  for (let after: string | null = null; ; ) {
    const page = await parts.journal.read({ fromMs: wish.fromMs, toMs: wish.toMs, after, limit: PAGE })
    const wanted = page.entries.filter(({ change }) => asked.events?.includes(EVENT_TYPES[change]) ?? true)
    const some = wanted.slice(0, MOST_AT_ONCE - count)
    const written = await parts.queue.tellAgain(wish.endpoint, some)
    count += written
    const next = wanted[written]
    if (next !== undefined) return { answer: 'queued', count, nextFrom: goOnAt(next, wish) }
    if (page.next === null) return { answer: 'queued', count, nextFrom: null }
    after = page.next
  }
}

/** Entries behind it may be of changes that were a little earlier. */
function goOnAt({ at }: JournalEntry, { fromMs }: TellAgainWish): number {
  return Math.max(fromMs, at - JOURNAL_LAG_MS)
}
