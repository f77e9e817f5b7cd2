import { hash } from 'node:crypto'
import t from 'tap'
import { type Caller, ledger, resolveAsFailed, until } from '../support/calls.ts'
import { hasEveryMember, isProblem, isRefund, pointsAt } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'

const KEYS = {
  orders: 'create+read',
  finance: 'read_all+resolve',
  both: 'create+read_all+resolve',
}
const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
const ENV = {
  API_KEYS: Object.entries(KEYS)
    .map(([caller, scopes]) => `${caller}:${hash('sha256', caller)}:${scopes}`)
    .join(),
  RECONCILE_INTERVAL_MS: '3600000',
  RATE_LIMIT_MAX: '100000',
}
const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis, ENV))

const as = (caller: keyof typeof KEYS) => ({ authorization: `Bearer ${caller}` })
const caller: Caller = {
  request: (path, init = {}) =>
    gateway.request(path, { ...init, headers: { ...as('orders'), ...init.headers } }),
}
const refund = (body: unknown, key: string) => gateway.refund(body, key, as('orders'))
const resolve = (id: string, body: unknown, headers = as('finance')) =>
  gateway.request(`/refunds/${id}/resolve`, { method: 'POST', headers, body })

const NOTE = '콘솔에서 확인함'
const fail = (id: string) => resolveAsFailed(gateway, id, { note: NOTE, headers: as('finance') })

/** A refund of which the provider's answer could not be read. */
async function refundUnknown(key: string, overrides: Parameters<typeof refundRequest>[0] = {}) {
  provider.onCancel((response) => sendJson(response, {}, 500))
  const body = refundRequest(overrides)
  const answer = await refund(body, key)
  provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
  isRefund(t, answer, 'unknown', { about: key })
  return { body, id: answer.body.id }
}

t.test('resolved as succeeded: its key replays that', async (t) => {
  const { body, id } = await refundUnknown('as-succeeded')
  const calls = provider.cancels.length
  const resolved = await resolve(id, { outcome: 'succeeded', note: NOTE })
  t.equal(resolved.status, 200)
  hasEveryMember(t, resolved.body, 'resolved')
  t.match(resolved.body, {
    id,
    status: 'succeeded',
    failure: null,
    resolution: { source: 'operator', by: 'finance', note: NOTE },
    requested_by: 'orders',
  })
  const replay = await refund(body, 'as-succeeded')
  isRefund(t, replay, 'succeeded', { replayed: true })
  t.same(replay.body, resolved.body)
  t.same((await caller.request(`/refunds/${id}`)).body, resolved.body)
  t.match(await ledger(caller, body.tid), { refunded: 10_000, unknown: 0, remaining: 0 })
  t.equal(provider.cancels.length, calls, 'the provider is not asked')
})

t.test('resolved as failed: its key replays that, and another may try again', async (t) => {
  const { body, id } = await refundUnknown('as-failed')
  isProblem(t, await refund(body, 'blocked'), 'refund_unresolved')
  t.equal((await fail(id)).status, 200)
  const replay = await refund(body, 'as-failed')
  isProblem(t, replay, 'provider_declined')
  t.equal(replay.headers.get('idempotent-replayed'), 'true')
  t.match(replay.body, { retry: 'new_key', refund: { id, status: 'failed', resolution: { by: 'finance' } } })
  t.match(replay.body.detail, NOTE)
  t.match(await ledger(caller, body.tid), { refunded: 0, unknown: 0, remaining: 10_000 })
  isRefund(t, await refund(body, 'blocked'), 'succeeded', { about: 'what it blocked' })
})

t.test('a partial refund, with what the console shows of it', async (t) => {
  const { body, id } = await refundUnknown('partial', { amount: 4_000 })
  const shown = {
    cancel_tid: 'C77',
    cancel_code: '0000',
    cancel_msg: '취소 성공',
    cancel_date: '2025-06-09 13:29:11',
    cancel_amt: 3_900,
  }
  const resolved = await resolve(id, { outcome: 'succeeded', note: NOTE, provider: shown })
  const provider = { ...shown, cancel_amt: '3900' }
  t.match(resolved.body, { amount: 4_000, provider, refunded_at: '2025-06-09T13:29:11+09:00' })
  t.match(await ledger(caller, body.tid), { refunded: 3_900, remaining: 6_100 }, 'that figure counts')
})

t.test('some of the members are enough, and null is one that is not known', async (t) => {
  const { id } = await refundUnknown('some-members')
  const provided = { cancel_tid: 'C78', cancel_date: null }
  const { body } = await resolve(id, { outcome: 'succeeded', note: NOTE, provider: provided })
  t.same(body.provider, {
    cancel_tid: 'C78',
    cancel_code: null,
    cancel_msg: null,
    cancel_date: null,
    cancel_amt: null,
  })
  t.equal(body.refunded_at, null)
})

t.test('every other state is not resolvable, and stays', async (t) => {
  const isNotResolvable = async (id: string, status: string) => {
    for (const outcome of ['succeeded', 'failed']) {
      const answer = await resolve(id, { outcome, note: NOTE })
      t.equal(answer.status, 409)
      t.match(answer.headers.get('content-type'), 'application/problem+json')
      t.match(answer.body, { code: 'not_resolvable', retry: 'never', refund: { id, status } })
      t.match((await caller.request(`/refunds/${id}`)).body, { status })
    }
  }
  const succeeded = await refund(refundRequest(), 'succeeded')
  await isNotResolvable(succeeded.body.id, 'succeeded')

  provider.onCancel((response, { body }) =>
    sendJson(response, cancelAnswer(body, { cancel_code: '3001', cancel_msg: '취소 불가' })),
  )
  const failed = await refund(refundRequest(), 'failed')
  await isNotResolvable(failed.body.refund?.id as string, 'failed')

  let answer: () => void = () => {}
  const calls = provider.cancels.length
  provider.onCancel((response, { body }) => {
    answer = () => sendJson(response, cancelAnswer(body))
  })
  const body = refundRequest()
  const inFlight = refund(body, 'processing')
  await until('it is at the provider', () => provider.cancels.length === calls + 1)
  const { body: repeat } = await refund(body, 'processing')
  t.match(repeat, { code: 'idempotency_in_progress', refund: { status: 'processing' } })
  await isNotResolvable(repeat.refund?.id as string, 'processing')
  answer()
  isRefund(t, await inFlight, 'succeeded')

  const { id } = await refundUnknown('twice')
  await fail(id)
  await isNotResolvable(id, 'failed')
})

t.test('no such refund', async (t) => {
  isProblem(t, await resolve('rf_00000000000000000000000000', { outcome: 'failed', note: NOTE }), 'not_found')
  isProblem(t, await resolve('nonsense', { outcome: 'failed', note: NOTE }), 'not_found')
})

t.test('who may', async (t) => {
  const { id } = await refundUnknown('who')
  const body = { outcome: 'succeeded', note: NOTE }
  isProblem(t, await resolve(id, body, as('orders')), 'forbidden')
  isProblem(t, await gateway.request(`/refunds/${id}/resolve`, { method: 'POST', body }), 'unauthenticated')
  t.match((await caller.request(`/refunds/${id}`)).body, { status: 'unknown' })
  t.equal((await resolve(id, body)).status, 200)
})

t.test('who asked for a refund does not settle it, whatever its key allows', async (t) => {
  provider.onCancel((response) => sendJson(response, {}, 500))
  const asked = await gateway.refund(refundRequest(), 'own', as('both'))
  provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
  isRefund(t, asked, 'unknown')
  const { id } = asked.body
  for (const outcome of ['succeeded', 'failed']) {
    const answer = await resolve(id, { outcome, note: NOTE }, as('both'))
    t.equal(answer.status, 409)
    t.match(answer.body, { code: 'not_resolvable', retry: 'never', detail: /another caller/ })
    t.match(answer.body.refund, { id, status: 'unknown' })
  }
  t.equal((await resolve(id, { outcome: 'succeeded', note: NOTE })).status, 200, 'another person does')
})

t.test('a refund is called failed only once it has been unknown for a while', async (t) => {
  const patient = await startTestGateway(
    t,
    gatewayEnv(provider.url, redis, { ...ENV, RESOLVE_FAILED_AFTER_MS: '60000' }),
  )
  const { id } = await refundUnknown('early')
  const early = await patient.request(`/refunds/${id}/resolve`, {
    headers: as('finance'),
    body: { outcome: 'failed', note: NOTE },
  })
  t.equal(early.status, 409)
  const [at] = /\d{4}-\d\d-\d\dT[^ ;]+Z/.exec(early.body.detail) ?? []
  const since = (await caller.request(`/refunds/${id}`)).body.updated_at
  t.equal(Date.parse(at as string) - Date.parse(since), 60_000, 'it says from when on')
  t.match(early.body, { code: 'not_resolvable', retry: 'never', refund: { id, status: 'unknown' } })
  t.match((await fail(id)).body, { status: 'failed' }, 'then it is')
})

t.test('an open gateway knows no callers, and refuses none', async (t) => {
  const open = await startTestGateway(
    t,
    // A store of its own: one that was written with API_KEYS is not for an open gateway.
    gatewayEnv(provider.url, await startTestRedis(t), { RECONCILE_INTERVAL_MS: '3600000' }),
  )
  provider.onCancel((response) => sendJson(response, {}, 500))
  const { body } = await open.refund(refundRequest())
  provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
  const answer = await open.request(`/refunds/${body.id}/resolve`, {
    body: { outcome: 'succeeded', note: NOTE },
  })
  t.match(answer, { status: 200, body: { status: 'succeeded', resolution: { by: 'anonymous' } } })
})

t.test('a body that is not one', async (t) => {
  const { id } = await refundUnknown('bodies')
  const fine = { outcome: 'succeeded', note: NOTE }
  const MISTAKES: readonly [about: string, body: unknown, pointers: string[]][] = [
    ['nothing', {}, ['#/outcome', '#/note']],
    ['another outcome', { ...fine, outcome: 'unknown' }, ['#/outcome']],
    ['an outcome that is not text', { ...fine, outcome: true }, ['#/outcome']],
    ['no note', { outcome: 'failed' }, ['#/note']],
    ['an empty note', { ...fine, note: '' }, ['#/note']],
    ['a note that shows nothing', { ...fine, note: ' \u3000\u200b' }, ['#/note']],
    ['a note that is not text', { ...fine, note: 1 }, ['#/note']],
    ['a note that is too long', { ...fine, note: 'x'.repeat(501) }, ['#/note']],
    ['a member that is not known', { ...fine, by: 'me' }, ['#/by']],
    ['a provider that is not an object', { ...fine, provider: 'C1' }, ['#/provider']],
    ['a member of provider that is not known', { ...fine, provider: { tid: 'x' } }, ['#/provider/tid']],
    ['a code that is not text', { ...fine, provider: { cancel_code: 0 } }, ['#/provider/cancel_code']],
    ['half a character in the note', { ...fine, note: '\ud83d' }, ['#/note']],
    [
      'a message that is too long',
      { ...fine, provider: { cancel_msg: 'x'.repeat(501) } },
      ['#/provider/cancel_msg'],
    ],
    [
      'a message that was not UTF-8',
      { ...fine, provider: { cancel_msg: '\ufffd' } },
      ['#/provider/cancel_msg'],
    ],
  ]
  for (const [about, body, pointers] of MISTAKES) pointsAt(t, await resolve(id, body), pointers, about)
  isProblem(t, await resolve(id, '{'), 'invalid_request', 'half a body')
  isProblem(t, await resolve(id, '[]'), 'invalid_request', 'a list')
  t.match((await caller.request(`/refunds/${id}`)).body, { status: 'unknown' }, 'and nothing is changed')
  const note = '가'.repeat(500)
  t.match((await resolve(id, { ...fine, note })).body, { resolution: { note } })
})

t.test('who, when and why stands in its events', async (t) => {
  const { id } = await refundUnknown('events')
  const resolved = await fail(id)
  const { status, body } = await caller.request(`/refunds/${id}/events`)
  t.equal(status, 200)
  const { data } = body as unknown as { data: { at: string }[] }
  t.match(data, [
    { event: 'processing', source: 'caller', by: 'orders', note: null },
    { event: 'unknown', source: 'provider', by: null, note: null },
    { event: 'failed', source: 'operator', by: 'finance', note: NOTE },
  ])
  t.equal(data.length, 3)
  t.equal(data[0]?.at, resolved.body.created_at)
  t.equal(data[2]?.at, resolved.body.updated_at)
  t.ok(Math.abs(Date.parse(resolved.body.resolution?.at as string) - Date.now()) < 60_000)
  const times = data.map(({ at }) => Date.parse(at))
  t.same(times, times.toSorted(), 'oldest first')
})
