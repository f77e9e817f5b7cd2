import t from 'tap'
import { isCounted, newAttemptToken } from '../../../src/refunds/attempt-token.ts'
import type { CallerLimits } from '../../../src/refunds/caller-limits.ts'
import type { Intent, Wish } from '../../../src/refunds/claim.ts'
import {
  attemptTokenFor,
  beginWithinLimits,
  checkWithinLimits,
} from '../../../src/refunds/flows/allowance.ts'
import type { Allowances } from '../../../src/refunds/ports/limits.ts'
import type { BeginResult, CheckResult } from '../../../src/refunds/ports/store.ts'
import type { StoredRefund } from '../../../src/refunds/stored-refund.ts'
import { MERCHANT } from '../../support/merchant.ts'

const AT = Date.parse('2026-01-31T12:00:00Z')
const DAY = { max_amount_per_day: 1_000 }

type World = {
  limits: CallerLimits | undefined
  begin: BeginResult[]
  check: CheckResult[]
  found: StoredRefund | null
  used: number
}

/** A store and allowances that answer as they are told; `asked` is what they were asked, in order. */
function createWorld(told: Partial<World>) {
  const world: World = { limits: DAY, begin: [], check: [], found: null, used: 0, ...told }
  const asked: string[] = []
  const taken = new Map<string, number>()
  const allowances: Allowances = {
    limitsOf: () => world.limits,
    async take({ attempt }, amount, limits) {
      asked.push(`take ${amount}`)
      const used = world.used
      if (used + amount > (limits.max_amount_per_day ?? Number.POSITIVE_INFINITY)) {
        return { result: 'exceeded', name: 'max_amount_per_day', used }
      }
      taken.set(attempt, amount)
      return { result: 'taken' }
    },
    async giveBack({ attempt }) {
      asked.push('give back')
      taken.delete(attempt)
    },
    used: async () => ({ amount: world.used, refunds: 0 }),
  }
  const begun: Wish[] = []
  const store = {
    async begin({ wish }: Intent) {
      asked.push('begin')
      begun.push(wish)
      return world.begin.shift() as BeginResult
    },
    async check() {
      asked.push('check')
      return world.check.shift() as CheckResult
    },
    async findByClaim() {
      asked.push('find')
      return world.found
    },
    now: () => AT,
  }
  return { parts: { store, allowances }, asked, taken, begun }
}

function intentOf(token: string, wish: Partial<Wish> = {}): Intent {
  return {
    claim: { id: 'rf_1', token, fingerprint: 'f', merchant: MERCHANT, tid: 'tid' },
    token,
    requestedAt: AT,
    wish: { amount: undefined, expectedRemaining: undefined, ...wish },
    details: { requested_by: 'orders' },
  } as unknown as Intent
}

const storedOf = (attempt: string) => ({ attempt }) as StoredRefund
const allowed = (amount: number): CheckResult => ({
  result: 'allowed',
  kind: 'partial',
  amount,
  countedTaxFree: 0,
  remaining: amount,
  busyMs: 0,
})

t.test('a caller without limits asks begin, and nobody else', async (t) => {
  const { parts, asked } = createWorld({ limits: undefined, begin: [{ result: 'payment_mismatch' }] })
  const token = attemptTokenFor(parts, 'orders')
  t.notOk(isCounted(token))
  t.strictSame(await beginWithinLimits(parts, intentOf(token)), { result: 'payment_mismatch' })
  t.strictSame(asked, ['begin'])
})

t.test('a limit of one refund costs no round trip', async (t) => {
  const { parts, asked } = createWorld({
    limits: { max_amount: 500 },
    begin: [
      { result: 'begun', stored: storedOf('') },
      { result: 'remaining_mismatch', remaining: 900 },
    ],
  })
  const token = attemptTokenFor(parts, 'orders')
  t.notOk(isCounted(token))
  t.match(await beginWithinLimits(parts, intentOf(token, { amount: 500 })), { result: 'begun' })
  t.strictSame(asked, ['begin'])
  t.strictSame(await beginWithinLimits(parts, intentOf(token, { amount: 501 })), {
    result: 'limit_exceeded',
    limit: { name: 'max_amount', max: 500, used: null, resets_at: null },
  })
})

t.test(
  'it is taken before begin, and given back where the payment is busy: who waits shuts nobody out',
  async (t) => {
    const busy = { result: 'payment_busy', retryAfterMs: null } as const
    const { parts, asked, taken } = createWorld({ begin: [busy] })
    const token = attemptTokenFor(parts, 'orders')
    t.ok(isCounted(token))
    t.strictSame(await beginWithinLimits(parts, intentOf(token, { amount: 600 })), busy)
    t.strictSame(asked, ['take 600', 'begin', 'give back'])
    t.equal(taken.get(token), undefined)
  },
)

t.test('what would break a limit abandons its claim and begins nothing', async (t) => {
  const { parts, asked, begun } = createWorld({
    used: 500,
    begin: [{ result: 'remaining_mismatch', remaining: 900 }],
  })
  const token = attemptTokenFor(parts, 'orders')
  t.strictSame(await beginWithinLimits(parts, intentOf(token, { amount: 600 })), {
    result: 'limit_exceeded',
    limit: { name: 'max_amount_per_day', max: 1_000, used: 500, resets_at: '2026-02-01T00:00:00+09:00' },
  })
  t.strictSame(asked, ['take 600', 'begin'])
  t.equal(begun[0]?.expectedRemaining, -1, 'nothing can be begun so')
})

t.test(
  'a repeat that joined a claim starts over, since what its own key has taken may be all that is exceeded',
  async (t) => {
    const { parts } = createWorld({ used: 500, begin: [{ result: 'remaining_mismatch', remaining: 900 }] })
    const token = attemptTokenFor(parts, 'orders')
    const intent = intentOf(token, { amount: 600 })
    const joined = { ...intent, claim: { ...intent.claim, token: 'of another attempt' } }
    t.strictSame(await beginWithinLimits(parts, joined), { result: 'claim_abandoned' })
  },
)

t.test('a repeat whose refund stands is answered with that, and not with a limit', async (t) => {
  const stored = storedOf('another')
  const refused = createWorld({ used: 500, begin: [{ result: 'exists', stored }] })
  const token = attemptTokenFor(refused.parts, 'orders')
  const intent = intentOf(token, { amount: 600 })
  t.strictSame(await beginWithinLimits(refused.parts, intent), { result: 'exists', stored })

  const taken = createWorld({ begin: [{ result: 'exists', stored }] })
  t.strictSame(await beginWithinLimits(taken.parts, intent), { result: 'exists', stored })
  t.strictSame(taken.asked, ['take 600', 'begin', 'give back'], 'it was taken for by the other attempt')

  const busy = createWorld({ check: [{ result: 'payment_busy', retryAfterMs: null }], found: stored })
  t.strictSame(await beginWithinLimits(busy.parts, intentOf(token)), { result: 'exists', stored })
  t.strictSame(busy.asked, ['check', 'find'])
})

t.test('everything that remains is taken and begun to the KRW', async (t) => {
  const { parts, asked, begun } = createWorld({
    check: [allowed(700)],
    begin: [{ result: 'begun', stored: storedOf('') }],
  })
  const token = attemptTokenFor(parts, 'orders')
  t.match(await beginWithinLimits(parts, intentOf(token)), { result: 'begun' })
  t.strictSame(asked, ['check', 'take 700', 'begin'])
  t.match(begun, [{ amount: undefined, expectedRemaining: 700 }])
})

t.test('where something was refunded in between, the attempt starts over', async (t) => {
  const mismatch = { result: 'remaining_mismatch', remaining: 300 } as const
  const overtaken = createWorld({ check: [allowed(700)], begin: [mismatch] })
  const token = attemptTokenFor(overtaken.parts, 'orders')
  t.strictSame(await beginWithinLimits(overtaken.parts, intentOf(token)), { result: 'claim_abandoned' })
  // A caller that has said what it takes to remain is told.
  const expected = createWorld({ check: [allowed(700)], begin: [mismatch] })
  const intent = intentOf(token, { expectedRemaining: 700 })
  t.strictSame(await beginWithinLimits(expected.parts, intent), mismatch)
})

t.test('what begin would refuse anyway takes nothing', async (t) => {
  const { parts, asked } = createWorld({
    check: [{ result: 'payment_mismatch' }],
    begin: [{ result: 'payment_mismatch' }],
  })
  const token = attemptTokenFor(parts, 'orders')
  t.strictSame(await beginWithinLimits(parts, intentOf(token)), { result: 'payment_mismatch' })
  t.strictSame(asked, ['check', 'begin'])
})

t.test('a renewal takes nothing, nor does an attempt that is older than the limit', async (t) => {
  const begun = { result: 'begun', stored: storedOf('') } as const
  const { parts, asked } = createWorld({ begin: [begun, begun] })
  const token = attemptTokenFor(parts, 'orders')
  await beginWithinLimits(parts, { ...intentOf(token, { amount: 600 }), isRenewal: true })
  await beginWithinLimits(parts, intentOf(newAttemptToken(), { amount: 600 }))
  t.strictSame(asked, ['begin', 'begin'])
})

t.test('a check tells the same in the same order, and takes nothing', async (t) => {
  const query = (amount?: number) => ({
    caller: 'orders',
    merchant: MERCHANT,
    tid: 'tid',
    wish: intentOf('', { amount }).wish,
  })
  const exceeded = { result: 'limit_exceeded', limit: { name: 'max_amount_per_day', used: 500 } }
  const stated = createWorld({ used: 500 })
  t.match(await checkWithinLimits(stated.parts, query(501)), exceeded)
  t.strictSame(stated.asked, [])
  const rest = createWorld({ used: 500, check: [allowed(501), allowed(500), { result: 'payment_mismatch' }] })
  t.match(await checkWithinLimits(rest.parts, query()), exceeded)
  t.strictSame(await checkWithinLimits(rest.parts, query()), allowed(500))
  t.strictSame(await checkWithinLimits(rest.parts, query()), { result: 'payment_mismatch' })
  t.strictSame(rest.asked, ['check', 'check', 'check'])
})
