import { randomBytes, randomUUID } from 'node:crypto'
import type { Claim, Intent, Wish } from '../../src/refunds/claim.ts'
import type { Payment } from '../../src/refunds/payment.ts'
import type { RefundStore } from '../../src/refunds/ports/store.ts'
import { refundId } from '../../src/refunds/refund-id.ts'
import type { Settlement, StoredRefund } from '../../src/refunds/stored-refund.ts'
import { MERCHANT } from './merchant.ts'

export const CARD: Payment = { method: 'card_auth', amount: 1000 }
export const REQUESTED_AT = Date.now()

export const newToken = () => randomBytes(12).toString('base64url')

export function newClaim(overrides: Partial<Claim> = {}): Claim {
  return {
    id: refundId('test', randomUUID()),
    token: newToken(),
    fingerprint: 'fingerprint',
    merchant: MERCHANT,
    tid: randomUUID(),
    ...overrides,
  }
}

/** Everything that remains of a card payment, and no guard. */
export function newWish(overrides: Partial<Wish> = {}): Wish {
  return {
    payment: CARD,
    amount: undefined,
    taxFreeAmount: undefined,
    partialAllowed: true,
    reference: undefined,
    expectedRemaining: undefined,
    duplicateOf: undefined,
    duplicateWindowMs: 0,
    spacingMs: 0,
    ...overrides,
  }
}

/** Of this wish, whose members may stand beside those of the intent. */
export function newIntent(
  claim: Claim,
  { details, ...overrides }: Partial<Omit<Intent, 'wish'> & Wish> = {},
): Intent {
  const { token, requestedAt, leaseMs, verifiedAt, isRenewal, ...wished } = overrides
  const wish = newWish(wished)
  return {
    claim,
    token: token ?? claim.token,
    requestedAt: requestedAt ?? REQUESTED_AT,
    wish,
    leaseMs: leaseMs ?? 60_000,
    details: {
      account: 'default',
      tax_free_amount: wish.taxFreeAmount ?? null,
      reason: '고객 변심',
      reference: wish.reference ?? null,
      refund_account: null,
      requested_by: 'test',
      metadata: { order: '주문 1' },
      ...details,
    },
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...(isRenewal === undefined ? {} : { isRenewal }),
  }
}

export const attemptOf = (claim: Claim) => ({ claim, token: claim.token, requestedAt: REQUESTED_AT })

export const SUCCEEDED: Settlement = {
  status: 'succeeded',
  provider: {
    cancel_tid: 'C1',
    cancel_code: '0000',
    cancel_msg: '정상취소',
    cancel_date: '20260101103000',
    cancel_amt: '1000',
  },
  refunded_at: '2026-01-01T10:30:00+09:00',
  failure: null,
  resolution: null,
  bookedAmount: null,
}
export const FAILED: Settlement = {
  ...SUCCEEDED,
  status: 'failed',
  refunded_at: null,
  failure: { code: 'provider_declined', detail: 'no' },
}
export const UNKNOWN: Settlement = { ...SUCCEEDED, status: 'unknown', provider: null, refunded_at: null }

export const byPerson = (status: 'succeeded' | 'failed', note = 'console') =>
  ({
    ...(status === 'succeeded' ? SUCCEEDED : FAILED),
    resolution: { source: 'operator', by: 'finance', note, at: '2026-01-01T00:00:00.000Z' },
  }) as const

export async function begun(store: RefundStore, intent: Intent): Promise<StoredRefund> {
  const result = await store.begin(intent)
  if (result.result !== 'begun') throw new Error(`begin answered ${result.result}`)
  return result.stored
}

/** A refund of this intent that has settled so. */
export async function settled(
  store: RefundStore,
  intent: Intent,
  settlement: Settlement = SUCCEEDED,
): Promise<StoredRefund> {
  const answer = await store.settle(await begun(store, intent), settlement)
  if (answer.result === 'lost') throw new Error('the store forgot a refund')
  return answer.stored
}
