import t from 'tap'
import { koreanDateTime, koreanDigits } from '../../src/sandbox/korean-time.ts'
import { startSandbox } from '../support/sandbox.ts'

t.test('a full cancel', async (t) => {
  const { cancel, cancels } = await startSandbox(t)
  const answer = await cancel({ tid: 'order-50000', reason: '고객변심' })
  t.match(answer, { cancel_code: '0000', cancel_msg: '취소 성공', cancel_amt: '50000' })
  t.match(answer.cancel_date, /^\d{14}$/)
  const now = Date.now()
  const around = [now - 2000, now - 1000, now].map((ms) => koreanDigits(new Date(ms)))
  t.ok(around.includes(String(answer.cancel_date)))
  t.ok(String(answer.cancel_tid).length <= 50)
  t.match(await cancels('order-50000'), {
    calls: 1,
    applied: [{ tid: 'order-50000', amount: 50_000, cancel_tid: answer.cancel_tid }],
    applied_total: 50_000,
  })

  const again = await cancel({ tid: 'order-50000', reason: '고객변심' })
  t.strictSame(again, {
    cancel_tid: '',
    cancel_code: '2001',
    cancel_msg: '이미 취소된 거래입니다',
    cancel_date: '',
    cancel_amt: '0',
  })
  t.match(await cancels('order-50000'), { calls: 2, applied_total: 50_000 })
})

t.test('the same partial cancel twice is two cancels', async (t) => {
  const { cancel, cancels } = await startSandbox(t)
  const body = { tid: 'order-1000', amount: '400', reason: 'r' }
  const first = await cancel(body)
  const second = await cancel(body)
  t.match([first, second], [{ cancel_amt: '400' }, { cancel_amt: '400' }])
  t.not(first.cancel_tid, second.cancel_tid)
  t.match(await cancel(body), { cancel_code: '2003', cancel_msg: /취소 가능금액/, cancel_amt: '0' })
  t.match(await cancel({ ...body, amount: '200' }), { cancel_code: '0000' })
  t.match(await cancel({ ...body, amount: '1' }), { cancel_msg: /이미 취소/ })
  t.match(await cancels('order-1000'), {
    calls: 5,
    applied: [{ amount: 400 }, { amount: 400 }, { amount: 200 }],
    applied_total: 1000,
  })
})

t.test('cancels at the same time never take more than was paid', async (t) => {
  const { cancel, cancels, issueToken } = await startSandbox(t)
  const token = await issueToken()
  const body = { tid: 'order-1000', amount: '300', reason: 'r' }
  const answers = await Promise.all(Array.from({ length: 20 }, () => cancel(body, token)))
  t.equal(answers.filter(({ cancel_code }) => cancel_code === '0000').length, 3)
  t.match(await cancels('order-1000'), { calls: 20, applied_total: 900, tokens_issued: 1 })
})

t.test('a request that breaks the table of parameters is refused, in all five members', async (t) => {
  const { cancel, cancels } = await startSandbox(t)
  const good = { tid: 'order-1000', reason: 'r' }
  const bad: [unknown, string][] = [
    [{ reason: 'r' }, 'tid'],
    [{ tid: '', reason: 'r' }, 'tid'],
    [{ tid: 'a'.repeat(51), reason: 'r' }, 'tid'],
    [{ tid: 7, reason: 'r' }, 'tid'],
    [{ tid: 'order-1000' }, 'reason'],
    [{ ...good, reason: '' }, 'reason'],
    [{ ...good, reason: '사'.repeat(51) }, 'reason'],
    [{ ...good, amount: 100 }, 'amount'],
    [{ ...good, amount: null }, 'amount'],
    [{ ...good, amount: '' }, 'amount'],
    [{ ...good, amount: '1,000' }, 'amount'],
    [{ ...good, amount: '-100' }, 'amount'],
    [{ ...good, amount: '1.5' }, 'amount'],
    [{ ...good, amount: '00000000100' }, 'amount'],
    [{ ...good, amount: '100', taxfree_amt: 10 }, 'taxfree_amt'],
    [{ ...good, bank: '' }, 'bank'],
    [{ ...good, bank: 'a'.repeat(31) }, 'bank'],
    [{ ...good, account_no: 110 }, 'account_no'],
    [{ ...good, account_name: 'a'.repeat(31) }, 'account_name'],
    [{ ...good, amout: '100' }, 'amout'],
    [[], '전문'],
    ['order-1000', '전문'],
    [null, '전문'],
  ]
  for (const [body, member] of bad) {
    const answer = await cancel(body)
    t.match(answer, { cancel_code: '1001', cancel_tid: '', cancel_date: '', cancel_amt: '0' })
    t.match(answer.cancel_msg, member, JSON.stringify(body))
    t.ok(String(answer.cancel_msg).length <= 100)
  }
  t.match(await cancels(), { applied: [], applied_total: 0 })
  const answer = await cancel({
    tid: '거'.repeat(50),
    reason: '사'.repeat(50),
    amount: '5000',
    taxfree_amt: '0',
    bank: '20',
    account_no: '1'.repeat(30),
    account_name: '홍길동',
  })
  t.match(answer, { cancel_code: '0000', cancel_amt: '5000' })
})

t.test('a reason that a PG would refuse, obey or not be able to hold is refused', async (t) => {
  const { cancel, cancels } = await startSandbox(t)
  for (const reason of ['a|b', '^1000', '변심^', '[STOPREQ]', ' [x] 변심', '줄\n바꿈', '변심😀', 'café']) {
    t.match(
      await cancel({ tid: 'order-1000', reason }),
      { cancel_code: '1001', cancel_msg: /reason$/ },
      reason,
    )
  }
  t.match(await cancels('order-1000'), { calls: 8, applied: [] })
  for (const reason of ['고객 변심', '똠방각하 漢字 ㈜', '변심 [교환]', '［STOPREQ］']) {
    t.match(await cancel({ tid: 'order-1000', reason, amount: '1' }), { cancel_code: '0000' }, reason)
  }
})

t.test('a body that is not JSON is refused', async (t) => {
  const { base, issueToken } = await startSandbox(t)
  const headers = { token: await issueToken(), apikey: 'shop-key' }
  const bodies: [string, string][] = [
    ['application/json', '{"tid":"a-1",'],
    ['application/x-www-form-urlencoded', 'tid=a-1&reason=r'],
    ['text/plain', '{"tid":"a-1","reason":"r"}'],
  ]
  for (const [type, body] of bodies) {
    const init = { method: 'POST', headers: { ...headers, 'content-type': type }, body }
    const response = await fetch(`${base}/api/cancel`, init)
    t.equal(response.status, 200)
    t.match(await response.json(), { cancel_code: '1001', cancel_msg: /읽을 수 없습니다/ }, type)
  }
})

t.test('each cancel with a good token is told with when it came and when it was over', async (t) => {
  const { cancel, cancels, issueToken } = await startSandbox(t)
  const token = await issueToken()
  const tid = 'delay50-500'
  await cancel({ tid, reason: 'r', amount: '100' }, 'no token')
  for (const amount of ['100', '200']) await cancel({ tid, reason: 'r', amount }, token)
  const { under_way: [first, second, ...others] = [] } = await cancels(tid)
  t.strictSame(others, [])
  const lastedMs = Date.parse(first?.ended_at ?? '') - Date.parse(first?.began_at ?? '')
  t.ok(lastedMs >= 45, `${lastedMs} ms`)
  t.ok((second?.began_at ?? '') >= (first?.ended_at ?? '?'), 'one after the other')
})

t.test('reset forgets payments, not tokens', async (t) => {
  const { base, post, cancel, cancels, issueToken } = await startSandbox(t)
  const token = await issueToken()
  await cancel({ tid: 'a-500', reason: 'r' }, token)
  await cancel({ tid: 'b-500', reason: 'r', amount: '100' }, token)
  t.match(await cancels(), { calls: 2, applied: [{ tid: 'a-500' }, { tid: 'b-500' }], applied_total: 600 })
  t.equal((await post('/sandbox/reset', {})).status, 204)
  t.strictSame(await cancels(), { calls: 0, applied: [], applied_total: 0, tokens_issued: 1 })
  t.equal((await fetch(`${base}/sandbox/reset`, { method: 'POST' })).status, 204, 'without a body')
  t.match(await cancel({ tid: 'a-500', reason: 'r' }, token), { cancel_code: '0000' })
})

t.test('Korean time', async (t) => {
  const at = new Date('2025-12-31T15:04:05.999Z')
  t.equal(koreanDateTime(at), '2026-01-01 00:04:05')
  t.equal(koreanDigits(at), '20260101000405')
})
