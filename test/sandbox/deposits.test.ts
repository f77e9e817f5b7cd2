import t from 'tap'
import { deadlineOf } from '../../src/sandbox/deposits.ts'
import { startSandbox } from '../support/sandbox.ts'

const ASKED = { tid: 'deposited-1-5000', reason: 'r', amount: '5000' }

t.test('the deadline is the last second of the day in Korea', async (t) => {
  const rows = [
    ['2026-01-01T00:00:00+09:00', '2026-01-01T23:59:59+09:00'],
    ['2026-01-01T23:59:59.999+09:00', '2026-01-01T23:59:59+09:00'],
    ['2026-01-02T00:00:00+09:00', '2026-01-02T23:59:59+09:00'],
  ] as const
  for (const [at, deadline] of rows) t.same(deadlineOf(new Date(at)), new Date(deadline), at)
})

t.test(
  'each call opens an account; the payment is cancelled once one is paid into, and never beyond it',
  async (t) => {
    const { deposit, deposits, payDeposit, cancels, cancel } = await startSandbox(t)
    t.match(await cancel({ tid: ASKED.tid, reason: 'r' }), { cancel_code: '9029' })
    const first = (await (await deposit(ASKED)).json()) as Record<string, string>
    t.match(first, { RESULTCODE: '0000', TID: ASKED.tid, AMOUNT: '5000', DEPOSITENDDATE: /23:59:59$/ })
    const second = (await (await deposit(ASKED)).json()) as Record<string, string>
    t.not(second.ACCOUNTNO, first.ACCOUNTNO)
    t.match(await deposits(ASKED.tid), { calls: 2, deposits: [{ paidAt: null }, { paidAt: null }] })
    t.match(await cancels(ASKED.tid), { applied_total: 0 })

    t.equal((await payDeposit(ASKED.tid, first.ACCOUNTNO)).status, 200)
    t.match(await cancels(ASKED.tid), { applied_total: 5000 })
    t.equal((await payDeposit(ASKED.tid, first.ACCOUNTNO)).status, 409, 'paid before')
    t.equal((await payDeposit(ASKED.tid)).status, 409, 'nothing remains')
    t.equal((await payDeposit('deposited-2-5000')).status, 404)
    t.match(await cancels(ASKED.tid), { applied_total: 5000 })
  },
)

t.test('what is not paid on its day is not paid', async (t) => {
  const clock = { now: new Date('2026-01-01T23:59:58+09:00') }
  const { deposit, payDeposit, cancels } = await startSandbox(t, { now: () => clock.now })
  await deposit(ASKED)
  clock.now = new Date('2026-01-02T00:00:00+09:00')
  t.equal((await payDeposit(ASKED.tid)).status, 409)
  await deposit(ASKED)
  t.equal((await payDeposit(ASKED.tid)).status, 200)
  t.match(await cancels(ASKED.tid), { applied_total: 5000 })
})

t.test('it is strict about what it takes', async (t) => {
  const { deposit, deposits, issueToken, post } = await startSandbox(t)
  for (const body of [{}, { ...ASKED, amount: 5000 }, { ...ASKED, more: '1' }, { ...ASKED, reason: 'a|b' }]) {
    t.match(await (await deposit(body)).json(), { RESULTCODE: 'E001' }, JSON.stringify(body))
  }
  t.match(await (await deposit(ASKED, 'another')).json(), { RTN_CD: '9002' })
  const headers = { token: await issueToken(), apikey: 'of another' }
  t.match(await (await post('/api/get_cancel_bank_account', ASKED, headers)).json(), { RTN_CD: '9002' })
  t.match(
    await (await deposit({ ...ASKED, tid: 'order-1-5000' })).json(),
    { RESULTCODE: 'E001' },
    'not paid out',
  )
  t.same((await deposits(ASKED.tid)).deposits, [])
})
