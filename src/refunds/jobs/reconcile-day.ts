import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { koreanMidnightMs } from '../korean-day.ts'
import { JOURNAL_LAG_MS, type Journal } from '../ports/journal.ts'
import type { RefundObserver } from '../ports/observer.ts'
import type { CancelRow, CancelRows } from '../ports/provider.ts'
import type { ReconciliationRun, Reconciliations } from '../ports/reconciliations.ts'
import type { RefundStore } from '../ports/store.ts'
import {
  type Difference,
  NOTHING_COUNTED,
  type ReconciliationCounts,
  type ReconciliationProgress,
  type Verdict,
} from '../reconciliation.ts'
import { compare, differenceOf, isDifference } from '../rules/reconciliation.ts'
import type { StoredRefund } from '../stored-refund.ts'
import { settleByLookup } from './settle-unknown.ts'

/** What a reconciliation needs. */
export type ReconcileParts = Readonly<{
  journal: Journal
  store: RefundStore
  rows: CancelRows
  observer: RefundObserver
  runs: Reconciliations
}>

/** What is to be done, and who looks on. */
export type ReconcileTask = ReconciliationRun &
  Readonly<{
    /** How many payments are looked up within a second at most. */
    perSecond: number
    /** A run that was begun before is not gone on with. One that had finished never is. */
    restart?: boolean
    /** Whether it is one of each night, whose last is on the metrics. Others are so in the place of it. */
    isNightly?: boolean
    /** Whether it is to end before its end; asked before each payment. */
    isStopped(): boolean
    /** It is known what is to be done, and what an earlier process left of it. */
    onBegin?(how: Readonly<{ payments: number; done: number; left: readonly Difference[] }>): void
    /** A payment is done. */
    onStep?(how: Readonly<{ done: number; found: readonly Difference[] }>): void
  }>

/**
 * `interrupted`: it goes on where it ended. `taken`: another process does it, or has taken it over. `no_answer`: the
 * provider did not answer for many payments in a row, which are asked for again.
 */
export type ReconcileEnd = Readonly<{
  result: 'finished' | 'interrupted' | 'taken' | 'no_answer'
  counts: ReconciliationCounts
}>

/** How much of the journal is read at a time, and how many refunds of a payment. */
const PAGE = 500
const REFUNDS_AT_ONCE = 50

/** So many payments without an answer in a row are not of those payments: it is the provider that is away. */
const MOST_UNANSWERED = 10

const DAY_MS = 24 * 3_600_000

/** A payment of the day: its refunds by what the journal names, in the order of its first change. */
type PaymentOfDay = Readonly<{ merchant: string; tid: string; position: string; ids: Set<string> }>

/**
 * Holds each refund of a day of Korea, by its last change, to what the provider's lookup shows of its payment. Each
 * payment is looked up once, one after the other. What a lookup may settle is settled, by the code of the sweeps;
 * nothing else is changed. One process does a run at a time; where it ends before its end, the next goes on after the
 * last payment that is done. Throws StoreError.
 */
export async function reconcileDay(task: ReconcileTask, parts: ReconcileParts): Promise<ReconcileEnd> {
  const owner = randomUUID()
  const { runs } = parts
  if (!(await runs.take(task, owner))) return { result: 'taken', counts: NOTHING_COUNTED }
  const hold = holdRun(task, owner, runs)
  try {
    return await work(task, parts, { owner, isLost: hold.isLost })
  } finally {
    hold.stop()
    await runs.letGo(task, owner).catch(() => {})
  }
}

/** Keeps the run while the provider is asked, which may take longer than it is taken for. */
function holdRun(run: ReconciliationRun, owner: string, runs: Reconciliations) {
  let isLost = false
  const timer = setInterval(() => {
    runs.renew(run, owner).then(
      (isOurs) => {
        isLost ||= !isOurs
      },
      // Whether it is lost, the next write tells.
      () => {},
    )
  }, runs.leaseMs / 3)
  return { isLost: () => isLost, stop: () => clearInterval(timer) }
}

type Holding = Readonly<{ owner: string; isLost(): boolean }>

async function work(
  task: ReconcileTask,
  parts: ReconcileParts,
  { owner, isLost }: Holding,
): Promise<ReconcileEnd> {
  await untilJournalled(task, parts.store.now())
  const left = task.restart ? null : await unfinished(task, parts.runs)
  const payments = await paymentsOf(task, parts)
  const place = payments.findIndex(({ position }) => position === left?.progress.after)
  const earlier = place < 0 ? null : left
  const begun: ReconciliationProgress = { counts: NOTHING_COUNTED, after: null, finishedAt: null }
  let { progress } = earlier ?? { progress: begun }
  const save = async (next: ReconciliationProgress, found: readonly Difference[], isAnew = false) => {
    progress = next
    return parts.runs.save(task, owner, { progress, found, isAnew })
  }
  if (earlier === null && !(await save(progress, [], true)))
    return { result: 'taken', counts: NOTHING_COUNTED }
  task.onBegin?.({ payments: payments.length, done: place + 1, left: earlier?.differences ?? [] })

  const pace = createPace(task.perSecond)
  let unanswered: ReconciliationProgress[] = []
  for (const [index, payment] of payments.entries()) {
    if (index <= place) continue
    if (isLost()) return { result: 'taken', counts: progress.counts }
    if (task.isStopped()) return { result: 'interrupted', counts: progress.counts }
    const looked = await lookAt(payment, { task, parts, pace })
    unanswered = looked.isAnswered ? [] : [...unanswered, progress]
    if (unanswered.length === MOST_UNANSWERED) {
      // They are asked for again: what they came to is taken back.
      await save(unanswered[0] as ReconciliationProgress, [])
      return { result: 'no_answer', counts: progress.counts }
    }
    const counts = addUp(progress.counts, looked)
    if (!(await save({ ...progress, counts, after: payment.position }, looked.found))) {
      return { result: 'taken', counts }
    }
    task.onStep?.({ done: index + 1, found: looked.found })
  }
  const { counts } = progress
  const finishedAt = parts.store.now()
  // First: whoever dies between the two has it done again.
  if (task.merchant === null) {
    const isFirst = task.isNightly ?? false
    await parts.runs.rememberFinished({ day: task.day, finishedAt, counts }, { isFirst })
  }
  await save({ ...progress, finishedAt }, [])
  return { result: 'finished', counts }
}

/** What has changed until now is in the journal then. */
async function untilJournalled({ day }: ReconciliationRun, now: number): Promise<void> {
  const waitMs = Math.min(spanOf(day).toMs, now) + JOURNAL_LAG_MS - now
  if (waitMs > 0) await sleep(waitMs)
}

async function unfinished(run: ReconciliationRun, runs: Reconciliations) {
  const left = await runs.read(run)
  return left?.progress.finishedAt === null ? left : null
}

/** The payments of whose refunds something changed on that day, in the order of the journal. Throws StoreError. */
async function paymentsOf(
  { day, merchant }: ReconciliationRun,
  { journal }: Pick<ReconcileParts, 'journal'>,
): Promise<readonly PaymentOfDay[]> {
  const span = spanOf(day)
  const payments = new Map<string, PaymentOfDay>()
  let after: string | null = null
  do {
    const page = await journal.read({ ...span, after, limit: PAGE })
    for (const entry of page.entries) {
      // What was booked by hand is no refund of ours.
      if (entry.change === 'outside' || (merchant !== null && entry.merchant !== merchant)) continue
      const key = `${entry.merchant}:${entry.tid}`
      const known = payments.get(key)
      if (known !== undefined) known.ids.add(entry.id)
      else {
        const { merchant, tid, position } = entry
        payments.set(key, { merchant, tid, position, ids: new Set([entry.id]) })
      }
    }
    after = page.next
  } while (after !== null)
  return [...payments.values()]
}

function spanOf(day: string): Readonly<{ fromMs: number; toMs: number }> {
  const fromMs = koreanMidnightMs(day)
  if (fromMs === null) throw new Error(`bug: no day ${day}`)
  return { fromMs, toMs: fromMs + DAY_MS }
}

type Looked = Readonly<{
  refunds: Readonly<Partial<Record<Verdict, number>>>
  found: readonly Difference[]
  isAnswered: boolean
}>

type Pace = () => Promise<void>

async function lookAt(
  payment: PaymentOfDay,
  { task, parts, pace }: Readonly<{ task: ReconcileTask; parts: ReconcileParts; pace: Pace }>,
): Promise<Looked> {
  const { merchant, tid } = payment
  const stored = await refundsOf(payment, parts.store, spanOf(task.day).toMs)
  if (stored.length === 0) return { refunds: {}, found: [], isAnswered: true }
  await pace()
  const before = await parts.store.findPayment(merchant, tid)
  const seen = await parts.rows.lookUpCancels({ merchant, tid })
  const ledger = await parts.store.findPayment(merchant, tid)
  // A payment that is being refunded just now is not compared: the row may be from before that or after.
  if (seen.outcome !== 'found' || ledger === null || !isDeepStrictEqual(before, ledger)) {
    const isAnswered = seen.outcome !== 'no_answer'
    return { refunds: { cannot_be_told: stored.length }, found: [], isAnswered }
  }
  const { row } = seen
  const refunds = stored.map(({ refund }) => refund)
  const compared = compare({ refunds, ledger, row })
  const found: Difference[] = []
  for (const { refund, finding } of compared) {
    if (!isDifference(finding)) continue
    const settled =
      finding === 'cancelled_though_unknown' && (await settle(stored, refund.id, { row, parts }))
    found.push(differenceOf({ refund, ledger, row }, { kind: finding, settled }))
  }
  const untold = compared.filter(({ finding }) => finding === 'cannot_be_told').length
  const agrees = compared.length - untold - found.length
  return { refunds: { agrees, differs: found.length, cannot_be_told: untold }, found, isAnswered: true }
}

/** Those whose last change was on the day: what changed since then is of a later one. */
async function refundsOf(
  { merchant, tid, ids }: PaymentOfDay,
  store: RefundStore,
  toMs: number,
): Promise<readonly StoredRefund[]> {
  const all = [...ids]
  const found: StoredRefund[] = []
  for (let from = 0; from < all.length; from += REFUNDS_AT_ONCE) {
    const some = all.slice(from, from + REFUNDS_AT_ONCE)
    const read = await Promise.all(some.map((id) => store.findByClaim({ id, merchant, tid })))
    found.push(...read.filter((stored) => stored !== null))
  }
  return found.filter(({ refund }) => Date.parse(refund.updated_at) < toMs)
}

async function settle(
  all: readonly StoredRefund[],
  id: string,
  { row, parts }: Readonly<{ row: CancelRow; parts: ReconcileParts }>,
): Promise<boolean> {
  const stored = all.find(({ refund }) => refund.id === id) as StoredRefund
  const { amount, created_at } = stored.refund
  const refundedAt = row.fullCancelAt({ amount, requestedAt: Date.parse(created_at) })
  return refundedAt !== null && settleByLookup(parts, stored, refundedAt)
}

function addUp(counts: ReconciliationCounts, { refunds, found, isAnswered }: Looked): ReconciliationCounts {
  const differences = { ...counts.differences }
  for (const { kind } of found) differences[kind] += 1
  return {
    payments: counts.payments + 1,
    unanswered: counts.unanswered + (isAnswered ? 0 : 1),
    refunds: {
      agrees: counts.refunds.agrees + (refunds.agrees ?? 0),
      differs: counts.refunds.differs + (refunds.differs ?? 0),
      cannot_be_told: counts.refunds.cannot_be_told + (refunds.cannot_be_told ?? 0),
    },
    differences,
  }
}

/** Waits until the next payment may be looked up. */
function createPace(perSecond: number): Pace {
  const apartMs = 1_000 / perSecond
  let nextAt = Number.NEGATIVE_INFINITY
  return async () => {
    const waitMs = nextAt - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    nextAt = performance.now() + apartMs
  }
}
