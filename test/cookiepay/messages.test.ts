import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { FullCancel } from '../../src/config/config.ts'
import { cancelBody, readAmount, readDate, readObject, receivedAnswer } from '../../src/cookiepay/messages.ts'
import { sendableReason } from '../../src/cookiepay/reason.ts'
import type { CancelRequest } from '../../src/refunds/ports/provider.ts'

const FULL: CancelRequest = {
  merchant: 'merchant',
  tid: 't-1',
  reason: '고객 변심',
  kind: 'full',
  amount: 10_000,
  taxFreeAmount: undefined,
  refundAccount: undefined,
  leaseLeft: () => 0,
}

const PART = { kind: 'partial', amount: 3000 } as const

t.test('a cancel says what was given, and nothing else', async (t) => {
  const rows: [string, Partial<CancelRequest>, string][] = [
    ['a full cancel', {}, '{"tid":"t-1","amount":"10000","reason":"고객 변심"}'],
    ['a partial one', PART, '{"tid":"t-1","amount":"3000","reason":"고객 변심"}'],
    [
      'with a tax-free part',
      { ...PART, taxFreeAmount: 1000 },
      '{"tid":"t-1","amount":"3000","taxfree_amt":"1000","reason":"고객 변심"}',
    ],
    [
      'a full one with a tax-free part of nothing',
      { taxFreeAmount: 0 },
      '{"tid":"t-1","amount":"10000","taxfree_amt":"0","reason":"고객 변심"}',
    ],
    [
      'with an account to pay back to',
      { refundAccount: { bank: '20', account_no: '1002345678901', account_name: '홍길동' } },
      '{"tid":"t-1","amount":"10000","reason":"고객 변심","bank":"20","account_no":"1002345678901","account_name":"홍길동"}',
    ],
    [
      'the largest amount',
      { amount: 9_999_999_999 },
      '{"tid":"t-1","amount":"9999999999","reason":"고객 변심"}',
    ],
    [
      'what must be escaped',
      { tid: 'a"b\\c', reason: '"줄\\\n바꿈"' },
      '{"tid":"a\\"b\\\\c","amount":"10000","reason":"\\"줄\\\\ 바꿈\\""}',
    ],
  ]
  for (const [what, request, body] of rows) {
    t.equal(cancelBody({ ...FULL, ...request }, 'with_amount'), body, what)
  }
})

t.test('where an account is set to it, a first refund of everything goes without an amount', async (t) => {
  const body = (request: Partial<CancelRequest>) =>
    JSON.parse(cancelBody({ ...FULL, ...request }, 'without_amount'))
  t.strictSame(body({}), { tid: 't-1', reason: '고객 변심' })
  t.strictSame(body({ taxFreeAmount: 500 }), { tid: 't-1', taxfree_amt: '500', reason: '고객 변심' })
  t.strictSame(body(PART), { tid: 't-1', amount: '3000', reason: '고객 변심' })
})

t.test('every value of a cancel is quoted, and arrives as it was given but for the reason', async () => {
  const text = fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' })
  const amount = fc.integer({ min: 1, max: 9_999_999_999 })
  const account = fc.record({ bank: text, account_no: text, account_name: text })
  const request = fc.record({
    merchant: fc.constant('merchant'),
    tid: text,
    reason: text,
    kind: fc.constantFrom('full' as const, 'partial' as const),
    amount,
    taxFreeAmount: fc.option(amount, { nil: undefined }),
    refundAccount: fc.option(account, { nil: undefined }),
    leaseLeft: fc.constant(() => 0),
  })
  const fullCancel = fc.constantFrom<FullCancel>('with_amount', 'without_amount')
  fc.assert(
    fc.property(request, fullCancel, (request, fullCancel) => {
      const { tid, reason, kind, amount, taxFreeAmount, refundAccount } = request
      const sent = JSON.parse(Buffer.from(cancelBody(request, fullCancel)).toString())
      const given: Record<string, unknown> = { tid, reason: sendableReason(reason), ...refundAccount }
      if (kind === 'partial' || fullCancel === 'with_amount') given.amount = `${amount}`
      if (taxFreeAmount !== undefined) given.taxfree_amt = `${taxFreeAmount}`
      return isDeepStrictEqual({ ...sent }, given)
    }),
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
    // An offset leaves one reading.
    ['2026-01-01T10:30:00+09:00', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01T10:30:00+0900', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01 10:30:00+09:00', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01T01:30:00Z', '2026-01-01T10:30:00+09:00'],
    ['2025-12-31T15:30:00-10:00', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01T07:00:00+05:30', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01 10:30:00.0', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01T10:30:00.123+09:00', '2026-01-01T10:30:00+09:00'],
    ['2026-01-01T01:30:00.000Z', '2026-01-01T10:30:00+09:00'],
    ['20260101T013000Z', '2026-01-01T10:30:00+09:00'],
  ]
  for (const [text, date] of read) t.equal(readDate(text), date, text)

  const notRead = [
    null,
    '',
    ' ',
    '-',
    'null',
    'N',
    '0',
    '20250609',
    '2025-06-09',
    '202506091329',
    '250609132911',
    '2025060913291',
    '202506091329110',
    '2025/06/09 13:29:11',
    '09-06-2025 13:29:11',
    '2025-06-09T13:29:11 KST',
    '2025-06-09T13:29:11+9',
    '2025-06-09T13:29:11+15:00',
    '2025-06-09T13:29:11+09:60',
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
    // How back ends write none.
    '00000000000000',
    '0000-00-00 00:00:00',
    '0001-01-01 00:00:00',
    '1900-01-01 00:00:00',
    '1970-01-01 09:00:00',
    '1970-01-01T00:00:00Z',
    '9999-12-31 23:59:59',
    '99999999999999',
  ]
  for (const text of notRead) t.equal(readDate(text), null, JSON.stringify(text))
})

t.test('every second is read as the instant that it is in Korea', async () => {
  const second = fc.integer({ min: Date.UTC(2000, 0, 1) / 1000, max: Date.UTC(2099, 0, 1) / 1000 })
  fc.assert(
    fc.property(second, fc.constantFrom('digits', 'spaced', 'UTC'), (second, form) => {
      const utc = new Date(second * 1000).toISOString()
      const korean = new Date(second * 1000 + 9 * 3_600_000).toISOString().slice(0, 19)
      const text =
        form === 'digits' ? korean.replaceAll(/\D/g, '') : form === 'UTC' ? utc : korean.replace('T', ' ')
      return new Date(readDate(text) ?? '').getTime() === second * 1000
    }),
  )
})

t.test('an amount is read where there is one reading, or not at all', async (t) => {
  const rows: [string | null, number | null][] = [
    ['10000', 10_000],
    ['10,000', 10_000],
    ['1,234,567', 1_234_567],
    [' 10000 ', 10_000],
    ['0000010000', 10_000],
    ['000000003000', 3_000],
    ['1', 1],
    ['9999999999', 9_999_999_999],
    ['9,999,999,999', 9_999_999_999],
    ['3000.00', 3_000],
    ['3000.0', 3_000],
    ['3,000.00', 3_000],
    ['3000원', 3_000],
    ['3,000 원', 3_000],
    ['₩3,000', 3_000],
    ['￦3000', 3_000],
    ['KRW 1000', 1_000],
    ['1000KRW', 1_000],
    // What says nothing, or more than one thing.
    [null, null],
    ['', null],
    [' ', null],
    ['0', null],
    ['000', null],
    ['0.00', null],
    ['10000000000', null],
    ['-1000', null],
    ['+1000', null],
    ['1000.5', null],
    ['3000.50', null],
    ['3.000', null],
    ['3.00.00', null],
    ['3000.', null],
    ['3,00', null],
    ['3,0000', null],
    [',300', null],
    ['1,2345', null],
    ['1e3', null],
    ['1 000', null],
    ['3000 3000', null],
    ['0x10', null],
    ['3000점', null],
    ['3천원', null],
    ['USD 1000', null],
    ['NaN', null],
    ['null', null],
  ]
  for (const [text, amount] of rows) t.equal(readAmount(text), amount, JSON.stringify(text))
})

t.test('what is received is kept as text, a number as its decimal text', async (t) => {
  const kept = (source: string) => receivedAnswer(readObject(source) ?? {}, source)
  t.strictSame(
    kept(
      '{"cancel_tid" : 20260101000000001,"cancel_code":"0000","cancel_msg":"3 \\"4, 5","cancel_date":20260101103000,"cancel_amt":3000}',
    ),
    {
      cancel_tid: '20260101000000001',
      cancel_code: '0000',
      cancel_msg: '3 "4, 5',
      cancel_date: '20260101103000',
      cancel_amt: '3000',
    },
  )
  const amounts: [string, string | null][] = [
    ['3000.0', '3000'],
    ['3000.00', '3000'],
    ['1e3', '1000'],
    ['1E+3', '1000'],
    ['3000.5', '3000.5'],
    ['-3000', '-3000'],
    ['0', '0'],
    ['12345678901234567890123', '12345678901234567890123'],
    ['"3000.00"', '3000.00'],
    ['"10,000"', '10,000'],
    ['true', null],
    ['null', null],
    ['[3000]', null],
    ['{"a":1}', null],
  ]
  for (const [json, text] of amounts) {
    const source = `{"a\\\\":[1,-2.5e-3,{"b":"\\\\"}],"cancel_amt":${json},"cancel_tid":7}`
    t.strictSame(kept(source).cancel_amt, text, json)
    t.equal(kept(source).cancel_tid, '7')
  }
  t.strictSame(kept('{}'), {
    cancel_tid: null,
    cancel_code: null,
    cancel_msg: null,
    cancel_date: null,
    cancel_amt: null,
  })
  t.match(kept('{"cancel_code":9029,"cancel_msg":1}'), { cancel_code: '9029', cancel_msg: null })
})

t.test('a number in any JSON is kept', async () => {
  const rest = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
  fc.assert(
    fc.property(rest, fc.maxSafeInteger(), (rest, cancel_tid) => {
      const source = JSON.stringify({ ...rest, cancel_tid, cancel_amt: 'as it is' })
      const { cancel_tid: kept, cancel_amt } = receivedAnswer(readObject(source) ?? {}, source)
      return kept === String(cancel_tid) && cancel_amt === 'as it is'
    }),
  )
})
