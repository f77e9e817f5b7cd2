import t from 'tap'
import type { ChangeFilter } from '../../../src/refunds/flows/changed-refunds.ts'
import { listByTime, type PageStart } from '../../../src/refunds/flows/list-by-time.ts'
import { createMemoryJournal, MIDNIGHT } from '../../support/memory-journal.ts'

const DAY_MS = 86_400_000
const DAY = { fromMs: MIDNIGHT, toMs: MIDNIGHT + DAY_MS }

function createWorld() {
  const world = createMemoryJournal()
  const page = (filter: ChangeFilter = DAY, limit = 100, after: PageStart | null = null) =>
    listByTime(world, filter, { limit, after })
  /** The ids of all pages; `meanwhile` runs after each of them. */
  async function listAll(filter: ChangeFilter = DAY, limit = 100, meanwhile = () => {}): Promise<string[]> {
    const ids: string[] = []
    let after: PageStart | null = null
    do {
      const found = await page(filter, limit, after)
      ids.push(...found.refunds.map(({ id }) => id))
      if (found.next !== null) t.equal(found.refunds.length, limit, 'a page is full unless it is the last')
      after = found.next
      meanwhile()
    } while (after !== null)
    return ids
  }
  return { ...world, page, listAll }
}

t.test('refunds are listed by their last change, oldest first, in pages of any size', async (t) => {
  const { happen, listAll, page } = createWorld()
  t.same(await page(), { refunds: [], next: null })
  const ids = Array.from({ length: 30 }, (_, index) => `r${index}`)
  for (const [index, id] of ids.entries()) happen({ id, at: MIDNIGHT + index, change: 'succeeded' })
  for (const limit of [1, 7, 29, 30, 31, 100]) t.same(await listAll(DAY, limit), ids, `in pages of ${limit}`)
})

t.test('they stand by when they changed, however late that was journalled', async (t) => {
  const { happen, listAll } = createWorld()
  const lags = [5_000, 0, 4_999, 120, 3_000, 2_999, 1, 5_000]
  const all = Array.from({ length: 700 }, (_, index) => {
    // Some at the same moment.
    const at = MIDNIGHT + Math.floor(index / 3) * 50
    return { id: `r${index}`, at, lag: lags[(index * 5) % lags.length] as number }
  })
  for (const one of all) happen({ ...one, change: 'succeeded' })
  const inOrder = all.toSorted((one, other) => one.at - other.at || one.lag - other.lag).map(({ id }) => id)
  const atOnce = await listAll(DAY, 2_000)
  t.same(atOnce, inOrder)
  for (const limit of [3, 100, 499]) t.same(await listAll(DAY, limit), inOrder, `in pages of ${limit}`)
  const later = { fromMs: MIDNIGHT + 5_000, toMs: MIDNIGHT + 10_000 }
  t.same(
    await listAll(later, 10),
    inOrder.filter((id) => {
      const { at = 0 } = all.find((one) => one.id === id) ?? {}
      return at >= later.fromMs && at < later.toMs
    }),
  )
})

t.test('a day begins and ends at midnight in Korea', async (t) => {
  const { happen, listAll, setNow } = createWorld()
  setNow(MIDNIGHT + 10 * DAY_MS)
  happen({ id: 'before', at: MIDNIGHT - 1, change: 'succeeded' })
  happen({ id: 'first', at: MIDNIGHT, change: 'succeeded' })
  happen({ id: 'last', at: MIDNIGHT + DAY_MS - 1, change: 'succeeded' })
  happen({ id: 'after', at: MIDNIGHT + DAY_MS, change: 'succeeded' })
  t.same(await listAll(), ['first', 'last'])
  t.same(await listAll({ fromMs: MIDNIGHT, toMs: null }), ['first', 'last', 'after'])
})

t.test('a refund stands where it changed last, and nowhere else', async (t) => {
  const { happen, listAll, setNow } = createWorld()
  setNow(MIDNIGHT + 10 * DAY_MS)
  happen({ id: 'a', at: MIDNIGHT + 10, change: 'unknown' })
  happen({ id: 'b', at: MIDNIGHT + 20, change: 'failed' })
  happen({ id: 'c', at: MIDNIGHT + 30, change: 'succeeded' })
  t.same(await listAll(), ['a', 'b', 'c'])
  happen({ id: 'a', at: MIDNIGHT + 40, change: 'succeeded' })
  t.same(await listAll(), ['b', 'c', 'a'])
  happen({ id: 'b', at: MIDNIGHT + DAY_MS + 1, change: 'disputed' })
  t.same(await listAll(), ['c', 'a'], 'one that changed on the next day is of that')
  t.same(await listAll({ fromMs: MIDNIGHT + DAY_MS, toMs: null }), ['b'])
  happen({ id: 'b', at: MIDNIGHT + DAY_MS + 2, change: 'succeeded' })
  t.same(await listAll({ fromMs: MIDNIGHT + DAY_MS, toMs: null, status: 'succeeded' }), ['b'])
})

t.test('what may not be complete yet is not listed', async (t) => {
  const { happen, listAll, page, setNow } = createWorld()
  happen({ id: 'old', at: MIDNIGHT + 1_000, change: 'succeeded' })
  happen({ id: 'new', at: MIDNIGHT + 4_000, change: 'succeeded' })
  setNow(MIDNIGHT + 7_000)
  t.same(await listAll({ fromMs: MIDNIGHT, toMs: null }), ['old'])
  t.same(await page({ fromMs: MIDNIGHT + 3_000, toMs: null }), { refunds: [], next: null })
  setNow(MIDNIGHT + 9_001)
  t.same(await listAll({ fromMs: MIDNIGHT, toMs: null }), ['old', 'new'])
})

t.test('each filter fills its pages', async (t) => {
  const { happen, listAll, reads } = createWorld()
  const changes = ['succeeded', 'failed', 'unknown', 'disputed'] as const
  const all = Array.from({ length: 900 }, (_, index) => {
    const change = changes[index % 4] ?? 'succeeded'
    const merchant = index % 3 === 0 ? 'shop' : 'other'
    const caller = index % 7 === 0 ? 'orders' : 'pos'
    const id = `r${index}`
    const at = MIDNIGHT + index * 10
    if (change === 'disputed') happen({ id, at: at - 5, change: 'failed', merchant })
    happen({ id, at, change, merchant, refund: { requested_by: caller } })
    return { id, status: change === 'disputed' ? 'failed' : change, merchant, caller }
  })
  happen({ id: 'booking', at: MIDNIGHT + 1, change: 'outside' })
  const expected = (wanted: Partial<ChangeFilter>) =>
    all
      .filter((one) => Object.entries(wanted).every(([name, value]) => one[name as 'id'] === value))
      .map(({ id }) => id)
  const filters = [
    { status: 'succeeded' },
    { status: 'failed' },
    { status: 'unknown' },
    { status: 'processing' },
    { merchant: 'shop' },
    { caller: 'orders' },
    { caller: 'nobody' },
    { status: 'failed', merchant: 'shop', caller: 'orders' },
  ] as const
  for (const filter of filters) {
    for (const limit of [3, 20, 100]) {
      t.same(await listAll({ ...DAY, ...filter }, limit), expected(filter), JSON.stringify(filter))
    }
  }
  t.ok(reads.every(({ limit }) => limit <= 512))
})

t.test('pages lose nothing and repeat nothing while refunds go on', async (t) => {
  const { happen, listAll, setNow } = createWorld()
  const start = MIDNIGHT + 1_000_000
  const old = Array.from({ length: 500 }, (_, index) => `old${index}`)
  for (const [index, id] of old.entries()) {
    happen({ id, at: MIDNIGHT + index, change: index % 10 === 0 ? 'unknown' : 'succeeded' })
  }
  let now = start
  setNow(now)
  const made: string[] = []
  const settledLater = new Set<string>()
  const ids = await listAll({ fromMs: MIDNIGHT, toMs: null }, 20, () => {
    const round = made.length / 2
    now += 1_000
    setNow(now)
    // Also such as are journalled as late as it may be.
    for (const late of [4_999, 10]) {
      made.push(`new${made.length}`)
      happen({ id: made.at(-1) as string, at: now - late, lag: late, change: 'succeeded' })
    }
    const settles = `old${round * 40}`
    if (round * 40 < old.length) happen({ id: settles, at: now - 10, change: 'succeeded' })
    settledLater.add(settles)
  })
  t.equal(new Set(ids).size, ids.length, 'nothing twice')
  t.same(
    ids.filter((id) => !settledLater.has(id)),
    old.filter((id) => !settledLater.has(id)),
    'each that was there and stayed as it was, and nothing that came later',
  )
  setNow(now + 10_000)
  const next = await listAll({ fromMs: start - 5_000, toMs: null }, 20)
  t.same([...next].sort(), [...made, ...[...settledLater].filter((id) => old.includes(id))].sort())
})

t.test('a refund that the store has forgotten is no refund of a list', async (t) => {
  const { happen, listAll, forget } = createWorld()
  for (const [index, id] of ['a', 'b', 'c'].entries()) happen({ id, at: MIDNIGHT + index, change: 'failed' })
  forget('b')
  t.same(await listAll(DAY, 1), ['a', 'c'])
})

t.test('whom nobody waits for is not read on for', async (t) => {
  const world = createWorld()
  for (let index = 0; index < 1_000; index += 1) {
    world.happen({ id: `r${index}`, at: MIDNIGHT + index, change: 'succeeded' })
  }
  const gone = AbortSignal.abort()
  await listByTime(world, { ...DAY, caller: 'nobody' }, { limit: 10, after: null, signal: gone })
  t.equal(world.reads.length, 0)
})
