import t, { type Test } from 'tap'
import type { Refund } from '../../src/refunds/refund.ts'
import { resolveAsFailed, until } from '../support/calls.ts'
import { isProblem, isRefund, pointsAt } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'

type List = { data: Refund[]; next_cursor: string | null }
type Events = {
  data: { at: string; event: string; source: string; by: string | null; note: string | null }[]
}

async function startAll(t: Test) {
  const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const gateway = await startTestGateway(
    t,
    gatewayEnv(provider.url, redis, { RECONCILE_INTERVAL_MS: '3600000', RATE_LIMIT_MAX: '100000' }),
  )
  const list = (query: Record<string, string>) =>
    gateway.request<List>(`/refunds?${new URLSearchParams(query)}`)
  /** The ids of all pages. */
  async function listAll(query: Record<string, string>): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const { status, body } = await list({ ...query, ...(cursor !== null && { cursor }) })
      t.equal(status, 200)
      ids.push(...body.data.map(({ id }) => id))
      cursor = body.next_cursor
    } while (cursor !== null)
    return ids
  }
  const fail = () => provider.onCancel((response) => sendJson(response, {}, 500))
  const succeed = () => provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
  return { provider, redis, gateway, list, listAll, fail, succeed }
}

t.test('what is unknown is listed oldest first, over all shards and payments', async (t) => {
  const { gateway, list, listAll, fail, succeed } = await startAll(t)
  t.same((await list({ status: 'unknown' })).body, { data: [], next_cursor: null })

  const ids: string[] = []
  const tids = ['first-10000', 'a:tid{with}%20-10000', '"quoted"-10000', 'x.y-10000']
  for (let count = 0; count < 30; count++) {
    // In between, such as end well and are not listed.
    if (count % 3 === 0) isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
    fail()
    const tid = tids[count % tids.length] as string
    const answer = await gateway.refund(refundRequest({ tid, amount: 10 + count }))
    isRefund(t, answer, 'unknown')
    ids.push(answer.body.id)
    succeed()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  for (const limit of ['1', '7', '29', '30', '100']) {
    t.same(await listAll({ status: 'unknown', limit }), ids, `in pages of ${limit}`)
  }
  const first = await list({ status: 'unknown' })
  t.equal(first.body.data.length, 20, 'twenty where nothing is said')
  const [refund] = first.body.data
  t.same(refund, (await gateway.request(`/refunds/${refund?.id}`)).body, 'each as it is read')
  t.same((await list({ status: 'processing' })).body.data, [])

  // One that is resolved between two pages is not missed by the next one.
  const page = await list({ status: 'unknown', limit: '10' })
  const last = page.body.data.at(-1) as Refund
  await resolveAsFailed(gateway, last.id)
  const cursor = page.body.next_cursor as string
  const next = await list({ status: 'unknown', limit: '10', cursor })
  t.same(
    next.body.data.map(({ id }) => id),
    ids.slice(10, 20),
  )
  t.same(await listAll({ status: 'unknown' }), ids.toSpliced(9, 1))
})

t.test('what is in flight is listed as processing', async (t) => {
  const { gateway, provider, list, listAll } = await startAll(t)
  const respond: (() => void)[] = []
  provider.onCancel((response, { body }) => respond.push(() => sendJson(response, cancelAnswer(body))))
  const bodies = Array.from({ length: 5 }, () => refundRequest())
  const answers: ReturnType<typeof gateway.refund>[] = []
  for (const body of bodies) {
    answers.push(gateway.refund(body))
    await until('it is at the provider', () => respond.length === answers.length)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const { body } = await list({ status: 'processing' })
  t.same(
    body.data.map(({ tid }) => tid),
    bodies.map(({ tid }) => tid),
  )
  t.ok(body.data.every(({ status, provider }) => status === 'processing' && provider === null))
  t.equal((await listAll({ status: 'processing', limit: '2' })).length, 5)
  t.same((await list({ status: 'unknown' })).body.data, [])
  for (const answer of respond) answer()
  for (const answer of answers) isRefund(t, await answer, 'succeeded')
  t.same((await list({ status: 'processing' })).body, { data: [], next_cursor: null })
})

t.test('a cursor belongs to its list', async (t) => {
  const { gateway, list, fail } = await startAll(t)
  fail()
  const tid = 'cursors-10000'
  for (let count = 0; count < 3; count++) {
    await gateway.refund(refundRequest({ tid, amount: 10 + count }))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const ofPayment = (await list({ tid, limit: '1' })).body.next_cursor as string
  const ofAll = (await list({ status: 'unknown', limit: '1' })).body.next_cursor as string
  t.ok(ofPayment && ofAll)
  t.equal((await list({ tid, cursor: ofPayment })).body.data.length, 2)
  t.equal((await list({ status: 'unknown', cursor: ofAll })).body.data.length, 2)

  pointsAt(t, await list({ tid, cursor: ofAll }), ['#/cursor'], 'of all, for a payment')
  pointsAt(t, await list({ status: 'unknown', cursor: ofPayment }), ['#/cursor'], 'of a payment, for all')
  for (const cursor of ['0', '-1', 'abc', '1e3', `${ofAll}x`, '1767225600000.rf_short', '']) {
    pointsAt(t, await list({ status: 'unknown', cursor }), ['#/cursor'], JSON.stringify(cursor))
  }
  const beyond = `9999999999999.${'rf_ZZZZZZZZZZZZZZZZZZZZZZZZZZ'}`
  t.same((await list({ status: 'unknown', cursor: beyond })).body, { data: [], next_cursor: null })
})

t.test('a list is of a payment, or of what is unsettled', async (t) => {
  const { list } = await startAll(t)
  for (const query of [{}, { status: 'succeeded' }, { status: 'failed' }, { limit: '5' }]) {
    isProblem(t, await list(query as Record<string, string>), 'invalid_request', JSON.stringify(query))
  }
  pointsAt(t, await list({ status: 'lost' }), ['#/status'], 'another status')
  for (const limit of ['0', '101', '-1', '1.5', 'ten']) {
    pointsAt(t, await list({ status: 'unknown', limit }), ['#/limit'], limit)
  }
})

t.test('everything that happened to a refund', async (t) => {
  const { gateway, fail } = await startAll(t)
  const eventsOf = (id: string) => gateway.request<Events>(`/refunds/${id}/events`)
  const { body: succeeded } = await gateway.refund(refundRequest())
  const { status, body: events } = await eventsOf(succeeded.id)
  t.equal(status, 200)
  t.same(events, {
    data: [
      { at: succeeded.created_at, event: 'processing', source: 'caller', by: 'anonymous', note: null },
      { at: succeeded.updated_at, event: 'succeeded', source: 'provider', by: null, note: null },
    ],
  })
  fail()
  const { body: unknown } = await gateway.refund(refundRequest())
  t.same((await eventsOf(unknown.id)).body.data, [
    { at: unknown.created_at, event: 'processing', source: 'caller', by: 'anonymous', note: null },
    { at: unknown.updated_at, event: 'unknown', source: 'provider', by: null, note: null },
  ])
  isProblem(t, await eventsOf('rf_00000000000000000000000000'), 'not_found')
})
