import { parseArgs } from 'node:util'
import { DEFAULT_PER_SECOND } from '../refunds/jobs/reconcile-nightly.ts'
import { koreanDay, koreanMidnightMs } from '../refunds/korean-day.ts'
import { type Asked, reconcile } from './parts/reconcile.ts'
import { runCommand } from './parts/run-command.ts'

const MOST_PER_SECOND = 50

const USAGE = `Holds each refund of a day of Korea, by its last change, to what CookiePay's lookup shows of its payment, and prints
what differs as CSV. An unknown full refund of which the lookup is conclusive is settled; nothing else is changed.

Usage, in the environment of the gateway:
  node dist/commands/reconcile.js --date 2026-11-26 [--account NAME]     (or: npm run reconcile -- --date 2026-11-26)

  --date DATE       the day, in Korea; that of today is reconciled as far as it has come
  --account NAME    the refunds of this account alone
  --per-second N    how many payments are looked up within a second at most: 1 to ${MOST_PER_SECOND}, and ${DEFAULT_PER_SECOND} where it is not given
  --restart         begin anew, where an earlier run has not come to its end
  --help            this text

A run that was interrupted goes on where it ended when it is started again; what it had found is printed again, too.
The CSV is on standard output, progress on standard error. kind is
  not_cancelled             it succeeded, and the lookup shows no cancel
  cancelled_though_failed   it failed, and the lookup shows a cancel that no other refund explains
  cancelled_though_unknown  it was unknown, and the lookup shows its cancel: with settled true it has succeeded by that
  another_amount            the lookup shows another amount that was paid or given back
Of a refund of a part, a row alone says nothing but by the sum of cancels, which CookiePay may not have.

Status 0: nothing differs. Status 1: something does. Status 2: it was used wrongly, or could not be done to its end.`

/** What the arguments ask for. Throws an Error that says what is wrong with them. */
function readAsked(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      date: { type: 'string' },
      account: { type: 'string' },
      'per-second': { type: 'string', default: String(DEFAULT_PER_SECOND) },
      restart: { type: 'boolean', default: false },
    },
  })
  const { date, account, restart } = values
  if (date === undefined) throw new Error('--date is needed.')
  if (koreanMidnightMs(date) === null) {
    throw new Error(`--date takes a date such as 2026-11-26, and not ${JSON.stringify(date)}.`)
  }
  if (date > koreanDay(Date.now())) throw new Error(`${date} has not begun in Korea.`)
  const perSecond = /^\d{1,2}$/.test(values['per-second']) ? Number(values['per-second']) : 0
  if (perSecond < 1 || perSecond > MOST_PER_SECOND) {
    throw new Error(`--per-second takes an integer from 1 to ${MOST_PER_SECOND}.`)
  }
  return { day: date, account, perSecond, restart }
}

await runCommand({
  usage: USAGE,
  read: readAsked,
  run: (asked) => reconcile(asked, process.env),
  failureStatus: 2,
})
