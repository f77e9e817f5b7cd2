import { isDeepStrictEqual } from 'node:util'
import type { JournalEntry } from '../../src/refunds/ports/journal.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import type { PaymentReport } from './check-payment.ts'
import type { Exported, Histories, Lapse, Listed } from './histories.ts'

/** The refunds of these lines, and what is wrong with them by themselves. */
export function readLines(lines: readonly string[]): Omit<Listed, 'way'> {
  const refunds: Refund[] = []
  const unreadable: string[] = []
  for (const line of lines) {
    try {
      refunds.push(JSON.parse(line) as Refund)
    } catch {
      unreadable.push(line)
    }
  }
  const ids = new Set<string>()
  const twice = refunds.flatMap(({ id }) => (ids.size === ids.add(id).size ? [id] : []))
  return { refunds, unreadable, twice }
}

/**
 * Whatever ended properly has each refund once; and all of it, taken when nothing changed any more, has every refund whose
 * change the journal has, as it is now, by the time of its last change.
 */
export function checkExports(histories: Histories, reportOf: (tid: string) => PaymentReport): void {
  const { exported, listed, lapses } = histories
  for (const some of exported.filter((each) => !isInLapse(each, lapses))) {
    checkLines(some, `the ${some.way} from ${some.fromMs} to ${some.toMs} ms`, reportOf(''))
  }
  for (const whole of listed) {
    checkLines(whole, `the last ${whole.way}`, reportOf(''))
    checkWhole(whole, histories, reportOf)
  }
}

function checkLines(
  { twice, unreadable }: Pick<Exported, 'twice' | 'unreadable'>,
  name: string,
  report: PaymentReport,
): void {
  if (twice.length > 0) report('exported', `${name} has ${twice} twice`)
  if (unreadable.length > 0) report('exported', `${name} has lines that are no JSON: ${unreadable}`)
}

function checkWhole(
  { way, refunds }: Listed,
  { stored, journal, lapsed }: Histories,
  reportOf: (tid: string) => PaymentReport,
): void {
  const lastChange = new Map<string, JournalEntry>()
  for (const entry of journal ?? []) {
    if (entry.number >= (lastChange.get(entry.id)?.number ?? 0)) lastChange.set(entry.id, entry)
  }
  const found = new Map(refunds.map((refund) => [refund.id, refund]))
  for (const [tid, payment] of stored) {
    for (const refund of payment.refunds) {
      if (lapsed.has(refund.id) || !lastChange.has(refund.id)) continue
      const one = found.get(refund.id)
      if (one === undefined) reportOf(tid)('exported', `the last ${way} lacks ${refund.id}`, refund)
      else if (!isDeepStrictEqual(one, refund)) {
        const what = `the last ${way} has ${JSON.stringify(one)}, not ${JSON.stringify(refund)}`
        reportOf(tid)('exported', what, refund)
      }
    }
  }
  const times = refunds.flatMap(({ id }) => (lapsed.has(id) ? [] : (lastChange.get(id)?.at ?? [])))
  const early = times.findIndex((at, index) => at < (times[index - 1] ?? 0))
  if (early !== -1) reportOf('')('exported', `the last ${way} is out of order at its refund ${early + 1}`)
}

/** What ran on older data for a moment may have shown what was so there, and what is so now. */
function isInLapse({ fromMs, toMs }: Exported, lapses: readonly Lapse[]): boolean {
  return lapses.some((lapse) => lapse.fromMs <= toMs && fromMs <= lapse.toMs)
}
