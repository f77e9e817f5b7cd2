import fc from 'fast-check'
import t from 'tap'
import { hideEchoes } from '../../src/cookiepay/redaction.ts'

const TOKEN = 'eyJhbGciOi.J9-_x.Sig'
const KEY = 'k/+=&"key$1'
const ACCOUNT = { bank: '20', account_no: '1002345678901', account_name: '홍길동' }
const ANSWER = {
  cancel_tid: 'C20260101000001',
  cancel_code: '3001',
  cancel_msg: '취소 불가',
  cancel_date: '20260101103000',
  cancel_amt: '10000',
}

/** The message as it is shown. */
function shown(cancel_msg: string, refundAccount: Partial<typeof ACCOUNT> | null = {}): string | null {
  const sent = {
    credentials: [TOKEN, KEY],
    refundAccount: refundAccount === null ? undefined : { ...ACCOUNT, ...refundAccount },
  }
  return hideEchoes({ outcome: 'failed', provider: { ...ANSWER, cancel_msg } }, sent).provider.cancel_msg
}

t.test('what a call carried is hidden, however it is written', async (t) => {
  const rows: [string, string, Partial<typeof ACCOUNT>?][] = [
    [`token ${TOKEN}.`, 'token [hidden].'],
    [`key ${KEY}, ${KEY}`, 'key [hidden], [hidden]'],
    [`?key=${encodeURIComponent(KEY)}&a=1`, '?key=[hidden]&a=1'],
    [`?key=${encodeURIComponent(KEY).toLowerCase()}&a=1`, '?key=[hidden]&a=1'],
    ['key k\\/+=&\\"key$1', 'key [hidden]'],
    // The number, as digits.
    ['계좌 1002345678901 불일치', '계좌 [hidden] 불일치'],
    ['계좌 1002-345-678901 불일치', '계좌 [hidden] 불일치'],
    ['계좌 1002 345 678901 불일치', '계좌 [hidden] 불일치'],
    ['계좌 1002.345.678901', '계좌 [hidden]'],
    ['계좌 １００２３４５６７８９０１ 불일치', '계좌 [hidden] 불일치'],
    ['계좌 １００２－３４５－６７８９０１', '계좌 [hidden]'],
    ['a=1002%2d345%20678901', 'a=[hidden]'],
    ['0020-1002345678901-00', '0020-[hidden]-00'],
    ['계좌 1002345678901', '계좌 [hidden]', { account_no: '1002-345-678901' }],
    ['계좌 1002 345678901', '계좌 [hidden]', { account_no: '１００２３４５６７８９０１' }],
    // Not the whole number.
    ['계좌 1002345****01', '계좌 1002345****01'],
    ['계좌 100234567890', '계좌 100234567890'],
    // The name.
    ['예금주 홍길동 불일치', '예금주 [hidden] 불일치'],
    ['예금주 홍 길 동님', '예금주 [hidden]님'],
    ['예금주 홍-길-동', '예금주 [hidden]'],
    ['예금주 홍길동', '예금주 [hidden]', { account_name: '홍 길 동' }],
    ['예금주 홍길동'.normalize('NFD'), `${'예금주 '.normalize('NFD')}[hidden]`],
    ['name=%ED%99%8D%EA%B8%B8%EB%8F%99', 'name=[hidden]'],
    ['name=%ed%99%8d%ea%b8%b8%eb%8f%99', 'name=[hidden]'],
    ['{"name":"\\ud64d\\uae38\\ub3d9"}', '{"name":"[hidden]"}'],
    ['&#54861;&#44600;&#46041; &#xd64d;&#xae38;&#xb3d9;', '[hidden] [hidden]'],
    ['JOHN  SMITH, johnsmith', '[hidden], [hidden]', { account_name: 'John Smith' }],
    ['ＪＯＨＮ　ＳＭＩＴＨ', '[hidden]', { account_name: 'John Smith' }],
    // A short one is one where it stands alone, and not a part of another word.
    ['An error, cancelled', '[hidden] error, cancelled', { account_name: 'An' }],
    ['12345 123456 VA12345', '[hidden] 123456 VA[hidden]', { account_no: '12345' }],
    ['김 님', '김 님', { account_name: '김' }],
    ['-- (1)', '-- (1)', { account_no: '--', account_name: '.' }],
  ]
  for (const [said, hidden, account] of rows) t.equal(shown(said, account), hidden, said)
  t.equal(shown('계좌 1002345678901, 100 % & \\', null), '계좌 1002345678901, 100 % & \\', 'it was not sent')
})

t.test('in every member, and in the detail', async (t) => {
  const sent = { credentials: [TOKEN, KEY], refundAccount: ACCOUNT }
  for (const said of [TOKEN, KEY, '1002-345678901', '홍 길동']) {
    for (const member of Object.keys(ANSWER)) {
      const outcome = {
        outcome: 'failed',
        detail: `It answered ${said}`,
        provider: { ...ANSWER, [member]: `VA ${said}` },
      }
      t.strictSame(hideEchoes(outcome, sent), {
        outcome: 'failed',
        detail: 'It answered [hidden]',
        provider: { ...ANSWER, [member]: 'VA [hidden]' },
      })
    }
    t.strictSame(hideEchoes({ outcome: 'not_sent', detail: said }, sent), {
      outcome: 'not_sent',
      detail: '[hidden]',
    })
  }
})

t.test('what repeats nothing is left as it is', async (t) => {
  const sent = { credentials: [TOKEN, KEY], refundAccount: ACCOUNT }
  const empty = { ...ANSWER, cancel_tid: null, cancel_date: null }
  for (const outcome of [
    { outcome: 'token', token: TOKEN },
    { outcome: 'unknown', detail: 'a % & \\', provider: null },
    { outcome: 'failed', detail: '', provider: ANSWER },
    { outcome: 'succeeded', provider: empty },
  ]) {
    t.equal(hideEchoes(outcome, sent), outcome)
  }
})

t.test('any number and name, grouped in any way, is hidden, and what surrounds it is not', async () => {
  const number = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 6, maxLength: 30 })
  const name = fc.string({ unit: fc.constantFrom(...'가나다라마바사'), minLength: 2, maxLength: 10 })
  const separators = fc.array(fc.constantFrom('', '-', ' ', '. ', '－', ' - '), { minLength: 30 })
  fc.assert(
    fc.property(number, name, separators, (account_no, account_name, separators) => {
      const grouped = (text: string) =>
        [...text].map((character, index) => (index === 0 ? '' : separators[index % 30]) + character).join('')
      const said = `<계좌 ${grouped(account_no)}> <${grouped(account_name)} 님>`
      return shown(said, { account_no, account_name }) === '<계좌 [hidden]> <[hidden] 님>'
    }),
  )
})
