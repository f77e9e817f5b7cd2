import { randomBytes, randomUUID } from 'node:crypto'
import { DEFAULT_TIMEOUT_MS } from '../../src/config/defaults.ts'
import { classifyCancel } from '../../src/cookiepay/cancel-outcome.ts'
import { createPaymentTurns } from '../../src/refunds/flows/payment-turns.ts'
import { createBackgroundWork } from '../../src/refunds/flows/pending-writes.ts'
import { type RefundParts, requestRefund } from '../../src/refunds/flows/request-refund.ts'
import { leaseMs } from '../../src/refunds/lease.ts'
import { merchantOf } from '../../src/refunds/merchant.ts'
import type { RefundObserver } from '../../src/refunds/ports/observer.ts'
import type { CancelCall, Provider } from '../../src/refunds/ports/provider.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { createBarrier } from '../../src/store/redis/barrier.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { createRefundStore } from '../../src/store/refund-store.ts'

/** The gateway's own flow and store in this process: what it writes is what the gateway writes. */
export type Flow = RefundParts &
  Readonly<{
    /** Makes a refund with a key of its own. */
    refund(body: RefundRequest): Promise<void>
    close(): void
  }>

/** As the gateway has it by default. */
const LEASE_MS = leaseMs({ connectTimeoutMs: 3_000, timeoutMs: DEFAULT_TIMEOUT_MS })
const RETENTION_MS = 168 * 3_600_000
const LEDGER_RETENTION_MS = 400 * 24 * 3_600_000
const DUPLICATE_WINDOW_MS = 600_000

const CALLER = 'caller-2'

/** How many refunds are under way at a time: enough to keep Redis busy. */
const AT_ONCE = 200

/** A flow on this Redis, whose provider answers every cancel call at once with `outcome`. */
export async function openFlow(redisUrl: string, outcome: 'succeeded' | 'unknown'): Promise<Flow> {
  const redis = connectRedis({ kind: 'url', url: redisUrl })
  await new Promise((resolve) => redis.once('ready', resolve))
  const durability = () => ({ state: 'durable', needsFileSync: false }) as const
  const parts: RefundParts = {
    store: createRefundStore(redis, {
      now: () => Date.now(),
      clock: () => performance.now(),
      longestLeaseMs: () => LEASE_MS,
      idempotencyRetentionMs: RETENTION_MS,
      ledgerRetentionMs: LEDGER_RETENTION_MS,
      journalRetentionMs: LEDGER_RETENTION_MS,
      durability,
      requireDurability: true,
      barrier: createBarrier(redis, durability, 0),
    }),
    provider: createProvider(outcome),
    accounts: new Map([
      [
        'default',
        { name: 'default', merchant: merchantOf('shop'), pg: 'toss', leaseMs: LEASE_MS, spacingMs: 0 },
      ],
    ]),
    storeSecrets: [randomBytes(32)],
    duplicateWindowMs: DUPLICATE_WINDOW_MS,
    turns: createPaymentTurns(),
    clock: () => performance.now(),
    observer: SILENT,
    background: createBackgroundWork(),
  }
  return {
    ...parts,
    async refund(body) {
      const answer = await requestRefund(parts, { caller: CALLER, idempotencyKey: randomUUID(), body })
      const status = answer.answer === 'refund' ? answer.refund.status : answer.refusal.code
      if (status !== outcome) throw new Error(`a refund was ${status} instead of ${outcome}`)
    },
    close: () => redis.disconnect(),
  }
}

/** Makes so many refunds, several at a time. */
export async function fill(
  flow: Flow,
  count: number,
  bodyOf: (number: number) => RefundRequest,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      next += 1
      await flow.refund(bodyOf(next))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

function createProvider(outcome: 'succeeded' | 'unknown'): Provider {
  const authorization = { outcome: 'authorized', token: 'token' } as const
  let cancels = 0
  const cancel: CancelCall = async ({ tid, amount }) => {
    if (outcome === 'unknown') return classifyCancel({ seen: 'no_answer', detail: 'no answer in time' }, [])
    cancels += 1
    const body = JSON.stringify({
      cancel_tid: `C${cancels}`,
      cancel_code: '0000',
      cancel_msg: '취소 성공',
      cancel_date: '20250609132911',
      // What was paid stands at the end of the tid.
      cancel_amt: String(amount ?? tid.slice(tid.lastIndexOf('-') + 1)),
    })
    return classifyCancel({ seen: 'answer', status: 200, body }, [])
  }
  return {
    authorize: async () => authorization,
    renew: async () => authorization,
    admit: async () => ({ outcome: 'admitted', cancel, leave: nothing }),
    askForDeposit: async () => ({ outcome: 'lost', detail: 'nobody asks' }),
    lookUp: async () => ({ outcome: 'inconclusive', detail: 'not cancelled yet' }),
    readAnswer: () => ({ refundedAt: null, cancelledAmount: null }),
  }
}

const nothing = () => {}

export const SILENT: RefundObserver = {
  recorded: nothing,
  resolved: nothing,
  depositAskedFor: nothing,
  notSent: nothing,
  amountMismatch: nothing,
  conflict: nothing,
  disputed: nothing,
  lost: nothing,
  postponed: nothing,
}
