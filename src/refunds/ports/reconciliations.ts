import type { Difference, ReconciliationCounts, ReconciliationProgress } from '../reconciliation.ts'

/** Which reconciliation: a day of Korea (`2026-01-31`), of all accounts or of one. */
export type ReconciliationRun = Readonly<{
  day: string
  /** Null: of all. */
  merchant: string | null
}>

/** What an earlier process left; null: there was none. Of very many differences only the first are kept. */
export type LeftProgress = Readonly<{ progress: ReconciliationProgress; differences: readonly Difference[] }>

/** The last day that was reconciled to its end, over all accounts. */
export type FinishedDay = Readonly<{ day: string; finishedAt: number; counts: ReconciliationCounts }>

/** A run is done by one process at a time; whichever is next goes on where that ended. Every method throws StoreError. */
export type Reconciliations = Readonly<{
  /** Takes the run for a while; false: another has it. */
  take(run: ReconciliationRun, owner: string): Promise<boolean>
  /** Keeps it; false: it was lost to another. */
  renew(run: ReconciliationRun, owner: string): Promise<boolean>
  /** Lets it go, where it is still held. */
  letGo(run: ReconciliationRun, owner: string): Promise<void>
  read(run: ReconciliationRun): Promise<LeftProgress | null>
  /**
   * Writes down how far it is, with what was found since; false: the run was lost to another, and nothing is
   * written. `isAnew`: what was kept of it is forgotten.
   */
  save(
    run: ReconciliationRun,
    owner: string,
    step: Readonly<{ progress: ReconciliationProgress; found: readonly Difference[]; isAnew?: boolean }>,
  ): Promise<boolean>
  /**
   * Remembers a day over all accounts as the last one, unless a later one is. `isFirst` false: only in the place of one
   * that is remembered.
   */
  rememberFinished(finished: FinishedDay, how: Readonly<{ isFirst: boolean }>): Promise<void>
  /** Null: there was none yet. */
  lastFinished(): Promise<FinishedDay | null>
  /** For how long a run is taken, in milliseconds. */
  leaseMs: number
}>

/** What is told of a reconciliation by night, for the log. */
export type ReconciliationObserver = Readonly<{
  begun(day: string, how: Readonly<{ payments: number; done: number }>): void
  differs(day: string, difference: Difference): void
  finished(day: string, counts: ReconciliationCounts): void
  /** It is tried again, and goes on where it ended. */
  failed(day: string, error: unknown): void
}>
