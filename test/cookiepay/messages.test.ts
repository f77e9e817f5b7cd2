import fc from 'fast-check'
import t from 'tap'
import { cancelBody, readCancelAmount, readCancelDate, readObject } from '../../src/cookiepay/messages.ts'
import type { CancelRequest } from '../../src/refunds/ports.ts'

const FULL: CancelRequest = {
  account: 'default',
  tid: 't-1',
  reason: '고객 변심',
  amount: undefined,
  taxFreeAmount: undefined,
  refundAccount: undefined,
  leaseLeft: () => 0,
}

t.test('a cancel says what was given, and nothing else', async (t) => {
  const rows: [string, Partial<CancelRequest>, string][] = [
    ['a full cancel', {}, '{"tid":"t-1","reason":"고객 변심"}'],
    ['a partial one', { amount: 3000 }, '{"tid":"t-1","amount":"3000","reason":"고객 변심"}'],
    [
      'with a tax-free part',
      { amount: 3000, taxFreeAmount: 1000 },
      '{"tid":"t-1","amount":"3000","taxfree_amt":"1000","reason":"고객 변심"}',
    ],
    [
      'a full one with a tax-free part of nothing',
      { taxFreeAmount: 0 },
      '{"tid":"t-1","taxfree_amt":"0","reason":"고객 변심"}',
    ],
    [
      'with an account to pay back to',
      { refundAccount: { bank: '20', account_no: '1002345678901', account_name: '홍길동' } },
      '{"tid":"t-1","reason":"고객 변심","bank":"20","account_no":"1002345678901","account_name":"홍길동"}',
    ],
    [
      'the largest amount',
      { amount: 9_999_999_999 },
      '{"tid":"t-1","amount":"9999999999","reason":"고객 변심"}',
    ],
    [
      'what must be escaped',
      { tid: 'a"b\\c', reason: '줄\n바꿈' },
      '{"tid":"a\\"b\\\\c","reason":"줄\\n바꿈"}',
    ],
  ]
  for (const [what, request, body] of rows) t.equal(cancelBody({ ...FULL, ...request }), body, what)
})

t.test('every value of a cancel is quoted, and arrives as it was given', async () => {
  const text = fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' })
  const amount = fc.option(fc.integer({ min: 0, max: 9_999_999_999 }), { nil: undefined })
  const account = fc.record({ bank: text, account_no: text, account_name: text })
  fc.assert(
    fc.property(
      text,
      text,
      amount,
      amount,
      fc.option(account, { nil: undefined }),
      (tid, reason, amount, taxFreeAmount, refundAccount) => {
        const body = cancelBody({ ...FULL, tid, reason, amount, taxFreeAmount, refundAccount })
        const sent = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>
        const given: Record<string, unknown> = { tid, reason, ...refundAccount }
        if (amount !== undefined) given.amount = `${amount}`
        if (taxFreeAmount !== undefined) given.taxfree_amt = `${taxFreeAmount}`
        return (
          Object.values(sent).every((value) => typeof value === 'string') &&
          Object.keys(sent).length === Object.keys(given).length &&
          Object.entries(given).every(([name, value]) => sent[name] === value)
        )
      },
    ),
  )
})

t.test('an object is read, and nothing else', async (t) => {
  t.same(readObject(' {"cancel_code":"0000","n":1,"o":{}} '), { cancel_code: '0000', n: 1, o: {} })
  for (const body of ['', ' ', 'null', '[]', '[{}]', '1', '"{}"', 'true', '<html>', '{', '{}{}', "{'a':1}"]) {
    t.equal(readObject(body), null, JSON.stringify(body))
  }
})

t.test('a date is read in Korean time, or not at all', async (t) => {
  const read: [string, string][] = [
    ['20250609132911', '2025-06-09T13:29:11+09:00'],
    ['2025-06-09 13:29:11', '2025-06-09T13:29:11+09:00'],
    ['2025-06-09T13:29:11', '2025-06-09T13:29:11+09:00'],
    [' 20250609132911\n', '2025-06-09T13:29:11+09:00'],
    ['20240229000000', '2024-02-29T00:00:00+09:00'],
    ['2025-12-31 23:59:59', '2025-12-31T23:59:59+09:00'],
  ]
  for (const [text, date] of read) t.equal(readCancelDate(text), date, text)

  const notRead = [
    null,
    '',
    ' ',
    '-',
    '20250609',
    '2025-06-09',
    '202506091329',
    '250609132911',
    '2025060913291',
    '202506091329110',
    '2025/06/09 13:29:11',
    '09-06-2025 13:29:11',
    '2025-06-09 13:29:11.000',
    '2025-06-09T13:29:11Z',
    '2025-06-09T13:29:11+09:00',
    '２０２５０６０９１３２９１１',
    // No such day or time.
    '20250229000000',
    '20250230000000',
    '20250431000000',
    '20251301000000',
    '20250001000000',
    '20250600000000',
    '20250632000000',
    '20250609240000',
    '20250609236000',
    '20250609235960',
    '00000000000000',
    '0000-00-00 00:00:00',
    '99999999999999',
  ]
  for (const text of notRead) t.equal(readCancelDate(text), null, JSON.stringify(text))
})

t.test('every second is read as the instant that it is in Korea', async () => {
  const second = fc.integer({ min: 0, max: Date.UTC(2099, 0, 1) / 1000 })
  fc.assert(
    fc.property(second, fc.boolean(), (second, isCompact) => {
      const korean = new Date(second * 1000 + 9 * 3_600_000).toISOString().slice(0, 19)
      const text = isCompact ? korean.replaceAll(/\D/g, '') : korean.replace('T', ' ')
      return new Date(readCancelDate(text) ?? '').getTime() === second * 1000
    }),
  )
})

t.test('an amount is read from text or number, or not at all', async (t) => {
  const rows: [string | number | null, number | null][] = [
    ['10000', 10_000],
    [10_000, 10_000],
    ['10,000', 10_000],
    ['1,234,567', 1_234_567],
    [' 10000 ', 10_000],
    ['0000010000', 10_000],
    ['1', 1],
    ['9999999999', 9_999_999_999],
    [9_999_999_999, 9_999_999_999],
    // What says nothing.
    [null, null],
    ['', null],
    [' ', null],
    ['0', null],
    [0, null],
    ['000', null],
    ['10000000000', null],
    [10_000_000_000, null],
    [-1000, null],
    ['-1000', null],
    ['+1000', null],
    ['1000.5', null],
    [1000.5, null],
    ['1000.00', null],
    ['1e3', null],
    [1e21, null],
    ['10000원', null],
    ['KRW 1000', null],
    ['1 000', null],
    ['0x10', null],
    ['１０００', null],
    ['NaN', null],
    ['null', null],
  ]
  for (const [value, amount] of rows) t.equal(readCancelAmount(value), amount, JSON.stringify(value))
})
