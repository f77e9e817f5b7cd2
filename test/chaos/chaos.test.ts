import t from 'tap'
import { runChaos } from './chaos.ts'
import { summarize, summaryText, total, violationsText } from './report.ts'

// Beside the run itself it takes a while until everything has settled, on a busy machine above all.
t.setTimeout(300_000)

const SEED = 42
const MOST_SHOWN = 3

t.test('a run of chaos leaves nothing but the truth', async (t) => {
  const result = await runChaos({
    seed: SEED,
    durationMs: 20_000,
    refundsPerSecond: 50,
    waitForLookups: false,
    log: (line) => t.comment(line),
  })
  const summary = summarize(result)
  t.comment(`seed ${SEED}`)
  t.comment(summaryText(summary))
  t.equal(result.violations.length, 0, violationsText(result, MOST_SHOWN) || 'no violation')
  // A busy machine makes few of either.
  t.ok(total(summary.refunds) >= 100, `${total(summary.refunds)} refunds`)
  const { kills } = result.histories
  t.ok(kills.length >= 2, `${kills.length} kills`)
  t.ok((summary.refunds.succeeded ?? 0) > 0 && (summary.refunds.failed ?? 0) > 0, 'some of each outcome')
  t.ok(
    (summary.guards['cancels after another of their payment'] ?? 0) > 0,
    'some payments are cancelled twice',
  )
  t.ok((summary.guards['refunds with a reference'] ?? 0) > 0, 'some have a reference')
  t.ok((summary.guards['counted against the limit'] ?? 0) > 0, 'the limit counts')
  t.ok((summary.answers['409 possible_duplicate'] ?? 0) > 0, 'some are possible duplicates')
  t.ok((summary.unknown['by lookup'] ?? 0) > 0, 'the lookup settles some')
  t.ok((summary.unknown['by operator'] ?? 0) > 0, 'the operator settles some')
})
