import t from 'tap'
import { SCOPES, type Scope } from '../../src/config/config.ts'
import { OPEN_CALLER } from '../../src/http/caller.ts'
import { maySeeAll, refundAsSeenBy } from '../../src/http/seen-refund.ts'
import type { Refund } from '../../src/refunds/refund.ts'

const REFUND: Refund = {
  id: 'rf_3XR8ZQ5T0M9W7C2KDN4VB6HJ1E',
  status: 'unknown',
  account: 'default',
  tid: 'order1042-10000',
  kind: 'full',
  amount: 10_000,
  tax_free_amount: 0,
  reason: '고객 변심',
  reference: 'order-1042-line-1',
  refund_account: { bank: '20', account_no: '*********8901', account_name: '홍길동' },
  provider: {
    cancel_tid: 'C1',
    cancel_code: '8001',
    cancel_msg: '홍길동',
    cancel_date: '20260101',
    cancel_amt: '10000',
  },
  refunded_at: null,
  failure: null,
  resolution: null,
  deposit: null,
  requested_by: 'orders',
  metadata: { phone: '010-1234-5678' },
  created_at: '2026-01-01T01:30:00.000Z',
  updated_at: '2026-01-01T01:30:00.412Z',
}
const { id, status, kind, amount, created_at } = REFUND
const CUT_DOWN = { id, status, kind, amount, created_at }

/** Every set of scopes that there is. */
const SCOPE_SETS = Array.from({ length: 2 ** SCOPES.length }, (_, bits) =>
  SCOPES.filter((_scope, index) => bits & (1 << index)),
)

t.test('a refund is seen whole by who asked for it, and by who may read everybody’s', async (t) => {
  for (const scopes of SCOPE_SETS) {
    const about = scopes.join('+')
    t.equal(refundAsSeenBy({ name: 'orders', scopes }, REFUND), REFUND, `own, ${about}`)
    for (const name of ['finance', 'order', 'ORDERS', 'anonymous', '']) {
      const isWhole = (scopes as Scope[]).includes('read_all')
      const seen = refundAsSeenBy({ name, scopes }, REFUND)
      t.strictSame(seen, isWhole ? REFUND : CUT_DOWN, `as ${name} with ${about}`)
      t.equal(maySeeAll({ name, scopes }, REFUND), isWhole)
    }
  }
  t.equal(refundAsSeenBy(OPEN_CALLER, REFUND), REFUND, 'on an open gateway')
  t.strictSame(refundAsSeenBy(null, REFUND), CUT_DOWN, 'by nobody')
})
