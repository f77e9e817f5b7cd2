import t from 'tap'
import { MAX_KRW } from '../../src/refunds/krw.ts'
import { remaining } from '../../src/refunds/ledger-sums.ts'

t.test('what remains', async (t) => {
  const rows: [
    paid: number,
    refunded: number,
    inFlight: number,
    unknown: number,
    disputed: number,
    remaining: number,
  ][] = [
    [1000, 0, 0, 0, 0, 1000],
    [1000, 300, 0, 0, 0, 700],
    [1000, 0, 300, 0, 0, 700],
    [1000, 0, 0, 300, 0, 700],
    [1000, 0, 0, 0, 300, 700],
    [1000, 100, 200, 300, 0, 400],
    [1000, 100, 200, 300, 400, 0],
    [1000, 999, 0, 0, 0, 1],
    [1000, 1000, 0, 0, 0, 0],
    [1000, 500, 250, 250, 0, 0],
    // The provider cancelled more than was asked.
    [1000, 1001, 0, 0, 0, 0],
    [1000, MAX_KRW, 500, 500, 0, 0],
    [MAX_KRW, 0, 0, 0, 0, MAX_KRW],
    [MAX_KRW, 1, 0, 0, 0, MAX_KRW - 1],
  ]
  for (const [amount, refunded, inFlight, unknown, disputed, expected] of rows) {
    const ledger = { amount, refunded, in_flight: inFlight, unknown, disputed }
    t.equal(remaining(ledger), expected, JSON.stringify(ledger))
  }
})
