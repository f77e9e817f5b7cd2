import { koreanDay } from '../korean-day.ts'
import type { ReconciliationObserver } from '../ports/reconciliations.ts'
import { type ReconcileEnd, type ReconcileParts, reconcileDay } from './reconcile-day.ts'
import { type Repeated, repeat } from './repeat.ts'

/** So gentle that it is in nobody's way. */
export const DEFAULT_PER_SECOND = 5

const MINUTE_MS = 60_000

/** What failed is not tried again before: whatever is away is away for a while. */
const PAUSE_AFTER_FAILURE_MS = MINUTE_MS

const DAY_MS = 24 * 3_600_000

export type NightlyParts = ReconcileParts &
  Readonly<{
    /** Minutes after midnight in Korea. */
    atMinute: number
    /** How often it is looked whether it is time, give or take a half. */
    intervalMs: number
    watcher: ReconciliationObserver
    /** Whether refunds are taken with the store as it is now: one that has forgotten would seem to differ. */
    isStoreTrusted(): boolean
  }>

/**
 * Reconciles each day once, from that time of the next day on. Every replica looks whether it is time; one takes it,
 * and where that dies, another goes on within a moment. A day whose next has come due is not done any more.
 */
export function startNightlyReconciliation(parts: NightlyParts): Repeated {
  let doneDay = ''
  let pausedUntil = Number.NEGATIVE_INFINITY
  const fail = (day: string, error: unknown) => {
    pausedUntil = performance.now() + PAUSE_AFTER_FAILURE_MS
    parts.watcher.failed(day, error)
  }

  async function look(): Promise<void> {
    const day = dayDue(parts.store.now(), parts.atMinute)
    if (day === doneDay || performance.now() < pausedUntil || !parts.isStoreTrusted()) return
    const run = { day, merchant: null }
    try {
      const left = await parts.runs.read(run)
      const isDone = left !== null && left.progress.finishedAt !== null
      const result = isDone ? 'finished' : await reconcile(run, parts, job.isStopped)
      if (result === 'finished') doneDay = day
      if (result === 'no_answer') fail(day, new Error('The provider does not answer.'))
    } catch (error) {
      fail(day, error)
    }
  }

  const job = repeat(look, parts.intervalMs)
  return job
}

async function reconcile(
  run: Readonly<{ day: string; merchant: null }>,
  parts: NightlyParts,
  isStopped: () => boolean,
): Promise<ReconcileEnd['result']> {
  const { watcher } = parts
  const { day } = run
  const { result, counts } = await reconcileDay(
    {
      ...run,
      perSecond: DEFAULT_PER_SECOND,
      isNightly: true,
      isStopped: () => isStopped() || !parts.isStoreTrusted(),
      onBegin: ({ payments, done }) => watcher.begun(day, { payments, done }),
      onStep({ found }) {
        for (const difference of found) watcher.differs(day, difference)
      },
    },
    parts,
  )
  if (result === 'finished') watcher.finished(day, counts)
  return result
}

/** The last day whose time to be reconciled has come; `now` in milliseconds since 1970. */
export function dayDue(now: number, atMinute: number): string {
  return koreanDay(now - atMinute * MINUTE_MS - DAY_MS)
}
