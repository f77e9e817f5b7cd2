import t, { type Test } from 'tap'
import type { Refund } from '../../src/refunds/refund.ts'
import { until } from '../support/calls.ts'
import { isProblem, pointsAt } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { type List, readAllPages, untilListed, yesterday } from '../support/listed.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'

const FROM = { from: yesterday() }
const idsOf = (refunds: readonly Refund[]) => refunds.map(({ id }) => id)

async function startAll(t: Test, env: Record<string, string> = {}) {
  const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const gateway = await startTestGateway(
    t,
    gatewayEnv(provider.url, redis, {
      RECONCILE_INTERVAL_MS: '3600000',
      RATE_LIMIT_MAX: '100000',
      ...env,
    }),
  )
  const list = (query: Record<string, string>, headers: Record<string, string> = {}) =>
    gateway.request<List>(`/refunds?${new URLSearchParams(query)}`, { headers })
  /** Makes refunds one after the other: every third is declined, every fifth unknown. */
  async function make(count: number, headers: Record<string, string> = {}): Promise<string[]> {
    const ids: string[] = []
    for (let number = 1; number <= count; number += 1) {
      provider.onCancel((response, { body }) => {
        if (number % 5 === 0) return sendJson(response, {}, 500)
        const declined = { cancel_code: '3001', cancel_msg: '한도초과', cancel_amt: '0' }
        return sendJson(response, cancelAnswer(body, number % 3 === 0 ? declined : {}))
      })
      const { body } = await gateway.refund(refundRequest(), undefined, headers)
      ids.push(body.refund?.id ?? body.id)
    }
    return ids
  }
  return { gateway, provider, list, make }
}

t.test('what changed within a span is listed oldest first, whatever came of it', async (t) => {
  const { gateway, list, make } = await startAll(t)
  t.same((await list(FROM)).body, { data: [], next_cursor: null })
  const ids = await make(31)
  await untilListed(gateway, ids)
  const { refunds } = await readAllPages(gateway, { ...FROM, limit: '100' })
  t.same(idsOf(refunds).toSorted(), ids.toSorted())
  const times = refunds.map(({ updated_at }) => updated_at)
  t.same(times, times.toSorted(), 'in the order of their changes')
  for (const limit of ['1', '7', '30', '31', '32']) {
    const { refunds: paged, lengths } = await readAllPages(gateway, { ...FROM, limit })
    t.same(idsOf(paged), idsOf(refunds), `in pages of ${limit}`)
    t.ok(
      lengths.slice(0, -1).every((length) => length === Number(limit)),
      'each full but the last',
    )
  }
  t.equal((await list(FROM)).body.data.length, 20, 'twenty where nothing is said')
  const [first] = refunds
  t.same(first, (await gateway.request(`/refunds/${first?.id}`)).body, 'each as it is read')

  for (const status of ['succeeded', 'failed', 'unknown']) {
    const { refunds: some, lengths } = await readAllPages(gateway, { ...FROM, status, limit: '4' })
    t.same(idsOf(some), idsOf(refunds.filter((refund) => refund.status === status)), status)
    t.ok(lengths.slice(0, -1).every((length) => length === 4))
  }
  t.same(
    idsOf((await readAllPages(gateway, { ...FROM, account: 'default' })).refunds),
    idsOf(refunds),
    'of the only account',
  )
  t.same((await list({ ...FROM, caller: 'nobody' })).body, { data: [], next_cursor: null })

  // `from` is included, and `to` is not.
  const middle = times[15] as string
  const after = refunds.filter(({ updated_at }) => updated_at >= middle)
  t.same(idsOf((await readAllPages(gateway, { from: middle })).refunds), idsOf(after))
  const before = refunds.filter(({ updated_at }) => updated_at < middle)
  t.same(idsOf((await readAllPages(gateway, { ...FROM, to: middle })).refunds), idsOf(before))
  const korean = new Date(Date.parse(middle) + 9 * 3_600_000).toISOString().replace('Z', '+09:00')
  t.same(idsOf((await readAllPages(gateway, { from: korean })).refunds), idsOf(after), 'with an offset')
  const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10)
  t.same(idsOf((await readAllPages(gateway, { ...FROM, to: today })).refunds), idsOf(refunds), 'a date as to')
  t.same((await list({ from: '2020-01-01', to: '2020-12-31' })).body, { data: [], next_cursor: null })
  t.same((await list({ from: '2100-01-01' })).body, { data: [], next_cursor: null }, 'what is to come')
})

t.test('a refund that is settled moves to where it was settled', async (t) => {
  const { gateway, list, make } = await startAll(t)
  const ids = await make(10)
  const unknown = ids[4] as string
  await untilListed(gateway, ids)
  const settle = async () => {
    const body = { outcome: 'succeeded', note: 'seen' }
    return (await gateway.request(`/refunds/${unknown}/resolve`, { body })).status
  }
  const openKeyed = await settle()
  t.equal(openKeyed, 200)
  await until('it has moved', async () => {
    const { refunds } = await readAllPages(gateway, FROM)
    return refunds.length === 10 && refunds.at(-1)?.id === unknown
  })
  const { body } = await list({ ...FROM, status: 'unknown' })
  t.same(idsOf(body.data), [ids[9]])
})

t.test('pages lose nothing and repeat nothing while refunds go on', async (t) => {
  const { gateway, make } = await startAll(t)
  const before = await make(40)
  await untilListed(gateway, before)
  const made: string[] = []
  const { refunds } = await readAllPages(
    gateway,
    { ...FROM, limit: '3' },
    {
      meanwhile: async () => {
        made.push(...(await make(2)))
      },
    },
  )
  t.equal(new Set(idsOf(refunds)).size, refunds.length, 'nothing twice')
  t.same(idsOf(refunds).toSorted(), before.toSorted(), 'all that was there, and nothing that came later')
  await untilListed(gateway, [...before, ...made])
  const all = (await readAllPages(gateway, { ...FROM, limit: '7' })).refunds
  t.same(idsOf(all).toSorted(), [...before, ...made].toSorted())
})

t.test('who lists sees its own, or with read_all everybody’s', async (t) => {
  const { gateway, list, make } = await startAll(t, {
    API_KEYS: [
      apiKey('orders', 'key-orders', 'create+read'),
      apiKey('pos', 'key-pos', 'create+read'),
      apiKey('finance', 'key-finance', 'read_all'),
      apiKey('maker', 'key-maker', 'create'),
    ].join(),
  })
  const [orders, pos, finance] = ['orders', 'pos', 'finance'].map((name) => bearer(`key-${name}`))
  const own: string[] = []
  const others: string[] = []
  for (let round = 0; round < 5; round += 1) {
    own.push(...(await make(1, orders)))
    others.push(...(await make(2, pos)))
  }
  await untilListed(gateway, [...own, ...others], finance)
  const read = async (query: Record<string, string>, headers: Record<string, string> | undefined) =>
    (await readAllPages(gateway, { ...FROM, limit: '2', ...query }, { headers: headers ?? {} })).refunds
  t.same(idsOf(await read({}, orders)), own)
  t.same(idsOf(await read({ caller: 'orders' }, orders)), own, 'by its own name as well')
  t.same(idsOf(await read({}, finance)).toSorted(), [...own, ...others].toSorted())
  t.same(idsOf(await read({ caller: 'pos' }, finance)), others)
  t.same(await read({ caller: 'nobody' }, finance), [])
  t.ok(
    (await read({}, orders)).every((refund) => 'metadata' in refund),
    'each of its own is whole',
  )
  isProblem(t, await list({ ...FROM, caller: 'pos' }, orders), 'forbidden')
  isProblem(t, await list(FROM, bearer('key-maker')), 'forbidden')

  // A cursor that somebody else was given opens nothing.
  const { next_cursor } = (await list({ ...FROM, limit: '2' }, finance)).body
  t.ok(next_cursor)
  const given = { ...FROM, limit: '2', cursor: next_cursor as string }
  pointsAt(t, await list(given, orders), ['#/cursor'], 'a cursor of finance')
})

t.test('a cursor belongs to its list', async (t) => {
  const { gateway, list, make } = await startAll(t)
  const ids = await make(10)
  await untilListed(gateway, ids)
  const cursor = (await list({ ...FROM, limit: '2' })).body.next_cursor as string
  t.equal((await list({ ...FROM, cursor })).body.data.length, 8, 'with another limit it is the same list')
  const others: Record<string, string>[] = [
    { from: `${yesterday()}T00:00:01+09:00` },
    { ...FROM, to: '2100-01-01' },
    { ...FROM, status: 'failed' },
    { ...FROM, account: 'default' },
    { ...FROM, caller: 'anonymous' },
    { tid: 'x' },
    { status: 'unknown' },
  ]
  for (const query of others) {
    pointsAt(t, await list({ ...query, cursor }), ['#/cursor'], JSON.stringify(query))
  }
  const ofAll = (await list({ status: 'unknown', limit: '1' })).body.next_cursor as string
  for (const wrong of [
    ofAll,
    '21',
    `${cursor}x`,
    cursor.slice(0, -1),
    'tAAAAAAAAAAAA',
    `t${'A'.repeat(120)}`,
  ]) {
    pointsAt(t, await list({ ...FROM, cursor: wrong }), ['#/cursor'], wrong)
  }
})

t.test('a query that means no list is refused, and points at what is wrong', async (t) => {
  const { list } = await startAll(t)
  const wrong: [Record<string, string>, string][] = [
    [{ ...FROM, tid: 'x' }, '#/tid'],
    [{ to: '2026-01-01' }, '#/to'],
    [{ status: 'unknown', to: '2026-01-01' }, '#/to'],
    [{ tid: 'x', caller: 'orders' }, '#/caller'],
    [{ from: '2026-02-30' }, '#/from'],
    [{ from: 'yesterday' }, '#/from'],
    [{ from: '2026-01-01T00:00:00' }, '#/from'],
    [{ from: '' }, '#/from'],
    [{ from: '2026-01-02', to: '2026-01-01' }, '#/to'],
    [{ from: '2026-01-01', to: '2026-01-01T00:00:00+09:00' }, '#/to'],
    [{ ...FROM, to: '2026-13-01' }, '#/to'],
    [{ ...FROM, status: 'processing' }, '#/status'],
    [{ ...FROM, status: 'lost' }, '#/status'],
    [{ ...FROM, caller: 'a b' }, '#/caller'],
    [{ ...FROM, limit: '0' }, '#/limit'],
    [{ ...FROM, since: '2026-01-01' }, '#/since'],
  ]
  for (const [query, pointer] of wrong) pointsAt(t, await list(query), [pointer], JSON.stringify(query))
  isProblem(t, await list({ ...FROM, account: 'nobody' }), 'unknown_account')
})
