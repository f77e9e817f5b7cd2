import type { ChaosResult } from './chaos.ts'
import { pairs } from './check-cancels.ts'
import type { KeyHistory, Told } from './histories.ts'
import { INVARIANTS, type Invariant, type Violation } from './violations.ts'

const LONGEST_LOG_LINE = 500

export type Counts = Readonly<Record<string, number>>

/** What happened in a run, in numbers. */
export type Summary = Readonly<{
  keys: number
  /** By status. */
  refunds: Counts
  answers: Counts
  deeds: Counts
  /** How many were unknown for a while, and what settled them. */
  unknown: Counts
  /** Unknown partial refunds by what settled them: only a notification or a person does. */
  'unknown parts': Counts
  outside: Counts
  /** Cancels of another amount than was asked, answers that contradict, answers told ahead of the store. */
  oddities: Counts
  /** What the promises about one payment's cancels were held against. */
  guards: Counts
  /** What each endpoint got. */
  events: Counts
  violations: Counts
}>

export function summarize({ histories, violations, deeds, outside, received }: ChaosResult): Summary {
  const payments = [...histories.stored.values()]
  const refunds = payments.flatMap((payment) => payment.refunds)
  const events = payments.flatMap((payment) => [...payment.events.values()])
  const told = histories.keys.flatMap((history) => history.told)
  return {
    keys: histories.keys.length,
    refunds: count(refunds.map(({ status }) => status)),
    answers: count(told.filter(({ what }) => what === 'refund').map(nameOf)),
    deeds,
    unknown: {
      'in all': events.filter((list) => list.some(({ event }) => event === 'unknown')).length,
      ...count(
        refunds.filter(({ resolution }) => resolution).map(({ resolution }) => `by ${resolution?.source}`),
      ),
    },
    'unknown parts': count(
      refunds
        .filter(({ kind, resolution }) => kind === 'partial' && resolution)
        .map(({ resolution }) => `by ${resolution?.source}`),
    ),
    outside,
    oddities: {
      mismatches: refunds.filter(
        ({ provider, amount }) => provider?.cancel_code === '0000' && Number(provider.cancel_amt) !== amount,
      ).length,
      conflicts: events.flat().filter(({ event }) => event === 'conflict').length,
      'told ahead of the store': histories.postponed.size,
    },
    guards: {
      'cancels after another of their payment': [...histories.applied.values()].flatMap(pairs).length,
      'refunds with a reference': refunds.filter(({ reference }) => reference).length,
      'counted against the limit': histories.counted ?? 0,
      checks: histories.checked.length,
    },
    events: count(received.map(({ endpoint, isTaken }) => `${endpoint} ${isTaken ? 'took' : 'refused'}`)),
    violations: count(violations.map(({ invariant }) => invariant)),
  }
}

function nameOf({ status, code, isReplay }: Told): string {
  return `${status || ''} ${code ?? (isReplay ? 'replayed' : '')}`.trim()
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** The summary for people. */
export function summaryText(summary: Summary): string {
  const { keys, refunds, ...others } = summary
  const stored = total(refunds)
  const rows: [string, string][] = [
    ['refunds', `${stored} stored under ${keys} keys: ${listed(refunds)}`],
    ...Object.entries(others).map(([name, counts]): [string, string] => [name, listed(counts) || 'none']),
  ]
  return rows.map(([name, text]) => `${name.padEnd(14)}${text}`).join('\n')
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, number) => sum + number, 0)
}

function listed(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, number]) => `${name} ${number}`)
    .join(', ')
}

/** The first violations of as many payments as are to be shown, each with its history. */
export function violationsText(result: ChaosResult, most: number): string {
  const ofPayments = new Map<string, Violation>()
  for (const violation of result.violations) {
    if (!ofPayments.has(violation.tid)) ofPayments.set(violation.tid, violation)
  }
  const shown = [...ofPayments.values()].slice(0, most)
  return shown.map((violation) => violationText(violation, result)).join('\n\n')
}

/** A violation with the whole history of its payment, from all three sides. */
function violationText(violation: Violation, { histories, logLines }: ChaosResult): string {
  const { invariant, tid, key, detail } = violation
  const stored = histories.stored.get(tid)
  const concerned = histories.keys.filter(
    (history) => history.key === key || history.payloads.some((payload) => payload.tid === tid),
  )
  return [
    `VIOLATION of "${INVARIANTS[invariant as Invariant]}" (${invariant}): ${tid} ${key ?? ''}`,
    `  ${detail}`,
    '  told:',
    ...concerned.flatMap(toldLines),
    '  stored:',
    `    ${JSON.stringify(stored?.ledger)}`,
    ...(stored?.refunds ?? []).flatMap((refund) => [
      `    ${JSON.stringify(refund)}`,
      ...(stored?.events.get(refund.id) ?? []).map((event) => `      ${JSON.stringify(event)}`),
      ...logLines(refund.id).map((line) => `      log: ${line.slice(0, LONGEST_LOG_LINE)}`),
    ]),
    '  applied:',
    `    ${JSON.stringify(histories.applied.get(tid))}`,
  ].join('\n')
}

function toldLines({ key, payloads, told }: KeyHistory): string[] {
  const bodies = payloads.map((payload, index) => `      payload ${index}: ${JSON.stringify(payload)}`)
  const answers = told.map(
    (answer) =>
      `      ${answer.atMs} ms, steps ${answer.sentAt} to ${answer.answeredAt}: ${answer.what} of payload ${answer.payload} at gateway ${answer.gateway}: ${nameOf(answer)} ${answer.refund ? `${answer.refund.id} ${answer.refund.status}` : ''}`,
  )
  return [`    ${key}`, ...bodies, ...answers]
}
