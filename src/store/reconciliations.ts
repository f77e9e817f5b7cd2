import type { FinishedDay, ReconciliationRun, Reconciliations } from '../refunds/ports/reconciliations.ts'
import type { Difference, ReconciliationProgress } from '../refunds/reconciliation.ts'
import { keys } from './keys.ts'
import { deleteIfOwned } from './lua/delete-if-owned.ts'
import { saveReconciliation } from './lua/save-reconciliation.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'

/** For how long a process that died keeps others from its run. */
const LEASE_MS = 15_000

/** A run that nobody goes on with is forgotten then, and what it found; that of a whole day is reported before. */
const KEPT_MS = 8 * 24 * 3_600_000

/** What differs is few; where it is not, the first tell what is wrong. */
const MOST_DIFFERENCES = 1_000

/** Reconciliations in Redis. They are no refunds: what is lost of them is done again. */
export function createReconciliations(redis: ScriptedClient): Reconciliations {
  const kept = { leaseMs: LEASE_MS, keptMs: KEPT_MS, mostDifferences: MOST_DIFFERENCES }
  return {
    leaseMs: LEASE_MS,
    async take(run, owner) {
      const { lock } = keysOf(run)
      return (await reach(redis.set(lock, `${owner} `, 'PX', LEASE_MS, 'NX'))) === 'OK'
    },
    renew: (run, owner) => saveReconciliation(redis, { keys: keysOf(run), owner, ...kept }),
    letGo: (run, owner) => reach(deleteIfOwned(redis, { key: keysOf(run).lock, token: owner })),
    async read(run) {
      const { progress, differences } = keysOf(run)
      const [text, lines] = await reach(Promise.all([redis.get(progress), redis.lrange(differences, 0, -1)]))
      if (text === null) return null
      return {
        progress: JSON.parse(text) as ReconciliationProgress,
        differences: lines.map((line) => JSON.parse(line) as Difference),
      }
    },
    save: (run, owner, { progress, found, isAnew = false }) =>
      saveReconciliation(redis, {
        keys: keysOf(run),
        owner,
        ...kept,
        step: {
          progress: JSON.stringify(progress),
          differences: found.map((difference) => JSON.stringify(difference)),
          isAnew,
        },
      }),
    async rememberFinished(finished, { isFirst }) {
      const last = await readLast(redis)
      if (last === null && !isFirst) return
      // Two that end at once are of the same day, but for an operator's.
      if (last !== null && last.day > finished.day) return
      await reach(redis.set(keys.reconciledDay, JSON.stringify(finished)))
    },
    lastFinished: () => readLast(redis),
  }
}

function keysOf({ day, merchant }: ReconciliationRun) {
  const run = `${day}:${merchant ?? ''}`
  return {
    lock: keys.reconciliationLock(run),
    progress: keys.reconciliation(run),
    differences: keys.reconciliationDifferences(run),
  }
}

async function readLast(redis: ScriptedClient): Promise<FinishedDay | null> {
  const text = await reach(redis.get(keys.reconciledDay))
  return text === null ? null : (JSON.parse(text) as FinishedDay)
}
