import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type ReconcileTask, reconcileDay } from '../../../src/refunds/jobs/reconcile-day.ts'
import { dayDue, startNightlyReconciliation } from '../../../src/refunds/jobs/reconcile-nightly.ts'
import { koreanDay } from '../../../src/refunds/korean-day.ts'
import type { Journal, JournalEntry } from '../../../src/refunds/ports/journal.ts'
import type { RefundObserver } from '../../../src/refunds/ports/observer.ts'
import type { CancelRows } from '../../../src/refunds/ports/provider.ts'
import type { ReconciliationObserver } from '../../../src/refunds/ports/reconciliations.ts'
import type { Difference } from '../../../src/refunds/reconciliation.ts'
import type { Refund } from '../../../src/refunds/refund.ts'
import { createReconciliations } from '../../../src/store/reconciliations.ts'
import { until } from '../../support/calls.ts'
import { startClient } from '../../support/cookiepay.ts'
import { gatewayEnv, madeRefund, refundRequest, startTestGateway } from '../../support/gateway.ts'
import { MERCHANT } from '../../support/merchant.ts'
import { startTestRedis } from '../../support/redis.ts'
import { startSandbox } from '../../support/sandbox.ts'
import { connectStore } from '../../support/store-start.ts'

t.jobs = 2

const DAY_MS = 86_400_000

/** A journal of these refunds, in pages of two at most, whatever is asked for. */
function journalOf(refunds: readonly Pick<Refund, 'id' | 'tid'>[]): Journal {
  const entries = refunds.map(
    ({ id, tid }, index): JournalEntry => ({
      position: `1-${index}.0`,
      change: 'succeeded',
      at: 0,
      id,
      merchant: MERCHANT,
      tid,
      number: 1,
    }),
  )
  return {
    async read({ after, limit }) {
      const from = entries.findIndex(({ position }) => position === after) + 1
      const to = from + Math.min(limit, 2)
      return { entries: entries.slice(from, to), next: to < entries.length ? `1-${to - 1}.0` : null }
    },
  }
}

/** A gateway whose provider is the sandbox, and what reconciles the day of its refunds as if that were over. */
async function startAll(t: Test) {
  const [sandbox, server] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const gateway = await startTestGateway(t, {
    ...gatewayEnv(sandbox.base, server),
    COOKIEPAY_TIMEOUT_MS: '3000',
    // So that nothing but what is tested here settles an unknown one.
    RECONCILE_INTERVAL_MS: '3600000',
  })
  const connected = await connectStore(t, server)
  const store = { ...connected.store, now: () => Date.now() + DAY_MS }
  const client = startClient(t, sandbox.base)
  const runs = createReconciliations(connected.redis)
  const resolved: Refund[] = []
  const observer = {
    resolved: (refund) => resolved.push(refund),
  } as Partial<RefundObserver> as RefundObserver
  const asked: { tid: string; at: number }[] = []
  const rows: CancelRows = {
    lookUpCancels(payment) {
      asked.push({ tid: payment.tid, at: performance.now() })
      return client.lookUpCancels(payment)
    },
  }
  const refund = async (tid: string, part?: number) => {
    const amount = Number(tid.split('-').at(-1))
    const payment = { method: 'card_auth', amount } as const
    return madeRefund(gateway, refundRequest({ tid, payment, ...(part && { amount: part }) }))
  }
  const parts = { store, rows, observer, runs }
  const run = (
    refunds: readonly Refund[],
    task: Partial<ReconcileTask> = {},
    changes: Partial<typeof parts> = {},
  ) => {
    const found: Difference[] = []
    const begun: { payments: number; done: number; left: number }[] = []
    const end = reconcileDay(
      {
        day: koreanDay(Date.now()),
        merchant: null,
        perSecond: 50,
        isStopped: () => false,
        onBegin: ({ left, ...how }) => begun.push({ ...how, left: left.length }),
        onStep: (step) => found.push(...step.found),
        ...task,
      },
      { ...parts, ...changes, journal: journalOf(refunds) },
    )
    return end.then((how) => ({ ...how, found, begun }))
  }
  return { sandbox, server, gateway, redis: connected.redis, refund, run, asked, resolved, parts, runs }
}

/** A tid that nobody else has. */
const tid = (kind: string, amount = 10_000) => `${kind}-${randomUUID().slice(0, 6)}-${amount}`

t.test(
  'what differs is told, and a conclusive lookup settles what is unknown',
  { buffered: true },
  async (t) => {
    const { refund, run, asked, resolved, gateway } = await startAll(t)
    const refunds = [
      await refund(tid('fine')),
      await refund(tid('notcancelled')),
      await refund(tid('declined')),
      await refund(tid('elsewhere')),
      await refund(tid('timeout')),
      await refund(tid('hang')),
      await refund(tid('othersum')),
      await refund(tid('sum'), 3_000),
      await refund(tid('norow')),
      await refund(tid('brokenrow')),
      await refund(tid('otheramount')),
    ]
    const { result, counts, found } = await run(refunds)
    t.equal(result, 'finished')
    t.strictSame(
      found.map(({ kind, tid, settled }) => [kind, tid.split('-')[0], settled]),
      [
        ['not_cancelled', 'notcancelled', false],
        ['cancelled_though_failed', 'elsewhere', false],
        ['cancelled_though_unknown', 'timeout', true],
        ['another_amount', 'othersum', false],
        ['another_amount', 'otheramount', false],
      ],
    )
    t.match(found[3], { refunded_here: 10_000, refunded_there: 10_100 })
    t.strictSame(counts, {
      payments: 11,
      unanswered: 1,
      refunds: { agrees: 3, differs: 5, cannot_be_told: 3 },
      differences: {
        not_cancelled: 1,
        cancelled_though_failed: 1,
        cancelled_though_unknown: 1,
        another_amount: 2,
      },
    })
    t.equal(asked.length, 11)
    t.strictSame(
      resolved.map(({ id, resolution }) => [id, resolution?.source]),
      [[refunds[4]?.id, 'lookup']],
    )
    const status = async (index: number) =>
      (await gateway.request<Refund>(`/refunds/${refunds[index]?.id}`)).body.status
    t.equal(await status(4), 'succeeded')
    t.equal(await status(5), 'unknown', 'an empty row settles nothing')
    t.equal(await status(3), 'failed', 'nothing else is changed')
    t.equal(await status(1), 'succeeded')
  },
)

t.test('a payment is looked up once, however many refunds it has', { buffered: true }, async (t) => {
  const { refund, run, asked } = await startAll(t)
  const [one, other] = [tid('sum'), tid('fine')]
  const first = await refund(one, 1_000)
  const between = await refund(other)
  const second = await refund(one, 2_000)
  // The first of them had changed before, too.
  const { counts } = await run([first, between, second, first])
  t.strictSame(
    asked.map(({ tid }) => tid),
    [one, other],
  )
  t.match(counts, { payments: 2, refunds: { agrees: 3 } })
})

t.test('what changed after the day is of a later one, and costs no lookup', { buffered: true }, async (t) => {
  const { refund, run, asked } = await startAll(t)
  const changed = await refund(tid('notcancelled'))
  const { counts } = await run([changed], { day: koreanDay(Date.now() - DAY_MS) })
  t.match(counts, { payments: 1, refunds: { agrees: 0, differs: 0, cannot_be_told: 0 } })
  t.strictSame(asked, [])
})

t.test('it keeps to its rate', { buffered: true }, async (t) => {
  const { refund, run, asked } = await startAll(t)
  const refunds = await Promise.all(Array.from({ length: 5 }, () => refund(tid('fine'))))
  await run(refunds, { perSecond: 5 })
  for (const [index, { at }] of asked.entries()) {
    const before = asked[index - 1]?.at ?? Number.NEGATIVE_INFINITY
    t.ok(at - before >= 150, `${at - before} ms apart`)
  }
  t.equal(asked.length, 5)
})

t.test(
  'one that was interrupted goes on where it ended, unless it is to begin anew',
  { buffered: true },
  async (t) => {
    const { refund, run, asked } = await startAll(t)
    const refunds = [
      await refund(tid('notcancelled')),
      await refund(tid('fine')),
      await refund(tid('elsewhere')),
    ]
    const tids = refunds.map((one) => one.tid)
    const interrupted = await run(refunds, { isStopped: () => asked.length === 2 })
    t.match(interrupted, { result: 'interrupted', counts: { payments: 2 } })
    const goneOn = await run(refunds)
    t.match(goneOn, { result: 'finished', counts: { payments: 3, refunds: { differs: 2, agrees: 1 } } })
    t.strictSame(goneOn.begun, [{ payments: 3, done: 2, left: 1 }], 'and tells what it had found')
    t.strictSame(
      asked.map(({ tid }) => tid),
      tids,
      'nothing is asked for twice',
    )

    asked.length = 0
    t.match(await run(refunds, { isStopped: () => asked.length === 1 }), { result: 'interrupted' })
    const anew = await run(refunds, { restart: true })
    t.match(anew, { result: 'finished', begun: [{ done: 0, left: 0 }], counts: { payments: 3 } })
    t.equal(asked.length, 4)
  },
)

t.test(
  'a run is done by one at a time, and is taken over from one that died',
  { buffered: true },
  async (t) => {
    const { refund, run, asked, runs, redis } = await startAll(t)
    const refunds = [await refund(tid('fine')), await refund(tid('fine'))]
    const day = { day: koreanDay(Date.now()), merchant: null }
    t.ok(await runs.take(day, 'one that dies'))
    t.match(await run(refunds), { result: 'taken' })
    t.strictSame(asked, [])
    t.match(
      await run(refunds, { merchant: MERCHANT }),
      { result: 'finished' },
      'one account is a run of its own',
    )
    await redis.del(`reconciliation-lock:{${day.day}:}`)
    t.match(await run(refunds), { result: 'finished' })

    asked.length = 0
    const lost = await run(refunds, {
      onBegin: () => void redis.set(`reconciliation-lock:{${day.day}:}`, 'another '),
    })
    t.match(lost, { result: 'taken' }, 'whoever has lost it writes nothing more')
    t.ok(asked.length <= 1)
    t.equal(await redis.get(`reconciliation-lock:{${day.day}:}`), 'another ', 'and leaves it to the other')
  },
)

t.test('where the provider is away it ends, and those are asked for again', { buffered: true }, async (t) => {
  const { refund, run, asked } = await startAll(t)
  const fine = await refund(tid('fine'))
  const broken = await Promise.all(Array.from({ length: 11 }, () => refund(tid('brokenrow'))))
  const first = await run([fine, ...broken])
  t.match(first, {
    result: 'no_answer',
    counts: { payments: 1, unanswered: 0, refunds: { cannot_be_told: 0 } },
  })
  t.equal(asked.length, 11, 'not all of them are asked for')
  asked.length = 0
  const second = await run([fine, ...broken.slice(0, 9)])
  t.match(second, {
    result: 'finished',
    counts: { payments: 10, unanswered: 9, refunds: { cannot_be_told: 9 } },
  })
  t.equal(asked.length, 9)
})

t.test('a payment that is refunded while it is looked up is not compared', { buffered: true }, async (t) => {
  const { refund, run, parts } = await startAll(t)
  const one = tid('sum')
  const first = await refund(one, 1_000)
  const rows: CancelRows = {
    async lookUpCancels(payment) {
      const seen = await parts.rows.lookUpCancels(payment)
      await refund(one, 2_000)
      return seen
    },
  }
  t.match(await run([first], {}, { rows }), { counts: { refunds: { cannot_be_told: 1, differs: 0 } } })
})

t.test('by night one of two replicas does it, and the day only once', { buffered: true }, async (t) => {
  const { refund, parts, runs, asked } = await startAll(t)
  const refunds = [await refund(tid('notcancelled')), await refund(tid('fine')), await refund(tid('fine'))]
  const told: string[] = []
  const watcher: ReconciliationObserver = {
    begun: () => told.push('begun'),
    differs: (_day, { kind }) => told.push(kind),
    finished: () => told.push('finished'),
    failed: (_day, error) => t.fail(String(error)),
  }
  let isStoreTrusted = false
  const startReplica = () => {
    const nightly = startNightlyReconciliation({
      ...parts,
      journal: journalOf(refunds),
      atMinute: 0,
      intervalMs: 100,
      watcher,
      isStoreTrusted: () => isStoreTrusted,
    })
    t.teardown(nightly.stop)
    return nightly
  }
  const replicas = [startReplica(), startReplica()]
  await sleep(500)
  t.strictSame(told, [], 'not while the store is not trusted')
  isStoreTrusted = true
  await until('a day that is finished', async () => (await runs.lastFinished()) !== null)
  await until('both know', () => told.includes('finished'))
  await sleep(500)
  t.strictSame(told, ['begun', 'not_cancelled', 'finished'])
  t.equal(asked.length, 3)
  t.match(await runs.lastFinished(), {
    day: koreanDay(Date.now()),
    counts: { payments: 3, differences: { not_cancelled: 1 } },
  })
  await Promise.all(replicas.map(({ stop }) => stop()))
  startReplica()
  await sleep(500)
  t.equal(asked.length, 3, 'nor does a replica that starts later')
})

t.test('a day comes due at its time of the next day, by the clock of Korea', async (t) => {
  const at = (time: string) => dayDue(Date.parse(`${time}+09:00`), 4 * 60)
  t.equal(at('2026-11-27T03:59:59'), '2026-11-25')
  t.equal(at('2026-11-27T04:00:00'), '2026-11-26')
  t.equal(at('2026-11-28T00:00:00'), '2026-11-26')
})
