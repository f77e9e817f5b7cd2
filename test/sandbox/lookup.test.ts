import t from 'tap'
import { startSandbox } from '../support/sandbox.ts'

const NO_MATCH = { RESULTCODE: 'E008', RESULTMSG: '조회된 거래내역이 없습니다' }

type Row = Record<string, string>

t.test('a row for every payment', async (t) => {
  const { cancel, lookup } = await startSandbox(t)
  t.match(await lookup('whole-1000'), [{ AMOUNT: '1000', CANCELDATE: '' }], 'before any cancel')

  await cancel({ tid: 'whole-1000', reason: 'r' })
  const rows = (await lookup('whole-1000')) as Row[]
  t.match(rows, [{ RESULTCODE: '0000', TID: 'whole-1000', AMOUNT: '1000', PAYMETHOD: 'CARD' }])
  t.equal(rows.length, 1)
  t.match(rows[0]?.CANCELDATE, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  t.strictSame(
    Object.keys(rows[0] ?? {}),
    (
      'RESULTCODE RESULTMSG ORDERNO AMOUNT BUYERNAME BUYEREMAIL PRODUCTNAME PRODUCTCODE PAYMETHOD BUYERID TID ' +
      'ACCEPTNO ACCEPTDATE CANCELDATE CANCELMSG ACCOUNTNO RECEIVERNAME DEPOSITENDDATE CARDNAME CARDCODE'
    ).split(' '),
  )
  t.ok(Object.values(rows[0] ?? {}).every((value) => typeof value === 'string'))

  await cancel({ tid: 'part-1000', reason: 'r', amount: '400' })
  t.match(await lookup('part-1000'), [{ CANCELDATE: '', CANCELMSG: '' }])
  await cancel({ tid: 'part-1000', reason: 'r', amount: '600' })
  t.match(await lookup('part-1000'), [{ CANCELDATE: '' }], 'cancelled part by part')

  await cancel({ tid: 'amount-1000', reason: 'r', amount: '1000' })
  t.match(await lookup('amount-1000'), [{ CANCELDATE: /./ }], 'cancelled whole, by its amount')

  await cancel({ tid: 'declined-1000', reason: 'r' })
  t.match(await lookup('declined-1000'), [{ RESULTCODE: '0000', CANCELDATE: '' }])
  await cancel({ tid: 'mismatch-1000', reason: 'r' })
  t.match(await lookup('mismatch-1000'), [{ CANCELDATE: '' }], 'not all of it came back')
})

t.test('a tid of more than 20 characters is found by itself only', async (t) => {
  const { cancel, lookup, certificate } = await startSandbox(t)
  for (const [tid, found] of [
    ['a'.repeat(20), true],
    ['a'.repeat(21), false],
  ] as const) {
    t.match(await cancel({ tid, reason: 'r' }), { cancel_code: '0000' })
    t.match(await lookup(tid), found ? [{ TID: tid, CANCELDATE: /./ }] : NO_MATCH)
    t.match(await certificate({ tid }), { TID: tid, CANCELDATE: /./ })
  }
})

t.test('how a payment was made is in its tid', async (t) => {
  const { lookup, certificate, cancels } = await startSandbox(t)
  const rows: [tid: string, row: Row][] = [
    ['order-1000', { PAYMETHOD: 'CARD', CARDCODE: '', AMOUNT: '1000' }],
    ['keyin-1000', { PAYMETHOD: 'CARD_SUGI', CARDCODE: '' }],
    ['billing-1000', { PAYMETHOD: 'CARD_BATCH', CARDCODE: '' }],
    ['KakaoPay-1000', { PAYMETHOD: 'KAKAOPAY', CARDCODE: '' }],
    ['kakaocard-1000', { PAYMETHOD: 'CARD', CARDCODE: 'KAKAO' }],
    ['naverpay-1000', { PAYMETHOD: 'NAVERPAY', CARDCODE: '' }],
    ['bank-1000', { PAYMETHOD: 'BANK', CARDCODE: '' }],
    ['vacct-1000', { PAYMETHOD: 'VACCT', CARDCODE: '' }],
  ]
  for (const [tid, row] of rows) {
    t.match(await lookup(tid), [row], tid)
    t.match(await certificate({ tid }), row, tid)
  }
  t.match(await cancels(), { calls: 0, applied_total: 0 })
})

t.test('a lookup that is not valid', async (t) => {
  const { cancel, lookup, issueToken } = await startSandbox(t)
  await cancel({ tid: 'a-1000', reason: 'r' })
  for (const member of ['API_ID', 'TID', 'STD_DT', 'END_DT']) {
    for (const value of [undefined, '', 20250601]) {
      const answer = await lookup('a-1000', { [member]: value })
      t.match(answer, { RESULTCODE: 'E001', RESULTMSG: new RegExp(member) }, `${member}: ${value}`)
    }
  }
  t.match(await lookup('a-1000', { STD_DT: '20250601' }), { RESULTCODE: 'E001' })
  t.match(await lookup('a-1000', { API_ID: 'other' }), { RESULTCODE: 'E002' })
  t.match(await lookup('a-1000', { token: await issueToken('other') }), { RESULTCODE: 'E002' })
  t.match(await lookup('a-1000', { token: 'unknown' }), { RTN_CD: '9002' })
})

t.test('a payment by its tid alone', async (t) => {
  const { cancel, lookup, certificate } = await startSandbox(t)
  t.match(await certificate({ tid: 'a-1000' }), { AMOUNT: '1000', CANCELDATE: '' }, 'before any cancel')
  await cancel({ tid: 'a-1000', reason: 'r', amount: '400' })
  t.strictSame([await certificate({ tid: 'a-1000' })], await lookup('a-1000'))
  for (const body of [
    {},
    { tid: '' },
    { tid: 7 },
    { tid: 'a'.repeat(51) },
    { tid: 'a-1000', API_ID: 'shop' },
  ]) {
    t.match(await certificate(body), { RESULTCODE: 'E001' }, JSON.stringify(body))
  }
  t.match(await certificate({ tid: 'a-1000' }, 'unknown'), { RTN_CD: '9002' })
})
