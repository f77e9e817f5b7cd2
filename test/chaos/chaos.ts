import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { leaseMs } from '../../src/refunds/lease.ts'
import { JOURNAL_LAG_MS } from '../../src/refunds/ports/journal.ts'
import { buildCopy, type Edit } from '../support/build-copy.ts'
import { ANONYMOUS, type Caller, createCaller } from './caller.ts'
import { findEventViolations } from './check-events.ts'
import { checkJournal, readJournal } from './check-journal.ts'
import { type Clerk, startClerk } from './check-outside.ts'
import { findViolations } from './checker.ts'
import { createRunClock, type RunClock } from './clock.ts'
import { type EndingParts, settleByHand, settleByItself } from './ending.ts'
import { type Exporter, startExporter } from './exporter.ts'
import { ACCOUNTS, type Histories } from './histories.ts'
import { atExit } from './leftovers.ts'
import { MOST_AT_ONCE, SPACING_MS } from './limits.ts'
import { type Deeds, type Monkey, startMonkey } from './monkey.ts'
import { createOperator, type Operator } from './operator.ts'
import { createPayer } from './payer.ts'
import { NOTIFICATION_SECRET, startPostman } from './postman.ts'
import { type Gateway, startGateway, startRedis, startSandbox, type Target } from './processes.ts'
import { createRandom } from './random.ts'
import { createReader, type Reader } from './reader.ts'
import { type Received, type Receivers, startReceivers } from './receivers.ts'
import { createTids, STORIES, type Stage, type Story, volley } from './stories.ts'
import type { Violation } from './violations.ts'

export type ChaosOptions = Readonly<{
  /** Decides what is asked, what is killed and when, as far as timing allows. */
  seed: number
  /** How long there is traffic and chaos; settling comes after it. */
  durationMs: number
  /** How many keys are opened each second. */
  refundsPerSecond: number
  /** False: the operator does not wait until the lookup has found all that it can find. */
  waitForLookups?: boolean
  /** True: where there is a violation already, the rest is not settled by hand. */
  stopsAtViolation?: boolean
  /** Mutations of the gateway. */
  edits?: readonly Edit[]
  /** Gets a line now and then. */
  log?(line: string): void
}>

export type ChaosResult = Readonly<{
  histories: Histories
  violations: readonly Violation[]
  deeds: Deeds
  /** Notifications by their fate, and the payments whose console cancels were booked. */
  outside: Readonly<Record<string, number>>
  /** How many exports were refused or had no proper end. */
  exportsBrokenOff: number
  /** What the endpoints got. */
  received: readonly Received[]
  /** Log lines of the gateways that name a refund, by its id. */
  logLines(id: string): readonly string[]
}>

const GATEWAYS = 3
/** The largest payments of the run are beyond the first; the others only count. */
const CALLER_LIMITS = {
  caller: ANONYMOUS,
  max_amount: MOST_AT_ONCE,
  max_amount_per_day: 1_000_000_000_000,
  max_refunds_per_day: 1_000_000,
}
const CONNECT_TIMEOUT_MS = 300
const TIMEOUT_MS = 500
const LEASE_MS = leaseMs({ connectTimeoutMs: CONNECT_TIMEOUT_MS, timeoutMs: TIMEOUT_MS })

/** Beyond the timeout: what `slow` and `late` asked for is unknown before it is answered. */
const SLOW_MS = 800

/** Rounded up to whole seconds by the sandbox's JWT, so that tokens expire while they are in use. */
const TOKEN_LIFETIME_MS = 2_500

/** No call of a refund can still be made or applied: its lease, the longest pause and a slow answer are over. */
const FINAL_AFTER_MS = 25_000
/** The same once nothing is killed or paused any more. */
const FINAL_AFTER_CHAOS_MS = 2 * SLOW_MS

/** A replica that is killed over a lookup keeps the refund from the others for a minute; pauses double. */
const LOOKUP_PATIENCE_MS = 120_000
const SHORT_LOOKUP_PATIENCE_MS = 15_000

/** By then a volley has reached the provider, and is not answered. */
const VOLLEY_LEAD_MS = 150

const OPERATOR_INTERVAL_MS = 1_000
const MOST_STORIES_AT_ONCE = 400

/** One run: traffic and chaos, then everything settles, then the three histories are compared. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-chaos-'))
  const forget = atExit(() => rmSync(directory, { recursive: true, force: true }))
  const targets: Target[] = []
  try {
    await buildCopy(directory, options.edits)
    return await runIn(directory, options, targets)
  } finally {
    await Promise.all(targets.map((target) => target.stop()))
    await rm(directory, { recursive: true, force: true })
    forget()
  }
}

async function runIn(directory: string, options: ChaosOptions, targets: Target[]): Promise<ChaosResult> {
  const { seed, waitForLookups = true, log = () => {} } = options
  const random = createRandom(seed)
  const [redis, sandbox] = await Promise.all([
    startRedis(join(directory, 'redis')),
    startSandbox(directory, ['--slow-ms', `${SLOW_MS}`, '--token-lifetime-ms', `${TOKEN_LIFETIME_MS}`]),
  ])
  targets.push(redis, sandbox)
  const receivers = await startReceivers(random.fork('receivers'), redis.url)
  const accountsFile = await writeAccounts(directory)
  const env = {
    ...gatewayEnv(redis.url, sandbox.url),
    COOKIEPAY_ACCOUNTS_FILE: accountsFile,
    EVENT_ENDPOINTS: receivers.endpoints,
  }
  const gateways = await Promise.all(
    Array.from({ length: GATEWAYS }, (_, number) => startGateway({ directory, number, env })),
  )
  targets.push(...gateways)

  const clock = createRunClock()
  const caller = createCaller(gateways, clock)
  const reader = createReader(gateways, sandbox, clock)
  const operator = createOperator(caller, reader, random.fork('operator'))
  const stage: Stage = {
    caller,
    random: random.fork('stories'),
    gateways: GATEWAYS,
    newTid: createTids(),
    payer: createPayer(sandbox.url),
  }
  const postman = startPostman(gateways, sandbox.url, random.fork('postman'))
  const clerk = startClerk({ gateways, sandboxUrl: sandbox.url, random: random.fork('clerk'), clock })
  const exporter = startExporter(gateways, clock, random.fork('exporter'))
  const volleys: Promise<void>[] = []
  const errors: unknown[] = []
  const monkey = startMonkey({
    gateways,
    redis,
    sandbox,
    leaseMs: LEASE_MS,
    random: random.fork('monkey'),
    clock,
    async keepBusy(gateway) {
      const ownStage = { ...stage, random: random.fork(`volley ${volleys.length}`) }
      volleys.push(volley(ownStage, gateways.indexOf(gateway)))
      await sleep(VOLLEY_LEAD_MS)
    },
    onError: (error) => errors.push(error),
  })
  try {
    await playStories(stage, options, operator, () => monkey.stop())
    await Promise.all(volleys)
    await Promise.all([clerk.stop(), exporter.stop()])
    if (errors.length > 0) throw errors[0]
    log(`${clock.ms()} ms: ${caller.keys.length} keys asked, ${monkey.kills().length} kills; settling`)

    const parts: EndingParts = {
      caller,
      reader,
      operator,
      random: random.fork('ending'),
      since: clock.step(),
      finalAfterMs: FINAL_AFTER_CHAOS_MS,
      lookupPatienceMs: waitForLookups ? LOOKUP_PATIENCE_MS : SHORT_LOOKUP_PATIENCE_MS,
    }
    await postman.stop()
    const mayMiss = !(await settleByItself(parts)) && !waitForLookups
    let histories = await collect(caller, reader, gateways, { monkey, clock, exporter, clerk })
    const violations = findViolations(histories, mayMiss ? 'anything' : 'what no lookup shows')
    if (violations.length === 0 || !options.stopsAtViolation) {
      log(`${clock.ms()} ms: settled but for ${unknownCount(histories)} unknown, left to the operator`)
      await settleByHand(parts)
      histories = await collect(caller, reader, gateways, { monkey, clock, exporter, clerk })
      histories = await withJournal(histories, redis.url)
      histories = await withLists(histories, exporter)
      violations.push(...findViolations(histories, 'nothing'))
      violations.push(...(await checkEvents(receivers, histories)))
    }

    for (const detail of [...postman.post.violations, ...(await clerk.check(monkey.lapses()))]) {
      violations.push({ invariant: 'outside', tid: '', key: null, detail })
    }
    const lines = await logLinesOf(gateways)
    return {
      outside: { ...postman.post.sent, 'payments booked': clerk.payments() },
      exportsBrokenOff: exporter.brokenOff(),
      histories,
      violations,
      deeds: monkey.deeds(),
      received: receivers.received(),
      logLines: (id) => lines.filter((line) => line.includes(id)),
    }
  } finally {
    await monkey.stop()
    await Promise.all([postman.stop(), clerk.stop(), exporter.stop()])
    await Promise.all([caller.close(), reader.close(), receivers.stop()])
  }
}

/** Once everything has settled, and whatever waits has been sent. */
async function checkEvents(receivers: Receivers, { stored, lapses }: Histories): Promise<Violation[]> {
  receivers.settle()
  const isAllTold = await receivers.untilTold()
  const late: Violation = { invariant: 'delivered', tid: '', key: null, detail: 'events still wait' }
  return [
    ...(isAllTold ? [] : [late]),
    ...findEventViolations(stored, receivers.received(), { hasLapsed: lapses.length > 0 }),
  ]
}

function gatewayEnv(redisUrl: string, sandboxUrl: string): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    COOKIEPAY_BASE_URL: sandboxUrl,
    COOKIEPAY_CONNECT_TIMEOUT_MS: `${CONNECT_TIMEOUT_MS}`,
    COOKIEPAY_TIMEOUT_MS: `${TIMEOUT_MS}`,
    RECONCILE_INTERVAL_MS: '300',
    RESOLVE_FAILED_AFTER_MS: '300',
    RATE_LIMIT_MAX: '1000000000',
    COOKIEPAY_PAYMENT_SPACING_MS: `${SPACING_MS}`,
    PAYMENT_LOOKUP: 'verify',
    NOTIFICATION_SECRETS: NOTIFICATION_SECRET,
    CALLER_LIMITS: JSON.stringify([CALLER_LIMITS]),
  }
}

async function writeAccounts(directory: string): Promise<string> {
  const path = join(directory, 'accounts.json')
  const accounts = Object.entries(ACCOUNTS).map(([name, { id }]) => ({
    name,
    id,
    key: `${id}-key`,
    pg: name,
  }))
  await writeFile(path, JSON.stringify(accounts))
  return path
}

/** Begins stories at an even pace until the time is over, ends the chaos, and waits for the stories. */
async function playStories(
  stage: Stage,
  { durationMs, refundsPerSecond }: ChaosOptions,
  operator: Operator,
  endChaos: () => Promise<void>,
): Promise<void> {
  const weights = Object.entries(STORIES).map(([name, story]) => [story.weight, [name, story]] as const)
  const underWay = new Set<Promise<unknown>>()
  const startedAt = performance.now()
  const elapsedMs = () => performance.now() - startedAt
  let isOver = false
  const operating = (async () => {
    while (!isOver) {
      await sleep(OPERATOR_INTERVAL_MS)
      // With all gateways down there is nothing to do for an operator.
      await operator.round({ finalAfterMs: FINAL_AFTER_MS, everything: false }).catch(() => {})
    }
  })()

  let begun = 0
  for (let number = 0; elapsedMs() < durationMs; number += 1) {
    const [name, story] = stage.random.weighted<readonly [string, Story]>(weights)
    begun += story.keys
    const playing = story
      .play({ ...stage, random: stage.random.fork(`${name} ${number}`) })
      .finally(() => underWay.delete(playing))
    underWay.add(playing)
    await sleep((begun / refundsPerSecond) * 1_000 - elapsedMs())
    while (underWay.size > MOST_STORIES_AT_ONCE) await Promise.race(underWay)
  }
  isOver = true
  stage.caller.hurry()
  await endChaos()
  await Promise.all([...underWay, operating])
}

type CollectFrom = Readonly<{ monkey: Monkey; clock: RunClock; exporter: Exporter; clerk: Clerk }>

async function collect(
  caller: Caller,
  reader: Reader,
  gateways: readonly Gateway[],
  { monkey, clock, exporter, clerk }: CollectFrom,
): Promise<Histories> {
  const tids = [...new Set(caller.keys.flatMap(({ payloads }) => payloads.map(({ tid }) => tid)))]
  const [stored, applied, counted, lines] = await Promise.all([
    reader.stored([...tids, ...clerk.tids()]),
    reader.applied(tids),
    reader.counted(),
    logLinesOf(gateways),
  ])
  const postponed = new Set(
    lines.filter((line) => NOT_KEPT.some((words) => line.includes(words))).map(refundIn),
  )
  const { keys, ledgersSeen, checked } = caller
  const lapses = monkey.lapses()
  const isLapsed = (at: string) =>
    lapses.some(({ fromMs, toMs }) => clock.msOf(at) >= fromMs - LAPSE_SLACK_MS && clock.msOf(at) <= toMs)
  const changed = [...stored.values()].flatMap(({ events }) => [...events])
  const lapsed = changed.filter(([, events]) => events.some(({ at }) => isLapsed(at))).map(([id]) => id)
  return {
    ...{ keys, stored, applied, ledgersSeen, postponed, checked, counted },
    kills: monkey.kills(),
    lapses,
    lapsed: new Set(lapsed),
    journal: null,
    pauses: monkey.pauses(),
    exported: [...exporter.exported],
    listed: [],
  }
}

/** What was written to newer data shortly before they were away may have been acknowledged by the time they were back. */
const LAPSE_SLACK_MS = 1_000

/** With the journal, for which the sweep of what crashes left is waited for. */
async function withJournal(histories: Histories, redisUrl: string): Promise<Histories> {
  const isWhole = (journal: Histories['journal']) => {
    let violations = 0
    checkJournal({ ...histories, journal }, () => () => {
      violations += 1
    })
    return violations === 0
  }
  return { ...histories, journal: await readJournal(redisUrl, isWhole) }
}

/** With all refunds in each way: once what was journalled last is old enough to be listed. */
async function withLists(histories: Histories, exporter: Exporter): Promise<Histories> {
  await sleep(JOURNAL_LAG_MS + LIST_SLACK_MS)
  return { ...histories, listed: await exporter.whole() }
}

const LIST_SLACK_MS = 500

/** How a gateway's log says that it tells an outcome which the store does not keep, or not yet. */
const NOT_KEPT = ['the store cannot be written to', 'the store forgot a refund']

function unknownCount({ stored }: Histories): number {
  return [...stored.values()].flatMap(({ refunds }) => refunds).filter(({ status }) => status === 'unknown')
    .length
}

async function logLinesOf(gateways: readonly Gateway[]): Promise<string[]> {
  const texts = await Promise.all(gateways.map(({ logPath }) => readFile(logPath, 'utf8')))
  return texts.flatMap((text) => text.split('\n'))
}

function refundIn(line: string): string {
  return /"refund":"([^"]+)"/.exec(line)?.[1] ?? ''
}
