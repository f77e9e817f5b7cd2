// npm run chaos -- [--minutes N] [--seed S] [--refunds-per-second R]
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runChaos } from './chaos.ts'
import { summarize, summaryText, violationsText } from './report.ts'

/** With the history of their payments, and in a line each. */
const MOST_PRINTED = 5
const MOST_LISTED = 50

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0.5' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    'refunds-per-second': { type: 'string', default: '60' },
  },
})
const seed = positive('seed')
const durationMs = positive('minutes') * 60_000
const refundsPerSecond = positive('refunds-per-second')

const print = (line: string) => process.stdout.write(`${line}\n`)
print(`seed ${seed}, ${durationMs / 1_000} s, ${refundsPerSecond} refunds a second`)
// The lookup may take a minute to find the last of what it can find: too long for a short run.
const waitForLookups = durationMs >= 60_000
const result = await runChaos({ seed, durationMs, refundsPerSecond, waitForLookups, log: print })
print(summaryText(summarize(result)))
if (result.violations.length > 0) print(violationsText(result, MOST_PRINTED))
for (const { invariant, detail } of result.violations.slice(0, MOST_LISTED)) print(`${invariant}: ${detail}`)
print(`${result.violations.length} violations, seed ${seed}`)
process.exitCode = result.violations.length === 0 ? 0 : 1

function positive(name: keyof typeof values): number {
  const value = Number(values[name])
  if (value > 0) return value
  process.stderr.write(`--${name} takes a number above 0, not ${JSON.stringify(values[name])}\n`)
  process.exit(2)
}
