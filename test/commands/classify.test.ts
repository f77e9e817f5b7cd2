import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { built } from '../support/built.ts'

const [FILE = '', ...COMMAND] = await built('commands/classify.ts')

function classify(args: readonly string[], input: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(FILE, [...COMMAND, ...args], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  })
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  return { status, stdout, stderr, header: rows[0], rows: rows.slice(1) }
}

t.test('each line is answered by its outcome and the row that decided', async (t) => {
  const { status, header, rows } = classify(
    [],
    'pg\tcode\tmessage\n\nkiwoom\t9206\t\nnicepay\t9206\t취소 기한 초과\ntoss\t0000\tok\nkcp\t9029\t\r\n\t1\t통신오류\n\t1\t이미 취소\n\t1\t?\n\t1\t거절\n',
  )
  t.equal(status, 0)
  t.same(header, ['pg', 'code', 'message', 'outcome', 'table', 'row'])
  t.same(
    rows.map(([pg, code, , outcome, table]) => [pg, code, outcome, table].join(' ')),
    [
      'kiwoom 9206 already_cancelled codes of kiwoom',
      'nicepay 9206 provider_declined declined',
      'toss 0000 succeeded codes',
      'kcp 9029 deposit_required codes',
      ' 1 unknown ambiguous',
      ' 1 already_cancelled already cancelled',
      ' 1 unknown unreadable',
      ' 1 unknown none',
    ],
  )
  t.ok(rows.every(([, , , , , row]) => row !== undefined && row !== ''))
})

t.test('--pg says whose words a file without that column holds', async (t) => {
  const path = join(t.testdir(), 'answers.tsv')
  writeFileSync(path, '은행 서비스 시간이 아닙니다.\nF1\t은행 서비스 시간이 아닙니다.\n')
  t.same(
    classify(['--pg', 'toss', path], '').rows.map((row) => row.slice(0, 5)),
    ['-', 'F1'].map((code) => [
      'toss',
      code,
      '은행 서비스 시간이 아닙니다.',
      'provider_declined',
      'messages of toss',
    ]),
  )
})

t.test('the codes of the environment are asked, too', async (t) => {
  const env = { COOKIEPAY_DECLINED_CODES: 'toss:F1', COOKIEPAY_AMBIGUOUS_CODES: 'F2' }
  const { rows } = classify([], 'pg\tcode\tmessage\ntoss\tF1\t\ndanal\tF1\t\ndanal\tF2\t한도초과\n', env)
  t.same(
    rows.map((row) => row.slice(3)),
    [
      ['provider_declined', 'COOKIEPAY_DECLINED_CODES', 'toss:F1'],
      ['unknown', 'none', '-'],
      ['unknown', 'COOKIEPAY_AMBIGUOUS_CODES', 'F2'],
    ],
  )
})

t.test('what is not understood is said, with status 1', async (t) => {
  t.match(classify(['--help'], ''), { status: 0, stdout: /Usage: classify/ })
  t.match(classify(['--pg', 'nobody'], ''), { status: 1, stdout: '', stderr: /--pg takes one of toss/ })
  t.match(classify(['--nothing'], ''), { status: 1, stderr: /nothing.*--help/s })
  t.match(classify(['a', 'b'], ''), { status: 1, stderr: /one file/ })
  t.match(classify([join(t.testdir(), 'gone')], ''), { status: 1, stderr: /ENOENT/ })
  t.match(classify([], '', { COOKIEPAY_DECLINED_CODES: '0000' }), {
    status: 1,
    stderr: /COOKIEPAY_DECLINED_CODES takes/,
  })
})
