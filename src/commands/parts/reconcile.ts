import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'csv-stringify/sync'
import type { Config } from '../../config/config.ts'
import { readConfig } from '../../config/read-config.ts'
import { createCookiePay } from '../../cookiepay/client.ts'
import { type ReconcileEnd, type ReconcileParts, reconcileDay } from '../../refunds/jobs/reconcile-day.ts'
import { koreanMidnightMs } from '../../refunds/korean-day.ts'
import { merchantOf } from '../../refunds/merchant.ts'
import type { RefundObserver } from '../../refunds/ports/observer.ts'
import type { Difference, ReconciliationCounts } from '../../refunds/reconciliation.ts'
import { openStore } from './open-store.ts'
import { createProgress } from './progress.ts'

/** What an operator asks for. `account` undefined: all of them. */
export type Asked = Readonly<{
  day: string
  account: string | undefined
  perSecond: number
  restart: boolean
}>

/** The columns of the CSV. */
const COLUMNS = [
  'kind',
  'settled',
  'account',
  'caller',
  'tid',
  'id',
  'status',
  'refund_kind',
  'amount',
  'paid_here',
  'paid_there',
  'refunded_here',
  'refunded_there',
  'cancelled_there_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof Difference)[]

/** Whoever had the run may have died: others get it a while after that. */
const TAKEN_SLACK_MS = 2_000
const TAKEN_LOOK_MS = 500

/**
 * Reconciles a day with the store and the accounts of the environment, prints what differs and tells of it. Answers
 * whether nothing differs. Throws an Error that says why it could not be done.
 */
export async function reconcile(
  { day, account, perSecond, restart }: Asked,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const config = readConfig(env)
  assertJournalled(day, config)
  const merchant = account === undefined ? null : merchantNamed(account, config)
  const opened = await openStore(config)
  const { tokenStore, close, ...store } = opened
  const provider = createCookiePay({
    ...config.cookiepay,
    accounts: config.accounts,
    tokenStore,
    onCall: () => {},
  })
  const stop = onSignals()
  const table = createTable(stop)
  try {
    const parts = { ...store, rows: provider, observer: NOBODY }
    const end = await untilTaken(
      () =>
        reconcileDay(
          { day, merchant, perSecond, restart, isStopped: () => stop.signal.aborted, ...table.watch },
          parts,
        ),
      parts,
      stop.signal,
    )
    table.end()
    return tell(end)
  } finally {
    table.end()
    await provider.close()
    await close()
  }
}

function assertJournalled(day: string, { journalRetentionMs, ledgerRetentionMs }: Config): void {
  const keptMs = Math.min(journalRetentionMs, ledgerRetentionMs)
  if ((koreanMidnightMs(day) ?? 0) < Date.now() - keptMs) {
    throw new Error(
      `What changed on ${day} is not known any more: JOURNAL_RETENTION_DAYS says how long it is.`,
    )
  }
}

function merchantNamed(name: string, { accounts }: Config): string {
  const account = accounts.find((one) => one.name === name)
  if (account !== undefined) return merchantOf(account.id)
  throw new Error(
    `There is no account ${JSON.stringify(name)}: it is one of ${accounts.map((one) => one.name).join(', ')}.`,
  )
}

/** The first signal has it end after the payment that is being looked at; a second one ends it at once. */
function onSignals(): AbortController {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller
}

/** Prints the CSV while it goes on, and how far it is. Where both would be on one terminal, the CSV comes last. */
function createTable(stop: AbortController) {
  const progress = createProgress()
  const isHeldBack = process.stderr.isTTY && process.stdout.isTTY
  const held: string[] = []
  let differs = 0
  // Whoever reads it may have seen enough.
  process.stdout.on('error', () => stop.abort())
  const print = (text: string) => {
    if (isHeldBack) held.push(text)
    else process.stdout.write(text)
  }
  const add = (found: readonly Difference[]) => {
    differs += found.length
    if (found.length > 0) print(csv(found))
  }
  return {
    watch: {
      onBegin({ payments, done, left }: { payments: number; done: number; left: readonly Difference[] }) {
        progress.begin(payments, done)
        print(csv([COLUMNS]))
        add(left)
      },
      onStep({ done, found }: { done: number; found: readonly Difference[] }) {
        add(found)
        progress.step(done, differs)
      },
    },
    end() {
      progress.end()
      for (const text of held.splice(0)) process.stdout.write(text)
    },
  }
}

/** RFC 4180; a cell that a spreadsheet would run as a formula begins with a quote. */
function csv(rows: readonly (Difference | readonly string[])[]): string {
  return stringify([...rows], {
    columns: [...COLUMNS],
    cast: { boolean: String },
    escape_formulas: true,
    record_delimiter: 'windows',
  })
}

/** Waits for a run that another process has, as long as one that has died would keep it. */
async function untilTaken(
  run: () => Promise<ReconcileEnd>,
  { runs }: Pick<ReconcileParts, 'runs'>,
  signal: AbortSignal,
): Promise<ReconcileEnd> {
  const until = performance.now() + runs.leaseMs + TAKEN_SLACK_MS
  for (;;) {
    const end = await run()
    const isOver = performance.now() > until || signal.aborted
    if (end.result !== 'taken' || isOver) return end
    await sleep(TAKEN_LOOK_MS)
  }
}

const GO_ON = 'The same command goes on where it ended.'

/** Tells how it ended, on standard error. Answers whether nothing differs. Throws an Error where that is not known. */
function tell({ result, counts }: ReconcileEnd): boolean {
  const differs = counts.refunds.differs
  switch (result) {
    case 'taken':
      throw new Error('Another process reconciles this day just now.')
    case 'interrupted':
      throw new Error(`Interrupted after ${counts.payments} payments. ${GO_ON}`)
    case 'no_answer':
      throw new Error(`CookiePay does not answer, after ${counts.payments} payments. ${GO_ON}`)
    case 'finished':
      process.stderr.write(`${summaryOf(counts)}\n`)
      if (differs === 0 && counts.unanswered > 0) {
        throw new Error(`Of ${counts.unanswered} payments CookiePay gave no answer that can be read.`)
      }
      return differs === 0
  }
}

function summaryOf({ payments, refunds }: ReconciliationCounts): string {
  const { agrees, differs, cannot_be_told } = refunds
  return `${payments} payments: ${agrees} refunds agree, ${differs} differ, ${cannot_be_told} cannot be told`
}

/** What is settled is in the CSV. */
const NOBODY: RefundObserver = {
  recorded() {},
  resolved() {},
  notSent() {},
  amountMismatch() {},
  conflict() {},
  disputed() {},
  lost() {},
  depositAskedFor() {},
  postponed() {},
}
