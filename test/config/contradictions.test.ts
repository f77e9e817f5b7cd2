import { createHash } from 'node:crypto'
import t from 'tap'
import { ACCOUNT, mistakesOf, readWith, SECRET_32 } from '../support/environment.ts'

const hash = (key: string) => createHash('sha256').update(key).digest('hex')

t.test('the verification of TLS cannot be turned off', async (t) => {
  t.match(mistakesOf({ ...ACCOUNT, NODE_TLS_REJECT_UNAUTHORIZED: '0' }), [
    /^NODE_TLS_REJECT_UNAUTHORIZED: got "0"/,
  ])
  t.same(mistakesOf({ ...ACCOUNT, NODE_TLS_REJECT_UNAUTHORIZED: '1' }), [])
})

t.test('outside loopback, keys, secrets and the provider are required', async (t) => {
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'gateway.test', '127.0.0.1.test', '::ffff:10.0.0.1']) {
    t.match(
      mistakesOf({ ...ACCOUNT, HOST }),
      [/^API_KEYS: got nothing/, /^STORE_SECRETS: got nothing/, /^COOKIEPAY_BASE_URL: got nothing/],
      HOST,
    )
  }
  const guarded = {
    API_KEYS: `shop:${hash('k')}:read`,
    STORE_SECRETS: SECRET_32,
    COOKIEPAY_BASE_URL: 'https://pay.test',
  }
  t.equal(readWith({ HOST: '0.0.0.0', ...guarded }).host, '0.0.0.0')
  t.match(mistakesOf({ ...ACCOUNT, HOST: '::', ...guarded, API_KEYS: 'x' }), [/^API_KEYS: got entry 1 of 1/])
})

t.test('a ledger is kept for 30 days, and no shorter than the keys that point into it', async (t) => {
  const retention = (days: string, hours: string) =>
    mistakesOf({ ...ACCOUNT, LEDGER_RETENTION_DAYS: days, IDEMPOTENCY_RETENTION_HOURS: hours })
  t.strictSame(retention('30', '720'), [])
  t.match(retention('30', '721'), [
    /^LEDGER_RETENTION_DAYS: got 30 days; takes no less than IDEMPOTENCY_RETENTION_H/,
  ])
  t.match(retention('29', '1'), [/^LEDGER_RETENTION_DAYS: got 29 days; takes no less than 30 days/])
})

t.test('the single account: all three or none', async (t) => {
  t.match(mistakesOf({}), [
    /^COOKIEPAY_ID: got nothing/,
    /^COOKIEPAY_KEY: got nothing/,
    /^COOKIEPAY_PG: got nothing; takes one of toss.*or set COOKIEPAY_ACCOUNTS_FILE/,
  ])
  t.match(mistakesOf({ ...ACCOUNT, COOKIEPAY_KEY: '' }), [/^COOKIEPAY_KEY: got nothing/])
})

t.test('no code is both a decline and open', async (t) => {
  const both = (COOKIEPAY_AMBIGUOUS_CODES: string, COOKIEPAY_DECLINED_CODES: string) =>
    mistakesOf({ ...ACCOUNT, COOKIEPAY_AMBIGUOUS_CODES, COOKIEPAY_DECLINED_CODES })
  t.match(both('1,toss:2', 'toss:2'), [/^COOKIEPAY_DECLINED_CODES: got "toss:2", which .*; takes codes/])
  t.strictSame(both('1,toss:2', 'toss:1,2'), [], 'what is said of one PG is another matter')
})
