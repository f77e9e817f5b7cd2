import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { REFUND_STEPS, type StepTimings } from '../refunds/step-timings.ts'

/** What the gateway counts; the text of `GET /metrics`. */
export type Metrics = Readonly<{
  /** One HTTP request; `route` is the pattern, so that the number of series stays bounded. */
  countRequest(method: string, route: string, status: number, durationMs: number): void
  /** One answer of `POST /refunds`, by what it said. */
  countAnswer(outcome: string): void
  /** One call to the provider, by what it led to. */
  countProviderCall(call: 'token' | 'cancel' | 'lookup', outcome: string, durationMs: number): void
  countAmountMismatch(): void
  countConflict(): void
  /** A refund that the store forgot while it was in flight. */
  countLost(): void
  /** The steps of a refund whose outcome is recorded. */
  countSteps(timings: StepTimings): void
  /** An unknown refund that was settled. */
  countResolution(source: string, status: string): void
  /** Prometheus text. */
  text(): Promise<string>
  contentType: string
}>

/** What is looked up when the metrics are read. */
export type MetricSources = Readonly<{
  countUnsettled(): Promise<number>
  /** In milliseconds since 1970; null where none is unknown. */
  oldestUnknownAt(): Promise<number | null>
  countPendingWrites(): number
  isReady(): boolean
  storeState(): StoreState
  /** Whether calls to the provider are paused, for any account. */
  isPaused(): boolean
  droppedLogLines(): number
}>

/** What the store promises; each is a series of its own, so that one of them is 1. */
const STORE_STATES = ['durable', 'not_durable', 'unavailable'] as const
export type StoreState = (typeof STORE_STATES)[number]

/** Why there was no token for a call to the provider. */
const TOKEN_FAILURES = ['not_issued', 'rejected'] as const

/** What is told of whether refunds work; the others are about what a caller sent. */
const EXPECTED_ANSWERS = [
  'succeeded',
  'unknown',
  'replayed',
  'provider_declined',
  'provider_auth_failed',
  'provider_unavailable',
  'store_unavailable',
  'store_not_durable',
] as const

const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30]

/** Finding a series by its labels costs more than counting; there are few of them. */
function remembered<Series>(find: (...labels: string[]) => Series): (...labels: string[]) => Series {
  const found = new Map<string, Series>()
  return (...labels) => {
    const name = labels.join(' ')
    let series = found.get(name)
    if (series === undefined) {
      series = find(...labels)
      found.set(name, series)
    }
    return series
  }
}

/** The gateway's metrics and the process's own, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  // What an alert looks at is 0 from the start: only then is the first of it seen as an increase.
  const requests = new Histogram({
    name: 'refund_gateway_request_duration_seconds',
    help: 'HTTP requests by route and status; the count is how many there were',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: SECONDS_BUCKETS,
    registers,
  })
  requests.zero({ method: 'POST', route: '/refunds', status: 500 })
  const answers = new Counter({
    name: 'refund_gateway_refund_answers_total',
    help: 'Answers of POST /refunds: succeeded, unknown, replayed or the code of the problem',
    labelNames: ['outcome'] as const,
    registers,
  })
  for (const outcome of EXPECTED_ANSWERS) answers.inc({ outcome }, 0)
  const providerCalls = new Histogram({
    name: 'refund_gateway_provider_call_duration_seconds',
    help: 'Calls to the provider by what they led to; call="token" are the token refreshes',
    labelNames: ['call', 'outcome'] as const,
    buckets: SECONDS_BUCKETS,
    registers,
  })
  const mismatches = new Counter({
    name: 'refund_gateway_amount_mismatches_total',
    help: 'Cancels of which the provider says another amount than was asked',
    registers,
  })
  const conflicts = new Counter({
    name: 'refund_gateway_conflicts_total',
    help: 'Answers of the provider that contradict what is recorded',
    registers,
  })
  const lost = new Counter({
    name: 'refund_gateway_lost_refunds_total',
    help: 'Refunds that the store forgot while the provider was being called',
    registers,
  })
  const tokenFailures = new Counter({
    name: 'refund_gateway_token_failures_total',
    help: 'Token calls that brought no token (not_issued), and calls whose token was turned down (rejected)',
    labelNames: ['reason'] as const,
    registers,
  })
  for (const reason of TOKEN_FAILURES) tokenFailures.inc({ reason }, 0)
  const steps = new Histogram({
    name: 'refund_gateway_refund_step_duration_seconds',
    help: 'Steps of the refunds that were sent: claim, token, admission (the wait for a place), begin, relay, settle',
    labelNames: ['step'] as const,
    buckets: SECONDS_BUCKETS,
    registers,
  })
  const resolutions = new Counter({
    name: 'refund_gateway_resolutions_total',
    help: 'Refunds that were unknown and have been settled, by what settled them',
    labelNames: ['source', 'status'] as const,
    registers,
  })
  new Gauge({
    name: 'refund_gateway_unsettled_refunds',
    help: 'Refunds in flight or unknown, over all replicas; absent while the store cannot be reached',
    registers,
    async collect() {
      try {
        this.set(await sources.countUnsettled())
      } catch {
        this.remove()
      }
    },
  })
  new Gauge({
    name: 'refund_gateway_oldest_unknown_age_seconds',
    help: 'How long ago the oldest unknown refund was asked for, over all replicas; 0: none is unknown; absent while the store cannot be reached',
    registers,
    async collect() {
      try {
        const requestedAt = await sources.oldestUnknownAt()
        this.set(requestedAt === null ? 0 : Math.max(0, Date.now() - requestedAt) / 1000)
      } catch {
        this.remove()
      }
    },
  })
  new Gauge({
    name: 'refund_gateway_store_state',
    help: '1 for what the store is: durable, not_durable or unavailable',
    labelNames: ['state'] as const,
    registers,
    collect() {
      const found = sources.storeState()
      for (const state of STORE_STATES) this.set({ state }, state === found ? 1 : 0)
    },
  })
  new Gauge({
    name: 'refund_gateway_pending_writes',
    help: 'Outcomes that this process holds until the store can be written to again',
    registers,
    collect() {
      this.set(sources.countPendingWrites())
    },
  })
  new Gauge({
    name: 'refund_gateway_ready',
    help: '1 while this process takes refunds',
    registers,
    collect() {
      this.set(sources.isReady() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'refund_gateway_provider_paused',
    help: '1 while calls to the provider are paused because it keeps failing',
    registers,
    collect() {
      this.set(sources.isPaused() ? 1 : 0)
    },
  })
  new Counter({
    name: 'refund_gateway_log_lines_dropped_total',
    help: 'Log lines that could not be written and were more than can be held: a full disk, or nobody who reads',
    registers,
    collect() {
      this.reset()
      this.inc(sources.droppedLogLines())
    },
  })

  const stepSeries = REFUND_STEPS.map(
    (step) => [step, steps.labels({ step: step.slice(0, -'Ms'.length) })] as const,
  )
  const requestSeries = remembered((method: string, route: string, status: string) =>
    requests.labels({ method, route, status }),
  )
  const callSeries = remembered((call: string, outcome: string) => providerCalls.labels({ call, outcome }))

  return {
    countRequest: (method, route, status, durationMs) =>
      requestSeries(method, route, String(status)).observe(durationMs / 1000),
    countAnswer: (outcome) => answers.inc({ outcome }),
    countProviderCall(call, outcome, durationMs) {
      callSeries(call, outcome).observe(durationMs / 1000)
      if (call === 'token' && outcome !== 'token') tokenFailures.inc({ reason: 'not_issued' })
      if (outcome === 'token_rejected') tokenFailures.inc({ reason: 'rejected' })
    },
    countAmountMismatch: () => mismatches.inc(),
    countConflict: () => conflicts.inc(),
    countLost: () => lost.inc(),
    countSteps(timings) {
      for (const [step, series] of stepSeries) series.observe(timings[step] / 1000)
    },
    countResolution: (source, status) => resolutions.inc({ source, status }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
