import fc from 'fast-check'
import t from 'tap'
import { readNotification } from '../../src/cookiepay/notification.ts'

const read = (body: string | Buffer, contentType?: string) =>
  readNotification({ body: Buffer.from(body), contentType })

const FIELDS = {
  noti_type: 'cancel',
  paymethod: 'CARD',
  orderno: 'order-1',
  cancel_amount: '3000',
  tid: 'T1234',
  cancel_date: '20260101103000',
}

const json = (changes: object = {}) => JSON.stringify({ ...FIELDS, ...changes })
const form = (changes: object = {}) =>
  new URLSearchParams({ ...FIELDS, ...changes } as Record<string, string>).toString()
const upper = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toUpperCase(), value]))

const CANCEL = {
  type: 'cancel',
  tid: 'T1234',
  amount: 3_000,
  date: '20260101103000',
  cancelledAt: '2026-01-01T10:30:00+09:00',
  accountId: null,
}

t.test('a cancel is read in each form that it may come in', async (t) => {
  const rows: [name: string, body: string | Buffer, contentType: string | undefined, changes?: object][] = [
    ['JSON', json(), 'application/json'],
    ['JSON in upper case', JSON.stringify(upper(FIELDS)), 'application/json'],
    ['JSON that is called a form', json(), 'application/x-www-form-urlencoded'],
    ['JSON that is called nothing', json(), undefined],
    [
      'JSON with a byte order mark and white space',
      `\ufeff\n ${json()}\n`,
      'application/json; charset=utf-8',
    ],
    ['JSON in EUC-KR', Buffer.from(json()), 'application/json; charset=euc-kr'],
    ['a form', form(), 'application/x-www-form-urlencoded'],
    [
      'a form in upper case',
      new URLSearchParams(upper(FIELDS) as Record<string, string>).toString(),
      'text/plain',
    ],
    ['a form that is called JSON', form(), 'application/json'],
    ['the type in upper case', json({ noti_type: 'CANCEL' }), undefined],
    ['a paid deposit', json({ noti_type: 'deposit_cancel' }), undefined, { type: 'deposit_cancel' }],
    ['an amount as a number', json({ cancel_amount: 3000 }), undefined],
    ['an amount with separators', json({ cancel_amount: '3,000' }), undefined],
    ['an amount with its currency', form({ cancel_amount: '3,000원' }), undefined],
    ['an amount with white space', json({ cancel_amount: ' 3000 ' }), undefined],
    ['an amount under another name', json({ cancel_amount: undefined, cancel_amt: '3000' }), undefined],
    ['the largest amount', json({ cancel_amount: '9999999999' }), undefined, { amount: 9_999_999_999 }],
    [
      'a tid as a number',
      json().replace('"T1234"', '12345678901234567890'),
      undefined,
      { tid: '12345678901234567890' },
    ],
    [
      'another date',
      json({ cancel_date: '2026-01-01 10:30:00' }),
      undefined,
      { date: '2026-01-01 10:30:00' },
    ],
    ['a date as a number', json().replace('"20260101103000"', '20260101103000'), undefined],
    ['no date', json({ cancel_date: undefined }), undefined, { date: null, cancelledAt: null }],
    ['an empty date', form({ cancel_date: '' }), undefined, { date: null, cancelledAt: null }],
    [
      'a date that cannot be read',
      json({ cancel_date: 'today' }),
      undefined,
      { date: 'today', cancelledAt: null },
    ],
    ['the id of the account', json({ API_ID: 'shop' }), undefined, { accountId: 'shop' }],
    ['members that are no texts', json({ items: [{ tid: 'other' }], note: null, ok: true }), undefined],
    ['a member twice with one value', `${form()}&TID=T1234`, undefined],
  ]
  for (const [name, body, contentType, changes] of rows) {
    t.strictSame(
      read(body, contentType),
      { reading: 'cancel', notification: { ...CANCEL, ...changes } },
      name,
    )
  }
})

t.test('what is no cancel is ignored', async (t) => {
  const approval = { PAY_METHOD: 'CARD', API_ID: 'shop', ORDERNO: '1', AMOUNT: '3000', TID: 'T1234' }
  for (const body of [
    JSON.stringify(approval),
    new URLSearchParams(approval).toString(),
    JSON.stringify({ ...approval, noti_type: '' }),
    JSON.stringify({ ...approval, cancel_amount: '0', cancel_date: '' }),
    json({ noti_type: 'approval' }),
    json({ noti_type: 'deposit' }),
  ]) {
    t.same(read(body), { reading: 'ignored' }, body)
  }
})

t.test('each fault of its form is told', async (t) => {
  const rows: [name: string, body: string | Buffer][] = [
    ['nothing', ''],
    ['white space', ' \n '],
    ['no object', '[]'],
    ['an array of one', `[${json()}]`],
    ['a text', '"cancel"'],
    ['a number', '3000'],
    ['cut off JSON', json().slice(0, -1)],
    ['a member of JSON twice', '{"noti_type":"cancel","tid":"a","tid":"a","cancel_amount":"1"}'],
    ['a member in both letter cases with two values', json({ TID: 'other' })],
    ['a member of a form twice with two values', `${form()}&tid=other`],
    ['a page', '<html>tid=1</html>'],
    ['XML', '<tid>1</tid>'],
    [
      'a multipart form',
      '--boundary\r\nContent-Disposition: form-data; name="tid"\r\n\r\nT1234\r\n--boundary--',
    ],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['neither type nor tid', '{}'],
    ['an amount and no type', json({ noti_type: undefined })],
    ['no tid', json({ tid: undefined })],
    ['an empty tid', form({ tid: '' })],
    ['a tid of white space', json({ tid: ' ' })],
    ['a tid of two words', json({ tid: 'a b' })],
    ['a tid of punctuation', json({ tid: '..' })],
    ['a tid that is too long', json({ tid: 'a'.repeat(51) })],
    ['a tid in Korean', json({ tid: '거래' })],
    ['no amount', json({ cancel_amount: undefined })],
    ['an empty amount', form({ cancel_amount: '' })],
    ['no money', json({ cancel_amount: '0' })],
    ['a negative amount', json({ cancel_amount: '-3000' })],
    ['a broken amount', json({ cancel_amount: '3000.5' })],
    ['an amount with two readings', json({ cancel_amount: '3.000' })],
    ['an amount that is too large', json({ cancel_amount: '10000000000' })],
    ['an amount in words', json({ cancel_amount: 'all' })],
    ['an amount in an object', json({ cancel_amount: { krw: 3000 } })],
  ]
  for (const [name, body] of rows) t.match(read(body), { reading: 'unreadable', detail: /^It .*\.$/ }, name)
})

t.test('whatever comes is read or told to be unreadable', async (t) => {
  const name = fc.constantFrom(
    'tid',
    'TID',
    'noti_type',
    'NOTI_TYPE',
    'cancel_amount',
    'cancel_date',
    'api_id',
  )
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('cancel', '3000', '3,000', ''),
    fc.integer(),
    fc.jsonValue(),
  )
  const body = fc.oneof(
    fc.dictionary(name, value).map((members) => JSON.stringify(members)),
    fc.array(fc.tuple(name, fc.string())).map((pairs) => new URLSearchParams(pairs).toString()),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(body, fc.option(fc.string(), { nil: undefined }), (text, contentType) => {
      const found = read(text, contentType)
      if (found.reading !== 'cancel') return
      const { tid, amount } = found.notification
      if (!/^[!-~]{1,50}$/.test(tid) || !(amount >= 1 && amount <= 9_999_999_999)) throw new Error(text)
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})
