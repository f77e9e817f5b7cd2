/** A small day for the console to show: succeeded, declined and unknown refunds, a dispute, and one from outside. */
import { randomBytes } from 'node:crypto'
import { merchantOf } from '../src/refunds/merchant.ts'
import { refundId } from '../src/refunds/refund-id.ts'
import type { Settlement } from '../src/refunds/stored-refund.ts'
import { type ConnectionTarget, connectRedis } from '../src/store/redis/connection.ts'
import { waitUntilReady } from '../src/store/redis/open-redis.ts'
import { createRefundStore } from '../src/store/refund-store.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const CARD = { method: 'card_auth', amount: 50_000 } as const

/** Bodies of `POST /refunds`; the first word of a tid is the sandbox's fault (src/sandbox/faults.ts). */
const REFUNDS = [
  { tid: 'order11', amount: 50_000, reason: '고객 변심', metadata: { order: '1011' } },
  { tid: 'order12', amount: 12_000, reason: '부분 반품', reference: 'return-12-1' },
  { tid: 'order12', amount: 8_000, reason: '부분 반품', reference: 'return-12-2' },
  { tid: 'order13', amount: 30_000, reason: '품절', reference: 'return-13-1' },
  { tid: 'order14', amount: 5_000, reason: '배송비 환불' },
  { tid: 'mismatch', amount: 9_000, reason: '부분 반품' },
  { tid: 'declined', amount: 50_000, reason: '고객 변심' },
  { tid: 'cancelled', amount: 50_000, reason: '고객 변심' },
  // In part: no lookup settles them, so they wait for a person.
  { tid: 'error500', amount: 20_000, reason: '부분 반품', metadata: { order: '1020' } },
  { tid: 'unheard', amount: 15_000, reason: '부분 반품' },
  { tid: 'busy', amount: 7_000, reason: '부분 반품' },
] as const

const VIRTUAL_ACCOUNT = {
  payment: { method: 'virtual_account', amount: 50_000 },
  refund_account: { bank: '국민', account_no: '12345678901', account_name: '홍길동' },
  reason: '고객 변심',
} as const

/** Whom the demo's account belongs to, and where its Redis is. */
export type DemoStore = Readonly<{ providerId: string; target: ConnectionTarget }>

/** Makes the day at this gateway. `run` tells it from an earlier one in the same Redis. Throws where it does not answer. */
export async function makeDay(url: string, run: string, store: DemoStore): Promise<void> {
  for (const [index, { tid, ...rest }] of REFUNDS.entries()) {
    const body = { tid: `${tid}-${run}-50000`, payment: CARD, ...rest }
    await post(url, '/refunds', `day-${run}-${index}`, body)
  }
  await post(url, '/refunds', `day-${run}-account`, { tid: `order15-${run}-50000`, ...VIRTUAL_ACCOUNT })
  const outside = { amount: 10_000, note: '쿠키페이 콘솔에서 취소함' }
  await post(url, `/payments/order14-${run}-50000/outside-refunds`, `day-${run}-outside`, outside)
  await dispute(`dispute-${run}-50000`, store)
}

async function post(url: string, path: string, key: string, body: unknown): Promise<void> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  })
  if (answer.status >= 500) throw new Error(`${path}: ${await answer.text()}`)
}

const UNKNOWN: Settlement = {
  ...{ status: 'unknown', provider: null, refunded_at: null },
  ...{ failure: null, resolution: null, bookedAmount: null },
}

/**
 * A refund that a person called failed, and whose call was answered after all. It takes a process that was suspended in
 * mid-call, so it is written as that process would write it.
 */
async function dispute(tid: string, { providerId, target }: DemoStore): Promise<void> {
  const redis = connectRedis(target)
  redis.on('error', () => {})
  try {
    await waitUntilReady(redis)
    const store = createRefundStore(redis, {
      now: Date.now,
      clock: () => performance.now(),
      longestLeaseMs: () => MINUTE_MS,
      idempotencyRetentionMs: DAY_MS,
      ledgerRetentionMs: DAY_MS,
      journalRetentionMs: DAY_MS,
      durability: () => ({ state: 'durable', needsFileSync: false }),
      requireDurability: true,
      barrier: async () => true,
    })
    const token = randomBytes(12).toString('base64url')
    const claim = {
      id: refundId('anonymous', tid),
      token,
      fingerprint: token,
      merchant: merchantOf(providerId),
      tid,
    }
    const begun = await store.begin({
      ...{ claim, token, requestedAt: Date.now(), leaseMs: MINUTE_MS },
      wish: {
        ...{
          payment: CARD,
          amount: 18_000,
          taxFreeAmount: undefined,
          partialAllowed: true,
          reference: undefined,
        },
        ...{ expectedRemaining: undefined, duplicateOf: undefined, duplicateWindowMs: 0, spacingMs: 0 },
      },
      details: {
        ...{ account: 'default', tax_free_amount: null, reason: '부분 반품', reference: null },
        ...{ refund_account: null, requested_by: 'anonymous', metadata: {} },
      },
    })
    if (begun.result !== 'begun') throw new Error(`the dispute was not begun: ${begun.result}`)
    const at = new Date().toISOString()
    const resolution = { source: 'operator', by: 'anonymous', note: '콘솔에 취소 기록이 없음', at } as const
    const failure = {
      code: 'provider_declined',
      detail: 'A person has called it failed: 콘솔에 취소 기록이 없음',
    } as const
    const late = {
      cancel_tid: 'C-late',
      cancel_code: '0000',
      cancel_msg: '정상취소',
      cancel_date: null,
      cancel_amt: '18000',
    }
    let stored = begun.stored
    for (const settlement of [
      UNKNOWN,
      { ...UNKNOWN, status: 'failed', failure, resolution },
      { ...UNKNOWN, status: 'succeeded', provider: late },
    ] satisfies Settlement[]) {
      const settled = await store.settle(stored, settlement)
      if (settled.result === 'lost') throw new Error('the dispute was lost')
      stored = settled.stored
    }
  } finally {
    redis.disconnect()
  }
}
