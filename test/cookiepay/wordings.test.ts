import t from 'tap'
import { judge, type Verdict } from '../../src/cookiepay/judge-words.ts'
import { ALREADY_CANCELLED } from '../../src/cookiepay/wordings/already-cancelled.ts'
import { AMBIGUOUS, UNAMBIGUOUS } from '../../src/cookiepay/wordings/ambiguous.ts'
import { DECLINED, HARMLESS, PARTLY_CANCELLED } from '../../src/cookiepay/wordings/declined.ts'
import { CLAIMED_CANCEL, CLAIMS, NEGATIONS } from '../../src/cookiepay/wordings/doubts.ts'
import { PG_CODES, PG_MESSAGES } from '../../src/cookiepay/wordings/payment-gateways.ts'
import { comparable, firstSaid, type Phrase } from '../../src/cookiepay/wordings/phrase.ts'
import { BESIDES, CREDENTIALS, REJECTION } from '../../src/cookiepay/wordings/token-errors.ts'
import { PAYMENT_GATEWAYS, type PaymentGateway } from '../../src/refunds/payment.ts'
import { DECLINES } from '../../src/sandbox/answers.ts'

function verdict(message: unknown, code = '1001', pg: PaymentGateway | null = null): Verdict {
  return judge({ code, message }, { pg, taught: [] })
}

const JUDGING: [table: string, rows: readonly Phrase[], says: Verdict['says']][] = [
  ['ambiguous', AMBIGUOUS, 'ambiguous'],
  ['partly cancelled', PARTLY_CANCELLED, 'declined'],
  ['already cancelled', ALREADY_CANCELLED, 'already_cancelled'],
  ['declined', DECLINED, 'declined'],
]

t.test('each row decides on its example, and no earlier one does', async (t) => {
  for (const [table, rows, says] of JUDGING) {
    for (const { says: row, example } of rows) t.same(verdict(example), { says, table, row }, example)
  }
})

const HELPING = { UNAMBIGUOUS, HARMLESS, CLAIMED_CANCEL, CLAIMS, NEGATIONS, CREDENTIALS, REJECTION, BESIDES }

t.test("Toss's words for a cancel that came too soon leave it open, whoever passes them on", async (t) => {
  const { code, message } = DECLINES.repeated
  t.match(verdict(message, code, 'toss'), { says: 'ambiguous', table: 'messages of toss' })
  // It may be the first of the two that is answered so late that the caller hears of the second only.
  for (const pg of [null, ...PAYMENT_GATEWAYS])
    t.equal(verdict(message, code, pg).says, 'ambiguous', String(pg))
})

t.test('each row of the tables that help is said by its example', async (t) => {
  for (const [table, rows] of Object.entries(HELPING)) {
    for (const { says, example } of rows) {
      const isAboutWhatIsGone = says.startsWith('\\u0000')
      t.ok(isAboutWhatIsGone || firstSaid(rows, comparable(example)) !== undefined, `${table}: ${example}`)
    }
  }
  for (const { example } of [...NEGATIONS, ...CLAIMED_CANCEL]) {
    t.not(verdict(example).says, 'declined', example)
    t.not(verdict(`취소 한도 초과. ${example}`).says, 'declined', example)
  }
  for (const { example } of CLAIMS) t.not(verdict(`취소 한도 초과. ${example}`).says, 'declined', example)
})

t.test('a code or a message of one PG means something with that PG alone', async (t) => {
  for (const pg of PAYMENT_GATEWAYS) {
    for (const { code, verdict: says } of PG_CODES[pg] ?? []) {
      t.match(verdict('', code, pg), { says, table: `codes of ${pg}` }, `${pg} ${code}`)
      for (const other of [null, ...PAYMENT_GATEWAYS.filter((name) => name !== pg)]) {
        t.match(verdict('', code, other), { says: 'not_known' }, `${other} ${code}`)
      }
    }
    for (const { message, verdict: says } of PG_MESSAGES[pg] ?? []) {
      t.match(verdict(message, '1001', pg), { says, table: `messages of ${pg}` }, `${pg} ${message}`)
      t.not(verdict(message).table, `messages of ${pg}`)
      t.match(
        verdict(`${message} 통신오류`, '1001', pg),
        { says: 'ambiguous' },
        'nothing may stand beside it',
      )
    }
  }
  t.match(verdict('은행 서비스 시간이 아닙니다.'), { says: 'not_known' })
  t.match(verdict('은행 점검, 해약 계좌 등의 사유로 부분 환불이 실패했습니다.'), { says: 'ambiguous' })
  t.match(verdict('통신 오류', '9206', 'kiwoom'), { says: 'ambiguous' }, 'ambiguous words outweigh a code')
})

// Words for an outcome that is open which no row has as its example.
const OPEN = `
  cURL error 52: Empty reply from server | 수신 실패 | 응답 코드 없음 | 결과코드 없음 | 처리 여부를 확인할 수 없습니다
  취소 상태 불일치 | 서버 오류가 발생하였습니다 | DB 저장 실패 | 취소 성공 후 DB 저장 오류 | 환불 접수 완료
  이미 접수된 취소입니다 | PG사 서버 연결에 실패하였습니다 | 은행 점검시간 | failed to connect | 취소 실패 | 환불 오류
  네트워크 장애로 취소 한도 확인 실패 | 취소 가능 기간이 지났는지 확인할 수 없습니다 | 취소되지 않은 거래가 아닙니다
  취소 한도 초과 여부 확인 불가 | 한도 초과가 아닙니다 | 취소 한도를 초과하지 않았습니다 | 취소 기간이 지나지 않았습니다
  취소 불가능하지 않습니다 | 취소할 수 없는 거래가 아닙니다 | 이미 취소된 거래가 아닙니다 | 이미 취소된 내역이 없습니다
  거래내역이 없지 않습니다 | 취소 가능 금액을 초과했으나 취소되었습니다 | 잔액 부족이지만 취소 처리되었습니다
  환불 기간이 경과하여 수동 환불로 처리합니다 | 취소 완료 후 한도 초과 오류 | 취소 내역이 존재하지 않습니다
  취소된 거래내역이 없습니다 | 취소 승인번호가 없습니다 | 취소 결과 금액이 요청 금액과 다릅니다 | 취소된 금액이 다릅니다
  원거래 조회 실패 | 한도 조회 중 오류로 취소할 수 없습니다 | 일시적으로 취소할 수 없습니다
  취소 처리중이므로 취소할 수 없습니다 | 부분취소 성공, 전체취소 불가 | 거래가 없었던 것으로 처리되었습니다
  타임아웃: 취소 기간이 지났습니다 | 취소 한도가 초과된 것으로 보입니다 | 한도를 초과하면 취소할 수 없습니다
  취소금액이 취소가능금액보다 크지 않습니다 | 계좌번호 오류로 환불이 보류되었습니다 | 거래가 존재하지 않을 수 있습니다
  취소 가능한 상태가 아닌 것은 아닙니다 | 잔액 부족 해소 후 취소 | 한도초과 없음 | 대기 취소된 거래
  이미 부분취소된 거래입니다 | 부분취소 완료 건이 존재합니다. | 취소되었습니다 | 정상 취소 | 취소 완료 | 정상
  Refund was not rejected | Refund period has not expired | not already cancelled | Refund accepted but amount exceeds limit
  Payment not found due to timeout | Cannot confirm refund was declined | Unable to cancel: gateway timeout | cancelled
  이중 취소 요청은 거절됩니다 | 매입사로 전달되어 취소할 수 없습니다 | 취소 거절 후 재시도
`
  .split(/[|\n]/)
  .map((message) => message.trim())
  .filter((message) => message !== '')

t.test('what leaves the outcome open is neither a decline nor an earlier cancel', async (t) => {
  for (const message of OPEN) t.match(verdict(message).says, /ambiguous|not_known/, message)
})

// Declines that no row has as its example.
const CERTAIN = `
  취소 기한 초과 | 취소 가능 기간을 초과하였습니다 | 취소가능기간 경과 | 환불 가능 기한이 만료되었습니다 | 취소 기간이 종료된 거래입니다
  결제일로부터 180일이 경과하여 취소할 수 없습니다 | 환불 가능한 기간이 지났습니다. | 당일 취소만 가능합니다
  취소 요청금액이 취소 가능금액보다 큽니다 | 취소금액이 취소가능금액보다 큼 | 환불 요청 금액이 결제 금액을 초과합니다
  환불금액이 결제금액보다 많습니다 | 남은 금액보다 취소 금액이 큽니다 | 부분취소 금액은 결제금액보다 작아야 합니다
  취소 요청금액은 0보다 커야 합니다 | 비과세 취소금액은 취소금액보다 클 수 없습니다 | 취소 한도 금액을 초과 하였습니다.
  월 환불 한도 초과 | 가맹점 정산 잔액 부족 | 정산금액이 부족하여 환불할 수 없습니다 | 예치금 부족으로 취소 불가
  취소 가능 잔액이 부족합니다 | 취소 해당거래 없음 | 원거래가 존재하지 않습니다 | 해당 거래를 찾을 수 없습니다
  조회된 거래내역이 없습니다 | 취소할 거래가 없습니다 | 타 회원사 거래 취소 불가 | 매입된 거래는 취소할 수 없습니다
  취소가 거절되었습니다. 카드사에 문의하시기 바랍니다 | 환불이 거절됐습니다. 결제사에 문의 부탁드립니다. | 환불 대상이 아닙니다
  휴면 처리된 회원의 결제는 취소할 수 없습니다. | 정산이 완료되어 취소할 수 없습니다 | 부분취소를 지원하지 않는 카드입니다
  즉시할인금액보다 적은 금액은 부분취소가 불가능합니다. | 부분취소 미지원 가맹점 | 전액 취소만 가능합니다
  이미 부분취소된 거래로 전체취소가 불가합니다 | 부분취소 이력이 있어 전액취소 불가 | 부분취소 거래, 전체취소 불가
  이미 취소된 내역이 있어 전체취소할 수 없는 거래입니다 | 이미 취소된 금액이 있어 전액 환불할 수 없습니다
  환불 계좌 정보가 올바르지 않습니다 | 예금주명 불일치 | 계좌번호 오류 | 존재하지 않는 계좌입니다
  Cancellation period exceeded | Transaction not found | Partial refund not allowed | This payment cannot be cancelled
  CANCEL_PERIOD_EXPIRED | NOT_CANCELABLE_PAYMENT | EXCEED_CANCEL_AMOUNT | Amount exceeds refundable balance
  취소 실패: 취소 가능 금액 초과 | 취소에 실패하였습니다. (사유: 잔액 부족) | 취소처리 실패(취소기간 경과)
  부분취소 가능 횟수를 모두 사용하였습니다 | 전체금액취소 불가 | No such payment | Partial refund is not supported
  [3021] 취소 기간이 경과되었습니다. 고객센터(1588-0000)로 문의하시기 바랍니다. | 취소할 금액이 잔액보다 큽니다
`
  .split(/[|\n]/)
  .map((message) => message.trim())
  .filter((message) => message !== '')

t.test('what says for certain that this refund was not made is a decline', async (t) => {
  for (const message of CERTAIN) t.equal(verdict(message).says, 'declined', message)
})

t.test('spacing, marks, letters of another width and what has no width change nothing', async (t) => {
  const message = '취소 기간이 지났습니다'
  for (const form of [
    '취소기간이지났습니다.',
    '취·소 기ㆍ간·이 지났습니다',
    '취\u200b소\u00ad 기간이\ufeff 지났습니다',
    '취-소_기/간이 (지났습니다)!',
    message.normalize('NFD'),
    `※ ${message} ☏1588-0000`,
    `㈜ ${message}…`,
    `①「${message}」 [E102]\r\n`,
    `${message} (거래번호: tviva20250101abcDEF1234)`,
  ]) {
    t.equal(verdict(form).says, 'declined', form)
  }
  for (const form of [
    'ｒｅａｄ ＴＩＭＥ－ＯＵＴ',
    't·i·m·e·o·u·t',
    '통\u3164신',
    '통\u0301신',
    '통\ufe0f신',
    '통신'.normalize('NFD'),
  ]) {
    t.equal(verdict(`${message} ${form}`).says, 'ambiguous', form)
  }
})

t.test('what cannot be read settles nothing, whatever else can be', async (t) => {
  const hidden = '송금'
  const readable = '취소 기간이 지났습니다'
  const points = (write: (point: number) => string) =>
    [...hidden].map((char) => write(char.codePointAt(0) ?? 0)).join('')
  const hex = (point: number) => point.toString(16)
  for (const [what, form] of Object.entries({
    'bytes that were no UTF-8': '\ufffd\ufffd',
    'UTF-8 as Latin-1': Buffer.from(hidden).toString('latin1'),
    'EUC-KR as Latin-1': '½Ã°£ÃÊ°ú',
    'UTF-8 as CP949': '痍⑥냼',
    'a code page of DOS': '├Ц┴■',
    'private letters': '\ue000',
    'a lone surrogate': '\ud800',
    'question marks': '?? ??',
    'a question mark': '송?',
    entities: points((point) => `&#${point};`),
    'hexadecimal entities': points((point) => `&#x${hex(point)};`),
    'named entities': '&nbsp;',
    HTML: '<br/>',
    'URL escapes': encodeURIComponent(hidden),
    'escapes of JavaScript': points((point) => `\\u${hex(point)}`),
    'escapes without their backslash': points((point) => `u${hex(point)}`),
    'escapes of ECMAScript 3': points((point) => `%u${hex(point)}`),
    'quoted-printable': '=EC=86=A1',
    base64: Buffer.from('송금 완료').toString('base64'),
    'base64 for URLs': Buffer.from('송금 완료').toString('base64url'),
    hexadecimal: Buffer.from(hidden).toString('hex'),
  })) {
    t.match(verdict(`${readable} ${form}`).says, /unreadable|ambiguous/, what)
    t.match(verdict(`이미 취소된 거래 ${form}`).says, /unreadable|ambiguous/, what)
  }
})

t.test('a message that is no text settles nothing, and may be ambiguous', async (t) => {
  for (const message of [1, true, {}, [], { text: '취소 기간이 지났습니다' }, ['이미 취소된 거래']]) {
    t.equal(verdict(message).says, 'unreadable', JSON.stringify(message))
  }
  t.equal(verdict(['통신오류']).says, 'ambiguous')
  for (const message of ['', ' ', '-', null, undefined]) t.equal(verdict(message).says, 'not_known')
})
