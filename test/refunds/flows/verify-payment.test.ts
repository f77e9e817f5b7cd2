import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Intent } from '../../../src/refunds/claim.ts'
import { createVerifier, withVerification } from '../../../src/refunds/flows/verify-payment.ts'
import type { Ledger } from '../../../src/refunds/ledger-sums.ts'
import type { PaymentFacts, PaymentLookup } from '../../../src/refunds/ports/provider.ts'
import { StoreError } from '../../../src/refunds/ports/store.ts'

const PAYMENT = { method: 'card_auth', amount: 10_000 } as const
const STATED = { merchant: 'm', tid: 't-1', payment: PAYMENT }
const SEEN: PaymentFacts = { amount: 10_000, methods: ['card_auth', 'card_keyin'] }
const UNFOUND: PaymentLookup = { outcome: 'inconclusive', detail: 'The lookup does not know the payment.' }
const NOTHING = { refunded: 0, in_flight: 0, unknown: 0, awaiting_deposit: 0, disputed: 0, outside: 0 }
const LEDGER: Ledger = { tid: 't-1', ...PAYMENT, tax_free_amount: null, verified_at: null, ...NOTHING }

const MISMATCH = { result: 'refused', refusal: { code: 'payment_mismatch' } }
const UNAVAILABLE = { result: 'refused', refusal: { code: 'provider_unavailable' } }

/** A verifier, what it asks for, and the hands of the store's clock. */
function start({
  mode = 'verify' as 'verify' | 'require',
  found = seen(SEEN),
  ledger = null as Ledger | null,
} = {}) {
  const world = { now: 1_000_000, found, ledger, lookups: 0, reads: 0, release: () => {}, isHeld: false }
  const verify = createVerifier({
    mode,
    store: {
      now: () => world.now,
      async findPayment() {
        world.reads++
        return world.ledger
      },
    },
    provider: {
      async lookUpPayment() {
        world.lookups++
        if (world.isHeld) await new Promise<void>((resolve) => Object.assign(world, { release: resolve }))
        return world.found
      },
    },
  })
  return { world, verify }
}

function seen(facts: PaymentFacts): PaymentLookup {
  return { outcome: 'found', facts }
}

for (const mode of ['verify', 'require'] as const) {
  t.test(`${mode}: what agrees passes, with the time at which it was asked for`, async (t) => {
    const { world, verify } = start({ mode })
    t.strictSame(await verify(STATED), { result: 'passed', verifiedAt: world.now })
  })

  t.test(`${mode}: what contradicts is refused`, async (t) => {
    const { verify } = start({ mode })
    t.match(await verify({ ...STATED, payment: { ...PAYMENT, amount: 9_000 } }), MISMATCH)
    t.match(await verify({ ...STATED, payment: { ...PAYMENT, method: 'easy_pay' } }), MISMATCH)
    const other = start({ mode, found: seen({ amount: null, methods: ['mobile'] }) })
    t.match(await other.verify(STATED), MISMATCH, 'by its method alone, too')
  })

  t.test(`${mode}: a method that nobody knows contradicts nothing`, async (t) => {
    const { world, verify } = start({ mode, found: seen({ amount: 10_000, methods: null }) })
    t.strictSame(await verify(STATED), { result: 'passed', verifiedAt: world.now })
  })

  t.test(`${mode}: what was not found out`, async (t) => {
    for (const found of [
      UNFOUND,
      seen({ amount: null, methods: ['card_auth'] }),
      seen({ amount: null, methods: null }),
    ]) {
      const { verify } = start({ mode, found })
      if (mode === 'require') t.match(await verify(STATED), UNAVAILABLE)
      else t.strictSame(await verify(STATED), { result: 'passed' }, 'and is not kept as verified')
    }
  })

  t.test(`${mode}: what the ledger settles is not looked up`, async (t) => {
    const settled: Partial<Ledger>[] = [
      { verified_at: '2026-01-01T00:00:00.000Z' },
      { refunded: 1 },
      { in_flight: 1 },
      { unknown: 1 },
      { disputed: 1 },
    ]
    for (const part of settled) {
      const { world, verify } = start({ mode, found: UNFOUND, ledger: { ...LEDGER, ...part } })
      t.strictSame(await verify(STATED), { result: 'passed' }, JSON.stringify(part))
      t.equal(world.lookups, 0)
    }
  })

  t.test(`${mode}: what the ledger does not settle is looked up`, async (t) => {
    const open: Partial<Ledger>[] = [
      {},
      { refunded: 1, amount: 9_000 },
      { refunded: 1, method: 'card_keyin' },
      { verified_at: '2026-01-01T00:00:00.000Z', amount: 9_000 },
    ]
    for (const part of open) {
      const { world, verify } = start({ mode, ledger: { ...LEDGER, ...part } })
      t.match(await verify(STATED), { result: 'passed', verifiedAt: world.now }, JSON.stringify(part))
      t.equal(world.lookups, 1)
    }
  })

  t.test(`${mode}: a store that fails is an answer`, async (t) => {
    const verify = createVerifier({
      mode,
      store: {
        now: () => 0,
        findPayment: async () => {
          throw new StoreError('store_unavailable', 'Redis is away.')
        },
      },
      provider: { lookUpPayment: async () => seen(SEEN) },
    })
    t.strictSame(await verify(STATED), {
      result: 'refused',
      refusal: { code: 'store_unavailable', detail: 'Redis is away.' },
    })
  })
}

t.test('one lookup of a payment at a time', async (t) => {
  const { world, verify } = start()
  world.isHeld = true
  const asked = Array.from({ length: 20 }, () => verify(STATED))
  const other = verify({ ...STATED, payment: { ...PAYMENT, amount: 9_000 } })
  await turn()
  t.equal(world.lookups, 1)
  world.release()
  for (const verification of await Promise.all(asked)) t.match(verification, { verifiedAt: world.now })
  t.match(await other, MISMATCH, 'each is held to it by itself')

  world.isHeld = false
  world.now += 60_000
  t.match(await verify(STATED), { result: 'passed' })
  t.equal(world.lookups, 2, 'and another one after it')
})

t.test('no more than a thousand lookups at a time', async (t) => {
  const { world, verify } = start({ mode: 'require' })
  world.isHeld = true
  const tids = Array.from({ length: 1_000 }, (_, index) => `t-${index}`)
  for (const tid of tids) void verify({ ...STATED, tid })
  await turn()
  t.equal(world.lookups, 1_000)
  t.match(await verify({ ...STATED, tid: 'one more' }), UNAVAILABLE)
  t.equal(world.lookups, 1_000)
})

t.test('a row is remembered for a minute', async (t) => {
  const { world, verify } = start()
  const { now } = world
  await verify(STATED)
  world.now += 59_999
  t.strictSame(await verify(STATED), { result: 'passed', verifiedAt: now }, 'with its own time')
  t.match(await verify({ ...STATED, payment: { ...PAYMENT, amount: 9_000 } }), MISMATCH)
  t.same([world.lookups, world.reads], [1, 2], 'what agrees does not even ask the store')
  world.now += 1
  await verify(STATED)
  t.equal(world.lookups, 2)
})

t.test('what was not found is not remembered', async (t) => {
  const { world, verify } = start({ found: UNFOUND })
  await verify(STATED)
  world.found = seen(SEEN)
  t.match(await verify(STATED), { verifiedAt: world.now })
})

t.test('a thousand rows are remembered, and the oldest is forgotten', async (t) => {
  const { world, verify } = start()
  for (let index = 0; index <= 1_000; index++) await verify({ ...STATED, tid: `t-${index}` })
  await verify({ ...STATED, tid: 't-1' })
  t.equal(world.lookups, 1_001)
  await verify({ ...STATED, tid: 't-0' })
  t.equal(world.lookups, 1_002)
})

t.test('a row that may show what a part has left says nothing against what stands', async (t) => {
  const { world, verify } = start({ found: seen({ amount: 6_000, methods: null }) })
  world.ledger = { ...LEDGER, refunded: 4_000 }
  t.match(await verify({ ...STATED, payment: { ...PAYMENT, amount: 9_000 } }), MISMATCH)
  t.strictSame(await verify(STATED), { result: 'passed' }, 'remembered or not')
})

t.test('what was seen goes with the intent', async (t) => {
  const intent = { token: 'a' } as Intent
  t.equal(withVerification(intent, undefined), intent)
  t.equal(withVerification(intent, { result: 'passed' }), intent)
  t.strictSame(withVerification(intent, { result: 'passed', verifiedAt: 7 }), { ...intent, verifiedAt: 7 })
})
