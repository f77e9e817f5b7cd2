import { JOURNAL_LAG_MS, type Journal, type JournalEntry } from '../refunds/ports/journal.ts'
import {
  comparePositions,
  decodeJournalEntry,
  decodePosition,
  type Position,
  positionIn,
} from './journal-entries.ts'
import { keys, SHARDS, UNSETTLED_SHARDS } from './keys.ts'
import type { RedisClient } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'

/**
 * What was appended within this time is not read yet: another shard, on a server whose clock is behind, may still get
 * what comes before it.
 */
const SETTLING_MS = 2_000

/** How many entries of one shard are read at a time. */
const MOST_READ = 256

export type JournalParts = Readonly<{
  /** What the store's clock shows, about; in milliseconds since 1970. */
  now(): number
  /** For how long entries are kept: what is older may be there, and is not read. */
  retentionMs: number
  /** Journals in the background what whoever settled it has left behind. */
  journalLeftOvers(): void
}>

/** The streams of all shards, as one: each has its entries in the order of Redis's clock. */
export function createJournal(
  redis: RedisClient,
  { now, retentionMs, journalLeftOvers }: JournalParts,
): Journal {
  return {
    async read(query) {
      const { toMs, after, limit } = query
      // It is journalled as of now.
      if (toMs > now()) journalLeftOvers()
      const fromMs = Math.max(query.fromMs, now() - retentionMs)
      const untilMs = Math.min(toMs + JOURNAL_LAG_MS, now() - SETTLING_MS)
      const first: Position = [fromMs, 0, 0]
      const last = after === null ? null : positionOf(after)
      const isOn = last !== null && comparePositions(last, first) >= 0
      const start = isOn ? behind(last) : SHARDS.map(() => `${fromMs}-0`)
      if (fromMs >= toMs || fromMs > untilMs) return { entries: [], next: null }

      const perShard = Math.min(MOST_READ, Math.ceil((1.5 * (limit + 1)) / UNSETTLED_SHARDS) + 4)
      const entries: JournalEntry[] = []
      for await (const batch of mergeShards(redis, { start, untilMs, perShard })) {
        entries.push(...batch.filter(({ at }) => at >= fromMs && at < toMs))
        // One more than the page, so that the last page is known to be it.
        if (entries.length > limit) break
      }
      const page = entries.slice(0, limit)
      return { entries: page, next: entries.length > limit ? (page.at(-1)?.position ?? null) : null }
    },
  }
}

/** Throws where it is none: who takes one from outside holds it to JOURNAL_POSITION. */
function positionOf(text: string): Position {
  const position = decodePosition(text)
  if (position === null) throw new Error('bug: a page of the journal goes on after what is no position')
  return position
}

/** Where each shard goes on behind this position, as XRANGE takes it. */
function behind([ms, sequence, shard]: Position): string[] {
  return SHARDS.map((other) => (other > shard ? `${ms}-${sequence}` : `(${ms}-${sequence}`))
}

type Range = Readonly<{ start: readonly string[]; untilMs: number; perShard: number }>

type Entry = Readonly<{ position: Position; entry: JournalEntry }>

/** What was read of a shard and not answered, and where it goes on; null: there is no more. */
type Shard = { read: Entry[]; next: string | null }

/** The entries of all shards in their order, some at a time. Throws StoreError. */
async function* mergeShards(redis: RedisClient, { start, ...range }: Range): AsyncGenerator<JournalEntry[]> {
  const shards: Shard[] = start.map((next) => ({ read: [], next }))
  do {
    await Promise.all(shards.map((shard, number) => readOn(redis, shard, { number, ...range })))
    // A shard may have more: what others have behind its last entry here may not be next.
    const ends = shards.flatMap(({ read, next }) => (next === null ? [] : [(read.at(-1) as Entry).position]))
    const end = ends.sort(comparePositions)[0]
    const isNext = ({ position }: Entry) => end === undefined || comparePositions(position, end) <= 0
    const batch = shards.flatMap(({ read }) => read.filter(isNext))
    for (const shard of shards) shard.read = shard.read.filter((entry) => !isNext(entry))
    batch.sort((one, other) => comparePositions(one.position, other.position))
    yield batch.map(({ entry }) => entry)
  } while (shards.some(({ read, next }) => next !== null || read.length > 0))
}

async function readOn(
  redis: RedisClient,
  shard: Shard,
  { number, untilMs, perShard }: Omit<Range, 'start'> & Readonly<{ number: number }>,
): Promise<void> {
  if (shard.read.length > 0 || shard.next === null) return
  const found = await reach(redis.xrange(keys.journal(number), shard.next, `${untilMs}`, 'COUNT', perShard))
  shard.read = found.map(([streamId, [, text]]) => {
    const position = positionIn(number, streamId)
    return { position, entry: decodeJournalEntry(position, text as string) }
  })
  const end = found.length < perShard ? undefined : found.at(-1)?.[0]
  shard.next = end === undefined ? null : `(${end}`
}
