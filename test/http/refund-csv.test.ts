import Papa from 'papaparse'
import t from 'tap'
import { REFUNDS, RESOLVED_REFUND } from '../../src/http/examples.ts'
import { CSV_COLUMNS, csvHead, csvLines, defused } from '../../src/http/refund-csv.ts'
import type { Refund } from '../../src/refunds/refund.ts'

const read = (refunds: readonly Refund[]) => {
  const text = csvHead() + csvLines(refunds)
  const { data, errors } = Papa.parse<Record<string, string>>(text.slice(1), {
    header: true,
    newline: '\r\n',
    skipEmptyLines: true,
  })
  t.same(errors, [])
  return data
}

t.test('the columns that the contract names come first', async (t) => {
  t.same(CSV_COLUMNS.slice(0, 15), [
    ...['id', 'status', 'account', 'caller', 'tid', 'reference', 'kind', 'amount', 'tax_free_amount'],
    ...['reason', 'cancel_tid', 'cancel_code', 'refunded_at', 'created_at', 'updated_at'],
  ])
  t.equal(csvHead(), `\ufeff${CSV_COLUMNS.join()}\r\n`)
  t.equal(csvLines([]), '')
})

t.test('a cell that a spreadsheet would run is defused', async (t) => {
  const run = [
    ...['=1+1', '+1+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '\tx', '\rx', '=', '-', '+8210'],
    ...["=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example","y")', '-2+3+cmd|x', '--1', '+-@', '-1,000'],
    ...[' =1', '   -x', '\u00a0=1', '\u3000=1', '\u200b=1', '\ufeff=1', '\u0000=1', '\u2028=1', '\u3164=1'],
    ...['"=1', "'=1", '""=1', ` "'=1`, '“=1', '‘+1', '`=1', '«=1'],
    ...['＝1+1', '＋1', '－1', '＠x', ' ＝1', '＂=1', '﹦1', '﹢1', '﹣1', '﹫x', '⁼1', '⁺1', '−1'],
  ]
  for (const text of run) t.equal(defused(text), `'${text}`, encodeURI(text))
  const fine = [
    ...[
      '',
      '고객 변심',
      'a=b',
      '1-2',
      'order-1042-line-1',
      '(=1)',
      '#=1',
      '.=',
      '환불😀',
      "it's",
      '"quoted"',
    ],
    ...['0000', '-100', '-1.5', '10000', '2026-01-01T10:30:00+09:00', '{"a":"=1"}', 'x\n=1', ' x', '💥=1'],
  ]
  for (const text of fine) t.equal(defused(text), text, encodeURI(text))
  t.equal(defused(-5), -5, 'a number is no text')
  t.equal(defused(null), null)
})

t.test('every cell that a caller or the provider may write goes through that', async (t) => {
  const run = '=1+1'
  const evil = {
    ...RESOLVED_REFUND,
    ...{ account: run, requested_by: run, tid: run, reason: run, reference: run },
    provider: { cancel_tid: run, cancel_code: run, cancel_msg: run, cancel_date: run, cancel_amt: run },
    failure: { code: 'provider_declined', detail: run },
    resolution: { source: 'operator', by: run, note: run, at: run },
    refunded_at: run,
  } as const
  const [row = {}] = read([evil])
  const cells = Object.values(row)
  t.equal(cells.filter((cell) => cell === "'=1+1").length, 15)
  t.notOk(cells.some((cell) => cell.startsWith('=')))
})

t.test('any text comes back as it was: Korean, emoji, quotes, commas and line breaks', async (t) => {
  const texts = [
    '환불, "고객" 변심',
    '👩‍👩‍👧 😀',
    'a\nb',
    'a\r\nb',
    'a\rb',
    '","',
    '"',
    ',',
    'ends with "',
    '  x  ',
    "''",
  ]
  const refunds = texts.map((reason) => ({ ...REFUNDS.full, reason }))
  t.same(
    read(refunds).map(({ reason }) => reason),
    texts,
  )
})

t.test('what is not there is an empty cell, and amounts are numbers', async (t) => {
  const [full = {}, declined = {}] = read([REFUNDS.full, REFUNDS.declined])
  t.match(full, {
    id: REFUNDS.full.id,
    status: 'succeeded',
    caller: 'anonymous',
    amount: '10000',
    tax_free_amount: '',
    reference: '',
    cancel_code: '0000',
    failure_code: '',
    disputed: '',
    metadata: '{"order":"1042"}',
  })
  t.match(declined, { status: 'failed', refunded_at: '', failure_code: 'provider_declined', metadata: '' })
  t.match(read([{ ...REFUNDS.declined, disputed: true }]), [{ disputed: 'true' }])
})

t.test('whom money is paid back to is in no column', async (t) => {
  const text = csvLines([REFUNDS.virtual_account])
  t.notMatch(text, /홍길동|8901/)
})
