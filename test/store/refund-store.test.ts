import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { Claim, Wish } from '../../src/refunds/claim.ts'
import type { Payment } from '../../src/refunds/payment.ts'
import type { OutsideRefunds } from '../../src/refunds/ports/outside.ts'
import type { BeginResult, CheckResult, DepositAsking, RefundStore } from '../../src/refunds/ports/store.ts'
import type { Resolution } from '../../src/refunds/refund.ts'
import { bookingId, refundId } from '../../src/refunds/refund-id.ts'
import type { Settlement, StoredRefund } from '../../src/refunds/stored-refund.ts'
import { keys, SHARDS, UNSETTLED_SHARDS, unsettledShard } from '../../src/store/keys.ts'
import { until } from '../support/calls.ts'
import {
  emptyPayment,
  type ModelDecision,
  modelBegin,
  modelBook,
  modelCheck,
  modelReadAll,
  modelRelease,
  modelRestore,
  modelSettle,
  outsideOf,
  shownStatus,
  sumOf,
} from '../support/ledger-model.ts'
import { MERCHANT } from '../support/merchant.ts'
import {
  attemptOf,
  begun,
  byPerson,
  CARD,
  FAILED,
  newClaim,
  newIntent,
  newToken,
  newWish,
  REQUESTED_AT,
  SUCCEEDED,
  settled,
  UNKNOWN,
} from '../support/store-intents.ts'
import { startStore } from '../support/store-start.ts'

const DAY_MS = 86_400_000

t.test('a claim binds a key to its first payload', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim({ tid: 'a tid {with} spaces 한글' })
  t.same(await store.claim(claim), claim)
  const other = { ...claim, token: newToken(), fingerprint: 'other', tid: 'another' }
  t.same(await store.claim(other), claim, 'the claim in force is answered')
  t.same(await store.claim(claim), claim, 'a claim that is sent twice finds itself')
})

t.test(
  'a claim lives for a day or the retention, whichever is longer, until its refund settles',
  async (t) => {
    for (const [idempotencyRetentionMs, livesMs, retainedMs] of [
      [300, DAY_MS, 240_000],
      [3_600_000, DAY_MS, 3_600_000],
      [7 * DAY_MS, 7 * DAY_MS, 7 * DAY_MS],
    ] as const) {
      const { store, redis } = await startStore(t, { idempotencyRetentionMs })
      const ttlMs = () => redis.pttl(keys.claim(claim.id))
      const isAbout = (ttl: number, expectedMs: number) =>
        t.ok(ttl > expectedMs - 10_000 && ttl <= expectedMs, `${ttl} of ${expectedMs} ms`)
      const claim = newClaim()
      await store.claim(claim)
      isAbout(await ttlMs(), livesMs)
      const stored = await begun(store, newIntent(claim))
      isAbout(await ttlMs(), livesMs)
      await store.settle(stored, SUCCEEDED)
      isAbout(await ttlMs(), retainedMs)
    }
  },
)

t.test('what is stored is what is read', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  const details = {
    account: 'default',
    tax_free_amount: 0,
    reason: '  "따옴표" \\ 와 공백 ',
    reference: '주문 {1} "@" recent',
    refund_account: { bank: '20', account_no: '*********8901', account_name: '홍길동' },
    requested_by: 'orders',
    metadata: { a: '', 'b c': '{"x": 1}' },
  }
  const stored = await begun(store, newIntent(claim, { details }))
  const { result, ...settled } = await store.settle(stored, SUCCEEDED)
  t.equal(result, 'settled')
  const { bookedAmount: _, ...outcome } = SUCCEEDED
  t.match(settled, {
    stored: { fingerprint: 'fingerprint', refund: { ...details, ...outcome, kind: 'full' } },
  })
  const found = await store.findById(claim.id)
  t.same({ stored: found }, settled)
  t.match(found?.refund.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

t.test('begin finds its own attempt, and renews its lease', async (t) => {
  const { store } = await startStore(t)
  const intent = newIntent(newClaim())
  await begun(store, intent)
  await begun(store, intent)
  const ledger = await store.findPayment(MERCHANT, intent.claim.tid)
  t.match(ledger, { in_flight: 1000, refunded: 0, unknown: 0 }, 'reserved once')
})

t.test('a reader never sees a processing whose lease is over', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  const stored = await begun(store, newIntent(claim, { leaseMs: 1 }))
  t.equal((await store.findById(claim.id))?.refund.status, 'unknown')
  t.match(await store.findPayment(MERCHANT, claim.tid), { in_flight: 0, unknown: 1000 })
  const page = await store.listByPayment({ merchant: MERCHANT, tid: claim.tid, limit: 10, cursor: null })
  t.equal(page.refunds[0]?.status, 'unknown')
  const again = await store.begin(newIntent({ ...claim, token: newToken() }, { token: newToken() }))
  t.match(again, { result: 'exists', stored: { refund: { status: 'unknown' } } })
  t.match(await store.settle(stored, SUCCEEDED), { result: 'settled' }, 'a late answer settles it')
  t.match(await store.findPayment(MERCHANT, claim.tid), { unknown: 0, refunded: 1000 })
})

t.test('a settled refund stays as it is', async (t) => {
  const { store } = await startStore(t)
  const stored = await begun(store, newIntent(newClaim()))
  await store.settle(stored, SUCCEEDED)
  t.match(await store.settle(stored, SUCCEEDED), { result: 'settled' })
  t.match(await store.settle(stored, FAILED), {
    result: 'conflict',
    stored: { refund: { status: 'succeeded' } },
  })
  t.match(await store.settle(stored, UNKNOWN), { result: 'conflict' })
  t.match(await store.settle({ ...stored, attempt: 'another' }, SUCCEEDED), { result: 'conflict' })
})

t.test('a refund that the store forgot is lost', async (t) => {
  const { store, redis } = await startStore(t)
  const stored = await begun(store, newIntent(newClaim()))
  await forgetAll(redis)
  t.same(await store.settle(stored, SUCCEEDED), { result: 'lost' })
})

const forgetAll = (redis: unknown) => (redis as { flushall(): Promise<void> }).flushall()

t.test('what the store forgot is written back: refund, booking and key', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = { ...CARD, tax_free_amount: 400 }
  const intent = newIntent(newClaim(), { payment, amount: 700 })
  const stored = await begun(store, intent)
  await forgetAll(redis)
  t.equal(await store.restore(stored, intent), true)
  t.match(await store.findById(intent.claim.id), {
    ...stored,
    refund: { ...stored.refund, updated_at: String },
  })
  t.match(await store.findPayment(MERCHANT, intent.claim.tid), { amount: 1000, in_flight: 700 })
  t.equal(await store.countUnsettled(), 1)
  t.match(await store.settle(stored, SUCCEEDED), { result: 'settled' })
  t.match(await store.findPayment(MERCHANT, intent.claim.tid), { refunded: 700, tax_free_amount: 400 })
  t.equal(await store.restore(stored, intent), true, 'and again')
  t.match(await store.findById(intent.claim.id), { refund: { status: 'succeeded' } })
  t.match(await store.findPayment(MERCHANT, intent.claim.tid), { refunded: 700, in_flight: 0 })
})

t.test('what is written back overwrites nothing, and the sums say what may have moved', async (t) => {
  const { store, redis } = await startStore(t)
  const intent = newIntent(newClaim())
  const { id, tid } = intent.claim
  const stored = await begun(store, intent)
  await forgetAll(redis)
  // The payment is stated otherwise by then, some of it is refunded, and the key belongs to another payload.
  const other = newIntent(newClaim({ tid }), { payment: { ...CARD, amount: 1500 }, amount: 900 })
  await store.settle(await begun(store, other), SUCCEEDED)
  const taken = newClaim({ id, fingerprint: 'of-another', tid: 'another' })
  await store.claim(taken)
  t.equal(await store.restore(stored, intent), false)
  t.match(await store.settle(stored, UNKNOWN), { result: 'settled' })
  t.match(await store.findPayment(MERCHANT, tid), { amount: 1500, refunded: 900, unknown: 1000 })
  t.same(await store.claim({ ...taken, token: newToken() }), taken)
})

t.test('two attempts of which the store forgot one are both booked where both moved money', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim()
  const first = await begun(store, newIntent(claim, { amount: 300 }))
  await forgetAll(redis)
  const second = await begun(store, newIntent(claim, { amount: 300, token: 'second' }))
  await store.settle(second, SUCCEEDED)
  t.match(await store.settle(first, SUCCEEDED), { result: 'conflict', stored: { attempt: 'second' } })
  t.match(await store.settle(first, SUCCEEDED), { result: 'conflict' }, 'sent twice')
  t.match(await store.findPayment(MERCHANT, claim.tid), { refunded: 600 })
  t.match(
    await store.begin(newIntent(newClaim({ tid: claim.tid }), { payment: { ...CARD, amount: 2000 } })),
    { result: 'payment_mismatch' },
  )
})

t.test('a second attempt that failed is disputed by the first, which may have moved money', async (t) => {
  for (const settlement of [SUCCEEDED, UNKNOWN]) {
    const { store, redis } = await startStore(t)
    const claim = newClaim()
    const first = await begun(store, newIntent(claim))
    await forgetAll(redis)
    const second = await begun(store, newIntent(claim, { token: 'second' }))
    await store.settle(second, FAILED)
    t.match(await store.settle(first, settlement), { result: 'disputed', stored: { attempt: 'second' } })
    t.match(await store.findPayment(MERCHANT, claim.tid), { disputed: 1000, refunded: 0 })
  }
})

/** A refund that was unknown, failed by the word of a person, and then answered with success. */
async function disputed(store: RefundStore, intent = newIntent(newClaim())) {
  await store.claim(intent.claim)
  const stored = await begun(store, intent)
  await store.settle(stored, UNKNOWN)
  t.match(await store.settle(stored, byPerson('failed')), { result: 'settled' })
  const found = await store.settle(stored, SUCCEEDED)
  if (found.result !== 'disputed') throw new Error(found.result)
  return { stored, disputed: found.stored }
}

t.test('a late success of a refund that failed is disputed, and counts as refunded', async (t) => {
  const { store, redis } = await startStore(t)
  const { stored, disputed: found } = await disputed(store)
  const { id, tid } = stored.refund
  t.match(found.refund, { status: 'failed', disputed: true, failure: FAILED.failure, amount: 1000 })
  t.same((await store.findById(id))?.refund, found.refund)
  t.match(await store.findPayment(MERCHANT, tid), { disputed: 1000, refunded: 0, unknown: 0 })
  t.match(await store.settle(stored, SUCCEEDED), { result: 'disputed' }, 'sent twice')
  t.match(await store.findPayment(MERCHANT, tid), { disputed: 1000 })
  t.equal(await redis.pttl(keys.payment(MERCHANT, tid)), -1, 'the ledger stays')
  t.equal(await redis.pttl(keys.claim(id)), -1, 'its key stays')
  t.equal(await store.countUnsettled(), 0, 'it is neither in flight nor unknown')
  const other = (amount?: number) => newIntent(newClaim({ tid }), { amount })
  t.match(await store.begin(other()), { result: 'refund_unresolved', stored: { refund: { id } } })
  t.match(await store.begin(other(100)), { result: 'refund_unresolved', stored: { refund: { id } } })
})

t.test('a person clears a disputed refund, and the same answer does not dispute it again', async (t) => {
  const { store, redis } = await startStore(t)
  const { stored, disputed: found } = await disputed(store)
  const { id, tid } = stored.refund
  const unseen = await store.settle(stored, byPerson('failed', 'who saw it unknown'))
  t.match(unseen, { result: 'conflict', stored: { refund: { disputed: true } } })
  t.match(await store.settle(found, byPerson('failed', 'asked')), {
    result: 'settled',
    stored: { refund: { status: 'failed', resolution: { note: 'asked' } }, earlier: [{ note: 'console' }] },
  })
  t.notOk((await store.findById(id))?.refund.disputed)
  t.match(await store.findPayment(MERCHANT, tid), { disputed: 0, refunded: 0 })
  t.match(await store.settle(stored, SUCCEEDED), { result: 'conflict' })
  t.match(await store.findPayment(MERCHANT, tid), { disputed: 0 })
  t.ok((await redis.pttl(keys.payment(MERCHANT, tid))) > 0)
  t.ok((await redis.pttl(keys.claim(id))) > 0)
  t.equal(await store.countUnsettled(), 0)
  await begun(store, newIntent(newClaim({ tid })))
})

t.test('a person books a disputed refund, as the answer says or as seen', async (t) => {
  for (const [bookedAmount, refunded] of [
    [null, 900],
    [800, 800],
  ] as const) {
    const { store } = await startStore(t)
    const stored = await begun(store, newIntent(newClaim()))
    await store.settle(stored, FAILED)
    const found = await store.settle(stored, { ...SUCCEEDED, bookedAmount: 900 })
    if (found.result !== 'disputed') throw new Error(found.result)
    t.match(found.stored.disputedBy, { provider: SUCCEEDED.provider, refunded_at: SUCCEEDED.refunded_at })
    t.match(await store.findPayment(MERCHANT, stored.refund.tid), { disputed: 900 })
    const settled = await store.settle(found.stored, { ...byPerson('succeeded'), bookedAmount })
    const expected = { refund: { status: 'succeeded' }, countedAmount: refunded, earlier: [null] }
    t.match(settled, { result: 'settled', stored: expected })
    t.match(await store.findPayment(MERCHANT, stored.refund.tid), { disputed: 0, refunded })
  }
})

t.test('the provider’s figure is booked where a person or the lookup knew a smaller one', async (t) => {
  const { store } = await startStore(t)
  const stored = await begun(store, newIntent(newClaim()))
  await store.settle(stored, UNKNOWN)
  await store.settle(stored, { ...byPerson('succeeded'), bookedAmount: 300 })
  const larger = await store.settle(stored, { ...SUCCEEDED, bookedAmount: 1000 })
  t.match(larger, { result: 'conflict', stored: { countedAmount: 1000 } })
  t.match(await store.findPayment(MERCHANT, stored.refund.tid), { refunded: 1000 })
  t.match(await store.settle(stored, { ...SUCCEEDED, bookedAmount: 300 }), { result: 'settled' })
  t.match(await store.findPayment(MERCHANT, stored.refund.tid), { refunded: 1000 }, 'nothing is taken back')
})

t.test('what only an unknown refund keeps from fitting waits for it', async (t) => {
  const { store } = await startStore(t)
  const { tid } = newClaim()
  const payment = { ...CARD, tax_free_amount: 400 }
  const intent = (amount: number, taxFree: number | null = null) => {
    return newIntent(newClaim({ tid }), { payment, amount, taxFreeAmount: taxFree ?? undefined })
  }
  await store.settle(await begun(store, intent(300, 100)), SUCCEEDED)
  const unknown = await begun(store, intent(400, 250))
  const { id } = unknown.refund
  const busy = { result: 'payment_busy', retryAfterMs: null } as const
  t.same(await store.begin(intent(700)), busy)
  await store.settle(unknown, UNKNOWN)
  t.match(await store.begin(intent(700)), { result: 'refund_unresolved', stored: { refund: { id } } })
  t.match(await store.begin(intent(701)), { result: 'amount_exceeds_remaining', remaining: 300 })
  t.match(await store.begin(intent(200, 100)), { result: 'refund_unresolved', stored: { refund: { id } } })
  t.match(await store.begin(intent(350, 350)), { result: 'amount_exceeds_remaining', remaining: 300 })
  t.match(await store.begin(intent(300, 301)), { result: 'tax_free_exceeds_amount' })
  await begun(store, intent(300, 50))
})

t.test('a lease that cannot be renewed is told, and nothing is begun anew', async (t) => {
  const { store, redis } = await startStore(t)
  const intent = newIntent(newClaim())
  await begun(store, intent)
  t.match(await store.begin({ ...intent, isRenewal: true }), { result: 'begun' })
  await forgetAll(redis)
  t.same(await store.begin({ ...intent, isRenewal: true }), { result: 'lost' })
  t.equal(await store.findPayment(MERCHANT, intent.claim.tid), null)
})

t.test('the ledger takes the figure of the provider, the refund keeps what was asked', async (t) => {
  const { store } = await startStore(t)
  const stored = await begun(store, newIntent(newClaim()))
  const settled = await store.settle(stored, { ...SUCCEEDED, bookedAmount: 900 })
  t.match(settled, { stored: { refund: { amount: 1000 } } })
  t.match(await store.findPayment(MERCHANT, stored.refund.tid), { refunded: 900 })
})

t.test('release undoes a begin and frees the key', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  await begun(store, newIntent(claim))
  await store.release(attemptOf(claim))
  t.equal(await store.findById(claim.id), null)
  t.equal(await store.findPayment(MERCHANT, claim.tid), null)
  t.equal(await store.countUnsettled(), 0)
  t.same(
    await redis.keys('*'),
    [keys.abandoned(MERCHANT, claim.tid, claim.token)],
    'only the mark of the claim is left',
  )
  const corrected = { ...claim, token: newToken(), fingerprint: 'corrected' }
  t.same(await store.claim(corrected), corrected)
})

t.test('release leaves a refund that others know as unknown, and its key', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  const stored = await begun(store, newIntent(claim))
  await store.settle(stored, { ...SUCCEEDED, status: 'unknown' })
  t.match(await store.release(attemptOf(claim)), { refund: { id: claim.id, status: 'unknown' } })
  t.match(await store.findById(claim.id), { refund: { status: 'unknown' } })
  t.match(await store.findPayment(MERCHANT, claim.tid), { unknown: 1000 })
  t.equal(await store.countUnsettled(), 1)
})

t.test('release leaves the begin of another attempt, and the claim, alone', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  await begun(store, newIntent(claim, { token: 'joined' }))
  await store.release(attemptOf(claim))
  t.match(await store.findById(claim.id), { attempt: 'joined' })
})

t.test('release leaves a settled refund alone', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  const stored = await begun(store, newIntent(claim))
  await store.settle(stored, SUCCEEDED)
  await store.release(attemptOf(claim))
  t.match(await store.findById(claim.id), { refund: { status: 'succeeded' } })
  t.match(await store.findPayment(MERCHANT, claim.tid), { refunded: 1000 })
})

t.test('a request that joined a claim and did not begin leaves the entry of the one that did', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await begun(store, newIntent(claim))
  t.match(await store.begin(newIntent(claim, { token: 'joined' })), { result: 'exists' })
  await store.release({ ...attemptOf(claim), token: 'joined' })
  // Longer than entries wait for others to be taken out with.
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(await store.countUnsettled(), 1)
})

t.test('a claim that is joined lasts as long as a new one', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  await redis.pexpire(keys.claim(claim.id), 1_000)
  t.equal(await store.joinClaim(claim), true)
  t.ok((await redis.pttl(keys.claim(claim.id))) > DAY_MS - 10_000)
  t.equal(await store.joinClaim({ ...claim, token: 'another' }), false)
  await redis.del(keys.claim(claim.id))
  t.equal(await store.joinClaim(claim), false)
})

t.test('the key of an unknown refund is restored where it was lost', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  const stored = await begun(store, newIntent(claim))
  await redis.del(keys.claim(claim.id))
  await store.settle(stored, UNKNOWN)
  t.match(await store.findById(claim.id), { refund: { status: 'unknown' } })
  t.match(await store.claim({ ...claim, token: newToken(), fingerprint: 'other' }), {
    fingerprint: claim.fingerprint,
  })
})

t.test('nobody begins under an abandoned claim, so one key never carries two refunds', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  // The first attempt is refused and frees the key; meanwhile another had joined its claim.
  const tooMuch = await store.begin(newIntent(claim, { amount: 2000 }))
  t.match(tooMuch, { result: 'amount_exceeds_remaining', remaining: 1000 })
  await store.release(attemptOf(claim))
  const corrected = { ...claim, token: newToken(), fingerprint: 'corrected', tid: 'another payment' }
  await store.claim(corrected)
  await begun(store, newIntent(corrected))
  t.same(await store.begin(newIntent(claim, { token: 'joined' })), { result: 'claim_abandoned' })
})

t.test(
  'an asking for a deposit that was undone or refused awaits none, however late it arrives',
  async (t) => {
    const { store } = await startStore(t)
    const newAsking = async () => {
      const intent = newIntent(newClaim(), { amount: 600 })
      const failed = await settled(store, intent, {
        ...FAILED,
        failure: { code: 'deposit_required', detail: 'no' },
      })
      const asking = { stored: failed, token: newToken(), by: 'finance', at: REQUESTED_AT }
      return { ...asking, leaseMs: 60_000, duplicateWindowMs: 0 }
    }
    const assertLate = async (asking: DepositAsking, message: string) => {
      const { stored } = asking
      t.match(await store.awaitDeposit(asking), { result: 'changed', stored }, message)
      t.same((await store.findById(stored.refund.id))?.refund, stored.refund, message)
      const another = { ...asking, token: newToken() }
      t.match(await store.awaitDeposit(another), { result: 'awaiting' }, 'another asking is free to')
    }

    const unarrived = await newAsking()
    await store.undoDeposit(unarrived)
    await assertLate(unarrived, 'undone before it arrived')

    const undone = await newAsking()
    t.match(await store.awaitDeposit(undone), { result: 'awaiting' })
    await store.undoDeposit(undone)
    await assertLate(undone, 'undone after it had arrived')

    const refused = await newAsking()
    const { tid } = refused.stored.refund
    const beside = await begun(store, newIntent(newClaim({ tid }), { amount: 300 }))
    t.match(await store.awaitDeposit(refused), { result: 'payment_busy' })
    await store.settle(beside, FAILED)
    await assertLate(refused, 'refused')
  },
)

t.test('where Redis is full, what was begun settles and leaves, and an asking is undone', async (t) => {
  const { store, redis } = await startStore(t)
  const under = await begun(store, newIntent(newClaim()))
  const failed = await settled(store, newIntent(newClaim()), FAILED)
  const asking = { stored: failed, token: newToken(), by: 'finance', at: REQUESTED_AT }
  const asked = { ...asking, leaseMs: 60_000, duplicateWindowMs: 0 }
  t.match(await store.awaitDeposit(asked), { result: 'awaiting' })
  await redis.config('SET', 'maxmemory', '1')
  await store.undoDeposit(asked)
  t.same((await store.findById(failed.refund.id))?.refund, failed.refund)
  t.match(await store.settle(under, SUCCEEDED), { result: 'settled' })
  await until('what has settled has left', async () => {
    const counts = await Promise.all(SHARDS.map((shard) => redis.zcard(keys.unsettled(shard))))
    return counts.every((count) => count === 0)
  })
  const journal = keys.journal(unsettledShard(under.refund.id))
  t.equal((await redis.xrange(journal, '-', '+')).filter(([, [, text]]) => text?.startsWith('s')).length, 1)
})

t.test('a refused begin leaves nothing but the mark', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim()
  t.same(await store.begin(newIntent(claim, { amount: 10, partialAllowed: false })), {
    result: 'partial_not_allowed',
  })
  await store.release(attemptOf(claim))
  t.same(await redis.keys('*'), [keys.abandoned(MERCHANT, claim.tid, claim.token)])
})

t.test('the facts of a payment can be stated anew once all of its refunds have failed', async (t) => {
  const { store } = await startStore(t)
  const claim = newClaim()
  const stored = await begun(store, newIntent(claim))
  const restated = newIntent(newClaim({ tid: claim.tid }), { payment: { ...CARD, amount: 2000 } })
  t.same(await store.begin(restated), { result: 'payment_mismatch' })
  await store.settle(stored, FAILED)
  const again = newClaim({ tid: claim.tid })
  await begun(store, newIntent(again, { payment: { ...CARD, amount: 2000 } }))
  t.match(await store.findPayment(MERCHANT, claim.tid), { amount: 2000, in_flight: 2000 })
})

t.test('refunds are listed oldest first, page by page', async (t) => {
  const { store } = await startStore(t)
  const { tid } = newClaim()
  const ids: string[] = []
  for (let index = 0; index < 7; index++) {
    const claim = newClaim({ tid })
    const stored = await begun(store, newIntent(claim, { amount: 100 }))
    if (index === 3) await store.release(attemptOf(claim))
    else {
      ids.push(claim.id)
      await store.settle(stored, SUCCEEDED)
    }
  }
  const listed: string[] = []
  let cursor: string | null = null
  do {
    const page = await store.listByPayment({ merchant: MERCHANT, tid, limit: 2, cursor })
    t.ok(page.refunds.length <= 2)
    listed.push(...page.refunds.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  t.same(listed, ids)
})

t.test(
  'a page of those that match is full unless it is the last, with the ledger of that moment',
  async (t) => {
    const { store } = await startStore(t)
    const { tid } = newClaim()
    const failed: string[] = []
    for (let index = 0; index < 230; index++) {
      const claim = newClaim({ tid })
      const stored = await begun(store, newIntent(claim, { amount: 1 }))
      if (index % 23 === 0) {
        await store.settle(stored, FAILED)
        failed.push(claim.id)
      } else await store.settle(stored, SUCCEEDED)
    }
    const expired = newClaim({ tid })
    await begun(store, newIntent(expired, { amount: 5, leaseMs: -1 }))
    for (const limit of [1, 4, 9, 10, 100]) {
      const pages: string[][] = []
      let cursor: string | null = null
      do {
        const page: Awaited<ReturnType<RefundStore['listByPayment']>> = await store.listByPayment({
          merchant: MERCHANT,
          tid,
          limit,
          cursor,
          matches: ({ status }) => status === 'failed',
        })
        t.match(page.ledger, { refunded: 220, in_flight: 0, unknown: 5 })
        pages.push(page.refunds.map(({ id }) => id))
        cursor = page.nextCursor
      } while (cursor !== null)
      t.same(pages.flat(), failed)
      t.ok(pages.slice(0, -1).every(({ length }) => length === limit))
    }
    t.match(await store.listByPayment({ merchant: MERCHANT, tid: 'never seen', limit: 1, cursor: null }), {
      ledger: null,
      refunds: [],
      nextCursor: null,
    })
  },
)

t.test('a payment is kept for ever while a refund of it is unsettled, then for its retention', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim()
  await store.claim(claim)
  const stored = await begun(store, newIntent(claim))
  const key = keys.payment(MERCHANT, claim.tid)
  t.equal(await redis.pttl(key), -1)
  await store.settle(stored, UNKNOWN)
  t.equal(await redis.pttl(key), -1)
  t.equal(await redis.pttl(keys.claim(claim.id)), -1, 'and the key of an unknown refund with it')
  t.equal(await store.countUnsettled(), 1)
  await store.settle(stored, SUCCEEDED)
  t.ok((await redis.pttl(key)) > 86_000_000)
})

t.test('unsettled refunds spread over the shards', async (t) => {
  const { store, redis } = await startStore(t)
  for (let index = 0; index < 200; index++) await begun(store, newIntent(newClaim()))
  const sizes = await Promise.all(
    Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => redis.zcard(keys.unsettled(shard))),
  )
  t.equal(
    sizes.reduce((total, size) => total + size, 0),
    200,
  )
  t.ok(Math.min(...sizes) > 0, `each shard has some: ${sizes}`)
})

t.test('the oldest unknown refund is found among those in flight and what is left over', async (t) => {
  const { store, redis } = await startStore(t)
  const ago = (ageMs: number) => REQUESTED_AT - ageMs
  const makeUnknown = async (requestedAt: number) => {
    const stored = await begun(store, newIntent(newClaim(), { requestedAt }))
    await store.settle(stored, UNKNOWN)
    return stored
  }
  t.equal(await store.oldestUnknownAt(), null, 'none')
  for (let index = 0; index < 5; index++)
    await begun(store, newIntent(newClaim(), { requestedAt: ago(9_000) }))
  t.equal(await store.oldestUnknownAt(), null, 'none but in flight')
  await makeUnknown(ago(5_000))
  const oldest = await makeUnknown(ago(7_000))
  t.equal(await store.oldestUnknownAt(), ago(7_000))
  await store.settle(oldest, SUCCEEDED)
  const leftOver = `${ago(20_000)}.${oldest.refund.id} gone default ${oldest.refund.tid}`
  await redis.zadd(keys.unsettled(0), Date.now(), leftOver)
  t.equal(await store.oldestUnknownAt(), ago(5_000))
})

t.test('a row of entries that are left over hides no old refund, and makes none', async (t) => {
  const { store, redis } = await startStore(t)
  const ago = (ageMs: number) => REQUESTED_AT - ageMs
  for (let index = 0; index < 16; index++) {
    await redis.zadd(keys.unsettled(0), Date.now(), `${ago(900_000)}.${newClaim().id} gone default none`)
  }
  t.equal(await store.oldestUnknownAt(), null)
  const stored = await begun(store, newIntent(newClaim(), { requestedAt: ago(800_000) }))
  await store.settle(stored, UNKNOWN)
  t.equal(await store.oldestUnknownAt(), ago(800_000))
})

t.test('every method says that the store is unavailable when it is', async (t) => {
  const { store, server } = await startStore(t)
  const claim = newClaim()
  const stored = await begun(store, newIntent(claim))
  await server.stop()
  const unavailable = { code: 'store_unavailable' }
  await t.rejects(store.claim(newClaim()), unavailable)
  await t.rejects(store.begin(newIntent(newClaim())), unavailable)
  await t.rejects(store.settle(stored, SUCCEEDED), unavailable)
  await t.rejects(store.release(attemptOf(claim)), unavailable)
  await t.rejects(store.findById(claim.id), unavailable)
  await t.rejects(store.findPayment(MERCHANT, claim.tid), unavailable)
  await t.rejects(store.countUnsettled(), unavailable)
  await t.rejects(store.oldestUnknownAt(), unavailable)
})

t.test('no refund is begun while Redis is not durable, unless that is allowed', async (t) => {
  const durability = () => ({ state: 'not_durable', reasons: ['its append-only file is off'] }) as const
  const strict = await startStore(t, { durability })
  await t.rejects(strict.store.claim(newClaim()), { code: 'store_not_durable' })
  await t.rejects(strict.store.begin(newIntent(newClaim())), { code: 'store_not_durable' })
  const relaxed = await startStore(t, { durability, requireDurability: false })
  await begun(relaxed.store, newIntent(newClaim()))
})

/** All steps of a sequence are taken before the first lease is over; crash-model.test.ts lets time pass. */
const AT_ONCE = { nowMs: 0, leaseMs: 60_000, markMs: 60_000 }

type Step =
  | {
      step: 'begin'
      slot: number
      attempt: number
      wish: Wish
      /** The slot of the refund that is known of. */
      knownSlot: number | undefined
      leaseMs: number
    }
  | {
      step: 'settle'
      slot: number
      attempt: number
      status: Settlement['status']
      source: Resolution['source']
      settles: 'unknown' | 'disputed'
      booked: number | null
    }
  | {
      step: 'restore'
      slot: number
      attempt: number
      payment: Payment
      amount: number
      reference: string | undefined
    }
  | { step: 'release'; slot: number; attempt: number }
  | { step: 'book'; slot: number; attempt: number; amount: number; taxFree: number | undefined }

const HOUR_MS = 3_600_000

function mostly<Value>(usual: Value, other: Value): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(other) })
}

/** Few refunds, attempts and figures, so that they meet; the payment is now and then stated differently. */
function anyStep(): fc.Arbitrary<Step> {
  const slot = fc.nat(5)
  const attempt = fc.nat(1)
  const krw = fc.constantFrom(1, 100, 300, 500, 600, 1000, 1500)
  const payment = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Payment>({ ...CARD, tax_free_amount: 400 }) },
    { weight: 1, arbitrary: fc.constant<Payment>(CARD) },
    { weight: 1, arbitrary: fc.constant<Payment>({ method: 'card_keyin', amount: 900, tax_free_amount: 0 }) },
  )
  const reference = fc.option(fc.constantFrom('line 1', 'line 2'), { nil: undefined, freq: 1 })
  const wish = fc.record({
    payment,
    amount: fc.option(krw, { nil: undefined }),
    taxFreeAmount: fc.option(fc.constantFrom(0, 100, 400), { nil: undefined, freq: 3 }),
    partialAllowed: mostly(true, false),
    reference,
    expectedRemaining: fc.option(fc.constantFrom(1000, 900, 400), { nil: undefined, freq: 5 }),
    duplicateOf: fc.constant(undefined),
    duplicateWindowMs: fc.constantFrom(0, HOUR_MS),
    spacingMs: mostly(0, HOUR_MS),
  })
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        step: fc.constant('begin' as const),
        slot,
        attempt,
        wish,
        knownSlot: fc.option(slot, { nil: undefined, freq: 1 }),
        // In a while, or over as soon as it is there.
        leaseMs: mostly(AT_ONCE.leaseMs, -1),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        step: fc.constant('settle' as const),
        slot,
        attempt,
        status: fc.constantFrom('succeeded' as const, 'failed' as const, 'unknown' as const),
        source: fc.constantFrom(
          'provider' as const,
          'provider' as const,
          'lookup' as const,
          'notification' as const,
          'operator' as const,
        ),
        settles: fc.constantFrom('unknown' as const, 'disputed' as const),
        booked: fc.option(fc.constantFrom(50, 300), { nil: null, freq: 5 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.constant('restore' as const),
        slot,
        attempt,
        payment,
        amount: krw,
        reference,
      }),
    },
    { weight: 2, arbitrary: fc.record({ step: fc.constant('release' as const), slot, attempt }) },
    {
      weight: 2,
      arbitrary: fc.record({
        step: fc.constant('book' as const),
        slot,
        attempt,
        amount: fc.constantFrom(1, 100, 500, 1000, -1, -100, -500),
        taxFree: fc.option(fc.constantFrom(0, 100), { nil: undefined, freq: 1 }),
      }),
    },
  )
}

type StepOf<Name extends Step['step']> = Extract<Step, { step: Name }>

/** A step's claim and attempt, and the payment of the model that it is done to. */
type Scene = Readonly<{
  store: RefundStore
  outside: OutsideRefunds
  model: ReturnType<typeof emptyPayment>
  ids: readonly string[]
  claim: Claim
  attempt: string
}>

async function playBegin(
  { store, model, ids, claim, attempt }: Scene,
  { wish: wished, knownSlot, leaseMs }: StepOf<'begin'>,
): Promise<void> {
  const { id, tid, token: claimToken } = claim
  const wish = { ...wished, duplicateOf: knownSlot === undefined ? undefined : ids[knownSlot] }
  const foretold = await store.check({ merchant: MERCHANT, tid, wish })
  expectSameDecision(foretold, modelCheck(model, wish, AT_ONCE.nowMs), model)

  const isNew = !model.refunds.has(id)
  const expected = modelBegin(model, { id, attempt, claimToken, wish }, { ...AT_ONCE, leaseMs })
  const actual = await store.begin(newIntent(claim, { token: attempt, leaseMs, ...wish }))
  if (actual.result !== expected) throw new Error(`begin: ${actual.result}, not ${expected}`)
  if (actual.result === 'begun') {
    const { kind, amount: begunAmount } = actual.stored.refund
    const modelRefund = model.refunds.get(id)
    if (kind !== modelRefund?.kind || begunAmount !== modelRefund.amount) {
      throw new Error(`begun as ${kind} of ${begunAmount}, not ${JSON.stringify(modelRefund)}`)
    }
  }
  if (isNew) expectForetold(foretold, actual)
}

/** What check answers is what the model decides. */
function expectSameDecision(
  actual: CheckResult,
  expected: ModelDecision,
  { refunds }: ReturnType<typeof emptyPayment>,
): void {
  const told = `check: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`
  if (actual.result !== expected.result) throw new Error(told)
  if ('remaining' in actual && actual.remaining !== expected.remaining) throw new Error(told)
  if (actual.result === 'allowed' && 'kind' in expected) {
    const { kind, amount, countedTaxFree } = actual
    if (kind !== expected.kind || amount !== expected.amount || countedTaxFree !== expected.taxFree) {
      throw new Error(told)
    }
  }
  if (actual.result === 'possible_duplicate' && 'rule' in expected) {
    const { id, status, disputed } = actual.stored.refund
    if (actual.rule !== expected.rule) throw new Error(told)
    // Several may stand with one reference where some were written back, or failed and were made all the same.
    if (actual.rule === 'same_amount' && id !== expected.id) throw new Error(told)
    const model = refunds.get(id)
    const state = disputed ? 'disputed' : status
    if (model === undefined || shownStatus(model, AT_ONCE.nowMs) !== state) throw new Error(told)
  }
}

/** Begin does what check has just said, unless the account's spacing alone is against it. */
function expectForetold(foretold: CheckResult, begun: BeginResult): void {
  const told = `check: ${JSON.stringify(foretold)}, begin: ${JSON.stringify(begun)}`
  if (foretold.result !== 'allowed') {
    if (JSON.stringify(foretold) !== JSON.stringify(begun) && !isStampedLater(foretold, begun)) {
      throw new Error(told)
    }
  } else if (begun.result === 'begun') {
    const { refund, countedTaxFree } = begun.stored
    const { kind, amount } = refund
    if (kind !== foretold.kind || amount !== foretold.amount || countedTaxFree !== foretold.countedTaxFree) {
      throw new Error(told)
    }
  } else if (begun.result !== 'payment_busy' || begun.retryAfterMs === null) throw new Error(told)
}

/** A lease that was over by then ended once for each of them, and check wrote that nowhere. */
function isStampedLater(foretold: CheckResult, begun: BeginResult): boolean {
  if (!('stored' in foretold && 'stored' in begun) || foretold.result !== begun.result) return false
  return foretold.stored.refund.id === begun.stored.refund.id
}

/** Answers whether money may have moved beyond what the payment has. */
async function playSettle({ store, model, claim, attempt }: Scene, step: StepOf<'settle'>): Promise<boolean> {
  const { id, tid } = claim
  const booked = step.status === 'succeeded' ? step.booked : null
  const { status, source, settles } = step
  // What is sent twice is told by its text, and here no two settlements of a source are told apart by it.
  const settlement = { status, source, settles, bookedAmount: booked, text: `${source} ${settles}` }
  const amount = model.refunds.get(id)?.amount ?? 100
  const expected = modelSettle(model, { id, attempt }, settlement, AT_ONCE.nowMs)
  const disputed = settles === 'disputed'
  const refund = { id, account: 'default', tid, amount, reason: '', metadata: {}, disputed }
  const stored = { refund, merchant: MERCHANT, attempt, fingerprint: '', earlier: [] }
  const resolution = source === 'provider' ? null : { source, by: null, note: null, at: '' }
  const actual = await store.settle(stored as unknown as StoredRefund, {
    ...SUCCEEDED,
    status,
    resolution,
    bookedAmount: booked,
  })
  if (actual.result !== expected) throw new Error(`settle: ${actual.result}, not ${expected}`)
  return expected === 'disputed' || model.moved.length > 0
}

/** Answers whether money may have moved beyond what the payment has. */
async function playRestore(
  { store, model, claim, attempt }: Scene,
  step: StepOf<'restore'>,
): Promise<boolean> {
  const { id, tid } = claim
  const { payment, amount } = step
  const { reference = null } = step
  const restored = { id, attempt, kind: 'partial', amount, askedTaxFree: 0, reference } as const
  const expected = modelRestore(model, restored, payment, AT_ONCE)
  const refund = { id, tid, amount, kind: 'partial', created_at: '2026-01-01T00:00:00.000Z' }
  const begun = {
    refund: { ...newIntent(claim).details, ...refund, reference },
    merchant: MERCHANT,
    ...{ attempt, countedTaxFree: 0, fingerprint: '' },
  }
  await store.restore(begun as unknown as StoredRefund, {
    wish: newWish({ payment }),
    leaseMs: AT_ONCE.leaseMs,
  })
  return expected === 'restored'
}

async function playRelease({ store, model, claim, attempt }: Scene): Promise<void> {
  modelRelease(model, { id: claim.id, attempt, claimToken: claim.token }, AT_ONCE)
  await store.release({ claim, token: attempt, requestedAt: REQUESTED_AT })
}

async function playBook(
  { outside, model, claim }: Scene,
  { slot, amount, taxFree }: StepOf<'book'>,
): Promise<void> {
  const { tid } = claim
  const signed = taxFree === undefined ? undefined : Math.sign(amount) * Math.min(taxFree, Math.abs(amount))
  const id = bookingId(tid, `${slot} ${amount} ${taxFree}`)
  const expected = modelBook(model, { id, amount, taxFree: signed })
  const wish = { id, merchant: MERCHANT, tid, amount, tax_free_amount: signed ?? null }
  const booked = await outside.book({ ...wish, note: 'note', by: 'test', fingerprint: 'print' }, () => true)
  if (booked.result !== expected) throw new Error(`book: ${booked.result}, not ${expected}`)
}

t.test(
  'the ledger equals the model, for any sequence of steps, and exceeds the payment only where money moved',
  async (t) => {
    const { store, outside } = await startStore(t)
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep(), { minLength: 1, maxLength: 25 }), async (steps) => {
        const tid = randomUUID()
        const ids = Array.from({ length: 6 }, () => refundId('model', randomUUID()))
        const model = emptyPayment()
        let hasMovedBeyond = false
        for (const step of steps) {
          // Each step claims anew, as after a release; what claims do is another test's subject.
          const claim = newClaim({ id: ids[step.slot] as string, tid })
          const scene: Scene = { store, outside, model, ids, claim, attempt: `attempt-${step.attempt}` }
          if (step.step === 'begin') await playBegin(scene, step)
          else if (step.step === 'settle') hasMovedBeyond = (await playSettle(scene, step)) || hasMovedBeyond
          else if (step.step === 'restore')
            hasMovedBeyond = (await playRestore(scene, step)) || hasMovedBeyond
          else if (step.step === 'book') await playBook(scene, step)
          else await playRelease(scene)
          modelReadAll(model, AT_ONCE.nowMs)
          await expectSameLedger(store, tid, model, hasMovedBeyond)
        }
      }),
      { numRuns: 300 },
    )
    t.pass()
  },
)

async function expectSameLedger(
  store: RefundStore,
  tid: string,
  model: ReturnType<typeof emptyPayment>,
  hasMovedBeyond: boolean,
): Promise<void> {
  const ledger = await store.findPayment(MERCHANT, tid)
  const sums = ['refunded', 'in_flight', 'unknown', 'disputed', 'outside'] as const
  const actual = sums.map((sum) => ledger?.[sum] ?? 0)
  const states = ['succeeded', 'processing', 'unknown', 'disputed'] as const
  const expected = [...states.map((state) => sumOf(model, 0, state)), outsideOf(model)]
  if (actual.join() !== expected.join()) throw new Error(`ledger: ${actual}, not ${expected}`)
  const total = actual.reduce((sum, figure) => sum + figure, 0)
  // What the provider says that it cancelled beyond what was asked of it is money moved all the same.
  const beyond = [...model.refunds.values()].map(({ booked, amount }) => Math.max(0, booked - amount))
  const most = beyond.reduce((sum, figure) => sum + figure, ledger?.amount ?? 0)
  if (total > most && !hasMovedBeyond) throw new Error(`${total} of ${ledger?.amount} is refunded`)
  const { refunds } = await store.listByPayment({ merchant: MERCHANT, tid, limit: 100, cursor: null })
  const statuses = new Map(refunds.map(({ id, status, disputed }) => [id, disputed ? 'disputed' : status]))
  for (const { id, status } of model.refunds.values()) {
    if (statuses.get(id) !== status) throw new Error(`${id} is ${statuses.get(id)}, not ${status}`)
  }
  if (statuses.size !== model.refunds.size) throw new Error('a refund is listed that is not there')
}
