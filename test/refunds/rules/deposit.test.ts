import t from 'tap'
import type { MerchantAccount } from '../../../src/refunds/merchant.ts'
import { PAYMENT_GATEWAYS } from '../../../src/refunds/payment.ts'
import { FAILURE_CODES, type Refund } from '../../../src/refunds/refund.ts'
import { REFUND_STATUSES } from '../../../src/refunds/refund-states.ts'
import { decideDeposit } from '../../../src/refunds/rules/deposit.ts'
import type { StoredRefund } from '../../../src/refunds/stored-refund.ts'

const NOW = Date.parse('2026-01-01T12:00:00+09:00')
const LEASE_MS = 28_000
const ACCOUNT: MerchantAccount = {
  name: 'kiwoom shop',
  merchant: 'm',
  pg: 'kiwoom',
  leaseMs: LEASE_MS,
  spacingMs: 0,
}

function storedOf(refund: Partial<Refund>): StoredRefund {
  const base = { status: 'failed', failure: { code: 'deposit_required', detail: '' }, requested_by: 'orders' }
  return { refund: { ...base, deposit: null, ...refund } } as StoredRefund
}

const BY_FINANCE = { by: 'finance', areCallersKnown: true }
const decide = (
  refund: Partial<Refund>,
  wish = BY_FINANCE,
  terms: { account?: MerchantAccount; now?: number } = {},
) =>
  decideDeposit(storedOf(refund), wish, {
    account: 'account' in terms ? terms.account : ACCOUNT,
    now: terms.now ?? NOW,
  })

const DEPOSIT = {
  requested_at: '2026-01-01T11:00:00+09:00',
  expires_at: '2026-01-01T23:59:59+09:00',
  answer: null,
}

t.test('of all states and failures, one that failed as deposit_required needs a deposit', async (t) => {
  for (const status of REFUND_STATUSES) {
    for (const code of status === 'failed' ? FAILURE_CODES : [null]) {
      for (const disputed of status === 'failed' ? [undefined, true as const] : [undefined]) {
        const failure = code && { code, detail: '' }
        const deposit = status === 'awaiting_deposit' ? DEPOSIT : null
        const { decision } = decide({ status, failure, deposit, ...(disputed && { disputed }) })
        const expected =
          status === 'awaiting_deposit'
            ? 'asked'
            : code === 'deposit_required' && !disputed
              ? 'ask'
              : 'refused'
        t.equal(decision, expected, `${status} ${code} ${disputed}`)
      }
    }
  }
})

t.test('of all PGs Kiwoompay takes one', async (t) => {
  for (const pg of PAYMENT_GATEWAYS) {
    const { decision } = decide({}, BY_FINANCE, { account: { ...ACCOUNT, pg } })
    t.equal(decision, pg === 'kiwoom' ? 'ask' : 'refused', pg)
  }
  t.equal(
    decide({}, BY_FINANCE, { account: undefined as never }).decision,
    'refused',
    'an account that is gone',
  )
})

t.test('who asked for the refund does not ask for its deposit, unless nobody is known', async (t) => {
  for (const status of ['failed', 'awaiting_deposit'] as const) {
    const refund = status === 'failed' ? {} : { status, failure: null, deposit: DEPOSIT }
    t.equal(decide(refund, { by: 'orders', areCallersKnown: true }).decision, 'refused', status)
    t.not(decide(refund, { by: 'orders', areCallersKnown: false }).decision, 'refused', status)
  }
})

t.test(
  'another one is asked for once the last second of the day in Korea is over, and its call',
  async (t) => {
    const rows: [now: string, requestedAt: string, decision: string][] = [
      ['2026-01-01T11:00:00+09:00', '2026-01-01T11:00:00+09:00', 'asked'],
      ['2026-01-01T23:59:59.999+09:00', '2026-01-01T00:00:00+09:00', 'asked'],
      ['2026-01-02T00:00:00+09:00', '2026-01-01T00:00:00+09:00', 'ask'],
      ['2026-01-05T00:00:00+09:00', '2026-01-01T11:00:00+09:00', 'ask'],
      // One that was asked for just before may be answered just after.
      ['2026-01-02T00:00:27.999+09:00', '2026-01-02T00:00:00+09:00', 'asked'],
      ['2026-01-02T00:00:20+09:00', '2026-01-01T23:59:59+09:00', 'asked'],
      ['2026-01-02T00:00:27+09:00', '2026-01-01T23:59:59+09:00', 'ask'],
    ]
    for (const [now, requested_at, decision] of rows) {
      const day = requested_at.slice(0, 10)
      const deposit = { ...DEPOSIT, requested_at, expires_at: `${day}T23:59:59+09:00` }
      const decided = decide({ status: 'awaiting_deposit', failure: null, deposit }, BY_FINANCE, {
        now: Date.parse(now),
      })
      t.equal(decided.decision, decision, `${requested_at}, at ${now}`)
    }
  },
)
