import type { Krw } from '../krw.ts'
import type { Provider } from '../ports/provider.ts'
import type { FailureCode } from '../refund.ts'
import { cancelledAnotherAmount } from '../rules/settlements.ts'
import type { StoredRefund } from '../stored-refund.ts'
import { type ChangeParts, changedRefunds, completeUntilMs } from './changed-refunds.ts'

/** How many refunds, and what they come to. */
export type Sum = Readonly<{ count: number; amount: Krw }>

/** What became of the refunds of one caller and account. */
export type ReportRow = Readonly<{
  account: string
  caller: string
  succeeded: Sum
  failed: (Sum & Readonly<{ code: FailureCode }>)[]
  unknown: Sum
}>

/** A refund that a person looks at before the day is closed. `counted`: what the ledger counts for it. */
export type OddRefund = Readonly<{
  id: string
  account: string
  caller: string
  tid: string
  amount: Krw
  counted: Krw
  updated_at: string
}>

/** A day of Korea: each refund whose state changed last on that day is in it once. */
export type DailyReport = Readonly<{
  date: string
  /** Whatever changed until then is in it, ISO 8601: for a day that is over, its end. */
  complete_until: string
  rows: ReportRow[]
  disputes: OddRefund[]
  disputes_count: number
  mismatches: OddRefund[]
  mismatches_count: number
}>

/** How many disputes, and how many mismatches, are named one by one. */
export const MOST_NAMED = 1_000

/** What is summed up of a row while refunds are read. */
type Sums = {
  account: string
  caller: string
  succeeded: Sum
  failed: Map<FailureCode, Sum>
  unknown: Sum
}

const NOTHING: Sum = { count: 0, amount: 0 }

/** What a report is made from; `provider` reads the figure of an answer. */
export type ReportParts = ChangeParts & Readonly<{ provider: Pick<Provider, 'readAnswer'> }>

/** Sums up the day's refunds, with memory for its rows alone. Throws StoreError. */
export async function dailyReport(
  parts: ReportParts,
  day: Readonly<{ date: string; fromMs: number; toMs: number }>,
  signal?: AbortSignal,
): Promise<DailyReport> {
  const rows = new Map<string, Sums>()
  const [disputes, mismatches] = [oddOnes(), oddOnes()]
  const completeUntil = completeUntilMs(parts, day.toMs)
  for await (const { refunds } of changedRefunds(parts, day, signal && { signal })) {
    for (const { stored } of refunds) {
      // Its money may have moved or not, so it stands in no sum until a person has settled it.
      if (stored.refund.disputed) disputes.add(stored)
      else count(rowOf(rows, stored), stored)
      if (isMismatch(stored, parts.provider)) mismatches.add(stored)
    }
  }
  return {
    date: day.date,
    complete_until: new Date(completeUntil).toISOString(),
    rows: [...rows.values()].map(({ failed, ...row }) => ({ ...row, failed: byCode(failed) })).sort(byName),
    disputes: disputes.named,
    disputes_count: disputes.count(),
    mismatches: mismatches.named,
    mismatches_count: mismatches.count(),
  }
}

/** Whether the provider cancelled another amount than was asked, or one that cannot be read. */
function isMismatch(
  { refund, countedAmount }: StoredRefund,
  { readAnswer }: ReportParts['provider'],
): boolean {
  const { status, amount, provider, refunded_at, resolution } = refund
  if (status !== 'succeeded') return false
  if (countedAmount !== amount) return true
  // The answer of one that the lookup or a person settled is of a call that was not understood.
  const isOfAnswer = resolution === null || resolution.source === 'provider'
  if (provider === null || !isOfAnswer) return false
  const { cancelledAmount } = readAnswer(provider)
  return cancelledAnotherAmount(amount, {
    outcome: 'succeeded',
    provider,
    refundedAt: refunded_at,
    cancelledAmount,
  })
}

function rowOf(rows: Map<string, Sums>, { refund: { account, requested_by: caller } }: StoredRefund): Sums {
  const key = JSON.stringify([account, caller])
  const row = rows.get(key) ?? { account, caller, succeeded: NOTHING, failed: new Map(), unknown: NOTHING }
  rows.set(key, row)
  return row
}

function count(row: Sums, { refund, countedAmount }: StoredRefund): void {
  if (refund.status === 'succeeded') row.succeeded = plus(row.succeeded, countedAmount)
  if (refund.status === 'unknown') row.unknown = plus(row.unknown, countedAmount)
  if (refund.status === 'failed' && refund.failure !== null) {
    const { code } = refund.failure
    row.failed.set(code, plus(row.failed.get(code) ?? NOTHING, refund.amount))
  }
}

function plus({ count, amount }: Sum, more: Krw): Sum {
  return { count: count + 1, amount: amount + more }
}

function byCode(failed: ReadonlyMap<FailureCode, Sum>): ReportRow['failed'] {
  return [...failed]
    .map(([code, sum]) => ({ code, ...sum }))
    .sort((one, other) => order(one.code, other.code))
}

function byName(one: ReportRow, other: ReportRow): number {
  return order(one.account, other.account) || order(one.caller, other.caller)
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

/** Names the first of them, and counts all. */
function oddOnes() {
  const named: OddRefund[] = []
  let met = 0
  return {
    named,
    count: () => met,
    add({ refund, countedAmount: counted }: StoredRefund) {
      met += 1
      if (named.length === MOST_NAMED) return
      const { id, account, requested_by: caller, tid, amount, updated_at } = refund
      named.push({ id, account, caller, tid, amount, counted, updated_at })
    },
  }
}
