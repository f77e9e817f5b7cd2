import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Claim, Intent, Wish } from '../../../src/refunds/claim.ts'
import { PAYMENT_WAIT_MS } from '../../../src/refunds/flows/patience.ts'
import { createPaymentTurns } from '../../../src/refunds/flows/payment-turns.ts'
import type { RefundAnswer } from '../../../src/refunds/flows/refund-answer.ts'
import { requestRefund } from '../../../src/refunds/flows/request-refund.ts'
import { CLAIM_TRUST_MS, LEASE_SLACK_MS, leaseMs } from '../../../src/refunds/lease.ts'
import type {
  Authorization,
  CancelOutcome,
  CancelRequest,
  Provider,
} from '../../../src/refunds/ports/provider.ts'
import {
  type BeginResult,
  type CheckResult,
  type RefundStore,
  type SettleResult,
  StoreError,
} from '../../../src/refunds/ports/store.ts'
import type { ProviderAnswer, Refund } from '../../../src/refunds/refund.ts'
import { refundId } from '../../../src/refunds/refund-id.ts'
import type { RefundRequest } from '../../../src/refunds/refund-request.ts'
import type { Settlement, StoredRefund } from '../../../src/refunds/stored-refund.ts'
import { until } from '../../support/calls.ts'
import { MERCHANT_ACCOUNT } from '../../support/merchant.ts'

// Only what a real store and provider cannot be made to show: see test/e2e for the rest.

const ANSWER: ProviderAnswer = {
  cancel_tid: 'C1',
  cancel_code: '0000',
  cancel_msg: '정상취소',
  cancel_date: '20250609132911',
  cancel_amt: '10000',
}

const SUCCEEDED: CancelOutcome = {
  outcome: 'succeeded',
  provider: ANSWER,
  refundedAt: '2025-06-09T13:29:11+09:00',
  cancelledAmount: 10_000,
}
const DECLINED: CancelOutcome = {
  outcome: 'failed',
  code: 'provider_declined',
  detail: 'declined',
  provider: { ...ANSWER, cancel_code: '1001' },
}
const UNKNOWN: CancelOutcome = { outcome: 'unknown', detail: 'no answer', provider: null }
const NOT_SENT: CancelOutcome & { outcome: 'not_sent' } = {
  outcome: 'not_sent',
  code: 'provider_unavailable',
  detail: 'refused',
}
const TOKEN_REJECTED: CancelOutcome = { outcome: 'token_rejected', detail: 'rejected' }
const AUTH_FAILED: Authorization = { outcome: 'not_sent', code: 'provider_auth_failed', detail: 'wrong key' }

const SPACING_MS = 1_100
const LEASE_MS = leaseMs({ connectTimeoutMs: 3_000, timeoutMs: 20_000 })

const STORE_DOWN = () => new StoreError('store_unavailable', 'down')

/** What happens instead of, or beside, what the store would do. Each answers what `usual` does by default. */
type Faults = {
  begin?: (usual: () => Promise<BeginResult>, call: number, intent: Intent) => Promise<BeginResult>
  restore?: (call: number) => boolean
  settle?: (usual: () => Promise<SettleResult>, call: number) => Promise<SettleResult>
  release?: (usual: () => Promise<StoredRefund | null>, call: number) => Promise<StoredRefund | null>
  authorize?: (call: number) => Authorization
  renew?: (rejectedToken: string) => Authorization
  check?: () => CheckResult | Promise<CheckResult>
  cancel?: (call: number) => CancelOutcome | Promise<CancelOutcome>
  isFull?: () => boolean
}

/** One payment of 10,000 KRW between a store in memory and a provider that answers as it is told. */
function createFlow(faults: Faults = {}) {
  const claims = new Map<string, Claim>()
  const refunds = new Map<string, StoredRefund>()
  const sent: { request: CancelRequest; token: string }[] = []
  const begun: { claim: string; attempt: string }[] = []
  const released: { claim: string; attempt: string }[] = []
  const renewed: string[] = []
  const restored: string[] = []
  const observed: string[] = []
  const postponed: (() => Promise<unknown>)[] = []
  const settlements: Settlement[] = []
  const wishes: Pick<Wish, 'spacingMs' | 'duplicateWindowMs'>[] = []
  const places = { taken: 0, left: 0 }
  const clock = { nowMs: 1_000 }
  const turns = createPaymentTurns()
  let authorizations = 0
  let checks = 0

  const store: Pick<
    RefundStore,
    | 'claim'
    | 'joinClaim'
    | 'begin'
    | 'check'
    | 'settle'
    | 'restore'
    | 'release'
    | 'findByClaim'
    | 'findClaim'
    | 'findById'
    | 'now'
  > = {
    async claim(claim) {
      const existing = claims.get(claim.id)
      if (existing === undefined) claims.set(claim.id, claim)
      return existing ?? claim
    },

    async begin(intent) {
      begun.push({ claim: intent.claim.token, attempt: intent.token })
      const { spacingMs, duplicateWindowMs } = intent.wish
      wishes.push({ spacingMs, duplicateWindowMs })
      const usual = async (): Promise<BeginResult> => {
        const existing = refunds.get(intent.claim.id)
        if (existing !== undefined) {
          const isOwn = existing.attempt === intent.token && existing.refund.status === 'processing'
          return { result: isOwn ? 'begun' : 'exists', stored: existing }
        }
        const stored: StoredRefund = {
          merchant: intent.claim.merchant,
          attempt: intent.token,
          fingerprint: intent.claim.fingerprint,
          history: [],
          countedAmount: intent.wish.amount ?? intent.wish.payment.amount,
          countedTaxFree: 0,
          earlier: [],
          asking: null,
          disputedBy: null,
          refund: {
            id: intent.claim.id,
            status: 'processing',
            tid: intent.claim.tid,
            kind: 'full',
            amount: intent.wish.amount ?? intent.wish.payment.amount,
            ...intent.details,
            provider: null,
            refunded_at: null,
            failure: null,
            resolution: null,
            deposit: null,
            created_at: '2026-01-01T00:00:00.000Z',
            updated_at: '2026-01-01T00:00:00.000Z',
          },
        }
        refunds.set(intent.claim.id, stored)
        return { result: 'begun', stored }
      }
      return faults.begin ? faults.begin(usual, begun.length, intent) : usual()
    },

    async check() {
      checks += 1
      return (await faults.check?.()) ?? { result: 'payment_busy', retryAfterMs: null }
    },

    async settle(stored, settlement) {
      settlements.push(settlement)
      const usual = async (): Promise<SettleResult> => {
        const present = refunds.get(stored.refund.id)
        if (present === undefined) return { result: 'lost' }
        const { bookedAmount: _, ...known } = settlement
        const settled = { ...present, refund: { ...present.refund, ...known } }
        refunds.set(stored.refund.id, settled)
        return { result: 'settled', stored: settled }
      }
      return faults.settle ? faults.settle(usual, settlements.length) : usual()
    },

    async restore(stored) {
      restored.push(stored.refund.id)
      const keepsKey = faults.restore?.(restored.length) ?? true
      refunds.set(stored.refund.id, stored)
      return keepsKey
    },

    async release({ claim, token: attempt }) {
      released.push({ claim: claim.token, attempt })
      const usual = async () => {
        const refund = refunds.get(claim.id)
        if (refund?.attempt === attempt && refund.refund.status === 'unknown') return refund
        if (refund?.attempt === attempt) refunds.delete(claim.id)
        if (!refunds.has(claim.id) && claims.get(claim.id)?.token === claim.token) claims.delete(claim.id)
        return null
      }
      return faults.release ? faults.release(usual, released.length) : usual()
    },

    joinClaim: async ({ id, token }) => claims.get(id)?.token === token,
    now: () => Date.now(),
    findByClaim: async ({ id }) => refunds.get(id) ?? null,
    findClaim: async (id) => claims.get(id) ?? null,
    findById: async (id) => refunds.get(id) ?? null,
  }

  const provider: Pick<Provider, 'authorize' | 'renew' | 'admit'> = {
    async authorize() {
      authorizations++
      return faults.authorize?.(authorizations) ?? { outcome: 'authorized', token: 'token-1' }
    },
    async renew(_merchant, rejectedToken) {
      renewed.push(rejectedToken)
      return faults.renew?.(rejectedToken) ?? { outcome: 'authorized', token: 'token-2' }
    },
    async admit() {
      places.taken += 1
      return {
        outcome: 'admitted',
        async cancel(request, token) {
          sent.push({ request, token })
          return faults.cancel?.(sent.length) ?? SUCCEEDED
        },
        leave() {
          places.left += 1
        },
      }
    },
  }

  function request(
    idempotencyKey = 'key-1',
    { hungUp, ...changes }: Partial<RefundRequest> & { hungUp?: () => AbortSignal } = {},
  ): Promise<RefundAnswer> {
    return requestRefund(
      {
        store: store as RefundStore,
        provider: provider as Provider,
        accounts: new Map([['default', { ...MERCHANT_ACCOUNT, leaseMs: LEASE_MS, spacingMs: SPACING_MS }]]),
        storeSecrets: [Buffer.alloc(32)],
        duplicateWindowMs: 600_000,
        turns,
        clock: () => clock.nowMs,
        observer: {
          recorded: (refund) => observed.push(`recorded ${refund.status}`),
          resolved: (refund) => observed.push(`resolved ${refund.status}`),
          depositAskedFor: () => observed.push('deposit'),
          notSent: (_claim, { code }) => observed.push(`not sent: ${code}`),
          amountMismatch: (_refund, cancelled) => observed.push(`mismatch ${cancelled}`),
          conflict: (refund: Refund, settlement: Settlement, isOther: boolean) =>
            observed.push(
              `conflict: ${refund.status}, not ${settlement.status}${isOther ? ', of another' : ''}`,
            ),
          disputed: (refund: Refund, settlement: Settlement) =>
            observed.push(`disputed: ${refund.status}, not ${settlement.status}`),
          lost: (refund, { isWrittenBack, keepsKey }) =>
            observed.push(
              `lost ${refund.status}${isWrittenBack ? '' : ', not written back'}${keepsKey ? '' : ', without its key'}`,
            ),
          postponed: () => observed.push('postponed'),
        },
        background: {
          seeThrough: (work) => work,
          untilDone: (work) => postponed.push(work),
          pending: () => postponed.length,
          isFull: () => faults.isFull?.() ?? false,
          drain: async () => postponed.length,
        },
      },
      {
        caller: 'orders',
        idempotencyKey,
        body: {
          tid: 't-1',
          reason: '고객 변심',
          payment: { method: 'card_auth', amount: 10_000 },
          ...changes,
        },
        hungUp,
      },
    )
  }

  return {
    request,
    clock,
    claims,
    refunds,
    sent,
    begun,
    released,
    renewed,
    restored,
    observed,
    postponed,
    settlements,
    places,
    wishes,
    turns,
    checks: () => checks,
    /** Does what was left to the background, each piece as often as it takes. */
    async catchUp() {
      for (const work of postponed.splice(0)) {
        for (let tries = 1; ; tries++) {
          try {
            await work()
            break
          } catch (error) {
            if (tries === 10) throw error
          }
        }
      }
    },
  }
}

type Flow = ReturnType<typeof createFlow>

function isRefused(t: Test, answer: RefundAnswer, code: string): void {
  t.match(answer, { answer: 'refused', refusal: { code, detail: /./ } })
}

function isRefunded(t: Test, answer: RefundAnswer, status: string): void {
  t.match(answer, { answer: 'refund', refund: { status }, replayed: false })
}

function isFree(t: Test, flow: Flow): void {
  t.equal(flow.refunds.size, 0, 'no refund is left')
  t.equal(flow.claims.size, 0, 'the key is free')
}

t.test('a refund whose begin was applied, but not answered, is not sent and released later', async (t) => {
  const flow = createFlow({
    begin: async (usual, call) => {
      const begun = await usual()
      if (call === 1) throw STORE_DOWN()
      return begun
    },
  })
  isRefused(t, await flow.request(), 'store_unavailable')
  t.same(flow.sent, [])
  t.same(flow.observed, ['postponed'])
  t.equal(flow.postponed.length, 1)

  // Until then it looks as if the first request still ran.
  isRefused(t, await flow.request(), 'idempotency_in_progress')
  t.same(flow.sent, [])

  await flow.catchUp()
  isFree(t, flow)
  isRefunded(t, await flow.request(), 'succeeded')
  t.equal(flow.sent.length, 1)
})

t.test('a release that fails is tried again in the background', async (t) => {
  const flow = createFlow({
    cancel: () => NOT_SENT,
    release: async (usual, call) => {
      if (call === 1) throw STORE_DOWN()
      return usual()
    },
  })
  isRefused(t, await flow.request(), 'provider_unavailable')
  t.same(flow.observed, ['not sent: provider_unavailable', 'postponed'])
  t.equal(flow.refunds.size, 1)
  await flow.catchUp()
  isFree(t, flow)
})

t.test(
  'a begin that is undone after others were told `unknown` has failed, and does not vanish',
  async (t) => {
    const flow = createFlow({
      begin: async (usual) => {
        await usual()
        throw STORE_DOWN()
      },
    })
    isRefused(t, await flow.request(), 'store_unavailable')
    const [stored] = flow.refunds.values() as Iterable<StoredRefund>
    if (stored === undefined) throw new Error('nothing was begun')
    // Its lease ran out before the store could be reached again.
    const { id } = stored.refund
    flow.refunds.set(id, { ...stored, refund: { ...stored.refund, status: 'unknown' } })
    t.match(await flow.request(), { answer: 'refund', replayed: true, refund: { status: 'unknown' } })

    await flow.catchUp()
    const answer = await flow.request()
    t.match(answer, {
      answer: 'refund',
      replayed: true,
      refund: {
        id,
        status: 'failed',
        failure: { code: 'provider_declined' },
        resolution: { note: 'Never sent' },
      },
    })
    t.same(flow.observed, ['postponed', 'resolved failed'])
    t.same(flow.sent, [])
  },
)

t.test('while too many outcomes wait to be stored, nothing further is begun', async (t) => {
  let isFull = true
  const flow = createFlow({ isFull: () => isFull })
  isRefused(t, await flow.request(), 'store_unavailable')
  t.same([flow.claims.size, flow.sent.length, flow.postponed.length], [0, 0, 0])
  isFull = false
  t.match(await flow.request(), { answer: 'refund', replayed: false })
})

t.test('an error of the store that is none is not hidden', async (t) => {
  const flow = createFlow({
    begin: async () => {
      throw new Error('bug: something')
    },
  })
  await t.rejects(flow.request(), { message: 'bug: something' })
  t.same(flow.sent, [])
  t.equal(flow.postponed.length, 1, 'what may have been begun is released')
})

t.test('a begin that was answered too late for its lease is not sent', async (t) => {
  for (const [tookMs, isSent] of [
    [LEASE_SLACK_MS, true],
    [LEASE_SLACK_MS + 1, false],
    [LEASE_SLACK_MS * 10, false],
  ] as const) {
    const flow = createFlow({
      begin: async (usual) => {
        flow.clock.nowMs += tookMs
        return usual()
      },
    })
    const answer = await flow.request()
    t.equal(flow.sent.length, isSent ? 1 : 0, `${tookMs} ms`)
    if (isSent) continue
    isRefused(t, answer, 'store_unavailable')
    t.equal(flow.released.length, 1)
    isFree(t, flow)
  }
})

t.test('the end of the lease goes with the call, by the clock of the flow', async (t) => {
  const TOKEN_MS = 700
  const flow = createFlow({
    begin: async (usual) => {
      flow.clock.nowMs += 1_000
      return usual()
    },
    cancel: (call) => (call === 1 ? TOKEN_REJECTED : SUCCEEDED),
    renew: () => {
      flow.clock.nowMs += TOKEN_MS
      return { outcome: 'authorized', token: 'token-2' }
    },
  })
  await flow.request()
  const [first, second] = flow.sent.map(({ request }) => request.leaseLeft)
  t.equal(second?.(), LEASE_MS - 1_000, 'of the lease that was renewed')
  t.equal(first?.(), LEASE_MS - 1_000 - TOKEN_MS - 1_000, 'and not of the first one')
  flow.clock.nowMs += LEASE_MS
  t.equal(second?.(), -1_000, 'asked anew each time')
})

t.test('a claim that was read too long ago is not acted on', async (t) => {
  for (const [tookMs, isSent] of [
    [CLAIM_TRUST_MS, true],
    [CLAIM_TRUST_MS + 1, false],
  ] as const) {
    const flow = createFlow({
      authorize: () => {
        flow.clock.nowMs += tookMs
        return { outcome: 'authorized', token: 'token-1' }
      },
    })
    const answer = await flow.request()
    t.equal(flow.sent.length, isSent ? 1 : 0, `${tookMs} ms`)
    if (isSent) continue
    isRefused(t, answer, 'store_unavailable')
    isFree(t, flow)
  }
})

t.test('while the store cannot be written to, the caller gets the true outcome', async (t) => {
  for (const [outcome, status] of [
    [SUCCEEDED, 'succeeded'],
    [DECLINED, 'failed'],
    [UNKNOWN, 'unknown'],
  ] as const) {
    const flow = createFlow({
      cancel: () => outcome,
      settle: async (usual, call) => {
        if (call <= 2) throw STORE_DOWN()
        return usual()
      },
    })
    const answer = await flow.request()
    isRefunded(t, answer, status)
    t.match(answer, { refund: { provider: status === 'unknown' ? null : { cancel_tid: 'C1' } } })
    t.same(flow.observed, ['postponed', `recorded ${status}`])
    t.same(flow.released, [], 'a refund that was sent is never released')
    t.equal([...flow.refunds.values()][0]?.refund.status, 'processing')

    const [work] = flow.postponed as [() => Promise<unknown>]
    await t.rejects(work(), { name: 'StoreError' }, 'it fails until the store is back')
    await work()
    t.equal([...flow.refunds.values()][0]?.refund.status, status)
    t.equal(flow.sent.length, 1)

    const repeat = await flow.request()
    t.match(repeat, { answer: 'refund', refund: { status }, replayed: true })
    t.equal(flow.sent.length, 1)
  }
})

t.test('what the store says of a late settlement is reported', async (t) => {
  const conflicting = createFlow({
    settle: async (_usual, call) => {
      if (call === 1) throw STORE_DOWN()
      const [stored] = [...conflicting.refunds.values()] as [StoredRefund]
      return {
        result: 'conflict',
        stored: { ...stored, refund: { ...stored.refund, status: 'failed' as const } },
      }
    },
  })
  isRefunded(t, await conflicting.request(), 'succeeded')
  await conflicting.catchUp()
  t.same(conflicting.observed, ['postponed', 'recorded succeeded', 'conflict: failed, not succeeded'])
})

t.test('what the store forgets in mid-call is written back, and then settled', async (t) => {
  for (const [outcome, status] of [
    [SUCCEEDED, 'succeeded'],
    [DECLINED, 'failed'],
    [UNKNOWN, 'unknown'],
  ] as const) {
    const flow = createFlow({
      cancel: () => outcome,
      settle: forgetBefore(
        (call) => call === 1,
        () => flow,
      ),
    })
    isRefunded(t, await flow.request(), status)
    t.equal(flow.restored.length, 1)
    t.same(flow.observed, [`lost ${status}`, `recorded ${status}`])
    t.match([...flow.refunds.values()], [{ refund: { status } }])
  }
})

t.test('what cannot be written back now is tried again, and reported once', async (t) => {
  const flow = createFlow({
    settle: forgetBefore(
      (call) => call <= 2,
      () => flow,
    ),
    restore: (call) => {
      if (call === 1) throw STORE_DOWN()
      return false
    },
  })
  isRefunded(t, await flow.request(), 'succeeded')
  await flow.catchUp()
  t.same(flow.observed, ['postponed', 'recorded succeeded', 'lost succeeded, without its key'])
  t.match([...flow.refunds.values()], [{ refund: { status: 'succeeded' } }])
})

t.test('a store that forgets again is told again, later', async (t) => {
  const flow = createFlow({
    settle: forgetBefore(
      (call) => call <= 2,
      () => flow,
    ),
  })
  isRefunded(t, await flow.request(), 'succeeded')
  t.same(flow.observed, ['lost succeeded', 'postponed', 'recorded succeeded'])
  await flow.catchUp()
  t.match([...flow.refunds.values()], [{ refund: { status: 'succeeded' } }])
})

/** The store forgets everything before it is told the outcome. */
function forgetBefore(
  isForgotten: (call: number) => boolean,
  flow: () => Flow,
): NonNullable<Faults['settle']> {
  return async (usual, call) => {
    if (isForgotten(call)) flow().refunds.clear()
    return usual()
  }
}

t.test('a second try of a refund that the store forgot is not sent, and begins nothing', async (t) => {
  const renewals: (boolean | undefined)[] = []
  const flow = createFlow({
    cancel: () => TOKEN_REJECTED,
    begin: async (usual, call, { isRenewal }) => {
      renewals.push(isRenewal)
      if (call === 1) return usual()
      flow.refunds.clear()
      return { result: 'lost' }
    },
  })
  isRefused(t, await flow.request(), 'provider_unavailable')
  t.same(renewals, [undefined, true])
  t.same(flow.observed, [
    'lost processing, not written back, without its key',
    'not sent: provider_unavailable',
  ])
  t.equal(flow.sent.length, 1)
  isFree(t, flow)
})

t.test('a caller whose success disputes what stands is told of the success', async (t) => {
  const flow = createFlow({
    settle: async () => {
      const [stored] = [...flow.refunds.values()] as [StoredRefund]
      const refund = { ...stored.refund, status: 'failed' as const, disputed: true as const }
      return { result: 'disputed', stored: { ...stored, refund } }
    },
  })
  isRefunded(t, await flow.request(), 'succeeded')
  t.same(flow.observed, ['disputed: failed, not succeeded', 'recorded succeeded'])
})

t.test('a caller is told what became of its own attempt, and that of another one is reported', async (t) => {
  for (const outcome of [SUCCEEDED, UNKNOWN]) {
    const flow = createFlow({
      cancel: () => outcome,
      settle: async () => {
        const [stored] = [...flow.refunds.values()] as [StoredRefund]
        return { result: 'conflict', stored: { ...stored, attempt: 'another' } }
      },
    })
    isRefunded(t, await flow.request(), outcome.outcome)
    t.match(flow.observed, [/^conflict: processing, .*, of another$/, `recorded ${outcome.outcome}`])
  }
})

t.test('a caller whose answer contradicts what stands gets what stands', async (t) => {
  const flow = createFlow({
    settle: async () => {
      const [stored] = [...flow.refunds.values()] as [StoredRefund]
      return {
        result: 'conflict',
        stored: { ...stored, refund: { ...stored.refund, status: 'failed' as const } },
      }
    },
  })
  isRefunded(t, await flow.request(), 'failed')
  t.same(flow.observed, ['conflict: failed, not succeeded', 'recorded failed'])
})

t.test('another amount than was asked is reported and booked', async (t) => {
  for (const [cancelledAmount, observed] of [
    [10_000, ['recorded succeeded']],
    [9_900, ['mismatch 9900', 'recorded succeeded']],
    // What the provider cancelled cannot be read.
    [null, ['mismatch null', 'recorded succeeded']],
  ] as const) {
    const flow = createFlow({ cancel: () => ({ ...SUCCEEDED, cancelledAmount }) as CancelOutcome })
    isRefunded(t, await flow.request(), 'succeeded')
    t.same(flow.observed, observed)
    t.equal(flow.settlements[0]?.bookedAmount, cancelledAmount)
  }
})

t.test('a request whose claim is abandoned under it starts over at most three times', async (t) => {
  for (const times of [0, 1, 2, 3, 4]) {
    const flow = createFlow({
      begin: async (usual, call) => (call <= times ? { result: 'claim_abandoned' } : usual()),
    })
    const answer = await flow.request()
    if (times < 3) isRefunded(t, answer, 'succeeded')
    else isRefused(t, answer, 'idempotency_in_progress')
    t.equal(flow.sent.length, times < 3 ? 1 : 0, `abandoned ${times} times`)
    t.equal(flow.begun.length, Math.min(times + 1, 3))
    t.equal(flow.released.length, Math.min(times, 3), 'every claim that was abandoned is freed')
    t.equal(new Set(flow.begun.map(({ attempt }) => attempt)).size, flow.begun.length, 'each round its own')
    if (times >= 3) isFree(t, flow)
  }
})

t.test('a rejected token is renewed once, under a lease that begins anew', async (t) => {
  const flow = createFlow({ cancel: (call) => (call === 1 ? TOKEN_REJECTED : SUCCEEDED) })
  isRefunded(t, await flow.request(), 'succeeded')
  t.same(
    flow.sent.map(({ token }) => token),
    ['token-1', 'token-2'],
  )
  t.same(flow.sent[0]?.request, flow.sent[1]?.request, 'the same request')
  t.same(flow.renewed, ['token-1'])
  t.equal(flow.begun.length, 2)
  t.same(flow.begun[0], flow.begun[1], 'begin finds its own attempt')
  t.same(flow.released, [])
  t.equal(flow.settlements.length, 1)
})

t.test('a second rejection is provider_auth_failed, and frees the key', async (t) => {
  const flow = createFlow({ cancel: () => TOKEN_REJECTED })
  isRefused(t, await flow.request(), 'provider_auth_failed')
  t.equal(flow.sent.length, 2)
  t.same(flow.observed, ['not sent: provider_auth_failed'])
  isFree(t, flow)
})

t.test('"already cancelled" on the second try is unknown: the first one may have cancelled it', async (t) => {
  const already: CancelOutcome = {
    outcome: 'failed',
    code: 'already_cancelled',
    detail: 'The payment was cancelled before.',
    provider: ANSWER,
  }
  const second = createFlow({ cancel: (call) => (call === 1 ? TOKEN_REJECTED : already) })
  isRefunded(t, await second.request(), 'unknown')
  t.equal(second.sent.length, 2)
  t.match(second.settlements, [{ status: 'unknown', failure: null, provider: ANSWER }])

  const first = createFlow({ cancel: () => already })
  isRefunded(t, await first.request(), 'failed')
})

t.test('where no fresh token is to be had, nothing more is sent', async (t) => {
  for (const [authorization, code] of [
    [AUTH_FAILED, 'provider_auth_failed'],
    [NOT_SENT, 'provider_unavailable'],
  ] as const) {
    const flow = createFlow({ cancel: () => TOKEN_REJECTED, renew: () => authorization })
    isRefused(t, await flow.request(), code)
    t.equal(flow.sent.length, 1)
    t.equal(flow.begun.length, 1)
    isFree(t, flow)
  }
})

t.test('the second try needs a lease of its own', async (t) => {
  const rejectedOnce = (call: number) => (call === 1 ? TOKEN_REJECTED : SUCCEEDED)

  const swept = createFlow({
    cancel: rejectedOnce,
    begin: async (usual, call) => {
      const begun = await usual()
      if (call === 1 || begun.result !== 'begun') return begun
      return { result: 'exists', stored: begun.stored }
    },
  })
  isRefused(t, await swept.request(), 'provider_unavailable')
  t.equal(swept.sent.length, 1)
  isFree(t, swept)

  const late = createFlow({
    cancel: rejectedOnce,
    begin: async (usual, call) => {
      if (call === 2) late.clock.nowMs += LEASE_SLACK_MS + 1
      return usual()
    },
  })
  isRefused(t, await late.request(), 'store_unavailable')
  t.equal(late.sent.length, 1)
  isFree(t, late)

  const away = createFlow({
    cancel: rejectedOnce,
    begin: async (usual, call) => {
      if (call === 2) throw STORE_DOWN()
      return usual()
    },
  })
  isRefused(t, await away.request(), 'store_unavailable')
  t.equal(away.sent.length, 1)
  await away.catchUp()
  isFree(t, away)
})

/** What each outcome of the last call is recorded as; the others record nothing. */
const STATUS_OF: Readonly<Partial<Record<CancelOutcome['outcome'], string>>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  unknown: 'unknown',
}

const cancelOutcome = fc.constantFrom(SUCCEEDED, DECLINED, UNKNOWN, NOT_SENT, TOKEN_REJECTED)
const authorization = fc.constantFrom<Authorization>(
  { outcome: 'authorized', token: 'token' },
  AUTH_FAILED,
  NOT_SENT,
)
const beginFault = fc.constantFrom('none', 'lost before', 'lost after', 'late', 'abandoned', 'exists')

t.test('whatever fails, two calls only after a rejected token, and none is released', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(cancelOutcome, { minLength: 4, maxLength: 4 }),
      fc.array(beginFault, { minLength: 6, maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      authorization,
      authorization,
      async (cancels, begins, settlesFail, releasesFail, first, second) => {
        const outcomes: CancelOutcome[] = []
        let joinedAnother = false
        const flow = createFlow({
          authorize: () => first,
          renew: () => second,
          cancel: (call) => {
            const outcome = cancels[call - 1] ?? SUCCEEDED
            outcomes.push(outcome)
            return outcome
          },
          begin: async (usual, call) => {
            const fault = begins[call - 1] ?? 'none'
            if (fault === 'lost before') throw STORE_DOWN()
            if (fault === 'abandoned') return { result: 'claim_abandoned' }
            const begun = await usual()
            if (fault === 'lost after') throw STORE_DOWN()
            if (fault === 'late') flow.clock.nowMs += LEASE_SLACK_MS + 1
            if (fault === 'exists' && begun.result === 'begun') {
              joinedAnother = outcomes.length === 0
              return { result: 'exists', stored: begun.stored }
            }
            return begun
          },
          settle: async (usual, call) => {
            if (settlesFail[call - 1]) throw STORE_DOWN()
            return usual()
          },
          release: async (usual, call) => {
            if (releasesFail[call - 1]) throw STORE_DOWN()
            return usual()
          },
        })
        const answer = await flow.request()

        const last = outcomes.at(-1)
        const status = last && STATUS_OF[last.outcome]
        const sentAtMostTwice =
          outcomes.length <= 1 || (outcomes.length === 2 && outcomes[0]?.outcome === 'token_rejected')
        const answeredTruly = status
          ? answer.answer === 'refund' && answer.refund.status === status && !answer.replayed
          : answer.answer === 'refused'

        await flow.catchUp()
        const left = [...flow.refunds.values()].map(({ refund }) => refund.status)
        const leftInTheEnd = status ? [status] : joinedAnother ? ['processing'] : []
        return (
          sentAtMostTwice &&
          answeredTruly &&
          isDeepStrictEqual(left, leftInTheEnd) &&
          flow.renewed.length <= 1 &&
          (flow.settlements.length === 0 || status !== undefined)
        )
      },
    ),
    { numRuns: 5000 },
  )
})

const BUSY: BeginResult = { result: 'payment_busy', retryAfterMs: null }

/** A cancel that is answered when the test says so. */
function heldCancel() {
  const held: ((outcome: CancelOutcome) => void)[] = []
  return {
    cancel: () => new Promise<CancelOutcome>((resolve) => held.push(resolve)),
    answer: () => held.shift()?.(SUCCEEDED),
    count: () => held.length,
  }
}

t.test('requests for one payment are sent one after the other, in their order', async (t) => {
  const { cancel, answer, count } = heldCancel()
  const flow = createFlow({ cancel })
  const answers = [1, 2, 3].map((number) => flow.request(`key-${number}`, { reason: `no ${number}` }))
  for (const number of [1, 2, 3]) {
    await until('a call is under way', () => count() === 1)
    t.equal(flow.sent.length, number, 'and no other')
    t.same(
      [flow.begun.length, flow.places.taken],
      [number, number],
      'who waits has neither begun nor a place',
    )
    answer()
  }
  for (const made of await Promise.all(answers)) isRefunded(t, made, 'succeeded')
  t.same(
    flow.sent.map(({ request }) => request.reason),
    ['no 1', 'no 2', 'no 3'],
  )
  t.same(
    flow.wishes[0],
    { spacingMs: SPACING_MS, duplicateWindowMs: 600_000 },
    'the store keeps the distance',
  )
})

t.test('another payment does not wait', async (t) => {
  const { cancel, answer, count } = heldCancel()
  const flow = createFlow({ cancel })
  const first = flow.request('key-1')
  const second = flow.request('key-2', { tid: 't-2' })
  await until('both are under way', () => count() === 2)
  answer()
  answer()
  isRefunded(t, await first, 'succeeded')
  isRefunded(t, await second, 'succeeded')
  t.equal(flow.checks(), 0)
})

t.test('what stands against a request is said before it waits', async (t) => {
  const { cancel, answer, count } = heldCancel()
  let duplicateId: string | undefined
  const flow = createFlow({
    cancel,
    check: () => {
      const [stored] = [...flow.refunds.values()] as [StoredRefund]
      const refund = { ...stored.refund, id: duplicateId ?? stored.refund.id }
      return { result: 'possible_duplicate', rule: 'same_amount', stored: { ...stored, refund } }
    },
  })
  const first = flow.request('key-1')
  await until('it is under way', () => count() === 1)
  const second = await flow.request('key-2')
  t.match(second, { answer: 'refused', refusal: { code: 'possible_duplicate', rule: 'same_amount' } })
  t.equal(flow.claims.size, 1, 'the key is free')

  // Where two requests have one key, what is in flight may be the own refund: no duplicate.
  duplicateId = refundId('orders', 'key-3')
  const joined = flow.request('key-3')
  await until('it is asked for', () => flow.checks() === 2)
  answer()
  await until('its turn came', () => count() === 1)
  answer()
  isRefunded(t, await joined, 'succeeded')
  isRefunded(t, await first, 'succeeded')
})

t.test('where another process has the payment, the place is left and begin asked again', async (t) => {
  const flow = createFlow({
    begin: async (usual, call) => {
      if (call <= 3) t.equal(flow.places.taken - flow.places.left, 1)
      return call <= 3 ? BUSY : usual()
    },
  })
  const startedAt = performance.now()
  isRefunded(t, await flow.request(), 'succeeded')
  t.equal(flow.begun.length, 4)
  t.equal(new Set(flow.begun.map(({ attempt }) => attempt)).size, 1, 'by the same attempt')
  t.same([flow.places.taken, flow.places.left], [4, 4])
  t.same(flow.released, [])
  const tookMs = performance.now() - startedAt
  t.ok(tookMs >= 235 && tookMs < 2_000, `50, 75 and 112 ms between them: ${tookMs}`)
})

t.test('a spacing is waited for, where there is time for it', async (t) => {
  for (const [retryAfterMs, isMade] of [
    [120, true],
    [PAYMENT_WAIT_MS, false],
  ] as const) {
    const flow = createFlow({
      begin: async (usual, call) => (call === 1 ? { result: 'payment_busy', retryAfterMs } : usual()),
    })
    const startedAt = performance.now()
    const answer = await flow.request()
    const tookMs = performance.now() - startedAt
    if (isMade) isRefunded(t, answer, 'succeeded')
    else isRefused(t, answer, 'payment_busy')
    t.ok(isMade ? tookMs >= 119 : tookMs < 100, `${tookMs} ms`)
    if (!isMade) isFree(t, flow)
  }
})

t.test('a request waits for five seconds over all, then nothing is stored', async (t) => {
  const flow = createFlow({
    begin: async (_usual, call) => {
      flow.clock.nowMs += 1_000
      return call === 3 ? { result: 'claim_abandoned' } : BUSY
    },
  })
  isRefused(t, await flow.request(), 'payment_busy')
  t.equal(flow.begun.length, 6, 'also where it started over meanwhile')
  isFree(t, flow)
  t.same(flow.sent, [])
  t.same(flow.places.taken, flow.places.left)
})

t.test('who hangs up while it waits is gone, from the queue or from its head', async (t) => {
  const { cancel, answer, count } = heldCancel()
  const flow = createFlow({ cancel })
  const first = flow.request('key-1')
  await until('it is under way', () => count() === 1)
  const caller = new AbortController()
  const second = flow.request('key-2', { hungUp: () => caller.signal })
  const third = flow.request('key-3')
  await until('both wait', () => flow.checks() === 2)
  await new Promise(setImmediate)
  caller.abort()
  isRefused(t, await second, 'payment_busy')
  t.equal(flow.released.length, 1)
  answer()
  await until('the next one is under way', () => count() === 1)
  answer()
  isRefunded(t, await first, 'succeeded')
  isRefunded(t, await third, 'succeeded')
  t.equal(flow.begun.length, 2, 'nothing was begun for who is gone')

  const busy = createFlow({ begin: async () => BUSY })
  const head = new AbortController()
  const waiting = busy.request('key-1', { hungUp: () => head.signal })
  await until('begin was asked', () => busy.begun.length >= 1)
  head.abort()
  isRefused(t, await waiting, 'payment_busy')
  isFree(t, busy)

  const gone = createFlow({ begin: async () => BUSY })
  isRefused(t, await gone.request('key-1', { hungUp: () => AbortSignal.abort() }), 'payment_busy')
  t.equal(gone.begun.length, 1)
})

t.test('a key that another payload has is not called free', async (t) => {
  const flow = createFlow()
  const wrong: Partial<RefundRequest> = { payment: { method: 'mobile', amount: 10_000 } }
  isRefused(t, await flow.request('key-1', wrong), 'not_eligible')
  isRefunded(t, await flow.request('key-1'), 'succeeded')
  isRefused(t, await flow.request('key-1', wrong), 'idempotency_key_reused')
  isRefused(t, await flow.request('key-2', wrong), 'not_eligible')

  const running = createFlow({ begin: async () => BUSY })
  const caller = new AbortController()
  const waiting = running.request('key-1', { hungUp: () => caller.signal })
  await until('it waits', () => running.begun.length > 0)
  isRefused(t, await running.request('key-1', wrong), 'idempotency_key_reused')
  caller.abort()
  await waiting
})

t.test('a store that fails before a wait leaves the key free', async (t) => {
  let answer: (outcome: CancelOutcome) => void = () => {}
  const flow = createFlow({
    cancel: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
    check: () => {
      throw STORE_DOWN()
    },
  })
  const first = flow.request('key-1', { amount: 1_000 })
  await until('the first is on its way', () => flow.sent.length === 1)
  isRefused(t, await flow.request('key-2', { amount: 2_000 }), 'store_unavailable')
  t.equal(flow.claims.size, 2)
  await flow.catchUp()
  t.strictSame(
    [...flow.claims.values()].map(({ id }) => id),
    [refundId('orders', 'key-1')],
  )
  answer(SUCCEEDED)
  isRefunded(t, await first, 'succeeded')
})

t.test('a repeat that waits is answered with its refund, and not with what that leaves', async (t) => {
  const { cancel, answer, count } = heldCancel()
  let repeated: Promise<RefundAnswer> | undefined
  const flow = createFlow({
    cancel,
    begin: async (usual) => {
      repeated ??= flow.request()
      await until('the repeat has joined, and has no turn', () => flow.checks() === 1)
      return usual()
    },
    // The first is settled at the store by the time the repeat asks, and has its turn still.
    check: async () => {
      await until('the first is under way', () => count() === 1)
      for (const [id, stored] of flow.refunds) {
        flow.refunds.set(id, { ...stored, refund: { ...stored.refund, status: 'succeeded' } })
      }
      return { result: 'amount_exceeds_remaining', remaining: 0 }
    },
  })
  const first = flow.request()
  await until('the first is under way', () => count() === 1)
  const answered = await repeated
  t.match(answered, { answer: 'refund', replayed: true, refund: { status: 'succeeded' } })
  answer()
  isRefunded(t, await first, 'succeeded')
  t.equal(flow.sent.length, 1)
  t.equal(flow.claims.size, 1, 'its key is kept')
})

t.test('what another request begins under its key while one gives up is its answer, too', async (t) => {
  const { cancel, answer, count } = heldCancel()
  let other: Promise<RefundAnswer> | undefined
  let isReleased = false
  const flow = createFlow({
    cancel,
    check: () => ({ result: 'payment_mismatch' }),
    // The other one begins just before this attempt is released: nothing is undone of it.
    release: async (usual) => {
      if (other === undefined) {
        flow.turns.leave(`${MERCHANT_ACCOUNT.merchant}:t-1`)
        other = flow.request()
        await until('it is under way', () => count() === 1)
      }
      isReleased = true
      return usual()
    },
  })
  flow.turns.take(`${MERCHANT_ACCOUNT.merchant}:t-1`)
  const repeated = await flow.request()
  t.ok(isReleased)
  isRefused(t, repeated, 'idempotency_in_progress')
  answer()
  isRefunded(t, await (other as unknown as Promise<RefundAnswer>), 'succeeded')
})

t.test('a refusal is not told while its claim may still be begun under', async (t) => {
  const flow = createFlow({
    check: () => ({ result: 'payment_mismatch' }),
    release: async (usual, call) => {
      if (call === 1) throw STORE_DOWN()
      return usual()
    },
  })
  flow.turns.take(`${MERCHANT_ACCOUNT.merchant}:t-1`)
  isRefused(t, await flow.request(), 'idempotency_in_progress')
  await flow.catchUp()
  isFree(t, flow)
})
