import {
  JOURNAL_LAG_MS,
  JOURNAL_POSITION,
  type JournalEntry,
  type JournalledChange,
} from '../refunds/ports/journal.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'

/** How each change is written, since Redis keeps millions of them. */
const LETTERS = {
  succeeded: 's',
  failed: 'f',
  unknown: 'u',
  disputed: 'd',
  awaiting_deposit: 'a',
  outside: 'o',
} as const satisfies Record<JournalledChange, string>

const CHANGES: ReadonlyMap<string, JournalledChange> = new Map(
  Object.entries(LETTERS).map(([change, letter]) => [letter, change as JournalledChange]),
)

/** Equally long; what is written of an id goes on behind it. */
const ID_PREFIX = 'rf_'
const BOOKING_PREFIX = 'ob_'

/** Whether an id of the index is a booking's. */
export function isBookingId(id: string): boolean {
  return id.startsWith(BOOKING_PREFIX)
}

/** What is journalled of a refund that has settled in the ordinary way: its only change. `at`: milliseconds since 1970. */
export type JournalledRefund = Readonly<{ letter: string; at: number; of: string }>

export function letterOf(change: JournalledChange): string {
  return LETTERS[change]
}

/** Id, merchant and tid; the last may be anything. */
export function nameInJournal({ refund, merchant }: Pick<StoredRefund, 'refund' | 'merchant'>): string {
  return `${refund.id.slice(ID_PREFIX.length)} ${merchant} ${refund.tid}`
}

/** What is journalled of a booking: that it was made. */
export function bookingJournalledAs(
  { id, at }: Readonly<{ id: string; at: string }>,
  { merchant, tid }: Readonly<{ merchant: string; tid: string }>,
): JournalledRefund {
  const of = `${id.slice(BOOKING_PREFIX.length)} ${merchant} ${tid}`
  return { letter: LETTERS.outside, at: Date.parse(at), of }
}

/** Throws where it has not settled. */
export function journalledAs(stored: StoredRefund): JournalledRefund {
  const { status, updated_at } = stored.refund
  if (status !== 'succeeded' && status !== 'failed')
    throw new Error(`bug: ${status} is journalled as settled`)
  return { letter: LETTERS[status], at: Date.parse(updated_at), of: nameInJournal(stored) }
}

/** An entry's place in the journal: its id in the stream of its shard, and the shard. Ordered as a tuple. */
export type Position = readonly [ms: number, sequence: number, shard: number]

export function comparePositions(one: Position, other: Position): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2]
}

function encodePosition([ms, sequence, shard]: Position): string {
  return `${ms}-${sequence}.${shard}`
}

const POSITION = new RegExp(JOURNAL_POSITION)

/** Null where it is no position. */
export function decodePosition(text: string): Position | null {
  if (!POSITION.test(text)) return null
  const [ms, sequence, shard] = text.split(/[-.]/)
  return [Number(ms), Number(sequence), Number(shard)]
}

/** The position of what a stream names `ms-sequence`. */
export function positionIn(shard: number, streamId: string): Position {
  const dash = streamId.indexOf('-')
  return [Number(streamId.slice(0, dash)), Number(streamId.slice(dash + 1)), shard]
}

/** An entry from the text that lua/shared/journal.lua writes. */
export function decodeJournalEntry(position: Position, text: string): JournalEntry {
  const [written, lag, id, merchant] = text.split(' ', 4) as [string, string, string, string]
  const change = CHANGES.get(written.charAt(0))
  if (change === undefined) throw new Error(`bug: the journal has a change that is called ${written}`)
  const [appendedAt] = position
  return {
    position: encodePosition(position),
    change,
    at: Number(lag) <= JOURNAL_LAG_MS ? appendedAt - Number(lag) : appendedAt,
    id: (change === 'outside' ? BOOKING_PREFIX : ID_PREFIX) + id,
    merchant,
    tid: text.slice(written.length + lag.length + id.length + merchant.length + 4),
    number: Number(written.slice(1) || 1),
  }
}
