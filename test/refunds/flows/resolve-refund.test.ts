import { randomBytes, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { createCookiePay } from '../../../src/cookiepay/client.ts'
import { resolveRefund } from '../../../src/refunds/flows/resolve-refund.ts'
import type { RefundObserver } from '../../../src/refunds/ports/observer.ts'
import type { ProviderAnswer, Refund } from '../../../src/refunds/refund.ts'
import { refundId } from '../../../src/refunds/refund-id.ts'
import type { Settlement, StoredRefund } from '../../../src/refunds/stored-refund.ts'
import { connectRedis } from '../../../src/store/redis/connection.ts'
import { createRefundStore } from '../../../src/store/refund-store.ts'
import { MERCHANT } from '../../support/merchant.ts'
import { startTestRedis } from '../../support/redis.ts'
import { storeTimes } from '../../support/store-times.ts'
import { wish } from '../../support/wish.ts'

const AMBIGUOUS: ProviderAnswer = {
  cancel_tid: null,
  cancel_code: '8001',
  cancel_msg: 'PG 통신 오류',
  cancel_date: null,
  cancel_amt: '700',
}
const UNKNOWN: Settlement = {
  status: 'unknown',
  provider: AMBIGUOUS,
  refunded_at: null,
  failure: null,
  resolution: null,
  bookedAmount: null,
}

async function startAll(t: Test) {
  const server = await startTestRedis(t)
  const redis = connectRedis({ kind: 'url', url: server.url })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  const store = createRefundStore(redis, {
    ...storeTimes(60_000),
    idempotencyRetentionMs: 3_600_000,
    ledgerRetentionMs: 86_400_000,
    journalRetentionMs: 86_400_000,
    durability: () => ({ state: 'durable', needsFileSync: false }),
    requireDurability: true,
    barrier: async () => true,
  })
  const provider = createCookiePay({
    baseUrl: 'http://127.0.0.1:1',
    connectTimeoutMs: 300,
    ambiguousCodes: [],
    declinedCodes: [],
    accounts: [
      {
        name: 'default',
        id: 'shop',
        key: 'key',
        pg: 'toss',
        timeoutMs: 300,
        fullCancel: 'with_amount',
        spacingMs: 0,
      },
    ],
    tokenStore: {
      read: async () => null,
      write: async () => {},
      lock: async () => true,
      unlock: async () => {},
    },
    onCall() {},
  })
  t.teardown(provider.close)
  const resolved: Refund[] = []
  const observer = {
    resolved: (refund) => resolved.push(refund),
  } as Partial<RefundObserver> as RefundObserver

  async function begin(amount?: number): Promise<StoredRefund> {
    const token = randomBytes(12).toString('base64url')
    const id = refundId('test', randomUUID())
    const claim = { id, token, fingerprint: 'fingerprint', merchant: MERCHANT, tid: randomUUID() }
    await store.claim(claim)
    const begun = await store.begin({
      claim,
      token,
      requestedAt: Date.now(),
      wish: wish({ payment: { method: 'card_auth', amount: 1000 }, amount }),
      leaseMs: 60_000,
      details: {
        account: 'default',
        tax_free_amount: null,
        reason: '',
        reference: null,
        refund_account: null,
        requested_by: 'test',
        metadata: {},
      },
    })
    if (begun.result !== 'begun') throw new Error(begun.result)
    return begun.stored
  }
  async function beginUnknown(amount?: number): Promise<StoredRefund> {
    const settled = await store.settle(await begin(amount), UNKNOWN)
    if (settled.result !== 'settled') throw new Error(settled.result)
    return settled.stored
  }
  const resolve = (
    id: string,
    outcome: 'succeeded' | 'failed',
    provided?: Partial<ProviderAnswer>,
    how: Readonly<{ by?: string; areCallersKnown?: boolean; resolveFailedAfterMs?: number }> = {},
  ) => {
    const { by = 'finance', areCallersKnown = true, resolveFailedAfterMs = 0 } = how
    return resolveRefund(
      { store, provider, observer, resolveFailedAfterMs },
      { id, outcome, note: 'console', provider: provided, by, areCallersKnown },
    )
  }
  return { server, store, begin, beginUnknown, resolve, resolved }
}

t.test('succeeded, in the words of the operator alone', async (t) => {
  const { store, beginUnknown, resolve, resolved } = await startAll(t)
  const { refund } = await beginUnknown()
  const answer = await resolve(refund.id, 'succeeded')
  t.match(answer, {
    answer: 'resolved',
    refund: {
      status: 'succeeded',
      provider: AMBIGUOUS,
      refunded_at: null,
      failure: null,
      resolution: { source: 'operator', by: 'finance', note: 'console', at: /^\d{4}-.*Z$/ },
    },
  })
  t.match(await store.findPayment(MERCHANT, refund.tid), { refunded: 1000, unknown: 0 }, 'as it was asked')
  t.equal(resolved.length, 1)
})

t.test('succeeded, with what the console shows', async (t) => {
  const { store, beginUnknown, resolve } = await startAll(t)
  const { refund } = await beginUnknown(500)
  const shown = {
    cancel_tid: 'C9',
    cancel_code: '0000',
    cancel_date: '2025-06-09 13:29:11',
    cancel_amt: '450',
  }
  t.match(await resolve(refund.id, 'succeeded', shown), {
    refund: {
      amount: 500,
      provider: { ...shown, cancel_msg: null },
      refunded_at: '2025-06-09T13:29:11+09:00',
    },
  })
  t.match(
    await store.findPayment(MERCHANT, refund.tid),
    { refunded: 450, unknown: 0 },
    'that figure is booked',
  )
})

t.test('failed: the amount is free again', async (t) => {
  const { store, beginUnknown, resolve } = await startAll(t)
  const { refund } = await beginUnknown()
  t.match(await resolve(refund.id, 'failed', { cancel_amt: '1000' }), {
    answer: 'resolved',
    refund: {
      status: 'failed',
      refunded_at: null,
      failure: { code: 'provider_declined', detail: /finance.*console/ },
      resolution: { source: 'operator' },
    },
  })
  t.match(await store.findPayment(MERCHANT, refund.tid), { refunded: 0, unknown: 0, in_flight: 0 })
})

t.test('only what is unknown can be resolved', async (t) => {
  const { begin, beginUnknown, resolve, resolved, store } = await startAll(t)
  const processing = await begin()
  t.match(await resolve(processing.refund.id, 'failed'), {
    answer: 'not_resolvable',
    refund: { status: 'processing' },
  })
  for (const outcome of ['succeeded', 'failed'] as const) {
    const { refund } = await beginUnknown()
    await resolve(refund.id, outcome)
    for (const again of ['succeeded', 'failed'] as const) {
      t.match(await resolve(refund.id, again), { answer: 'not_resolvable', refund: { status: outcome } })
    }
  }
  t.equal(resolved.length, 2)
  t.same(await resolve(refundId('test', 'no such refund'), 'failed'), { answer: 'not_found' })
  t.match(await store.findPayment(MERCHANT, processing.refund.tid), { in_flight: 1000 })
})

t.test('never by who asked for it, unless callers are not told from each other', async (t) => {
  const { store, beginUnknown, resolve } = await startAll(t)
  const { refund } = await beginUnknown()
  for (const outcome of ['succeeded', 'failed'] as const) {
    const answer = await resolve(refund.id, outcome, undefined, { by: 'test' })
    t.match(answer, { answer: 'not_resolvable', refund: { id: refund.id }, detail: /who asked/i })
  }
  t.match(await store.findById(refund.id), { refund: { status: 'unknown' } })
  const open = { by: 'test', areCallersKnown: false }
  t.match(await resolve(refund.id, 'succeeded', undefined, open), { answer: 'resolved' })
})

t.test('failed only once it has been unknown for long enough, by the clock of the store', async (t) => {
  const { store, beginUnknown, resolve } = await startAll(t)
  const { refund, history } = await beginUnknown()
  const unknownSince = Date.parse(history[0]?.at as string)
  const resolveFailedAfterMs = 600
  const failableAt = new Date(unknownSince + resolveFailedAfterMs).toISOString()
  const early = await resolve(refund.id, 'failed', undefined, { resolveFailedAfterMs })
  t.match(early, { answer: 'not_resolvable', refund: { status: 'unknown' } })
  t.match('detail' in early && early.detail, failableAt, 'it says when')
  const now = Date.now
  t.teardown(() => {
    Date.now = now
  })
  Date.now = () => now() + 3_600_000
  t.match(await resolve(refund.id, 'failed', undefined, { resolveFailedAfterMs }), {
    answer: 'not_resolvable',
  })
  Date.now = now
  while (store.now() < unknownSince + resolveFailedAfterMs) {}
  t.match(await resolve(refund.id, 'failed', undefined, { resolveFailedAfterMs }), { answer: 'resolved' })

  const other = await beginUnknown()
  const later = { resolveFailedAfterMs: 3_600_000 }
  t.match(await resolve(other.refund.id, 'succeeded', undefined, later), { answer: 'resolved' }, 'at once')
})

t.test('of two operators at the same moment one is too late', async (t) => {
  const { store, beginUnknown, resolve } = await startAll(t)
  for (let round = 0; round < 20; round++) {
    const { refund } = await beginUnknown()
    const answers = await Promise.all([resolve(refund.id, 'succeeded'), resolve(refund.id, 'failed')])
    t.same(answers.map(({ answer }) => answer).sort(), ['not_resolvable', 'resolved'])
    const statuses = answers.map((answer) => 'refund' in answer && answer.refund.status)
    t.equal(new Set(statuses).size, 1, 'both see the same truth')
    const ledger = await store.findPayment(MERCHANT, refund.tid)
    t.match(ledger, { refunded: statuses[0] === 'succeeded' ? 1000 : 0, unknown: 0 })
  }
})

t.test('a store that is away resolves nothing', async (t) => {
  const { server, beginUnknown, resolve, resolved } = await startAll(t)
  const { refund } = await beginUnknown()
  await server.stop()
  await t.rejects(resolve(refund.id, 'succeeded'), { code: 'store_unavailable' })
  t.same(resolved, [])
})
