/** What a refund may be. */
export const REFUND_STATUSES = ['processing', 'succeeded', 'failed', 'unknown', 'awaiting_deposit'] as const
export type RefundStatus = (typeof REFUND_STATUSES)[number]

/** A refund's status, or that it is `failed` and disputed. */
export type RefundState = RefundStatus | 'disputed'

/**
 * Where a refund may go from each state. `processing` ends with the answer to the one call, or becomes
 * `unknown`; `unknown` is settled by a late answer, the provider's lookup or notification, or a person; `failed` is
 * disputed by an answer that says otherwise, and that is settled by a person alone. One that failed for want of a deposit
 * may await it, and holds its amount again until it is settled; nothing leaves `succeeded`.
 */
export const TRANSITIONS: Readonly<Record<RefundState, readonly RefundState[]>> = {
  processing: ['succeeded', 'failed', 'unknown'],
  unknown: ['succeeded', 'failed'],
  succeeded: [],
  failed: ['disputed', 'awaiting_deposit'],
  disputed: ['succeeded', 'failed'],
  awaiting_deposit: ['succeeded', 'failed'],
}
