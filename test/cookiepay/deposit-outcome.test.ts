import t from 'tap'
import { classifyDeposit } from '../../src/cookiepay/deposit-outcome.ts'
import type { Exchange } from '../../src/cookiepay/exchange.ts'

const TOKEN = 'eyJhbGciOi.J9-_x.Sig'
const KEY = 'shop-key-1'

const seen = (body: string, status = 200): Exchange => ({ seen: 'answer', status, body })
const classify = (exchange: Exchange) => classifyDeposit(exchange, [TOKEN, KEY])

t.test('what was not sent, and what was lost', async (t) => {
  t.match(classify({ seen: 'not_sent', detail: 'd' }), { outcome: 'not_sent', code: 'provider_unavailable' })
  t.same(classify({ seen: 'no_answer', detail: 'd' }), { outcome: 'lost', detail: 'd' })
})

t.test('only an answer about the token is none about an account', async (t) => {
  const rejected: [body: string, status?: number][] = [
    ['{"RTN_CD":"E003","RTN_MSG":"ID & KEY 불일치"}'],
    ['{"RTN_CD":"9002","RTN_MSG":"유효하지 않거나 만료된 TOKEN 입니다"}'],
    ['{}', 401],
    ['{"message":"no"}', 403],
  ]
  for (const [body, status] of rejected) {
    t.equal(classify(seen(body, status)).outcome, 'token_rejected', body)
  }
  const answers: [body: string, status?: number][] = [
    ['{"RTN_CD":"9999","RTN_MSG":"시스템 오류가 발생하였습니다"}'],
    ['{"RTN_CD":"9002","RTN_MSG":"TOKEN 처리 시간초과"}'],
    ['{"RTN_CD":"0000","ACCOUNTNO":"1"}'],
    ['{"RTN_CD":"E003","RTN_MSG":"ID & KEY 불일치"}', 500],
    ['<html>', 401],
    [''],
    ['null'],
    ['[1,2]'],
  ]
  for (const [answer, status = 200] of answers) {
    t.same(classify(seen(answer, status)), { outcome: 'answered', status, answer }, answer)
  }
})

t.test('what the call carried is hidden in it, and a page has an end', async (t) => {
  t.match(classify(seen(`{"t":"${TOKEN}","k":"${KEY}","n":"1002-345"}`)), {
    answer: '{"t":"[hidden]","k":"[hidden]","n":"1002-345"}',
  })
  t.match(classify(seen('x'.repeat(8192))), { answer: /^x{8192}$/ })
  t.match(classify(seen('x'.repeat(8193))), { answer: /^x{8192}…$/ })
})
