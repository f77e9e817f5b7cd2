import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Claim, Wish } from '../../src/refunds/claim.ts'
import type { RefundStore } from '../../src/refunds/ports/store.ts'
import type { StoredRefund } from '../../src/refunds/stored-refund.ts'
import { keys } from '../../src/store/keys.ts'
import { MERCHANT } from '../support/merchant.ts'
import {
  attemptOf,
  begun,
  byPerson,
  CARD,
  FAILED,
  newClaim,
  newIntent,
  newWish,
  SUCCEEDED,
  settled,
  UNKNOWN,
} from '../support/store-intents.ts'
import { connectStore, startStore } from '../support/store-start.ts'

const HOUR_MS = 3_600_000

type Overrides = Parameters<typeof newIntent>[1]

/** Refunds of one payment, each by a key of its own. */
function ofPayment(store: RefundStore, tid = randomUUID()) {
  const intent = (overrides?: Overrides, claim: Partial<Claim> = {}) =>
    newIntent(newClaim({ tid, ...claim }), overrides)
  return {
    tid,
    key: keys.payment(MERCHANT, tid),
    intent,
    begin: (overrides?: Overrides) => store.begin(intent(overrides)),
    begun: (overrides?: Overrides) => begun(store, intent(overrides)),
    settled: (overrides?: Overrides, settlement = SUCCEEDED) => settled(store, intent(overrides), settlement),
    check: (wish: Partial<Wish>) => store.check({ merchant: MERCHANT, tid, wish: newWish(wish) }),
    ledger: () => store.findPayment(MERCHANT, tid),
  }
}

type Payment = ReturnType<typeof ofPayment>

/** Every refusal in the order of precedence (docs/calling.md), after that of an abandoned claim. */
const REFUSALS = [
  'payment_mismatch',
  'same_reference',
  'same_amount',
  'in_flight',
  'refund_unresolved',
  'remaining_mismatch',
  'amount_exceeds_remaining',
  'tax_free_exceeds_amount',
  'partial_not_allowed',
  'spaced',
] as const
type Refusal = (typeof REFUSALS)[number]

/** No refund has a reference and is known by its amount, too. */
const EXCLUSIVE = new Set(['same_reference same_amount'])

/** A payment and a wish against which all of this stands, and nothing else. */
async function arrange(payment: Payment, against: ReadonlySet<Refusal>): Promise<Wish> {
  const has = (refusal: Refusal) => against.has(refusal)
  // Everything that was paid is too much beside an unknown refund, and waits for it whether or not it would fit then.
  const asksForEverything =
    has('refund_unresolved') && (has('amount_exceeds_remaining') || has('tax_free_exceeds_amount'))
  const usual = has('refund_unresolved') ? 400 : has('amount_exceeds_remaining') ? 600 : 50
  const amount = asksForEverything ? CARD.amount : usual

  await payment.settled({ amount: 100, reference: 'base' })
  if (has('same_reference')) await payment.settled({ amount: 10, reference: 'line' })
  if (has('same_amount')) await payment.settled({ amount })
  else if (has('amount_exceeds_remaining')) await payment.settled({ amount: 500, reference: 'spent' })
  if (has('refund_unresolved')) {
    const left = (await payment.ledger())?.refunded ?? 0
    // As much as leaves too little for now, and enough should it fail.
    await payment.settled({ amount: CARD.amount - left - usual + 10, reference: 'unknown' }, UNKNOWN)
  }
  if (has('in_flight')) await payment.begun({ amount: 5, reference: 'in flight' })
  return newWish({
    payment: has('payment_mismatch') ? { ...CARD, amount: 999 } : CARD,
    amount,
    taxFreeAmount: has('tax_free_exceeds_amount') ? amount + 1 : undefined,
    partialAllowed: !has('partial_not_allowed'),
    reference: has('same_reference') ? 'line' : undefined,
    expectedRemaining: has('remaining_mismatch') ? 7 : undefined,
    duplicateWindowMs: HOUR_MS,
    spacingMs: has('spaced') ? HOUR_MS : 0,
  })
}

/** What was refused, in the words of REFUSALS. */
function named(answer: Awaited<ReturnType<RefundStore['begin']>>): string {
  if (answer.result === 'possible_duplicate') return answer.rule
  if (answer.result === 'payment_busy') return answer.retryAfterMs === null ? 'in_flight' : 'spaced'
  return answer.result
}

t.test('of any two reasons against a refund the earlier one is told, by check, too', async (t) => {
  const { store } = await startStore(t)
  for (const [index, earlier] of REFUSALS.entries()) {
    for (const later of REFUSALS.slice(index)) {
      if (EXCLUSIVE.has(`${earlier} ${later}`)) continue
      const payment = ofPayment(store)
      const wish = await arrange(payment, new Set([earlier, later]))
      const found = await payment.check(wish)
      const answer = await payment.begin(wish)
      t.equal(named(answer), earlier, `${earlier}, ${later}`)
      if (earlier === 'spaced') t.equal(found.result, 'allowed', 'check knows no spacing')
      else t.same(found, answer, `check: ${earlier}, ${later}`)
    }
  }
})

t.test('an abandoned claim comes before every reason, and being busy abandons none', async (t) => {
  const { store } = await startStore(t)
  for (const refusal of REFUSALS) {
    const payment = ofPayment(store)
    const wish = await arrange(payment, new Set([refusal]))
    const intent = payment.intent(wish)
    await store.begin(intent)
    const again = named(await store.begin(intent))
    t.equal(again, refusal === 'in_flight' || refusal === 'spaced' ? refusal : 'claim_abandoned', refusal)
    await store.release(attemptOf(intent.claim))
    t.equal(named(await store.begin(intent)), 'claim_abandoned', refusal)
  }
})

t.test('nothing stands against a refund, and check says with which figures it begins', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  const facts = { ...CARD, tax_free_amount: 400 }
  t.same(await payment.check({ payment: facts }), {
    ...{ result: 'allowed', kind: 'full', amount: 1000, countedTaxFree: 400, remaining: 1000, busyMs: 0 },
  })
  await payment.settled({ payment: facts, amount: 500, reference: 'one' })
  const rest = { payment: facts, expectedRemaining: 500, duplicateWindowMs: HOUR_MS }
  const figures = { kind: 'partial', amount: 500, countedTaxFree: 400, remaining: 500, busyMs: 0 } as const
  t.same(await payment.check(rest), { result: 'allowed', ...figures })
  const { refund, countedTaxFree } = await payment.begun(rest)
  t.match({ ...refund, countedTaxFree }, { kind: 'partial', amount: 500, countedTaxFree: 400 })
})

t.test('one refund of a payment is in flight, and the same attempt begins after it', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  const first = await payment.begun({ amount: 100 })
  const waiting = payment.intent({ amount: 200 })
  t.same(await store.begin(waiting), { result: 'payment_busy', retryAfterMs: null })
  await store.settle(first, SUCCEEDED)
  await begun(store, waiting)
  // Longer than entries wait for others to leave the index with.
  await sleep(300)
  t.equal(await store.countUnsettled(), 1, 'and it is in the index')
})

t.test('a lease that is over keeps no other refund waiting', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  await payment.begun({ amount: 100, leaseMs: -1 })
  await payment.begun({ amount: 200 })
  t.match(await payment.ledger(), { unknown: 100, in_flight: 200 })
})

t.test('the spacing of a payment holds across replicas, and for nobody else', async (t) => {
  const { server, store } = await startStore(t)
  const { store: replica } = await connectStore(t, server)
  const spacingMs = 1_000
  const here = ofPayment(store)
  const there = ofPayment(replica, here.tid)
  for (const settlement of [SUCCEEDED, FAILED, UNKNOWN]) {
    const stored = await begun(store, here.intent({ amount: 100, spacingMs }))
    const settledAt = performance.now()
    await store.settle(stored, settlement)
    const waiting = there.intent({ amount: 101, spacingMs })
    const busy = await replica.begin(waiting)
    if (busy.result !== 'payment_busy' || busy.retryAfterMs === null) throw new Error(busy.result)
    t.ok(busy.retryAfterMs > 0 && busy.retryAfterMs <= spacingMs, `${busy.retryAfterMs} ms`)
    const checked = await there.check({ amount: 101, spacingMs })
    if (checked.result !== 'allowed') throw new Error(checked.result)
    t.ok(checked.busyMs > 0 && checked.busyMs <= busy.retryAfterMs, `check: ${checked.busyMs} ms`)
    t.match(await ofPayment(replica).begin({ spacingMs }), { result: 'begun' }, 'another payment')
    // A timer may be early by a moment.
    await sleep(busy.retryAfterMs + 5)
    await begun(replica, waiting)
    t.ok(performance.now() - settledAt >= spacingMs, settlement.status)
    // Nothing was sent of it.
    await replica.release({ ...attemptOf(waiting.claim), token: waiting.token })
  }
})

t.test('no spacing is left where a clock was set back, or nothing was sent', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  const undone = payment.intent({ amount: 100 })
  await begun(store, undone)
  await store.release(attemptOf(undone.claim))
  const { refund } = await payment.settled({ amount: 100, spacingMs: HOUR_MS })
  const text = (await redis.hget(payment.key, refund.id)) as string
  const updatedAt = String(Date.parse(refund.updated_at))
  const ahead = String(Number(updatedAt) + 2 * HOUR_MS)
  await redis.hset(payment.key, refund.id, text.replace(` ${updatedAt} -`, ` ${ahead} -`))
  t.not(await redis.hget(payment.key, refund.id), text)
  await payment.begun({ amount: 200, spacingMs: 1_000 })
})

t.test('the whole spacing is left by a clock that is a little behind', async (t) => {
  const { store, redis } = await startStore(t)
  for (const aheadMs of [1, 150, 50_000]) {
    const payment = ofPayment(store)
    const { refund } = await payment.settled({ amount: 100 })
    const text = (await redis.hget(payment.key, refund.id)) as string
    const updatedAt = Date.parse(refund.updated_at)
    // Far enough ahead to be so still when begin looks.
    const ahead = updatedAt + 5_000 + aheadMs
    await redis.hset(payment.key, refund.id, text.replace(` ${updatedAt} -`, ` ${ahead} -`))
    const busy = await payment.begin({ amount: 200, spacingMs: 2_000 })
    t.match(busy, { result: 'payment_busy', retryAfterMs: 2_000 }, `${aheadMs} ms`)
  }
})

t.test('half a surrogate pair in an answer keeps no late success from being recorded', async (t) => {
  const { store } = await startStore(t)
  for (const reference of [undefined, 'order 1, line 1']) {
    const payment = ofPayment(store)
    const provider = { ...FAILED.provider, cancel_tid: 'a\ud800' } as NonNullable<typeof FAILED.provider>
    const failed = await payment.settled({ amount: 100, reference }, { ...FAILED, provider })
    t.match(await store.settle(failed, SUCCEEDED), { result: 'disputed' })
    t.match(await payment.ledger(), { disputed: 100 })
  }
})

t.test('a reference belongs to one refund until that has failed', async (t) => {
  const { store } = await startStore(t)
  const reference = 'order 1, line 1'
  const another = { amount: 50, reference }
  const isTaken = async (payment: Payment, { refund }: StoredRefund, why: string) => {
    const found = await payment.begin(another)
    t.match(found, { rule: 'same_reference', stored: { refund: { id: refund.id } } }, why)
    t.match(await payment.check(another), { rule: 'same_reference' }, why)
  }

  const payment = ofPayment(store)
  const first = await payment.begun({ amount: 100, reference })
  t.equal(first.refund.reference, reference)
  await isTaken(payment, first, 'in flight')
  await store.settle(first, UNKNOWN)
  await isTaken(payment, first, 'unknown')
  await store.settle(first, byPerson('failed'))
  t.match(await payment.check(another), { result: 'allowed' }, 'failed')
  const disputed = await store.settle(first, SUCCEEDED)
  if (disputed.result !== 'disputed') throw new Error(disputed.result)
  await isTaken(payment, first, 'disputed')
  await store.settle(disputed.stored, byPerson('failed', 'seen'))
  const second = await payment.settled(another)
  await isTaken(payment, second, 'succeeded')
  t.match(await payment.begin({ amount: 50, reference: 'order 1, line 2' }), { result: 'begun' })
})

t.test('a reference is free again where its refund was not sent', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  const intent = payment.intent({ amount: 100, reference: 'line' })
  await begun(store, intent)
  await store.release(attemptOf(intent.claim))
  t.equal(await redis.exists(payment.key), 0, 'nothing is left of the payment')
  await payment.settled({ amount: 10 })
  const again = payment.intent({ amount: 100, reference: 'line' })
  await begun(store, again)
  await store.release(attemptOf(again.claim))
  t.equal(await redis.hexists(payment.key, '@line'), 0)
  await payment.begun({ amount: 100, reference: 'line' })
})

t.test('what turns out to be made keeps its reference, whoever was given that meanwhile', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  const line = { amount: 100, reference: 'line' }
  const failed = await payment.settled(line, FAILED)
  const second = await payment.begun(line)
  const disputed = await store.settle(failed, SUCCEEDED)
  if (disputed.result !== 'disputed') throw new Error(disputed.result)
  await store.settle(second, FAILED)
  t.match(await payment.begin(line), { stored: { refund: { id: failed.refund.id, disputed: true } } })
  await store.settle(disputed.stored, byPerson('failed'))
  await payment.begun(line)
})

t.test('a reference that is written back is taken, and nobody else loses it', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  const intent = payment.intent({ amount: 100, reference: 'line' })
  const stored = await begun(store, intent)
  await redis.del(payment.key)
  await payment.settled({ amount: 50, reference: 'line' })
  await store.restore(stored, intent)
  await store.settle(stored, FAILED)
  t.match(await payment.begin({ amount: 5, reference: 'line' }), { rule: 'same_reference' })
})

const WINDOW = { amount: 100, duplicateWindowMs: HOUR_MS } as const

t.test('an amount counts again while it is unsettled, or has succeeded within the window', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  const first = await payment.begun(WINDOW)
  const isRefused = async (why: string, duplicateWindowMs = 1) =>
    t.match(
      await payment.begin({ ...WINDOW, duplicateWindowMs }),
      { rule: 'same_amount', stored: { refund: { id: first.refund.id } } },
      why,
    )
  await sleep(5)
  await isRefused('in flight')
  await store.settle(first, UNKNOWN)
  await sleep(5)
  await isRefused('unknown')
  await store.settle(first, byPerson('failed'))
  t.match(await payment.check(WINDOW), { result: 'allowed' }, 'failed')
  const disputed = await store.settle(first, SUCCEEDED)
  if (disputed.result !== 'disputed') throw new Error(disputed.result)
  await sleep(5)
  await isRefused('disputed')
  await store.settle(disputed.stored, byPerson('succeeded'))
  await isRefused('succeeded', HOUR_MS)
  await sleep(20)
  t.match(await payment.check({ ...WINDOW, duplicateWindowMs: 10 }), { result: 'allowed' }, 'long ago')
})

t.test('a window of nothing is no rule, also beside an unknown refund', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  await payment.settled({ amount: 100 })
  await payment.settled({ amount: 100 }, UNKNOWN)
  await payment.settled({ amount: 100 })
  t.match(await payment.check(WINDOW), { rule: 'same_amount' }, 'and is remembered all the same')
})

t.test('neither a full refund nor one with a reference has its amount counted', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  await payment.settled(undefined, FAILED)
  await payment.settled({ ...WINDOW, reference: 'line 1' })
  await payment.settled({ ...WINDOW, reference: 'line 2' })
  await payment.settled(WINDOW)
  await payment.settled({ ...WINDOW, reference: 'line 3' })
  t.match(await payment.begin(WINDOW), { rule: 'same_amount' })
  const full = ofPayment(store)
  await full.settled({ payment: CARD, duplicateWindowMs: HOUR_MS }, UNKNOWN)
  t.match(await full.begin({ duplicateWindowMs: HOUR_MS }), { result: 'refund_unresolved' })
})

t.test('who names the latest refund of the amount is let through, and no other', async (t) => {
  const { store } = await startStore(t)
  const payment = ofPayment(store)
  const first = await payment.settled(WINDOW)
  const second = await payment.settled({ ...WINDOW, duplicateOf: first.refund.id })
  const failed = await payment.settled({ ...WINDOW, duplicateOf: second.refund.id }, FAILED)
  const other = await payment.settled({ ...WINDOW, amount: 50 })
  for (const { refund } of [first, failed, other]) {
    const answer = await payment.begin({ ...WINDOW, duplicateOf: refund.id })
    t.match(answer, { rule: 'same_amount', stored: { refund: { id: second.refund.id } } })
  }
  await payment.begun({ ...WINDOW, duplicateOf: second.refund.id })
})

t.test('the last 50 amounts are remembered, and no more is kept', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  const facts = { method: 'card_auth', amount: 9_999_999_999 } as const
  for (let amount = 1; amount <= 70; amount++) {
    const intent = payment.intent({
      payment: facts,
      amount: 100_000_000 + amount,
      duplicateWindowMs: HOUR_MS,
    })
    await settled(store, intent)
    // Such as are undone leave nothing.
    const undone = payment.intent({ payment: facts, amount: 7 })
    await begun(store, undone)
    await store.release(attemptOf(undone.claim))
  }
  const remembered: number[] = []
  for (let amount = 1; amount <= 70; amount++) {
    const wish = { payment: facts, amount: 100_000_000 + amount, duplicateWindowMs: HOUR_MS }
    if ((await payment.check(wish)).result !== 'allowed') remembered.push(amount)
  }
  t.same(
    remembered,
    Array.from({ length: 50 }, (_, index) => 21 + index),
  )
  const kept = (await redis.hget(payment.key, 'recent')) as string
  t.equal(kept.split(' ').length, 50)
  t.ok(kept.length < 50 * 14, `${kept.length} bytes`)
})

t.test(
  'a first full refund is kept as before, and one with a reference is known by one field more',
  async (t) => {
    const { store, redis } = await startStore(t)
    const full = ofPayment(store)
    const { refund } = await full.settled({ duplicateWindowMs: HOUR_MS, spacingMs: 1_100 })
    t.same((await redis.hkeys(full.key)).sort(), ['ledger', refund.id])
    const named = ofPayment(store)
    const { refund: other } = await named.settled({ reference: 'line' })
    t.same((await redis.hkeys(named.key)).sort(), ['@line', 'ledger', other.id])
  },
)

t.test('check makes no command that writes, whatever is there', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  await payment.settled({ amount: 100, reference: 'line' })
  await payment.settled({ amount: 150 })
  const { refund } = await payment.begun({ amount: 200, leaseMs: -1 })
  const everything = async () => {
    const names = (await redis.keys('*')).sort()
    return Promise.all(names.map(async (name) => [name, (await redis.dumpBuffer(name)).toString('hex')]))
  }
  const before = await everything()
  await redis.config('RESETSTAT')
  const status = 'unknown'
  t.match(await payment.check({}), {
    ...{ result: 'refund_unresolved', stored: { refund: { id: refund.id, status } } },
  })
  t.match(await payment.check({ amount: 200, duplicateWindowMs: HOUR_MS }), {
    ...{ rule: 'same_amount', stored: { refund: { id: refund.id, status } } },
  })
  t.match(await payment.check({ amount: 10, reference: 'line' }), { rule: 'same_reference' })
  t.match(await payment.check({ amount: 10, expectedRemaining: 10 }), { remaining: 550 })
  t.match(await payment.check({ amount: 10, spacingMs: HOUR_MS }), { result: 'allowed', remaining: 550 })
  t.match(await payment.check({ payment: { ...CARD, amount: 1 } }), { result: 'payment_mismatch' })
  t.match(await ofPayment(store).check({}), { result: 'allowed' })
  const made = [...(await redis.info('commandstats')).matchAll(/^cmdstat_([^:]+):/gm)].map(([, name]) => name)
  const reads = new Set(['evalsha', 'eval', 'time', 'hmget', 'hget', 'config|resetstat', 'info'])
  t.same(
    made.filter((name) => !reads.has(name as string)),
    [],
  )
  t.same(await everything(), before)
})

t.test('Redis itself lets check write nothing', async (t) => {
  const { redis } = await startStore(t)
  redis.defineCommand('mistaken', {
    numberOfKeys: 1,
    lua: "#!lua flags=no-writes\nredis.call('DEL', KEYS[1])",
  })
  const mistaken = redis as unknown as { mistaken(key: string): Promise<unknown> }
  await t.rejects(mistaken.mistaken('key'), /[Ww]rite commands are not allowed/)
})

t.test('nothing is checked while Redis is not durable, since nothing would begin', async (t) => {
  const durability = () => ({ state: 'not_durable', reasons: ['its append-only file is off'] }) as const
  const { store, server } = await startStore(t, { durability })
  await t.rejects(ofPayment(store).check({}), { code: 'store_not_durable' })
  const { store: durable } = await connectStore(t, server)
  await server.stop()
  await t.rejects(ofPayment(durable).check({}), { code: 'store_unavailable' })
})

t.test('when a payment was verified is kept with its ledger, until its facts are others', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  const verifiedAt = Date.parse('2026-01-01T00:00:00.000Z')
  const verified_at = new Date(verifiedAt).toISOString()
  await payment.settled({ amount: 100, verifiedAt }, FAILED)
  t.match(await payment.ledger(), { verified_at })
  const page = await store.listByPayment({ merchant: MERCHANT, tid: payment.tid, limit: 1, cursor: null })
  t.match(page.ledger, { verified_at })
  await payment.settled({ amount: 100 }, FAILED)
  t.match(await payment.ledger(), { verified_at }, 'the same facts were verified')
  const other = { ...CARD, amount: 2000 }
  await payment.settled({ payment: other, amount: 100 }, FAILED)
  t.match(await payment.ledger(), { amount: 2000, verified_at: null })
  await payment.settled({ amount: 100, verifiedAt })
  t.match(await payment.ledger(), { amount: 1000, verified_at })

  const undone = ofPayment(store)
  const intent = undone.intent({ verifiedAt })
  await begun(store, intent)
  await store.release(attemptOf(intent.claim))
  t.equal(await redis.exists(undone.key), 0)
})

/** What the version before wrote of a payment of 1,000 with one partial refund that succeeded, and one in flight. */
function olderPayment(): { ids: string[]; fields: Record<string, string> } {
  const ids = [newClaim().id, newClaim().id] as [string, string]
  const json = '{"print":"fingerprint","reason":"reason","by":"test","metadata":{"ref":"no reference"}}'
  const at = Date.now() - 1_000
  const ledger = `card_auth 1000 - 100 0 200 0 0 0 0 0 2 2 ${ids[0]}`
  return {
    ids,
    fields: {
      ledger,
      unsettled: ids[1],
      2: ids[1],
      [ids[0]]: `succeeded partial older 1 100 0 0 ${at} ${at} - - ${json}`,
      [ids[1]]: `processing partial older 2 200 0 ${at + 60_000} ${at} ${at} - - ${json}`,
    },
  }
}

t.test('what the version before has written is read, guarded and undone', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  const { ids, fields } = olderPayment()
  await redis.hset(payment.key, fields)
  t.match(await payment.ledger(), { refunded: 100, in_flight: 200, verified_at: null })
  const { refunds } = await store.listByPayment({
    merchant: MERCHANT,
    tid: payment.tid,
    limit: 9,
    cursor: null,
  })
  t.match(refunds, [{ reference: null }, { reference: null, metadata: { ref: 'no reference' } }])
  t.match(await payment.begin({ amount: 10, reference: 'line' }), { result: 'payment_busy' })
  const own = { ...attemptOf(newClaim({ id: ids[1] as string, tid: payment.tid })), token: 'older' }
  await store.release(own)
  t.match(await payment.begin({ amount: 10, spacingMs: HOUR_MS }), { result: 'payment_busy' })
  await payment.settled({ amount: 10, reference: 'line' })
  t.match(await payment.begin({ amount: 10, reference: 'line' }), { rule: 'same_reference' })
})

t.test('a payment without rare sums is written as the version before reads it', async (t) => {
  const { store, redis } = await startStore(t)
  const payment = ofPayment(store)
  await payment.settled({ amount: 300 })
  const words = async () => ((await redis.hget(payment.key, 'ledger')) as string).split(' ')
  t.equal((await words()).length, 14)
  await redis.hset(payment.key, 'ledger', [...(await words()), 0, 0, 50, 0].join(' '))
  await payment.settled({ amount: 100 })
  t.equal((await words()).length, 18, 'which that version cannot read, and so refunds nothing of it')
  t.match(await payment.ledger(), { refunded: 400, outside: 50, awaiting_deposit: 0 })
})

t.test('what was refunded outside, or awaits a deposit, takes its place of the payment', async (t) => {
  const { store, redis } = await startStore(t)
  for (const [standing, rare, sums] of [
    ['1', [200, 0, 0, 0], { awaiting_deposit: 200 }],
    ['0', [0, 0, 200, 0], { outside: 200 }],
  ] as const) {
    const payment = ofPayment(store)
    const other = await payment.begun({ amount: 10 })
    await store.settle(other, FAILED)
    const words = ((await redis.hget(payment.key, 'ledger')) as string).split(' ')
    words[11] = standing
    await redis.hset(payment.key, 'ledger', [...words, ...rare].join(' '))
    t.match(await payment.ledger(), { refunded: 0, ...sums })
    t.match(await payment.begin({ amount: 801 }), { result: 'amount_exceeds_remaining', remaining: 800 })
    await payment.settled({ amount: 800 })
    t.match(await payment.begin({ amount: 1 }), { result: 'amount_exceeds_remaining', remaining: 0 })
    t.match(await payment.ledger(), { refunded: 800, ...sums })
  }
})

t.test('what the version before undoes leaves no reference taken and no amount counted', async (t) => {
  const { store, redis } = await startStore(t)
  for (const wish of [WINDOW, { amount: 100, reference: 'line' }]) {
    const payment = ofPayment(store)
    await payment.settled({ amount: 300 })
    const { refund } = await payment.begun(wish)
    const words = ((await redis.hget(payment.key, 'ledger')) as string).split(' ')
    // The sums, how many stand, and the last number go back; what it does not know of stays.
    for (const [index, figure] of [
      [5, '0'],
      [11, '1'],
      [12, '1'],
    ] as const)
      words[index] = figure
    await redis.hset(payment.key, 'ledger', words.join(' '))
    await redis.hdel(payment.key, refund.id, '2', 'unsettled')
    t.match(await payment.check(wish), { result: 'allowed' })
    await payment.settled({ amount: 200, reference: 'another' })
    await payment.begun(wish)
  }
})
