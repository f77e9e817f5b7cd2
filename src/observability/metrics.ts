import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { LimitUse } from '../refunds/caller-limits.ts'
import { type Backlog, EVENT_RESULTS, type EventResult } from '../refunds/ports/events.ts'
import { NOTIFICATION_OUTCOMES, type NotificationOutcome } from '../refunds/ports/observer.ts'
import type { FinishedDay } from '../refunds/ports/reconciliations.ts'
import { DIFFERENCE_KINDS, VERDICTS } from '../refunds/reconciliation.ts'
import { REFUND_STEPS, type StepTimings } from '../refunds/step-timings.ts'
import { METRICS } from './metric-table.ts'
import { createSecondsHistogram } from './seconds-histogram.ts'
import { shared } from './shared-text.ts'

/** What the gateway counts; the text of `GET /metrics`. */
export type Metrics = Readonly<{
  /** One HTTP request; `route` is the pattern, so that the number of series stays bounded. */
  countRequest(method: string, route: string, status: number, durationMs: number): void
  /** One answer of `POST /refunds`, by what it said. */
  countAnswer(outcome: string): void
  /** One call to the provider, by what it led to. */
  countProviderCall(
    call: 'token' | 'cancel' | 'deposit' | 'lookup' | 'payment_lookup',
    outcome: string,
    durationMs: number,
  ): void
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
  /** One notification of the provider, by what became of it. */
  countNotification(outcome: NotificationOutcome): void
  /** A booking of what was refunded outside, or one that was taken back. */
  countBooking(change: (typeof BOOKING_CHANGES)[number]): void
  /** One attempt to deliver an event to an endpoint, or what became of the event. */
  countEvent(endpoint: string, result: EventResult): void
  /** Prometheus text. */
  text(): Promise<string>
  contentType: string
}>

/** What is looked up when the metrics are read. */
export type MetricSources = Readonly<{
  countUnsettled(): Promise<number>
  countAwaitingDeposit(): Promise<number>
  /** By the store's clock, in milliseconds since 1970; null where none is unknown. */
  oldestUnknownAt(): Promise<number | null>
  /** What that clock shows now. */
  storeNow(): number
  /** What callers have used of each of their daily limits. */
  limitUse(): Promise<readonly LimitUse[]>
  /** What waits for each endpoint that is configured. */
  eventBacklog(): Promise<readonly Backlog[]>
  /** The last day that was reconciled; null: none was. */
  lastReconciled(): Promise<FinishedDay | null>
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

/** What a person does with bookings. */
const BOOKING_CHANGES = ['booked', 'taken_back'] as const

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

/** Routes that are asked often, by machines, and whose own count nobody waits for. */
const UNWATCHED = new Set(['/metrics', '/healthz', '/readyz'])

/** The gateway's metrics and the process's own, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const histograms = createHistograms(registry)
  const counters = createCounters(registry)
  for (const gauge of [gaugeStore, gaugeLimits, gaugeReconciliation, gaugeProcess]) gauge(sources, registry)
  let changes = 0

  return {
    countRequest(method, route, status, durationMs) {
      histograms.requestSeries(method, route, String(status)).observe(durationMs / 1000)
      if (!UNWATCHED.has(route)) changes += 1
    },
    countAnswer(outcome) {
      counters.answers(outcome).inc()
      changes += 1
    },
    countProviderCall(call, outcome, durationMs) {
      histograms.callSeries(call, outcome).observe(durationMs / 1000)
      if (call === 'token' && outcome !== 'token') counters.tokenFailures.inc({ reason: 'not_issued' })
      if (outcome === 'token_rejected') counters.tokenFailures.inc({ reason: 'rejected' })
      changes += 1
    },
    countAmountMismatch() {
      counters.mismatches.inc()
      changes += 1
    },
    countConflict() {
      counters.conflicts.inc()
      changes += 1
    },
    countDisputed() {
      counters.disputed.inc()
      changes += 1
    },
    countLost() {
      counters.lost.inc()
      changes += 1
    },
    countUnauthenticated(answer) {
      counters.unauthenticated.inc({ answer })
      changes += 1
    },
    ...outsideCounts(counters, () => {
      changes += 1
    }),
    countSteps(timings) {
      for (const [step, series] of histograms.stepSeries) series.observe(timings[step] / 1000)
    },
    countResolution(source, status) {
      counters.resolutions.inc({ source, status })
      changes += 1
    },
    countEvent(endpoint, result) {
      counters.eventSeries(endpoint, result).inc()
      changes += 1
    },
    text: shared(
      () => registry.metrics(),
      () => changes,
    ),
    contentType: registry.contentType,
  }
}

/** Counts of what happens outside of the gateway. */
function outsideCounts(
  { bookings, notifications }: Pick<ReturnType<typeof createCounters>, 'bookings' | 'notifications'>,
  onChange: () => void,
): Pick<Metrics, 'countBooking' | 'countNotification'> {
  return {
    countBooking(change) {
      bookings.inc({ change })
      onChange()
    },
    countNotification(outcome) {
      notifications.inc({ outcome })
      onChange()
    },
  }
}

/** How long things took, by series that are found once. */
function createHistograms(registry: Registry) {
  const requests = createSecondsHistogram(registry, METRICS.requests)
  // What an alert looks at is 0 from the start: only then is the first of it seen as an increase.
  requests({ method: 'POST', route: '/refunds', status: '500' })
  const providerCalls = createSecondsHistogram(registry, METRICS.providerCalls)
  const steps = createSecondsHistogram(registry, METRICS.steps)
  return {
    requestSeries: remembered((method: string, route: string, status: string) =>
      requests({ method, route, status }),
    ),
    callSeries: remembered((call: string, outcome: string) => providerCalls({ call, outcome })),
    stepSeries: REFUND_STEPS.map((step) => [step, steps({ step: step.slice(0, -'Ms'.length) })] as const),
  }
}

/** What is counted where it happens; 0 from the start, as above. */
function createCounters(registry: Registry) {
  const registers = [registry]
  const answers = new Counter({ ...METRICS.answers, registers })
  for (const outcome of EXPECTED_ANSWERS) answers.inc({ outcome }, 0)
  const unauthenticated = new Counter({ ...METRICS.unauthenticated, registers })
  for (const answer of UNAUTHENTICATED_ANSWERS) unauthenticated.inc({ answer }, 0)
  const notifications = new Counter({ ...METRICS.notifications, registers })
  for (const outcome of NOTIFICATION_OUTCOMES) notifications.inc({ outcome }, 0)
  const tokenFailures = new Counter({ ...METRICS.tokenFailures, registers })
  for (const reason of TOKEN_FAILURES) tokenFailures.inc({ reason }, 0)
  const events = new Counter({ ...METRICS.events, registers })
  return {
    answers: remembered((outcome: string) => answers.labels({ outcome })),
    // What one of an endpoint's is counted for the first time makes the others 0, as above.
    eventSeries: remembered((endpoint: string, result: string) => {
      for (const other of EVENT_RESULTS) events.inc({ endpoint, result: other }, 0)
      return events.labels({ endpoint, result })
    }),
    unauthenticated,
    tokenFailures,
    notifications,
    mismatches: new Counter({ ...METRICS.mismatches, registers }),
    conflicts: new Counter({ ...METRICS.conflicts, registers }),
    disputed: new Counter({ ...METRICS.disputed, registers }),
    lost: new Counter({ ...METRICS.lost, registers }),
    resolutions: new Counter({ ...METRICS.resolutions, registers }),
    bookings: new Counter({ ...METRICS.bookings, registers }),
  }
}

/** What the store knows, looked up when the metrics are read. */
function gaugeStore(sources: MetricSources, registry: Registry): void {
  const registers = [registry]
  const gaugeCount = (
    metric: typeof METRICS.unsettled | typeof METRICS.awaitingDeposit,
    count: () => Promise<number>,
  ) =>
    new Gauge({
      ...metric,
      registers,
      async collect() {
        try {
          this.set(await count())
        } catch {
          this.remove()
        }
      },
    })
  gaugeCount(METRICS.unsettled, sources.countUnsettled)
  gaugeCount(METRICS.awaitingDeposit, sources.countAwaitingDeposit)
  new Gauge({
    ...METRICS.oldestUnknown,
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
    ...METRICS.oldestEvent,
    registers,
    async collect() {
      const backlog = await sources.eventBacklog().catch(() => [])
      this.reset()
      for (const { endpoint, oldestAt } of backlog) {
        this.set({ endpoint }, oldestAt === null ? 0 : Math.max(0, sources.storeNow() - oldestAt) / 1000)
      }
    },
  })
  new Gauge({
    ...METRICS.storeState,
    registers,
    collect() {
      const found = sources.storeState()
      for (const state of STORE_STATES) this.set({ state }, state === found ? 1 : 0)
    },
  })
}

/** One look for all who ask while it is under way; `otherwise`: it came to nothing. */
function sharedLook<Found>(look: () => Promise<Found>, otherwise: Found): () => Promise<Found> {
  let looking: Promise<Found> | undefined
  return () => {
    looking ??= look()
      .catch(() => otherwise)
      .finally(() => {
        looking = undefined
      })
    return looking
  }
}

/** The three gauges from one look. */
function gaugeReconciliation({ lastReconciled }: MetricSources, registry: Registry): void {
  const look = sharedLook(lastReconciled, null)
  const registers = [registry]
  new Gauge({
    ...METRICS.reconciledDifferences,
    registers,
    async collect() {
      const last = await look()
      this.reset()
      if (last === null) return
      for (const kind of DIFFERENCE_KINDS) this.set({ kind }, last.counts.differences[kind])
    },
  })
  new Gauge({
    ...METRICS.reconciledRefunds,
    registers,
    async collect() {
      const last = await look()
      this.reset()
      if (last === null) return
      for (const verdict of VERDICTS) this.set({ verdict }, last.counts.refunds[verdict])
    },
  })
  new Gauge({
    ...METRICS.reconciledAt,
    registers,
    async collect() {
      const last = await look()
      if (last === null) this.remove()
      else this.set(last.finishedAt / 1000)
    },
  })
}

/** Both gauges from one look; a caller or a limit that is gone leaves no series behind. */
function gaugeLimits({ limitUse }: MetricSources, registry: Registry): void {
  const look = sharedLook(limitUse, [])
  const gauge = (metric: typeof METRICS.limitUsed | typeof METRICS.limitMax, of: 'used' | 'max') =>
    new Gauge({
      ...metric,
      registers: [registry],
      async collect() {
        const uses = await look()
        this.reset()
        for (const { caller, limit, ...use } of uses) this.set({ caller, limit }, use[of])
      },
    })
  gauge(METRICS.limitUsed, 'used')
  gauge(METRICS.limitMax, 'max')
}

/** What this process knows of itself, looked up when the metrics are read. */
function gaugeProcess(sources: MetricSources, registry: Registry): void {
  const registers = [registry]
  new Gauge({
    ...METRICS.pendingWrites,
    registers,
    collect() {
      this.set(sources.countPendingWrites())
    },
  })
  new Gauge({
    ...METRICS.ready,
    registers,
    collect() {
      this.set(sources.isReady() ? 1 : 0)
    },
  })
  new Gauge({
    ...METRICS.providerPaused,
    registers,
    collect() {
      this.set(sources.isPaused() ? 1 : 0)
    },
  })
  new Counter({
    ...METRICS.droppedLogLines,
    registers,
    collect() {
      this.reset()
      this.inc(sources.droppedLogLines())
    },
  })
}
