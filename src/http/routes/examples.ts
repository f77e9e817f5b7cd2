import { refundId } from '../../refunds/refund-id.ts'
import type { RefundRequest } from '../../refunds/refund-request.ts'
import { OPEN_CALLER } from '../access/authentication.ts'

export const IDEMPOTENCY_KEY_EXAMPLE = 'order-1042-refund-1'

/** The refund that the examples below make while the service is open. */
export const REFUND_ID_EXAMPLE = refundId(OPEN_CALLER.name, IDEMPOTENCY_KEY_EXAMPLE)

/** Requests that work against the sandbox, where the digits that end a tid are the amount that was paid. */
export const refundRequestExamples: RefundRequest[] = [
  {
    tid: 'order1042-10000',
    reason: '고객 변심',
    payment: { method: 'card_auth', amount: 10000 },
    metadata: { order: '1042' },
  },
  {
    tid: 'order1043-10000',
    reason: '부분 반품',
    payment: { method: 'card_auth', amount: 10000 },
    amount: 3000,
  },
]
