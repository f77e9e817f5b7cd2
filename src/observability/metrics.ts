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
  /** A request without a configured key; `rate_limited`: one of too many of its address. */
  countUnauthenticated(answer: UnauthenticatedAnswer): void
  countAmountMismatch(): void
  countConflict(): void
  /** A refund that had failed, and that an answer says was made. */
  countDisputed(): void
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
  /** By the store's clock, in milliseconds since 1970; null where none is unknown. */
  oldestUnknownAt(): Promise<number | null>
  /** What that clock shows now. */
  storeNow(): number
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

/** What a request without a configured key is answered. */
const UNAUTHENTICATED_ANSWERS = ['unauthenticated', 'rate_limited'] as const
export type UnauthenticatedAnswer = (typeof UNAUTHENTICATED_ANSWERS)[number]

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

/** Whoever scrapes within this time is told the same, where nothing was counted meanwhile. */
const SHARED_MS = 1_000

/** Else it is told the latest, but no more often than this within that time: anybody may ask, at any pace. */
const MOST_MADE = 20

/** The text of the metrics, made once for whoever asks within a short time. `changes` counts what was counted. */
function shared(make: () => Promise<string>, changes: () => number): () => Promise<string> {
  let last = { madeAt: Number.NEGATIVE_INFINITY, changes: 0, text: '' }
  let making: Promise<string> | undefined
  let budget = { since: Number.NEGATIVE_INFINITY, left: MOST_MADE }

  async function makeNow(): Promise<string> {
    const seen = changes()
    const text = await make()
    last = { madeAt: performance.now(), changes: seen, text }
    return text
  }

  return async () => {
    const now = performance.now()
    if (now - budget.since >= SHARED_MS) budget = { since: now, left: MOST_MADE }
    const isShared = last.changes === changes() || budget.left === 0
    if (isShared && now - last.madeAt < SHARED_MS) return last.text
    if (making === undefined) {
      budget.left -= 1
      making = makeNow().finally(() => {
        making = undefined
      })
    }
    return making
  }
}

/** Routes that are asked often, by machines, and whose own count nobody waits for. */
const UNWATCHED = new Set(['/metrics', '/healthz', '/readyz'])

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
  const unauthenticated = new Counter({
    name: 'refund_gateway_unauthenticated_requests_total',
    help: 'Requests without a configured key, by their answer; rate_limited: too many of one address',
    labelNames: ['answer'] as const,
    registers,
  })
  for (const answer of UNAUTHENTICATED_ANSWERS) unauthenticated.inc({ answer }, 0)
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
  const disputed = new Counter({
    name: 'refund_gateway_disputed_refunds_total',
    help: 'Refunds that had failed and that a later answer says were made; each waits for a person',
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
        this.set(requestedAt === null ? 0 : Math.max(0, sources.storeNow() - requestedAt) / 1000)
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

  let changes = 0

  return {
    countRequest(method, route, status, durationMs) {
      requestSeries(method, route, String(status)).observe(durationMs / 1000)
      if (!UNWATCHED.has(route)) changes += 1
    },
    countAnswer(outcome) {
      answers.inc({ outcome })
      changes += 1
    },
    countProviderCall(call, outcome, durationMs) {
      callSeries(call, outcome).observe(durationMs / 1000)
      if (call === 'token' && outcome !== 'token') tokenFailures.inc({ reason: 'not_issued' })
      if (outcome === 'token_rejected') tokenFailures.inc({ reason: 'rejected' })
      changes += 1
    },
    countAmountMismatch() {
      mismatches.inc()
      changes += 1
    },
    countConflict() {
      conflicts.inc()
      changes += 1
    },
    countDisputed() {
      disputed.inc()
      changes += 1
    },
    countLost() {
      lost.inc()
      changes += 1
    },
    countUnauthenticated(answer) {
      unauthenticated.inc({ answer })
      changes += 1
    },
    countSteps(timings) {
      for (const [step, series] of stepSeries) series.observe(timings[step] / 1000)
    },
    countResolution(source, status) {
      resolutions.inc({ source, status })
      changes += 1
    },
    text: shared(
      () => registry.metrics(),
      () => changes,
    ),
    contentType: registry.contentType,
  }
}
