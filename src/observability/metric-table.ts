type Metric = Readonly<{ name: string; help: string; labelNames?: readonly string[] }>

/**
 * Every metric of the gateway's own: what it is called, what it tells, and what its series are told apart by.
 * `GET /metrics` has those of the process beside them.
 */
export const METRICS = {
  requests: {
    name: 'refund_gateway_request_duration_seconds',
    help: 'HTTP requests by route and status; the count is how many there were',
    labelNames: ['method', 'route', 'status'],
  },
  answers: {
    name: 'refund_gateway_refund_answers_total',
    help: 'Answers of POST /refunds: succeeded, unknown, replayed or the code of the problem',
    labelNames: ['outcome'],
  },
  unauthenticated: {
    name: 'refund_gateway_unauthenticated_requests_total',
    help: 'Requests without a configured key, by their answer; rate_limited: too many of one address',
    labelNames: ['answer'],
  },
  providerCalls: {
    name: 'refund_gateway_provider_call_duration_seconds',
    help: 'Calls to the provider by what they led to; call="token" are the token refreshes',
    labelNames: ['call', 'outcome'],
  },
  mismatches: {
    name: 'refund_gateway_amount_mismatches_total',
    help: 'Cancels of which the provider says another amount than was asked',
  },
  conflicts: {
    name: 'refund_gateway_conflicts_total',
    help: 'Answers of the provider that contradict what is recorded',
  },
  disputed: {
    name: 'refund_gateway_disputed_refunds_total',
    help: 'Refunds that had failed and that a later answer says were made; each waits for a person',
  },
  lost: {
    name: 'refund_gateway_lost_refunds_total',
    help: 'Refunds that the store forgot while the provider was being called',
  },
  tokenFailures: {
    name: 'refund_gateway_token_failures_total',
    help: 'Token calls that brought no token (not_issued), and calls whose token was turned down (rejected)',
    labelNames: ['reason'],
  },
  steps: {
    name: 'refund_gateway_refund_step_duration_seconds',
    help: 'Steps of the refunds that were sent: claim, token, admission (the wait for a place), begin, relay, settle',
    labelNames: ['step'],
  },
  resolutions: {
    name: 'refund_gateway_resolutions_total',
    help: 'Refunds that were unknown and have been settled, by what settled them',
    labelNames: ['source', 'status'],
  },
  notifications: {
    name: 'refund_gateway_notifications_total',
    help: 'Notifications of the provider, by what became of them; unmatched: of a cancel that is none of ours',
    labelNames: ['outcome'],
  },
  bookings: {
    name: 'refund_gateway_outside_refunds_total',
    help: 'Bookings of what was refunded outside of the gateway, and those that were taken back',
    labelNames: ['change'],
  },
  unsettled: {
    name: 'refund_gateway_unsettled_refunds',
    help: 'Refunds in flight or unknown, over all replicas; absent while the store cannot be reached',
  },
  awaitingDeposit: {
    name: 'refund_gateway_refunds_awaiting_deposit',
    help: 'Refunds that take place once a deposit is paid, over all replicas; absent while the store cannot be reached',
  },
  oldestUnknown: {
    name: 'refund_gateway_oldest_unknown_age_seconds',
    help: 'How long ago the oldest unknown refund was asked for, over all replicas; 0: none is unknown; absent while the store cannot be reached',
  },
  limitUsed: {
    name: 'refund_gateway_caller_limit_used',
    help: 'What a caller has used of a daily limit today (Korea), over all replicas; absent while the store cannot be reached',
    labelNames: ['caller', 'limit'],
  },
  limitMax: {
    name: 'refund_gateway_caller_limit_max',
    help: 'The daily limits of callers, in KRW or in refunds',
    labelNames: ['caller', 'limit'],
  },
  events: {
    name: 'refund_gateway_events_total',
    help: 'Attempts to deliver an event to an endpoint: delivered or failed; given_up after the last one; dropped: nothing is known of its refund any more',
    labelNames: ['endpoint', 'result'],
  },
  oldestEvent: {
    name: 'refund_gateway_oldest_event_age_seconds',
    help: 'For how long the oldest event that an endpoint has not taken has waited, over all replicas; 0: none waits; absent while the store cannot be reached',
    labelNames: ['endpoint'],
  },
  storeState: {
    name: 'refund_gateway_store_state',
    help: '1 for what the store is: durable, not_durable or unavailable',
    labelNames: ['state'],
  },
  pendingWrites: {
    name: 'refund_gateway_pending_writes',
    help: 'Outcomes that this process holds until the store can be written to again',
  },
  ready: { name: 'refund_gateway_ready', help: '1 while this process takes refunds' },
  providerPaused: {
    name: 'refund_gateway_provider_paused',
    help: '1 while calls to the provider are paused because it keeps failing',
  },
  reconciledDifferences: {
    name: 'refund_gateway_reconciliation_differences',
    help: 'What the last reconciliation of a day over all accounts found to differ; cancelled_though_unknown has been settled; absent before the first, and while the store cannot be reached',
    labelNames: ['kind'],
  },
  reconciledRefunds: {
    name: 'refund_gateway_reconciliation_refunds',
    help: 'Refunds of that day by what came of them: agrees, differs, cannot_be_told',
    labelNames: ['verdict'],
  },
  reconciledAt: {
    name: 'refund_gateway_reconciliation_finished_timestamp_seconds',
    help: 'When that reconciliation ended, in seconds since 1970',
  },
  droppedLogLines: {
    name: 'refund_gateway_log_lines_dropped_total',
    help: 'Log lines that could not be written and were more than can be held: a full disk, or nobody who reads',
  },
} as const satisfies Record<string, Metric>
