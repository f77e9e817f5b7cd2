import t, { type Test } from 'tap'
import { FAULTS } from '../../src/sandbox/faults.ts'
import { ledger, metric } from '../support/calls.ts'
import { type ContractCode, isProblem, isRefund } from '../support/contract.ts'
import {
  type Answer,
  gatewayEnv,
  refundRequest,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts'
import {
  accept,
  bytes,
  cancelAnswer,
  json,
  type Respond,
  reset,
  sendJson,
  sendText,
} from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { startStubbedGateway, UNDISTURBED } from '../support/stubbed-gateway.ts'

t.test('every fault of the sandbox', async (t) => {
  const [sandbox, redis] = await Promise.all([startSandbox(t, { slowMs: 100 }), startTestRedis(t)])
  // Two gateways on one Redis, with one token: only the calls that hang are to time out.
  const start = (timeoutMs: string) =>
    startTestGateway(t, gatewayEnv(sandbox.base, redis, { ...UNDISTURBED, COOKIEPAY_TIMEOUT_MS: timeoutMs }))
  const [patient, impatient] = await Promise.all([start('20000'), start('500')])
  isRefund(t, await patient.refund(refundRequest()), 'succeeded', { about: 'a token for both' })

  t.jobs = FAULTS.length
  for (const { name, gateway: promise, behaviour } of FAULTS) {
    t.test(name, { buffered: true }, async (t) => {
      const hangs = behaviour.waitMs === 'forever' || behaviour.delivery === 'trickle'
      const gateway = hangs ? impatient : patient
      const tid = `${name.replace('<N>', '100')}-5000`
      const body = refundRequest({ tid, payment: { method: 'card_auth', amount: 5_000 } })
      const [, status, outcome] = /^([0-9]{3}) (\w+)/.exec(promise) as unknown as [string, string, string]
      const isApplied =
        behaviour.effect.applied === 'on arrival' || (behaviour.effect.applied !== 'never' && !hangs)
      const shortBy = behaviour.effect.applied === 'never' ? 0 : behaviour.effect.shortBy
      const applied = isApplied && behaviour.tokens !== 'all refused' ? 5_000 - shortBy : 0

      const answer = await gateway.refund(body, name)
      t.equal(String(answer.status), status)
      const calls = behaviour.tokens === 'accepted' ? 1 : 2
      t.match(await sandbox.cancels(tid), { calls, applied_total: applied })
      const checked = {
        gateway,
        answer,
        body,
        key: name,
        calls: async () => (await sandbox.cancels(tid)).calls,
      }
      if (status === '502') await isFree(t, checked, outcome as ContractCode)
      else await isStored(t, checked, outcome)
      t.match(await ledger(gateway, tid), ledgerAfter(outcome, 5_000, applied))
    })
  }
})

type Checked = Readonly<{
  gateway: TestGateway
  answer: Answer
  body: object
  key: string
  calls: () => Promise<number> | number
}>

/** The answer stands under its key: a repeat gets the same one, marked as a replay, without a call. */
async function isStored(t: Test, { gateway, answer, body, key, calls }: Checked, outcome: string) {
  const isKnown = outcome === 'succeeded' || outcome === 'unknown'
  if (isKnown) isRefund(t, answer, outcome)
  else isProblem(t, answer, outcome as ContractCode)
  t.equal(answer.headers.get('idempotent-replayed'), null)
  if (outcome === 'unknown') t.equal(answer.headers.get('retry-after'), '3600')
  const before = await calls()
  const repeat = await gateway.refund(body, key)
  t.equal(repeat.status, answer.status)
  t.strictSame(repeat.body, answer.body)
  t.equal(repeat.headers.get('idempotent-replayed'), 'true')
  for (const name of ['location', 'retry-after', 'content-type']) {
    t.equal(repeat.headers.get(name), answer.headers.get(name), name)
  }
  t.equal(await calls(), before, 'no call for the repeat')
  const id = isKnown ? answer.body.id : answer.body.refund?.id
  const read = await gateway.request<object>(`/refunds/${id}`)
  const { retry: _, ...stored } = answer.body
  t.strictSame(read.body, isKnown ? stored : answer.body.refund)
}

/** Nothing stands under the key: it takes another payload. */
async function isFree(t: Test, { gateway, answer, key }: Checked, code: ContractCode) {
  isProblem(t, answer, code)
  t.equal(answer.body.refund, undefined)
  isRefund(t, await gateway.refund(refundRequest(), key), 'succeeded', { about: 'another payload' })
}

function ledgerAfter(outcome: string, amount: number, applied: number) {
  if (outcome === 'provider_auth_failed' || outcome === 'provider_unavailable') return null
  const refunded = outcome === 'succeeded' ? applied : 0
  const unknown = outcome === 'unknown' ? amount : 0
  return { amount, refunded, in_flight: 0, unknown, disputed: 0, remaining: amount - refunded - unknown }
}

const declined = (cancel_msg: unknown, cancel_code: unknown = '3001') =>
  json(cancelAnswer({}, { cancel_code, cancel_msg, cancel_amt: '0', cancel_tid: '', cancel_date: '' }))
const SUCCESS = JSON.stringify(cancelAnswer({}))
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'

/** Answers of the provider that the sandbox does not give, by what they lead to. */
const SEEN: Record<string, Record<string, Respond>> = {
  succeeded: {
    'the amount as a number': json(cancelAnswer({}, { cancel_amt: 10_000 })),
    'no amount': json(cancelAnswer({}, { cancel_amt: undefined })),
    'an amount that is empty': json(cancelAnswer({}, { cancel_amt: '' })),
    'nothing but the code': json({ cancel_code: '0000' }),
    'members of other types': json({ cancel_code: '0000', cancel_msg: 1, cancel_date: {}, cancel_tid: [] }),
    'members that are not documented': json(cancelAnswer({}, { RTN_CD: '9999', etc: { a: [1] } })),
    'a message that says timeout': json(cancelAnswer({}, { cancel_msg: '시간초과 후 취소 성공' })),
    'status 201': json(cancelAnswer({}), 201),
    'another content type': (response) => sendText(response, SUCCESS, 200, 'text/html; charset=euc-kr'),
    'a byte order mark': (response) => sendText(response, `\uFEFF${SUCCESS}`),
    'white space around it': (response) => sendText(response, `\r\n ${SUCCESS} \r\n`),
    'an early hint first': (response, call, index) =>
      response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => accept(response, call, index)),
    'the end of the connection as the end of the answer': bytes(`${HEAD}\r\n${SUCCESS}`),
  },
  unknown: {
    'status 500 with a success': json(cancelAnswer({}), 500),
    'status 503 with a token error': json({ RTN_CD: '9001', RTN_MSG: '점검중' }, 503),
    'status 502 with a page': (response) => sendText(response, '<html>Bad Gateway</html>', 502, 'text/html'),
    'status 400 with a success': json(cancelAnswer({}), 400),
    'status 404 with a decline': json(cancelAnswer({}, { cancel_code: '3001' }), 404),
    'status 302': (response) => response.writeHead(302, { location: '/api/cancel' }).end(),
    'status 429': (response) => sendText(response, '', 429),
    'status 204': (response) => response.writeHead(204).end(),
    'status 401 that is not JSON': (response) => sendText(response, 'Unauthorized', 401, 'text/plain'),
    'status 403 with a page': (response) => sendText(response, '<html>Forbidden</html>', 403, 'text/html'),
    'status 401 with a success': json(cancelAnswer({}), 401),
    'status 403 with a decline': json(cancelAnswer({}, { cancel_code: '3001' }), 403),
    'an empty object': json({}),
    'an array': json([cancelAnswer({})]),
    null: json(null),
    'a number': json(0),
    'a code that is empty': json(cancelAnswer({}, { cancel_code: '' })),
    'a code that is null': json(cancelAnswer({}, { cancel_code: null })),
    'a token answer that says yes': json({ RTN_CD: '0000', RTN_MSG: '성공' }),
    'half of a JSON text': (response) => sendText(response, SUCCESS.slice(0, 40)),
    'JSON with a page behind it': (response) => sendText(response, `${SUCCESS}<html></html>`),
    'a PHP warning in front of it': (response) => sendText(response, `<b>Warning</b>: ${SUCCESS}`),
    'a length that is never reached': bytes(`${HEAD}Content-Length: 5000\r\n\r\n${SUCCESS}`),
    'chunks without an end': bytes(
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(SUCCESS).toString(16)}\r\n${SUCCESS}\r\n`,
    ),
    'no HTTP': bytes('hello\r\n\r\n'),
    'a status line only': bytes('HTTP/1.1 200 OK\r\n'),
    'a close without an answer': bytes(''),
    'a reset': reset,
    'a body of a megabyte': (response) => sendText(response, SUCCESS + ' '.repeat(1024 * 1024)),
    'a PG that timed out': declined('PG 시간초과'),
    'a PG that timed out, with spaces': declined('응답 시간 초과 입니다'),
    'a line that failed': declined('통 신 오류'),
    'no answer': declined('카드사 응답없음'),
    timeout: declined('Gateway Time-out / TIMEOUT'),
    타임아웃: declined('타임아웃'),
    'still at work': declined('취소 처리중입니다'),
    'already cancelled, and still at work': declined('이미 취소 처리중인 거래입니다'),
    'a code that is configured as ambiguous': declined('취소 기간이 지났습니다', '7777'),
    '9029 in words that may hide a cancel': declined('통신 시간초과', '9029'),
    'a decline that nobody knows': declined('거래정지 가맹점'),
    'no message': declined(undefined),
    'a message that is empty': declined(''),
    'a message that is no text': declined(['취소 거절']),
    'a message of question marks': declined('??? 취소 거절'),
    'a code like a success': declined('거절', '00000'),
    'an RTN_CD that is about no token': json({ RTN_CD: '9999', RTN_MSG: 'PG 통신 오류가 발생하였습니다' }),
    'status 409 with an RTN_CD': json({ RTN_CD: 'E003', RTN_MSG: 'ID & KEY 불일치' }, 409),
    'a code twice': (response) => sendText(response, SUCCESS.replace('{', '{"cancel_code":"1001",')),
  },
  provider_declined: {
    'a known decline': declined('취소 거절'),
    'a code of one character': declined('취소 기간이 지났습니다', 'E'),
    'a full cancel beside an earlier partial one': declined('이미 취소된 내역이 있어 전체취소할 수 없습니다'),
    'a code that is configured as a decline': declined('거래정지 가맹점', '6666'),
    'a code that is configured for this PG': declined(undefined, '5555'),
    'the code of a token': json({
      ...cancelAnswer({}, { cancel_code: '9001', cancel_msg: '취소 거절' }),
      RTN_CD: '9001',
    }),
  },
  already_cancelled: {
    '이미 취소': declined('이미 취소된 거래입니다', '2001'),
    이미취소: declined('이미취소', '2001'),
    '원거래 기취소': declined('원거래 기취소', '2001'),
  },
  deposit_required: {
    '9029': declined('입금 완료', '9029'),
  },
}

t.test('every other answer of the provider', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t, {
    COOKIEPAY_AMBIGUOUS_CODES: '7777',
    COOKIEPAY_DECLINED_CODES: '6666,toss:5555',
  })
  for (const [outcome, answers] of Object.entries(SEEN)) {
    for (const [about, respond] of Object.entries(answers)) {
      await t.test(`${about}: ${outcome}`, async (t) => {
        stub.onCancel(respond)
        const body = refundRequest()
        const key = encodeURIComponent(about).slice(0, 255)
        const before = stub.cancels.length
        const answer = await gateway.refund(body, key)
        t.equal(stub.cancels.length, before + 1, 'one call')
        await isStored(t, { gateway, answer, body, key, calls: () => stub.cancels.length }, outcome)
        t.match(await ledger(gateway, body.tid), ledgerAfter(outcome, 10_000, 10_000))
        if (!['succeeded', 'unknown'].includes(outcome)) {
          isRefund(t, await refundAfter(stub, gateway, body), 'succeeded', { about: 'a new attempt' })
        }
      })
    }
  }
})

async function refundAfter(
  stub: { onCancel(respond: Respond): void },
  gateway: TestGateway,
  body: object,
): Promise<Answer> {
  stub.onCancel(accept)
  return gateway.refund(body)
}

t.test("the provider's answer is kept as received", async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  const kept = async (changes: Record<string, unknown>) => {
    stub.onCancel(json(cancelAnswer({}, changes)))
    const body = refundRequest()
    const answer = await gateway.refund(body)
    return { answer: answer.body, ledger: await ledger(gateway, body.tid) }
  }

  const dates: Record<string, string | null> = {
    '20250609132911': '2025-06-09T13:29:11+09:00',
    '2025-06-09 13:29:11': '2025-06-09T13:29:11+09:00',
    '2025-06-09T13:29:11+09:00': '2025-06-09T13:29:11+09:00',
    '2025-02-30 13:29:11': null,
    '0000-00-00 00:00:00': null,
    '20250609': null,
    '2025-06-09': null,
    '': null,
    어제: null,
  }
  for (const [cancel_date, refunded_at] of Object.entries(dates)) {
    const { answer } = await kept({ cancel_date })
    t.match(answer, { status: 'succeeded', provider: { cancel_date }, refunded_at }, cancel_date)
  }

  const amounts: [cancel_amt: unknown, refunded: number][] = [
    ['10000', 10_000],
    [10_000, 10_000],
    ['9900', 9_900],
    [9_900, 9_900],
    ['10,000', 10_000],
    ['12000', 12_000],
    ['', 10_000],
    ['?', 10_000],
    [9_900.5, 10_000],
    ['-5', 10_000],
    ['0', 10_000],
    ['3.000', 10_000],
    // One reading, and what was asked.
    ['10000.00', 10_000],
    ['10,000원', 10_000],
    ['000000010000', 10_000],
  ]
  for (const [cancel_amt, refunded] of amounts) {
    const seen = await kept({ cancel_amt })
    t.strictSame(seen.answer.provider?.cancel_amt, String(cancel_amt), 'as text')
    t.equal(seen.answer.amount, 10_000, 'the refund keeps what was asked')
    t.match(seen.ledger, { refunded, remaining: Math.max(0, 10_000 - refunded) }, String(cancel_amt))
  }
  t.equal(
    await metric(gateway, 'refund_gateway_amount_mismatches_total'),
    8,
    'counted, also what cannot be read',
  )

  // Beyond what a number of JavaScript holds.
  stub.onCancel((response) =>
    sendText(response, '{"cancel_code":"0000","cancel_tid":20260101000000001,"cancel_date":20250609132911}'),
  )
  const numbers = await gateway.refund(refundRequest())
  t.match(numbers.body, {
    provider: { cancel_tid: '20260101000000001', cancel_date: '20250609132911' },
    refunded_at: '2025-06-09T13:29:11+09:00',
  })

  const { answer } = await kept({ cancel_tid: '취소😀', cancel_msg: '<b>&"\\\n', more: 'dropped' })
  t.strictSame(answer.provider, {
    cancel_tid: '취소😀',
    cancel_code: '0000',
    cancel_msg: '<b>&"\\\n',
    cancel_date: '20250609132911',
    cancel_amt: '10000',
  })
})

t.test(
  'where the provider cancelled less, the rest can still be refunded; where more, nothing can',
  async (t) => {
    const { stub, gateway } = await startStubbedGateway(t)
    const body = refundRequest({ amount: 3_000 })
    stub.onCancel(json(cancelAnswer({}, { cancel_amt: '2000' })))
    isRefund(t, await gateway.refund(body), 'succeeded')
    stub.onCancel(accept)
    const answer = await gateway.refund({ ...body, amount: 8_001 })
    isProblem(t, answer, 'amount_exceeds_remaining')
    t.equal(answer.body.remaining, 8_000)

    const other = refundRequest({ amount: 3_000 })
    stub.onCancel(json(cancelAnswer({}, { cancel_amt: '11000' })))
    isRefund(t, await gateway.refund(other), 'succeeded')
    const none = await gateway.refund({ ...other, amount: 1 })
    isProblem(t, none, 'amount_exceeds_remaining')
    t.equal(none.body.remaining, 0)
  },
)

t.test('a token that is rejected is renewed once', async (t) => {
  const rejections: Record<string, Respond> = {
    'status 200 with RTN_CD': json({ RTN_CD: '9002', RTN_MSG: '만료된 TOKEN' }),
    'status 401': json({ RTN_CD: '9002' }, 401),
    'status 401 without RTN_CD': json({ message: 'Unauthorized' }, 401),
    'status 403': json({}, 403),
    'status 200 with E003': json({ RTN_CD: 'E003', RTN_MSG: 'ID & KEY 불일치' }),
  }
  const { stub, gateway } = await startStubbedGateway(t)
  for (const [about, reject] of Object.entries(rejections)) {
    let tokens = stub.tokens.length
    let rejected: unknown
    stub.onCancel((response, call, index) => {
      rejected ??= call.headers.token
      if (call.headers.token === rejected) reject(response, call, index)
      else accept(response, call, index)
    })
    const body = refundRequest({ amount: 1_000 })
    isRefund(t, await gateway.refund(body, `once ${about}`.replaceAll(' ', '-')), 'succeeded', { about })
    const [first, second, ...more] = stub.cancels.filter((call) => call.body.tid === body.tid)
    t.strictSame(second?.text, first?.text, 'the same cancel again')
    t.not(second?.headers.token, first?.headers.token)
    t.equal(more.length, 0)
    t.ok(stub.tokens.length - tokens <= 2, 'one renewal')
    t.match(await ledger(gateway, body.tid), { refunded: 1_000, in_flight: 0, unknown: 0 })

    tokens = stub.tokens.length
    stub.onCancel(reject)
    const refused = refundRequest({ amount: 1_000 })
    isProblem(t, await gateway.refund(refused, 'always'), 'provider_auth_failed', `${about}, always`)
    t.equal(stub.cancels.filter((call) => call.body.tid === refused.tid).length, 2, 'no third try')
    t.equal(stub.tokens.length - tokens, 1)
    t.equal(await ledger(gateway, refused.tid), null)
  }
  stub.onCancel(accept)
  isRefund(t, await gateway.refund(refundRequest(), 'always'), 'succeeded', { about: 'the key is free' })
})

t.test('what follows a renewed token counts like a first answer', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded', { about: 'a token' })
  const reject = json({ RTN_CD: '9002', RTN_MSG: '만료된 TOKEN' })
  const thenAnswer = async (respond: Respond, onToken?: Respond) => {
    const body = refundRequest({ amount: 1_000 })
    let calls = 0
    stub.onCancel((response, call, index) => (calls++ === 0 ? reject : respond)(response, call, index))
    if (onToken) stub.onToken(onToken)
    const answer = await gateway.refund(body, 'after')
    return { answer, ledger: await ledger(gateway, body.tid), calls }
  }
  const refused = await thenAnswer(accept, json({ RTN_CD: '9001' }))
  isProblem(t, refused.answer, 'provider_auth_failed')
  t.match(refused, { ledger: null, calls: 1 })
  stub.onToken((response, _call, index) => sendJson(response, { RTN_CD: '0000', TOKEN: `next-${index}` }))
  const broken = await thenAnswer(reset)
  isRefund(t, broken.answer, 'unknown')
  t.match(broken, { ledger: { unknown: 1_000 }, calls: 2 })
})

t.test('a rejected token is renewed once for all that had it', async (t) => {
  const { stub, gateway } = await startStubbedGateway(t)
  const rejections: (() => void)[] = []
  stub.onCancel((response, call, index) => {
    if (call.headers.token !== 'token-0') return accept(response, call, index)
    rejections.push(() => sendJson(response, { RTN_CD: '9002', RTN_MSG: '만료된 TOKEN' }))
    if (rejections.length === 30) for (const reject of rejections) reject()
  })
  const answers = await Promise.all(Array.from({ length: 30 }, () => gateway.refund(refundRequest())))
  for (const answer of answers) isRefund(t, answer, 'succeeded')
  t.equal(stub.tokens.length, 2)
  t.equal(stub.cancels.length, 60)
})
