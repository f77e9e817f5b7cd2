import fc from 'fast-check'
import t from 'tap'
import { classifyCancel, providerHasFailed } from '../../src/cookiepay/cancel-outcome.ts'
import type { Exchange } from '../../src/cookiepay/exchange.ts'
import type { TaughtCode } from '../../src/cookiepay/judge-words.ts'
import { classifyToken } from '../../src/cookiepay/token-answer.ts'
import type { PaymentGateway } from '../../src/refunds/payment.ts'
import type { CancelOutcome } from '../../src/refunds/ports/provider.ts'

const ANSWER = {
  cancel_tid: 'C20260101000001',
  cancel_code: '0000',
  cancel_msg: '정상취소',
  cancel_date: '20250609132911',
  cancel_amt: '10000',
}

function answered(status: number, body: unknown): Exchange {
  return { seen: 'answer', status, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** What a cancel led to that was answered, with 200, by this code and message. */
function said(
  cancel_msg: unknown,
  cancel_code = '1001',
  { taught = [], pg = null }: { taught?: TaughtCode[]; pg?: PaymentGateway | null } = {},
): CancelOutcome {
  return classifyCancel(answered(200, { ...ANSWER, cancel_code, cancel_msg }), taught, pg)
}

/** `failed` with its code, any other outcome by its name. */
function nameOf(outcome: CancelOutcome): string {
  return outcome.outcome === 'failed' ? outcome.code : outcome.outcome
}

const STATUSES = Array.from({ length: 400 }, (_, index) => 200 + index)

t.test('row: no byte of the request left', async (t) => {
  t.same(classifyCancel({ seen: 'not_sent', detail: 'why' }, []), {
    outcome: 'not_sent',
    code: 'provider_unavailable',
    detail: 'why',
  })
})

t.test('row: sent, then no complete answer', async (t) => {
  t.same(classifyCancel({ seen: 'no_answer', detail: 'why' }, []), {
    outcome: 'unknown',
    detail: 'why',
    provider: null,
  })
})

// What is seen of each body with each kind of status.
// Columns: 2xx; 401 and 403; every other status below 500; every status from 500.
const BODIES: [what: string, body: unknown, success: string, token: string, other: string, error: string][] =
  [
    ['an HTML page', '<!DOCTYPE html><html></html>', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['an empty body', '', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['white space', ' \r\n', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['a list', [ANSWER], 'unknown', 'unknown', 'unknown', 'unknown'],
    ['an empty list', [], 'unknown', 'unknown', 'unknown', 'unknown'],
    ['a number', 0, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['a text', '"0000"', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['null', 'null', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['true', 'true', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['half an object', '{"cancel_code":"0000"', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['an object and more', '{"cancel_code":"0000"}<br>', 'unknown', 'unknown', 'unknown', 'unknown'],
    ['no members', {}, 'unknown', 'token_rejected', 'unknown', 'unknown'],
    ['other members', { error: 'x' }, 'unknown', 'token_rejected', 'unknown', 'unknown'],
    ['RTN_CD 0000 alone', { RTN_CD: '0000' }, 'unknown', 'token_rejected', 'unknown', 'unknown'],
    ['RTN_CD', { RTN_CD: '9999' }, 'unknown', 'token_rejected', 'unknown', 'unknown'],
    ['RTN_CD E003', { RTN_CD: 'E003' }, 'token_rejected', 'token_rejected', 'unknown', 'unknown'],
    [
      'RTN_CD about a token',
      { RTN_CD: '9002', RTN_MSG: '유효하지 않거나 만료된 TOKEN 입니다' },
      'token_rejected',
      'token_rejected',
      'unknown',
      'unknown',
    ],
    [
      'RTN_CD about a token, and the line',
      { RTN_CD: '9002', RTN_MSG: 'TOKEN 확인 중 통신 오류' },
      'unknown',
      'token_rejected',
      'unknown',
      'unknown',
    ],
    [
      'E003 beside a cancel',
      { RTN_CD: 'E003', cancel_tid: 'C1' },
      'unknown',
      'unknown',
      'unknown',
      'unknown',
    ],
    [
      'E003 beside a code in capitals',
      { RTN_CD: 'E003', CANCEL_CODE: '0000' },
      'unknown',
      'unknown',
      'unknown',
      'unknown',
    ],
    [
      'RTN_CD about a token, and what was done',
      { RTN_CD: 'E003', RTN_MSG: '정상 처리되었으나 토큰이 만료되었습니다' },
      'unknown',
      'token_rejected',
      'unknown',
      'unknown',
    ],
    ['RTN_CD null', { RTN_CD: null }, 'unknown', 'token_rejected', 'unknown', 'unknown'],
    ['cancel_code null', { RTN_CD: '9999', cancel_code: null }, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['cancel_code empty', { RTN_CD: '9999', cancel_code: '' }, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['cancel_code blank', { cancel_code: ' ' }, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['cancel_code a number', { cancel_code: 0 }, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['cancel_code a list', { cancel_code: ['0000'] }, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['cancel_code elsewhere', { data: ANSWER }, 'unknown', 'token_rejected', 'unknown', 'unknown'],
    ['0000', ANSWER, 'succeeded', 'unknown', 'unknown', 'unknown'],
    ['0000, RTN_CD 0000', { ...ANSWER, RTN_CD: '0000' }, 'succeeded', 'unknown', 'unknown', 'unknown'],
    ['0000, RTN_CD 9999', { ...ANSWER, RTN_CD: '9999' }, 'succeeded', 'unknown', 'unknown', 'unknown'],
    ['0000 alone', { cancel_code: '0000' }, 'succeeded', 'unknown', 'unknown', 'unknown'],
    ['9029', { ...ANSWER, cancel_code: '9029' }, 'deposit_required', 'unknown', 'unknown', 'unknown'],
    ['1001', { ...ANSWER, cancel_code: '1001' }, 'unknown', 'unknown', 'unknown', 'unknown'],
    ['1001 alone', { cancel_code: '1001' }, 'unknown', 'unknown', 'unknown', 'unknown'],
    [
      '1001 and a known decline, RTN_CD',
      { cancel_code: '1001', cancel_msg: '취소 기간이 지났습니다', RTN_CD: '9' },
      'provider_declined',
      'unknown',
      'unknown',
      'unknown',
    ],
    [
      'already',
      { cancel_code: '1', cancel_msg: '이미 취소' },
      'already_cancelled',
      'unknown',
      'unknown',
      'unknown',
    ],
    ['ambiguous', { cancel_code: '1', cancel_msg: '처리중' }, 'unknown', 'unknown', 'unknown', 'unknown'],
  ]

t.test('rows: every status from 200 to 599 with every kind of body', async (t) => {
  for (const [what, body, success, token, other, error] of BODIES) {
    const expected = (status: number) =>
      status < 300 ? success : status >= 500 ? error : status === 401 || status === 403 ? token : other
    const wrong = STATUSES.map((status) => ({
      status,
      found: nameOf(classifyCancel(answered(status, body), [])),
      wanted: expected(status),
    })).filter(({ found, wanted }) => found !== wanted)
    t.same(wrong, [], what)
  }
})

t.test('row: 0000 is succeeded, with what the provider says of it', async (t) => {
  t.same(classifyCancel(answered(200, ANSWER), []), {
    outcome: 'succeeded',
    provider: ANSWER,
    refundedAt: '2025-06-09T13:29:11+09:00',
    cancelledAmount: 10_000,
  })
  t.match(classifyCancel(answered(201, { ...ANSWER, cancel_code: ' 0000 ' }), []), { outcome: 'succeeded' })
  for (const code of ['0', '00', '000', '00000', '0000.0', 'OOOO', '0x00', '0001', 'null', '정상']) {
    t.equal(nameOf(said('정상취소', code)), 'unknown', code)
  }
})

t.test('row: 9029 is deposit_required, unless its message is ambiguous', async (t) => {
  const depositedAlready = '입금 완료된 거래입니다. 입금후 취소 API를 이용하시기 바랍니다'
  for (const message of ['입금후 취소', depositedAlready, '이미 취소된 거래', '한도초과', '', null, 1]) {
    t.match(said(message, '9029'), { outcome: 'failed', code: 'deposit_required', detail: /9029/ })
  }
  for (const message of ['통신오류', '처리중', ['시간초과']]) {
    t.match(said(message, '9029'), { outcome: 'unknown' })
  }
})

/** The ways in which one wording may come. */
function forms(wording: string): string[] {
  const spaced = (space: string) => [...wording].join(space)
  const turnedCase = [...wording].map((char, index) => (index % 2 ? char.toUpperCase() : char.toLowerCase()))
  const fullWidth = wording.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
  return [
    wording,
    ...[' ', '  ', '\t', '\n', '\r\n', '\u00a0', '\u3000', '-', ' - ', '_'].map(spaced),
    wording.toUpperCase(),
    turnedCase.join(''),
    fullWidth,
    fullWidth.toUpperCase(),
    wording.normalize('NFD'),
    `[E102] 카드사 ${wording} 입니다. (문의 1588-0000)`,
  ]
}

const AMBIGUOUS = `
  통신 송수신 전문송신 전문수신 네트워크 네트웍 소켓 회선
  장애 연결실패 연결오류 연결에러 연결지연 연결불가 연결중 연결끊
  연결이끊 연결할수없 접속실패 접속오류 접속에러 접속지연 접속불가 접속중
  접속끊 접속이끊 접속할수없 network socket connection communication unreachable
  시간초과 시간이초과 시간을초과 타임아웃 타임오버 무응답 미응답 지연
  응답없음 응답이없 응답을받지 응답을수신하지 응답수신 응답미수신 응답실패 응답지연
  응답대기 응답전문 회신없 회신이없 timeout timedout noresponse noreply
  notrespond 미확인 결과를확인할수없 처리중 처리되고 처리대기 진행중 대기중
  요청중인 요청중입 취소중인 취소중입 processing processed inprogress pending
`
  .trim()
  .split(/\s+/)

t.test('row: a decline that says that the PG did not answer or is still at work is unknown', async (t) => {
  for (const wording of AMBIGUOUS) {
    for (const form of forms(wording)) t.equal(nameOf(said(form)), 'unknown', JSON.stringify(form))
  }
  const outcome = said('카드사 통신 장애')
  t.match(outcome, { outcome: 'unknown', provider: { cancel_code: '1001', cancel_msg: '카드사 통신 장애' } })
})

t.test('row: already cancelled, and nothing that is ambiguous', async (t) => {
  for (const wording of ['이미취소', '이미 취소된 거래입니다', '원거래기취소', '원거래 기취소 오류']) {
    for (const form of forms(wording)) t.equal(nameOf(said(form)), 'already_cancelled', JSON.stringify(form))
  }
  for (const message of [
    '이미 취소된 거래입니다. (통신오류)',
    '이미 취소 처리중인 거래입니다',
    '원거래 기취소 처리 대기중',
    'TIMEOUT: 이미 취소',
    '응답없음 후 원거래 기취소',
  ]) {
    t.equal(nameOf(said(message)), 'unknown', message)
  }
})

// What PGs and card companies say when they refuse; the first five are those of docs/provider.md.
const DECLINES = [
  '한도초과',
  '취소 가능 금액 초과',
  '취소 기간이 지났습니다',
  '거래내역이 없습니다',
  '승인취소 불가 가맹점',
  '취소 요청금액 0원 이하',
  '취소 금액 불일치',
  '취소 해당거래 없음',
  '취소 불가능 거래',
  '취소 기한 초과',
  '취소 불가 회원사',
  '신용카드 매입후 취소 불가능 가맹점',
  '타 회원사 거래 취소 불가',
  '취소 한도 초과',
  '취소패스워드 불일치',
  '입금액보다 취소금액이 큽니다.',
  '부분취소 불가능 가맹점',
  '부분취소 불가능 결제수단',
  '취소금액이 취소가능금액보다 큼',
  '전체금액취소 불가',
  '에스크로 부분취소 불가.',
  '취소 할 수 없는 결제 입니다.',
  '취소 할 수 없는 금액 입니다.',
  '잘못된 환불 계좌번호와 예금주명입니다.',
  '유효하지 않은 은행입니다.',
  '환불이 거절됐습니다. 결제사에 문의 부탁드립니다.',
  '복합과세 가맹점이 아닙니다',
  '비과세 금액이 취소금액보다 큽니다',
  '취소 권한이 없습니다',
  '허용되지 않은 IP입니다',
  '정산 잔액이 부족하여 취소할 수 없습니다',
  '정산이 완료되어 취소할 수 없습니다',
  'Invalid TID',
  'Not permitted to cancel',
]

t.test('row: a known decline is provider_declined', async (t) => {
  for (const message of DECLINES) {
    t.match(said(message), { outcome: 'failed', code: 'provider_declined' }, message)
  }
})

t.test('row: what nobody knows is unknown, and says how it may become known', async (t) => {
  for (const message of ['거래정지 가맹점', '분실·도난 카드입니다', '취소 실패', '정상취소', 'Declined']) {
    t.match(
      said(message),
      { outcome: 'unknown', detail: /1001: .*operator.*COOKIEPAY_DECLINED_CODES/ },
      message,
    )
  }
  for (const message of ['', null, undefined, 1, {}, ['통신'], { text: '취소 기간이 지났습니다' }]) {
    t.match(said(message), { outcome: 'unknown' }, JSON.stringify(message))
  }
})

t.test('a member twice, however it is written, settles nothing', async (t) => {
  for (const body of [
    '{"cancel_code":"1001","cancel_msg":"한도초과","cancel_code":"0000"}',
    '{"cancel_code":"0000","cancel_code":"0000"}',
    '{"cancel_code":"0000","cancel_\\u0063ode":"1001","cancel_msg":"한도초과"}',
    '{"cancel_code":"1001","cancel_msg":"통신오류","cancel_msg":"한도초과"}',
    '{"cancel_code":"0000","cancel_amt":"1","cancel_amt":"2"}',
    '{"RTN_CD":"E003","RTN_CD":"9999"}',
    '{"cancel_code":"0000","etc":{"a":1,"a":2}}',
  ]) {
    t.match(classifyCancel(answered(200, body), []), { outcome: 'unknown', provider: null }, body)
  }
  const once = '{"cancel_code":"0000","cancel_msg":"a: \\"b\\": {\\\\","etc":[{"a":{}},{"a":":"}]}'
  t.equal(nameOf(classifyCancel(answered(200, once), [])), 'succeeded')
})

// What PGs and card companies say when they do not know: none of it may free the key.
const NO_ANSWER = [
  '통신 에러입니다. 잠시 후 다시 시도하세요',
  '대외계 전문통신 과정에서 오류가 발생하였습니다',
  '해당은행장애',
  'API 지연처리 발생.',
  '은행 응답시간 지연이나 일시적인 오류로 환불요청에 실패했습니다.',
  'DB 처리중 오류가 발생하였습니다',
  '응답 대기 시간 초과',
  '카드사 응답 없음',
  '카드사 무응답',
  'Read timed out',
  'Connection reset by peer',
  // The line failed.
  '전문 수신 중 오류가 발생하였습니다',
  '전문 송신 중 오류가 발생하였습니다',
  '서버로 소켓 연결 중 오류가 발생하였습니다',
  '송수신 오류',
  '네트웍 오류',
  '소켓 오류',
  '연결이 끊어졌습니다',
  '카드사 연결 불가',
  '카드사와 연결할 수 없습니다',
  '호스트 접속 에러',
  '카드사 접속 불가',
  '회선 오류',
  'Socket closed',
  'Host unreachable',
  // No answer, or none that could be read.
  'VAN응답실패',
  '응답 수신 실패',
  '응답 미수신',
  '수신 오류',
  '응답 오류',
  '응답값이 없습니다',
  '응답을 수신하지 못했습니다',
  '카드사 회신 없음',
  '대외기관 응답 전문이 올바르지 않습니다.',
  '타임오버',
  'TIME-OUT',
  'TIME_OUT',
  'No reply from issuer',
  // The outcome is not known there either.
  '처리결과 미확인',
  '처리 결과를 알 수 없습니다',
  '취소 결과 확인 불가',
  '취소 결과를 확인할 수 없습니다',
  // Still at work.
  '취소 요청이 처리되고 있습니다',
  '취소 요청 중인 거래입니다',
  '동일 거래 취소 요청중',
  '취소중인 거래입니다',
  'Request is being processed',
  'IN-PROGRESS',
]

t.test(
  'row: no message that tells of no answer, or of work that goes on, is taken for a decline',
  async (t) => {
    for (const message of NO_ANSWER) t.equal(nameOf(said(message)), 'unknown', message)
  },
)

t.test('COOKIEPAY_AMBIGUOUS_CODES leave the outcome unknown, save 0000', async (t) => {
  const taught = ['0000', '9029', '1001', 'E1'].map((code) => ({
    pg: null,
    code,
    says: 'ambiguous' as const,
  }))
  t.equal(nameOf(said('정상취소', '0000', { taught })), 'succeeded')
  t.equal(nameOf(said('입금후 취소', '9029', { taught })), 'unknown')
  t.equal(nameOf(said('한도초과', '1001', { taught })), 'unknown')
  t.equal(nameOf(said('한도초과', ' 1001 ', { taught })), 'unknown')
  t.equal(nameOf(said('이미 취소', 'E1', { taught })), 'unknown')
  for (const code of ['1002', '01001', '10010', 'e1']) {
    t.equal(nameOf(said('한도초과', code, { taught })), 'provider_declined', code)
  }
})

t.test('COOKIEPAY_DECLINED_CODES are a decline where the message is not ambiguous', async (t) => {
  const taught = ['1001', '9029'].map((code) => ({ pg: null, code, says: 'declined' as const }))
  for (const message of ['거래정지 가맹점', '', null, undefined, 1, {}, '\ufffd\ufffd']) {
    t.equal(nameOf(said(message, '1001', { taught })), 'provider_declined', JSON.stringify(message))
  }
  t.equal(nameOf(said('통신오류', '1001', { taught })), 'unknown')
  t.equal(nameOf(said(['통신오류'], '1001', { taught })), 'unknown')
  t.equal(nameOf(said('이미 취소된 거래', '1001', { taught })), 'already_cancelled')
  t.equal(nameOf(said('입금후 취소', '9029', { taught })), 'deposit_required')
  t.equal(nameOf(said('거래정지 가맹점', '1002', { taught })), 'unknown')
})

t.test('a code that is taught with a PG is taught of that one alone', async (t) => {
  const declined: TaughtCode[] = [{ pg: 'toss', code: '1001', says: 'declined' }]
  const ambiguous: TaughtCode[] = [{ pg: 'danal', code: '1001', says: 'ambiguous' }]
  for (const pg of ['toss', 'danal', null] as const) {
    t.equal(
      nameOf(said('', '1001', { taught: declined, pg })),
      pg === 'toss' ? 'provider_declined' : 'unknown',
    )
    t.equal(
      nameOf(said('한도초과', '1001', { taught: ambiguous, pg })),
      pg === 'danal' ? 'unknown' : 'provider_declined',
    )
  }
})

t.test('the breaker does not count what is merely not known here', async (t) => {
  for (const message of ['거래정지 가맹점', '한도초과', '이미 취소'])
    t.notOk(providerHasFailed(said(message)), message)
  for (const message of ['통신오류', '\ufffd', '', null, {}]) {
    t.ok(providerHasFailed(said(message)), JSON.stringify(message))
  }
  for (const seen of [
    { seen: 'no_answer', detail: 'why' },
    { seen: 'not_sent', detail: 'why' },
    answered(500, ANSWER),
    answered(409, { cancel_code: '1001', cancel_msg: '거래정지 가맹점' }),
    answered(200, '<html>'),
    answered(200, { RTN_CD: '9999', RTN_MSG: '거래정지 가맹점' }),
  ] as const) {
    t.ok(providerHasFailed(classifyCancel(seen, [])), JSON.stringify(seen))
  }
})

t.test(
  'the answer is kept as received: the documented members, null where one is absent or odd',
  async (t) => {
    const provider = (body: object) => {
      const outcome = classifyCancel(answered(200, { cancel_code: '1001', ...body }), [])
      return 'provider' in outcome && outcome.provider
    }
    const nothing = {
      cancel_tid: null,
      cancel_code: '1001',
      cancel_msg: null,
      cancel_date: null,
      cancel_amt: null,
    }
    t.same(provider({}), nothing)
    t.same(provider({ TOKEN: 'secret', ApiKey: 'secret', account_no: '1002345678901' }), nothing)
    t.same(provider({ cancel_tid: {}, cancel_msg: 1, cancel_date: [], cancel_amt: true }), nothing)
    t.same(provider({ cancel_tid: 1, cancel_date: 2, cancel_amt: 10_000 }), {
      ...nothing,
      cancel_tid: '1',
      cancel_date: '2',
      cancel_amt: '10000',
    })
    t.same(provider({ cancel_amt: '10,000' }), { ...nothing, cancel_amt: '10,000' })
    t.same(provider({ cancel_msg: ' 한도 초과 ' }), { ...nothing, cancel_msg: ' 한도 초과 ' })
  },
)

const text = fc.oneof(
  fc.constantFrom('0000', ' 0000', '9029', '1001', '', '통신오류', '이미 취소', '정상취소'),
  fc.string({ maxLength: 6 }),
)
const member = fc.oneof(text, fc.constantFrom<unknown>(null, 0, 9029, true, {}, []))
const body = fc.oneof(
  fc
    .record(
      { cancel_code: member, cancel_msg: member, cancel_amt: member, RTN_CD: member, RTN_MSG: member },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 2 }),
  fc.string(),
  fc.constantFrom('', '<html>', '[]', '{'),
)
const codes = fc
  .subarray(['0000', '9029', '1001', ''])
  .map((codes) => codes.map((code): TaughtCode => ({ pg: null, code, says: 'declined' })))

t.test('no 5xx is ever anything but unknown', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 500, max: 599 }),
      body,
      codes,
      (status, body, codes) => classifyCancel(answered(status, body), codes).outcome === 'unknown',
    ),
    { numRuns: 3000 },
  )
})

t.test('0000 on a 2xx is succeeded, and nothing else is', async (t) => {
  let succeeded = 0
  fc.assert(
    fc.property(fc.constantFrom(200, 201, 299, ...STATUSES), body, codes, (status, body, codes) => {
      let code: unknown
      try {
        const value = JSON.parse(body)
        code = Array.isArray(value) ? undefined : value?.cancel_code
      } catch {
        // No code in what is not JSON.
      }
      const isSuccess = status < 300 && typeof code === 'string' && code.trim() === '0000'
      if (isSuccess) succeeded++
      return (classifyCancel(answered(status, body), codes).outcome === 'succeeded') === isSuccess
    }),
    { numRuns: 10_000 },
  )
  t.ok(succeeded > 20, 'there were some')
})

t.test('only what was not sent, or names no cancel_code, may be tried again', async () => {
  fc.assert(
    fc.property(fc.constantFrom(...STATUSES), body, codes, (status, body, codes) => {
      const { outcome } = classifyCancel(answered(status, body), codes)
      if (outcome === 'not_sent') return false
      if (outcome !== 'token_rejected') return true
      return status < 500 && JSON.parse(body).cancel_code === undefined
    }),
    { numRuns: 5000 },
  )
})

// What a token call led to. Columns as above.
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln'
const TOKEN_BODIES: [
  what: string,
  body: unknown,
  success: string,
  token: string,
  other: string,
  error: string,
][] = [
  ['a token', { RTN_CD: '0000', TOKEN }, 'token', '502', '502', '503'],
  ['no token', { RTN_CD: '0000' }, '503', '502', '502', '503'],
  ['an empty token', { RTN_CD: '0000', TOKEN: '' }, '503', '502', '502', '503'],
  ['a token with a line feed', { RTN_CD: '0000', TOKEN: 'a\nb' }, '503', '502', '502', '503'],
  ['a token with a space', { RTN_CD: '0000', TOKEN: 'a b' }, '503', '502', '502', '503'],
  ['a token of Korean', { RTN_CD: '0000', TOKEN: '토큰' }, '503', '502', '502', '503'],
  ['a token that is no text', { RTN_CD: '0000', TOKEN: 1 }, '503', '502', '502', '503'],
  ['a refusal', { RTN_CD: '9999', RTN_MSG: 'no' }, '502', '502', '502', '503'],
  ['a refusal with a token', { RTN_CD: '9999', TOKEN }, '502', '502', '502', '503'],
  ['no RTN_CD', { TOKEN }, '503', '502', '503', '503'],
  ['RTN_CD a number', { RTN_CD: 0, TOKEN }, '503', '502', '503', '503'],
  ['a list', [{ RTN_CD: '0000', TOKEN }], '503', '502', '503', '503'],
  ['an HTML page', '<html>', '503', '502', '503', '503'],
  ['an empty body', '', '503', '502', '503', '503'],
]

const TOKEN_OUTCOMES: Record<string, string> = {
  token: 'token',
  '502': 'provider_auth_failed',
  '503': 'provider_unavailable',
}

t.test('row: a token call that failed or was refused is not sent', async (t) => {
  for (const seen of ['not_sent', 'no_answer'] as const) {
    t.same(classifyToken({ seen, detail: 'why' }), {
      outcome: 'not_sent',
      code: 'provider_unavailable',
      detail: 'why',
    })
  }
  for (const [what, body, success, token, other, error] of TOKEN_BODIES) {
    const expected = (status: number) =>
      status < 300 ? success : status >= 500 ? error : status === 401 || status === 403 ? token : other
    const wrong = STATUSES.map((status) => {
      const outcome = classifyToken(answered(status, body))
      const found = outcome.outcome === 'token' ? 'token' : outcome.code
      return { status, found, wanted: TOKEN_OUTCOMES[expected(status)] }
    }).filter(({ found, wanted }) => found !== wanted)
    t.same(wrong, [], what)
  }
  t.same(classifyToken(answered(200, { RTN_CD: '0000', TOKEN })), { outcome: 'token', token: TOKEN })
})

t.test('what is said of a refused token tells neither token nor key', async (t) => {
  const body = { RTN_CD: '9999', RTN_MSG: 'shop-key is wrong', TOKEN, pay2_key: 'shop-key' }
  for (const outcome of [classifyCancel(answered(401, body), []), classifyToken(answered(200, body))]) {
    t.notMatch(JSON.stringify(outcome), /shop-key|eyJ/)
    t.match(JSON.stringify(outcome), /9999/)
  }
})
