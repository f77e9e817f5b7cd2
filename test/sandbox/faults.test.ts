import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { behaviourOf, FAULTS } from '../../src/sandbox/faults.ts'
import { type Sandbox, startSandbox } from '../support/sandbox.ts'

// Long enough for a look at what happens before it is over, on a busy machine too.
const SLOW_MS = 1000

/** What a client sees of each fault; whether the payment was cancelled is checked for all of them alike. */
const SEEN: Record<string, (t: Test, sandbox: Sandbox, tid: string) => Promise<{ applied: number }>> = {
  slow: async (t, sandbox, tid) => {
    const startedMs = Date.now()
    const answer = sandbox.cancel({ tid, reason: 'r' })
    await called(sandbox, tid)
    t.match(await sandbox.cancels(tid), { applied_total: 5000 }, 'cancelled before it is answered')
    t.match(await answer, { cancel_code: '0000', cancel_amt: '5000' })
    t.ok(Date.now() - startedMs >= SLOW_MS)
    return { applied: 5000 }
  },

  'delay<N>': async (t, sandbox, tid) => {
    const startedMs = Date.now()
    const answer = sandbox.cancel({ tid, reason: 'r' })
    await called(sandbox, tid)
    t.match(await sandbox.cancels(tid), { applied_total: 5000 }, 'cancelled before it is answered')
    t.match(await answer, { cancel_code: '0000' })
    t.ok(Date.now() - startedMs >= 250)
    return { applied: 5000 }
  },

  late: async (t, sandbox, tid) => {
    await t.rejects(
      sandbox.sendCancel({ tid, reason: 'r' }, await sandbox.issueToken(), AbortSignal.timeout(SLOW_MS / 4)),
    )
    t.match(await sandbox.cancels(tid), { calls: 1, applied_total: 0 })
    t.match(await sandbox.lookup(tid), [{ CANCELDATE: '' }])
    await sleep(SLOW_MS)
    t.match(await sandbox.lookup(tid), [{ CANCELDATE: /./ }])
    return { applied: 5000 }
  },

  timeout: async (t, sandbox, tid) => {
    await t.rejects(
      sandbox.sendCancel({ tid, reason: 'r' }, await sandbox.issueToken(), AbortSignal.timeout(500)),
      {
        name: 'TimeoutError',
      },
    )
    return { applied: 5000 }
  },

  hang: async (t, sandbox, tid) => {
    await t.rejects(
      sandbox.sendCancel({ tid, reason: 'r' }, await sandbox.issueToken(), AbortSignal.timeout(500)),
      {
        name: 'TimeoutError',
      },
    )
    return { applied: 0 }
  },

  reset: async (t, sandbox, tid) => {
    await t.rejects(sandbox.sendCancel({ tid, reason: 'r' }), { cause: { code: 'ECONNRESET' } })
    return { applied: 5000 }
  },

  error500: async (t, sandbox, tid) => {
    const response = await sandbox.sendCancel({ tid, reason: 'r' })
    t.equal(response.status, 500)
    t.match(await response.json(), { RTN_CD: '9999', RTN_MSG: /시스템 오류/ })
    return { applied: 5000 }
  },

  html: async (t, sandbox, tid) => {
    const response = await sandbox.sendCancel({ tid, reason: 'r' })
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), 'text/html')
    t.match(await response.text(), /^<!DOCTYPE html>/)
    return { applied: 5000 }
  },

  empty: async (t, sandbox, tid) => {
    const response = await sandbox.sendCancel({ tid, reason: 'r' })
    t.equal(response.status, 200)
    t.equal(await response.text(), '')
    return { applied: 5000 }
  },

  truncated: async (t, sandbox, tid) => {
    const response = await sandbox.sendCancel({ tid, reason: 'r' })
    t.equal(response.status, 200)
    const received = await receive(response)
    t.ok(received.broken)
    t.match(received.text, /^\{"cancel_tid"/)
    t.ok(received.text.length < Number(response.headers.get('content-length')))
    return { applied: 5000 }
  },

  trickle: async (t, sandbox, tid) => {
    const startedMs = Date.now()
    const response = await sandbox.sendCancel({ tid, reason: 'r' })
    t.equal(response.status, 200)
    let text = ''
    // Leaving the loop closes the connection.
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.length >= 5) break
    }
    t.match(text, /^\{"can/)
    t.ok(Date.now() - startedMs >= 450)
    return { applied: 5000 }
  },

  busy: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r' }), {
      cancel_code: '8001',
      cancel_msg: /PG 통신 오류.*시간초과/,
      cancel_amt: '0',
    })
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_msg: /이미 취소/ })
    return { applied: 5000 }
  },

  open: async (t, sandbox, tid) => {
    const { cancel_code } = await sandbox.cancel({ tid, reason: 'r' })
    t.match(cancel_code, /^80\d\d$/)
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_msg: /이미 취소/ })
    return { applied: 5000 }
  },

  unheard: async (t, sandbox, tid) => {
    const { cancel_code } = await sandbox.cancel({ tid, reason: 'r' })
    t.match(cancel_code, /^70\d\d$/)
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_msg: /이미 취소/ })
    return { applied: 5000 }
  },

  envelope: async (t, sandbox, tid) => {
    const response = await sandbox.sendCancel({ tid, reason: 'r' })
    t.equal(response.status, 200)
    t.strictSame(Object.keys((await response.json()) as object), ['RTN_CD', 'RTN_MSG'])
    return { applied: 5000 }
  },

  mismatch: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r', amount: '1000' }), {
      cancel_code: '0000',
      cancel_amt: '900',
    })
    t.match(await sandbox.cancel({ tid, reason: 'r', amount: '50' }), {
      cancel_code: '0000',
      cancel_amt: '1',
    })
    return { applied: 901 }
  },

  nopart: async (t, sandbox, tid) => {
    for (const amount of ['1000', '4999', '1']) {
      const answer = await sandbox.cancel({ tid, reason: 'r', amount })
      t.match(answer, { cancel_code: '2004', cancel_msg: '부분취소가 불가능한 거래입니다' })
    }
    t.match(await sandbox.cancel({ tid: `${tid}0`, reason: 'r' }), { cancel_code: '0000' })
    t.match(await sandbox.cancel({ tid, reason: 'r', amount: '5000' }), { cancel_code: '0000' })
    return { applied: 5000 }
  },

  declined: async (t, sandbox, tid) => {
    const answer = await sandbox.cancel({ tid, reason: 'r' })
    t.match(answer, { cancel_code: '3001', cancel_msg: /거절/, cancel_amt: '0' })
    t.notMatch(answer.cancel_msg, /이미 취소|통신|시간초과|타임아웃|응답없음|처리중/)
    return { applied: 0 }
  },

  cancelled: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r' }), {
      cancel_code: '2001',
      cancel_msg: '이미 취소된 거래입니다',
    })
    return { applied: 0 }
  },

  deposited: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '9029' })
    return { applied: 0 }
  },

  depositlost: async (t, sandbox, tid) => {
    await t.rejects(sandbox.deposit({ tid, reason: 'r', amount: '5000' }), { cause: { code: 'ECONNRESET' } })
    return paidIn(t, sandbox, tid)
  },

  depositlate: async (t, sandbox, tid) => {
    const startedMs = Date.now()
    t.match(await (await sandbox.deposit({ tid, reason: 'r', amount: '5000' })).json(), {
      RESULTCODE: '0000',
    })
    t.ok(Date.now() - startedMs >= SLOW_MS)
    return paidIn(t, sandbox, tid)
  },

  deposit500: async (t, sandbox, tid) => {
    t.equal((await sandbox.deposit({ tid, reason: 'r', amount: '5000' })).status, 500)
    return paidIn(t, sandbox, tid)
  },

  deposithtml: async (t, sandbox, tid) => {
    const response = await sandbox.deposit({ tid, reason: 'r', amount: '5000' })
    t.match(await response.text(), /^<!DOCTYPE html>/)
    return paidIn(t, sandbox, tid)
  },

  nodeposit: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '9029' })
    t.match(await (await sandbox.deposit({ tid, reason: 'r', amount: '5000' })).json(), {
      RESULTCODE: 'E001',
    })
    t.equal((await sandbox.payDeposit(tid)).status, 404)
    return { applied: 0 }
  },

  badtoken: async (t, sandbox, tid) => {
    const first = await sandbox.issueToken()
    const second = await sandbox.issueToken()
    const body = { tid, reason: 'r', amount: '1000' }
    for (const token of [first, first]) {
      const answer = await sandbox.cancel(body, token)
      t.match(answer, { RTN_CD: '9002' })
      t.notOk('cancel_code' in answer)
    }
    t.match(await sandbox.cancel(body, second), { cancel_code: '0000' })
    t.match(await sandbox.cancel(body, first), { RTN_CD: '9002' })
    return { applied: 1000 }
  },

  nevertoken: async (t, sandbox, tid) => {
    for (const token of [await sandbox.issueToken(), await sandbox.issueToken()]) {
      const response = await sandbox.sendCancel({ tid, reason: 'r' }, token)
      t.equal(response.status, 401)
      t.match(await response.json(), { RTN_CD: '9002' })
    }
    return { applied: 0 }
  },

  spaced: async (t, sandbox, tid) => {
    const part = { tid, reason: 'r', amount: '1000' }
    t.match(await sandbox.cancel(part), { cancel_code: '0000' })
    for (let count = 0; count < 2; count++) {
      const answer = await sandbox.cancel(part)
      t.match(answer, { cancel_code: '2008', cancel_msg: '반복적인 요청은 허용되지 않습니다.' })
    }
    t.match(await sandbox.cancel({ tid: `${tid}0`, reason: 'r' }), { cancel_code: '0000' }, 'another payment')
    await sleep(1000)
    t.match(await sandbox.cancel(part), { cancel_code: '0000' })
    return { applied: 2000 }
  },

  keyin: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r', amount: '1000' }), { cancel_code: '0000' })
    return { applied: 1000 }
  },

  billing: inFullOnly,
  kakaopay: inFullOnly,
  kakaocard: inFullOnly,
  naverpay: inFullOnly,
  bank: inFullOnly,
  vacct: inFullOnly,

  otheramount: withRow([{ AMOUNT: '5100', PAYMETHOD: 'CARD' }]),
  othermethod: withRow([{ AMOUNT: '5000', PAYMETHOD: 'MOBILE' }]),

  notcancelled: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '0000' })
    t.match(await sandbox.lookup(tid), [{ CANCELDATE: '' }])
    return { applied: 5000 }
  },

  elsewhere: async (t, sandbox, tid) => {
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '3001' })
    t.match(await sandbox.lookup(tid), [{ CANCELDATE: /./ }])
    return { applied: 0 }
  },

  sum: withSum('1000'),
  othersum: withSum('1100'),
  norow: withRow({ RESULTCODE: 'E008' }),
  brokenrow: withRow({ RTN_CD: '9999' }),

  slowrow: async (t, sandbox, tid) => {
    const startedMs = Date.now()
    t.match(await sandbox.lookup(tid), [{ AMOUNT: '5000' }])
    t.ok(Date.now() - startedMs >= SLOW_MS)
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '0000' })
    return { applied: 5000 }
  },
}

/** The account was opened, whatever was answered. */
async function paidIn(t: Test, sandbox: Sandbox, tid: string) {
  t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '9029' })
  t.equal((await sandbox.payDeposit(tid)).status, 200)
  return { applied: 5000 }
}

async function inFullOnly(t: Test, sandbox: Sandbox, tid: string) {
  t.match(await sandbox.cancel({ tid, reason: 'r', amount: '1000' }), { cancel_code: '2004' })
  t.match(await sandbox.cancel({ tid, reason: 'r', amount: '5000' }), { cancel_code: '0000' })
  return { applied: 5000 }
}

function withSum(sum: string) {
  return async (t: Test, sandbox: Sandbox, tid: string) => {
    t.match(await sandbox.cancel({ tid, reason: 'r', amount: '1000' }), { cancel_code: '0000' })
    t.match(await sandbox.lookup(tid), [{ CANCELDATE: '', CANCEL_SUM_AMOUNT: sum }])
    return { applied: 1000 }
  }
}

function withRow(found: object) {
  return async (t: Test, sandbox: Sandbox, tid: string) => {
    t.match(await sandbox.lookup(tid), found)
    t.match([await sandbox.certificate({ tid })].flat(), [found].flat())
    t.match(await sandbox.cancel({ tid, reason: 'r' }), { cancel_code: '0000' })
    return { applied: 5000 }
  }
}

t.test('a sandbox may heed only the first of two cancels of any payment', async (t) => {
  const { cancel, cancels } = await startSandbox(t, { spacingMs: 60_000 })
  const part = { tid: 'order-5000', reason: 'r', amount: '1000' }
  t.match(await cancel(part), { cancel_code: '0000' })
  t.match(await cancel(part), { cancel_code: '2008' })
  t.match(await cancels('order-5000'), { calls: 2, applied_total: 1000 })
})

t.test('every fault', async (t) => {
  t.strictSame(Object.keys(SEEN), names(), 'the table, row by row')
  const sandbox = await startSandbox(t, { slowMs: SLOW_MS })
  for (const { name } of FAULTS) {
    await t.test(name, async (t) => {
      const tid = `${name.replace('<N>', '250')}-5000`
      const { applied } = (await SEEN[name]?.(t, sandbox, tid)) ?? {}
      t.match(await sandbox.cancels(tid), { applied_total: applied })
    })
  }
})

t.test('a fault is asked for by the whole first segment of the tid, in any case', async (t) => {
  const ordinary = behaviourOf('order-50000')
  for (const tid of ['Reset-50000', 'RESET', 'reset-a-b-1']) t.equal(behaviourOf(tid).delivery, 'reset', tid)
  for (const tid of ['order-reset-1', 'resets-1', 'a', '-reset', 'delay<N>-1', 'delay-1', 'delay0-1']) {
    t.strictSame(behaviourOf(tid), ordinary, tid)
  }
  t.equal(behaviourOf('DELAY60000-1').waitMs, 60_000)
  t.strictSame(behaviourOf('delay60001-1'), ordinary)
})

t.test('a fault does not make a cancel that must be refused', async (t) => {
  const { cancel, cancels, sendCancel } = await startSandbox(t)
  t.match(await cancel({ tid: 'busy-500', reason: 'r', amount: '501' }), { cancel_code: '2003' })
  t.match(await cancel({ tid: 'badtoken-500' }), { cancel_code: '1001' })
  t.equal((await sendCancel({ tid: 'error500-500', reason: 'r', amount: '501' })).status, 500)
  t.match(await cancels(), { calls: 3, applied_total: 0 })
})

function names(): string[] {
  return FAULTS.map(({ name }) => name)
}

/** Waits until the sandbox has received a cancel of this tid. */
async function called(sandbox: Sandbox, tid: string): Promise<void> {
  while ((await sandbox.cancels(tid)).calls === 0) await sleep(5)
}

/** What arrives of a body before it ends or breaks. */
async function receive(response: Response): Promise<{ text: string; broken: boolean }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  } catch {
    return { text: Buffer.concat(chunks).toString(), broken: true }
  }
  return { text: Buffer.concat(chunks).toString(), broken: false }
}
