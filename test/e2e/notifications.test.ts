import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Refund } from '../../src/refunds/refund.ts'
import { refundRequest, startAll } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'

const SECRET = 'a-secret-of-a-test-that-is-no-secret'
const SUCCESS = '<html><body><RESULT>SUCCESS</RESULT></body></html>'
const PATIENT = { RECONCILE_INTERVAL_MS: '300' }

type Ledger = {
  amount: number | null
  remaining: number | null
  refunded: number
  unknown: number
  refunds: Refund[]
  notifications: { type: string; amount: number; date: string | null; means: string; refund: string | null }[]
}

async function startNotified(t: Test, env: Record<string, string> = {}) {
  const all = await startAll(t, { NOTIFICATION_SECRETS: SECRET, ...PATIENT, ...env })
  const url = `${all.url}/cookiepay/notifications/${SECRET}`
  const { sandbox, request } = all
  const tell = (fields: object, init: RequestInit = {}, secret = SECRET) =>
    fetch(`${all.url}/cookiepay/notifications/${secret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ noti_type: 'cancel', cancel_date: koreanNow(), ...fields }),
      ...init,
    })
  const ledger = async (tid: string) => (await request<Ledger>(`/payments/${tid}`)).body
  const counted = async (outcome: string) => {
    const { body } = await request<string>('/metrics')
    return Number(
      new RegExp(`refund_gateway_notifications_total\\{outcome="${outcome}"\\} (\\d+)`).exec(body)?.[1],
    )
  }
  const settled = async (id: string) => {
    for (let look = 0; look < 100; look++) {
      const { body } = await request<Refund>(`/refunds/${id}`)
      if (body.status !== 'unknown') return body
      await sleep(50)
    }
    throw new Error(`${id} is still unknown`)
  }
  return { ...all, tell, ledger, counted, settled, registered: () => sandbox.notify(url) }
}

function koreanNow(agoMs = 0): string {
  return new Date(Date.now() + 9 * 3_600_000 - agoMs).toISOString().replace(/\D/g, '').slice(0, 14)
}

/** A card payment whose cancels are answered with a page, and applied. */
const tidOf = (fault: string) => `${fault}-${randomUUID().slice(0, 8)}-10000`

t.test('an unknown partial refund is settled by the notification of its cancel, in each form', async (t) => {
  const { refund, settled, ledger, registered } = await startNotified(t)
  await registered()
  for (const form of [
    '',
    'notiform',
    'notiupper',
    'notinumber',
    'noticomma',
    'notidate',
    'notitwice',
    'notifirst',
    'notiundated',
    'notilate',
  ]) {
    const tid = tidOf(form === '' ? 'html' : `html-${form}`)
    const first = await refund(refundRequest({ tid, amount: 3_000 }))
    const { status, resolution, refunded_at } = await settled(first.body.id)
    t.match(
      { status, resolution },
      { status: 'succeeded', resolution: { source: 'notification', by: null } },
      form,
    )
    if (form !== 'notiundated') t.match(refunded_at, /^20\d\d-.*\+09:00$/)
    t.match(await ledger(tid), {
      ...{ refunded: 3_000, unknown: 0, remaining: 7_000 },
      notifications: [{ type: 'cancel', amount: 3_000, means: 'refund', refund: first.body.id }],
    })
  }
})

t.test('one that comes while the refund is being made settles it once it is unknown', async (t) => {
  const { refund, tell, settled, ledger } = await startNotified(t, { COOKIEPAY_TIMEOUT_MS: '700' })
  const tid = tidOf('hang')
  const answer = refund(refundRequest({ tid, amount: 3_000 }))
  for (let look = 0; look < 100 && (await ledger(tid)).refunds === undefined; look++) await sleep(20)
  t.equal((await tell({ tid, cancel_amount: '3000' })).status, 200)
  t.match(await ledger(tid), { in_flight: 3_000, notifications: [{ means: 'refund' }] })
  const { body, status } = await answer
  t.equal(status, 202)
  t.match(await settled(body.id), { status: 'succeeded', resolution: { source: 'notification' } })
})

t.test('an ambiguous one settles nothing, and a second one settles both', async (t) => {
  const { refund, tell, ledger, counted, settled } = await startNotified(t)
  const tid = tidOf('html')
  const refunds = [
    await refund(refundRequest({ tid, amount: 3_000, reference: 'line 1' })),
    await refund(refundRequest({ tid, amount: 3_000, reference: 'line 2' })),
  ]
  t.same(
    refunds.map(({ status }) => status),
    [202, 202],
  )
  t.equal((await tell({ tid, cancel_amount: '3000', cancel_date: koreanNow(2_000) })).status, 200)
  await sleep(500)
  t.match(await ledger(tid), { unknown: 6_000, notifications: [{ means: 'ambiguous', refund: null }] })
  t.equal(await counted('ambiguous'), 1)
  await tell({ tid, cancel_amount: '3000' })
  for (const { body } of refunds) t.match(await settled(body.id), { resolution: { source: 'notification' } })
})

t.test('another amount, and a repetition, settle nothing', async (t) => {
  const { refund, tell, ledger, counted } = await startNotified(t)
  const tid = tidOf('html')
  await refund(refundRequest({ tid, amount: 3_000 }))
  const date = koreanNow()
  for (let times = 0; times < 3; times++) await tell({ tid, cancel_amount: 2_999, cancel_date: date })
  t.match(await ledger(tid), { unknown: 3_000, notifications: [{ amount: 2_999, means: 'none' }] })
  t.equal((await ledger(tid)).notifications.length, 1, 'kept once')
  t.equal(await counted('unmatched'), 1)
  t.equal(await counted('repeated'), 2)
})

t.test('a cancel in the console is shown, counted, and booked by a person', async (t) => {
  const { refund, sandbox, registered, ledger, counted, request, url } = await startNotified(t)
  await registered()
  const body = refundRequest({ amount: 1_000 })
  await refund(body)
  await sandbox.cancelOutside(body.tid, 4_000)
  for (let look = 0; look < 100 && (await counted('unmatched')) === 0; look++) await sleep(20)
  const { notifications } = await ledger(body.tid)
  t.match(notifications.map(({ amount, means }) => `${amount} ${means}`).sort(), ['1000 refund', '4000 none'])
  t.ok(url)
  await request(`/payments/${body.tid}/outside-refunds`, {
    method: 'POST',
    headers: { 'idempotency-key': 'booking' },
    body: { amount: 4_000, note: '콘솔에서 취소됨' },
  })
  t.match(await ledger(body.tid), { outside: 4_000, remaining: 5_000 })
  t.match(
    (await ledger(body.tid)).notifications.find(({ amount }) => amount === 4_000),
    { means: 'outside' },
  )
})

t.test('one of a payment that was never heard of is kept, with an amount that nobody knows', async (t) => {
  const { tell, ledger, refund, request } = await startNotified(t)
  const body = refundRequest({ amount: 1_000 })
  t.equal((await request(`/payments/${body.tid}`)).status, 404)
  await tell({ tid: body.tid, cancel_amount: '3000' })
  t.match(await ledger(body.tid), {
    ...{ amount: null, remaining: null, refunded: 0, refunds: [] },
    notifications: [{ amount: 3_000, means: 'none' }],
  })
  t.equal((await refund({ ...body, amount: 3_000 })).status, 201)
  t.match(await ledger(body.tid), { amount: 10_000, notifications: [{ means: 'none' }] }, 'it is older')
})

t.test('one that names the tid of the cancel is found by it', async (t) => {
  const { refund, registered, ledger, counted } = await startNotified(t)
  await registered()
  const tid = tidOf('t-noticanceltid')
  const { body } = await refund(refundRequest({ tid, amount: 1_000 }))
  for (let look = 0; look < 200 && (await counted('matched')) === 0; look++) await sleep(20)
  t.match(await ledger(tid), { notifications: [{ means: 'refund', refund: body.id }] })
  t.equal(await counted('unmatched'), 0)
})

t.test('nobody without the secret is heard, and every secret is taken', async (t) => {
  const second = 'another-secret-of-a-test-that-is-no-secret'
  const API_KEYS = [apiKey('orders', 'one')].join(',')
  const { tell, request, url } = await startNotified(t, {
    NOTIFICATION_SECRETS: `${SECRET},${second}`,
    API_KEYS,
  })
  const tid = tidOf('html')
  for (const wrong of [`${SECRET}x`, SECRET.slice(1), SECRET.toUpperCase(), 'x', '%20', 'a'.repeat(100)]) {
    const answer = await tell({ tid, cancel_amount: '1' }, {}, wrong)
    t.equal(answer.status, 404, wrong)
    t.match(await answer.json(), { code: 'not_found' })
    t.equal((await tell({}, { body: '{' }, wrong)).status, 404, 'whatever it sends')
  }
  t.equal((await request(`/payments/${tid}`, { headers: bearer('one') })).status, 404)
  for (const secret of [SECRET, second]) {
    const answer = await tell({ tid, cancel_amount: '1' }, {}, secret)
    t.equal(answer.status, 200)
    t.match(answer.headers.get('content-type'), /^text\/html/)
    t.equal(await answer.text(), SUCCESS)
  }
  for (const method of ['GET', 'PUT', 'DELETE']) {
    t.equal((await fetch(`${url}/cookiepay/notifications/${SECRET}`, { method })).status, 404, method)
  }
})

t.test('without NOTIFICATION_SECRETS nothing is taken', async (t) => {
  const { url } = await startAll(t)
  for (const secret of [SECRET, '', 'undefined']) {
    const answer = await fetch(`${url}/cookiepay/notifications/${secret}`, { method: 'POST', body: '{}' })
    t.equal(answer.status, 404)
  }
})

t.test(
  'approvals are taken and forgotten, what cannot be read is 400, and what is too long 413',
  async (t) => {
    const { tell, request, counted } = await startNotified(t)
    const approval = { PAY_METHOD: 'CARD', API_ID: 'shop', ORDERNO: '1', AMOUNT: '1000', TID: 'paid-1' }
    t.equal(await (await tell({ noti_type: undefined, ...approval })).text(), SUCCESS)
    t.equal((await request('/payments/paid-1')).status, 404)
    const broken = await tell({}, { body: '<html>' })
    t.equal(broken.status, 400)
    t.match(await broken.json(), { code: 'invalid_request', errors: [{ pointer: '#', detail: /neither/ }] })
    t.equal((await tell({}, { body: '' })).status, 400)
    const long = await tell({ tid: 'T1', cancel_amount: '1', more: 'x'.repeat(16_384) })
    t.equal(long.status, 413)
    t.match(await long.json(), { detail: 'The body is larger than 16 KiB.' })
    t.equal((await tell({ tid: 'T1', cancel_amount: '1', more: 'x'.repeat(16_000) })).status, 200)
    t.equal(await counted('ignored'), 1)
    t.equal(await counted('unreadable'), 2)
  },
)

t.test('it leads to no call of the provider', async (t) => {
  const { refund, tell, sandbox, settled } = await startNotified(t)
  const tid = tidOf('html')
  const { body } = await refund(refundRequest({ tid, amount: 3_000 }))
  const before = await sandbox.cancels()
  for (const amount of [1, 3_000, 7_000, 10_000]) await tell({ tid, cancel_amount: amount })
  await settled(body.id)
  const after = await sandbox.cancels()
  t.equal(after.calls, before.calls)
  t.equal(after.applied_total, before.applied_total)
})
