import type { Refund } from '../../src/refunds/refund.ts'
import { checkOverlap, checkSpacing } from './check-cancels.ts'
import { checkChecked, checkCounted } from './check-guards.ts'
import { checkJournal } from './check-journal.ts'
import { checkFree, checkStored, checkTold, type KeyReport } from './check-key.ts'
import {
  checkCalls,
  checkLedger,
  checkMoney,
  checkReads,
  checkReferences,
  checkRenewals,
  checkSums,
  type PaymentReport,
} from './check-payment.ts'
import type { Histories, KeyHistory, Payload, StoredPayment } from './histories.ts'
import type { MayBeUnknown, Violation } from './violations.ts'

const NOTHING_STORED: StoredPayment = {
  ledger: null,
  refunds: [],
  listed: [],
  byId: new Map(),
  events: new Map(),
}

/** Compares the three histories of a run. Pure: of the same histories the same violations. */
export function findViolations(histories: Histories, mayBeUnknown: MayBeUnknown): Violation[] {
  const violations: Violation[] = []
  const reportOf =
    (tid: string): PaymentReport =>
    (invariant, detail, refund) =>
      violations.push({ invariant, tid, key: refund?.metadata.key ?? null, detail })

  for (const [tid, keys] of keysByTid(histories.keys)) {
    const stored = histories.stored.get(tid) ?? NOTHING_STORED
    const applied = histories.applied.get(tid) ?? { calls: null, cancels: [], underWay: [] }
    checkMoney(tid, stored, applied, mayBeUnknown, reportOf(tid))
    checkRenewals(stored, applied, keys, reportOf(tid))
    checkLedger({ tid, stated: statedAmount(tid, keys) }, stored, applied, reportOf(tid))
    checkReferences(stored, reportOf(tid))
    checkSpacing(applied, histories, reportOf(tid))
    checkOverlap(applied, histories, reportOf(tid))
    checkReads(stored, reportOf(tid))
    checkCalls(applied, keys, reportOf(tid))
  }
  for (const ledger of histories.ledgersSeen) checkSums(ledger, reportOf(ledger.tid))

  for (const answer of histories.checked) checkChecked(answer, reportOf(answer.body.tid))
  checkCounted(histories, reportOf(''))
  checkJournal(histories, reportOf)

  const refundsOfKey = refundsByKey(histories.stored.values())
  for (const history of histories.keys) {
    const { key, payloads } = history
    const { tid } = payloads[0] as Payload
    const report: KeyReport = (invariant, detail) => violations.push({ invariant, tid, key, detail })
    const refunds = refundsOfKey.get(key) ?? []
    if (refunds.length > 1) report('key', `it has ${refunds.length} refunds`)
    checkTold(history, histories, report)
    checkFree(history, histories, report)
    checkStored(history, refunds[0], mayBeUnknown === 'nothing', report)
  }
  return violations
}

/** What the keys of this payment say was paid: all of them the same. */
function statedAmount(tid: string, keys: ReadonlySet<KeyHistory>): number {
  const payloads = [...keys].flatMap(({ payloads }) => payloads)
  return (payloads.find((payload) => payload.tid === tid) as Payload).payment.amount
}

function keysByTid(keys: readonly KeyHistory[]): Map<string, Set<KeyHistory>> {
  const found = new Map<string, Set<KeyHistory>>()
  for (const history of keys) {
    for (const { tid } of history.payloads) found.set(tid, (found.get(tid) ?? new Set()).add(history))
  }
  return found
}

function refundsByKey(payments: Iterable<StoredPayment>): Map<string, Refund[]> {
  const found = new Map<string, Refund[]>()
  for (const { refunds } of payments) {
    for (const refund of refunds) {
      const { key = '' } = refund.metadata
      found.set(key, [...(found.get(key) ?? []), refund])
    }
  }
  return found
}
