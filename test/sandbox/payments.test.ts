import t from 'tap'
import {
  CANCELS_PER_PAYMENT,
  cancelledWholeAt,
  decideCancel,
  type Payment,
  paymentOf,
  withCancel,
} from '../../src/sandbox/payments.ts'
import type { CancelRequest } from '../../src/sandbox/requests.ts'

const at = new Date('2025-06-09T04:29:11Z')

t.test('the amount of a payment is in its tid', async (t) => {
  const amounts: [string, number][] = [
    ['order7-50000', 50_000],
    ['delay250-50000', 50_000],
    ['a-1', 1],
    ['a-9999999999', 9_999_999_999],
    ['a-10000000000', 10_000],
    ['a-0', 10_000],
    ['a-b', 10_000],
    ['a-500-', 10_000],
    ['a-500-20', 20],
    ['50000', 10_000],
    ['거래-700', 700],
  ]
  for (const [tid, amount] of amounts) t.equal(paymentOf(tid, at).amount, amount, tid)
})

t.test('what a cancel would do', async (t) => {
  const paid = paymentOf('a-1000', at)
  const partly = cancelled(paid, 400)
  const gone = cancelled(partly, 600)
  const rows: [string, Payment, Partial<CancelRequest>, number | RegExp, ('allowed' | 'refused')?][] = [
    ['full', paid, {}, 1000],
    ['full, tax-free in it', paid, { taxfree_amt: '1000' }, 1000],
    ['full, more tax-free than that', paid, { taxfree_amt: '1001' }, /비과세/],
    ['full after a partial', partly, {}, /^이미 취소/],
    ['full when nothing is left', gone, {}, /^이미 취소된 거래입니다$/],
    ['partial', paid, { amount: '999' }, 999],
    ['full, by its amount', paid, { amount: '1000' }, 1000],
    ['partial beyond it', paid, { amount: '1001' }, /취소 가능금액보다 큽니다/],
    ['partial of nothing', paid, { amount: '0' }, /0보다 커야/],
    ['partial, tax-free in it', paid, { amount: '400', taxfree_amt: '200' }, 400],
    ['partial, more tax-free than that', paid, { amount: '100', taxfree_amt: '200' }, /비과세/],
    ['the rest', partly, { amount: '600' }, 600],
    ['more than the rest', partly, { amount: '601' }, /취소 가능금액보다 큽니다/],
    ['partial when nothing is left', gone, { amount: '1' }, /^이미 취소된 거래입니다$/],
    ['full of what has no parts', paid, {}, 1000, 'refused'],
    ['full of what has no parts, by its amount', paid, { amount: '1000' }, 1000, 'refused'],
    ['a part of what has none', paid, { amount: '999' }, /^부분취소가 불가능한 거래입니다$/, 'refused'],
    ['more than what has no parts', paid, { amount: '1001' }, /취소 가능금액보다 큽니다/, 'refused'],
  ]
  for (const [name, payment, asked, expected, inPart = 'allowed'] of rows) {
    const decision = decideCancel(payment, { tid: payment.tid, reason: 'r', ...asked }, inPart)
    if (typeof expected === 'number') t.strictSame(decision, { accepted: true, amount: expected }, name)
    else t.match(decision, { accepted: false, decline: { message: expected } }, name)
  }
})

t.test('a payment takes a limited number of cancels, and never more than its amount', async (t) => {
  let payment = paymentOf('a-100000', at)
  for (let count = 0; count < CANCELS_PER_PAYMENT; count++) payment = cancelled(payment, 1)
  t.match(decideCancel(payment, { tid: payment.tid, reason: 'r', amount: '1' }, 'allowed'), {
    decline: { message: /횟수/ },
  })
  t.throws(() => cancelled(payment, 100_000), /^bug: /)
})

t.test('cancelled whole: by one cancel of all of it', async (t) => {
  const paid = paymentOf('a-1000', at)
  t.equal(cancelledWholeAt(paid), null)
  t.equal(cancelledWholeAt(cancelled(paid, 400)), null)
  t.equal(cancelledWholeAt(cancelled(cancelled(paid, 400), 600)), null)
  t.equal(cancelledWholeAt(cancelled(paid, 900)), null)
  t.equal(cancelledWholeAt(cancelled(paid, 1000)), at)
})

function cancelled(payment: Payment, amount: number): Payment {
  return withCancel(payment, { amount, at, cancelTid: 'C1' })
}
