import t from 'tap'
import { METRICS } from '../../src/observability/metric-table.ts'
import { createMetrics, type MetricSources } from '../../src/observability/metrics.ts'

function startAll(overrides: Partial<MetricSources> = {}) {
  let asked = 0
  const metrics = createMetrics({
    countAwaitingDeposit: async () => 0,
    async countUnsettled() {
      asked += 1
      return asked
    },
    oldestUnknownAt: async () => 1_000,
    storeNow: () => 61_000,
    limitUse: async () => [],
    eventBacklog: async () => [{ endpoint: 'orders', oldestAt: 1_000 }],
    lastReconciled: async () => null,
    countPendingWrites: () => 0,
    isReady: () => true,
    storeState: () => 'durable',
    isPaused: () => false,
    droppedLogLines: () => 0,
    ...overrides,
  })
  return { metrics, asked: () => asked }
}

t.test('however many scrape and however often, the store is asked a few times a second', async (t) => {
  // A process that is a moment old, and one that is older.
  for (const startedAt of [1, 500, 100_000]) {
    let now = startedAt
    t.intercept(performance, 'now', { value: () => now })
    const { metrics, asked } = startAll()
    await Promise.all(Array.from({ length: 100 }, () => metrics.text()))
    t.equal(asked(), 1, 'at once')
    for (let count = 0; count < 500; count++) {
      metrics.countAnswer('succeeded')
      await metrics.text()
      now += 1
    }
    t.equal(asked(), 20, 'within a second, although something is counted each time')
    now += 1_000
    for (let count = 0; count < 500; count++) {
      metrics.countAnswer('succeeded')
      await metrics.text()
    }
    t.equal(asked(), 40, 'and as many in another')
  }
})

t.test('what was counted is told to who asks afterwards', async (t) => {
  const { metrics, asked } = startAll()
  const counting: (() => void)[] = [
    () => metrics.countRequest('POST', '/refunds', 201, 5),
    () => metrics.countAnswer('succeeded'),
    () => metrics.countProviderCall('cancel', 'succeeded', 5),
    () => metrics.countAmountMismatch(),
    () => metrics.countConflict(),
    () => metrics.countLost(),
    () => metrics.countEvent('orders', 'failed'),
    () => metrics.countResolution('lookup', 'succeeded'),
  ]
  let last = await metrics.text()
  for (const count of counting) {
    count()
    const text = await metrics.text()
    t.not(text, last, String(count))
    last = text
  }
  const before = asked()
  // A scraper's own request changes nothing that it waits for.
  metrics.countRequest('GET', '/metrics', 200, 5)
  await metrics.text()
  t.equal(asked(), before)
})

t.test('the age of the oldest unknown refund is by the clock of the store', async (t) => {
  t.match(await startAll().metrics.text(), /^refund_gateway_oldest_unknown_age_seconds 60$/m)
})

t.test('what the store cannot tell is absent', async (t) => {
  const away = async () => {
    throw new Error('away')
  }
  const { metrics } = startAll({ countUnsettled: away, countAwaitingDeposit: away, oldestUnknownAt: away })
  t.notMatch(await metrics.text(), /^refund_gateway_(unsettled_refunds|oldest_unknown_age_seconds) /m)
})

t.test('both gauges of a limit come from one look, and leave with it', async (t) => {
  let looks = 0
  const use = { caller: 'orders', limit: 'max_amount_per_day', used: 800, max: 1_000 } as const
  let uses: readonly (typeof use)[] | null = [use]
  const { metrics } = startAll({
    async limitUse() {
      looks += 1
      if (uses === null) throw new Error('away')
      return uses
    },
  })
  const series = async () => {
    metrics.countAnswer('succeeded')
    return [...(await metrics.text()).matchAll(/^refund_gateway_caller_limit_\w+\{.*$/gm)].map(
      ([line]) => line,
    )
  }
  t.strictSame(await series(), [
    'refund_gateway_caller_limit_used{caller="orders",limit="max_amount_per_day"} 800',
    'refund_gateway_caller_limit_max{caller="orders",limit="max_amount_per_day"} 1000',
  ])
  t.equal(looks, 1)
  uses = null
  t.strictSame(await series(), [], 'absent while the store is away')
  uses = [use]
  t.equal((await series()).length, 2)
  uses = []
  t.strictSame(await series(), [], 'a limit that is gone')
})

t.test('the table holds every metric of the gateway', async (t) => {
  const told = [...(await startAll().metrics.text()).matchAll(/^# HELP (refund_gateway_\w+) (.+)$/gm)]
  t.strictSame(
    told.map(([, name, help]) => [name, help]).sort(),
    Object.values(METRICS)
      .map(({ name, help }) => [name, help])
      .sort(),
  )
})
