/** What endpoints are told of, by what the journal calls the change. */
export const EVENT_TYPES = {
  succeeded: 'refund.succeeded',
  failed: 'refund.failed',
  unknown: 'refund.unknown',
  awaiting_deposit: 'refund.awaiting_deposit',
  disputed: 'refund.disputed',
  outside: 'payment.refunded_outside',
} as const

export type EventType = (typeof EVENT_TYPES)[keyof typeof EVENT_TYPES]

/** Whether endpoints may ask for events by this name. */
export function isEventType(text: unknown): text is EventType {
  return Object.values<unknown>(EVENT_TYPES).includes(text)
}
