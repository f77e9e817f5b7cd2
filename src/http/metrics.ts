import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

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
  /** An unknown refund that was settled. */
  countResolution(source: string, status: string): void
  /** Prometheus text. */
  text(): Promise<string>
  contentType: string
}>

/** What is looked up when the metrics are read. */
export type MetricSources = Readonly<{
  countUnsettled(): Promise<number>
  countPendingWrites(): number
  isReady(): boolean
  /** Whether calls to the provider are paused, for any account. */
  isPaused(): boolean
}>

const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30]

/** The gateway's metrics and the process's own, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: 'refund_gateway_request_duration_seconds',
    help: 'HTTP requests by route and status; the count is how many there were',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: SECONDS_BUCKETS,
    registers,
  })
  const answers = new Counter({
    name: 'refund_gateway_refund_answers_total',
    help: 'Answers of POST /refunds: succeeded, unknown, replayed or the code of the problem',
    labelNames: ['outcome'] as const,
    registers,
  })
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
        this.reset()
      }
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

  return {
    countRequest: (method, route, status, durationMs) =>
      requests.observe({ method, route, status }, durationMs / 1000),
    countAnswer: (outcome) => answers.inc({ outcome }),
    countProviderCall: (call, outcome, durationMs) =>
      providerCalls.observe({ call, outcome }, durationMs / 1000),
    countAmountMismatch: () => mismatches.inc(),
    countConflict: () => conflicts.inc(),
    countResolution: (source, status) => resolutions.inc({ source, status }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
