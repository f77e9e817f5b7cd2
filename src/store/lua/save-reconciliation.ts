import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type SaveReconciliationArguments = Readonly<{
  keys: Readonly<{ lock: string; progress: string; differences: string }>
  owner: string
  leaseMs: number
  keptMs: number
  mostDifferences: number
  /** Absent: only the lock is kept. */
  step?: Readonly<{ progress: string; differences: readonly string[]; isAnew: boolean }>
}>

/** save-reconciliation.lua: writes down a run's progress; false where it is another's. Throws StoreError. */
export async function saveReconciliation(
  redis: Scripts,
  { keys, owner, leaseMs, keptMs, mostDifferences, step }: SaveReconciliationArguments,
): Promise<boolean> {
  const { progress = '', differences = [], isAnew = false } = step ?? {}
  const saved = await reach(
    redis.saveReconciliation(
      keys.lock,
      keys.progress,
      keys.differences,
      owner,
      leaseMs,
      keptMs,
      progress,
      isAnew ? '1' : '0',
      mostDifferences,
      ...differences,
    ),
  )
  return saved === 1
}
