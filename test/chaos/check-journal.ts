import { setTimeout as sleep } from 'node:timers/promises'
import type { RefundEvent } from '../../src/refunds/history.ts'
import type { JournalEntry } from '../../src/refunds/ports/journal.ts'
import { createJournal } from '../../src/store/journal.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import type { PaymentReport } from './check-payment.ts'
import type { Histories } from './histories.ts'

/** What settled late and lost whoever settled it is looked at after a minute. */
const PATIENCE_MS = 80_000
const PAUSE_MS = 1_000
const DAY_MS = 86_400_000

const CHANGES: readonly string[] = ['unknown', 'succeeded', 'failed', 'disputed']

/** Each change of each refund is in the journal once, in order, and nothing else is. */
export function checkJournal(
  { stored, journal, lapsed, lapses }: Histories,
  reportOf: (tid: string) => PaymentReport,
): void {
  if (journal === null) return
  const journalled = new Map<string, JournalEntry[]>()
  for (const entry of journal) {
    const name = `${entry.id} ${entry.tid}`
    journalled.set(name, [...(journalled.get(name) ?? []), entry])
  }
  for (const [tid, { refunds, events }] of stored) {
    for (const refund of refunds) {
      const found = journalled.get(`${refund.id} ${tid}`) ?? []
      journalled.delete(`${refund.id} ${tid}`)
      if (lapsed.has(refund.id)) continue
      const told = found.map(({ number, change }) => `${number} ${change}`).join()
      const happened = changesOf(events.get(refund.id) ?? []).join()
      if (told !== happened) reportOf(tid)('journalled', `${refund.id}: [${told}], not [${happened}]`, refund)
    }
  }
  // What was begun on older data is gone with them.
  if (lapses.length > 0) return
  for (const [name, [entry]] of journalled) {
    reportOf(entry?.tid ?? '')('journalled', `${name} is in the journal and nowhere else`)
  }
}

function changesOf(events: readonly RefundEvent[]): string[] {
  return events
    .map(({ event }) => event)
    .filter((event) => CHANGES.includes(event))
    .filter((event, index, all) => event !== all[index - 1])
    .map((event, index) => `${index + 1} ${event}`)
}

/** The whole journal, once it says all that happened; or as it is when the patience is over. */
export async function readJournal(
  redisUrl: string,
  isWhole: (journal: readonly JournalEntry[]) => boolean,
): Promise<readonly JournalEntry[]> {
  const redis = connectRedis({ kind: 'url', url: redisUrl })
  try {
    await new Promise((resolve) => redis.once('ready', resolve))
    const parts = { now: Date.now, retentionMs: DAY_MS, journalLeftOvers: () => {} }
    const { read } = createJournal(redis, parts)
    for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
      const entries: JournalEntry[] = []
      let after: string | null = null
      do {
        const query = { fromMs: 0, toMs: Date.now() + DAY_MS, after, limit: 500 }
        const page: Awaited<ReturnType<typeof read>> = await read(query)
        entries.push(...page.entries)
        after = page.next
      } while (after !== null)
      if (isWhole(entries) || performance.now() > deadline) return entries
    }
  } finally {
    redis.disconnect()
  }
}
