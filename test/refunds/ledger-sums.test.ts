import t from 'tap'
import { MAX_KRW } from '../../src/refunds/krw.ts'
import { type LedgerSums, remaining, used } from '../../src/refunds/ledger-sums.ts'

t.test('what remains', async (t) => {
  const nothing = { refunded: 0, in_flight: 0, unknown: 0, awaiting_deposit: 0, disputed: 0, outside: 0 }
  const rows: [paid: number, sums: Partial<LedgerSums>, remaining: number][] = [
    [1000, {}, 1000],
    [1000, { refunded: 300 }, 700],
    [1000, { in_flight: 300 }, 700],
    [1000, { unknown: 300 }, 700],
    [1000, { awaiting_deposit: 300 }, 700],
    [1000, { disputed: 300 }, 700],
    [1000, { outside: 300 }, 700],
    [1000, { refunded: 100, in_flight: 200, unknown: 300 }, 400],
    [1000, { refunded: 100, in_flight: 200, unknown: 300, disputed: 400 }, 0],
    [1000, { refunded: 100, in_flight: 1, unknown: 2, awaiting_deposit: 3, disputed: 4, outside: 5 }, 885],
    [1000, { refunded: 999 }, 1],
    [1000, { refunded: 1000 }, 0],
    [1000, { refunded: 500, in_flight: 250, unknown: 250 }, 0],
    // The provider cancelled more than was asked.
    [1000, { refunded: 1001 }, 0],
    [1000, { refunded: MAX_KRW, in_flight: 500, outside: 500 }, 0],
    [MAX_KRW, {}, MAX_KRW],
    [MAX_KRW, { refunded: 1 }, MAX_KRW - 1],
  ]
  for (const [amount, sums, expected] of rows) {
    const ledger = { amount, ...nothing, ...sums }
    t.equal(remaining(ledger), expected, JSON.stringify(sums))
    if (expected > 0) t.equal(used(ledger) + remaining(ledger), amount, 'the sums make up what was paid')
  }
})
