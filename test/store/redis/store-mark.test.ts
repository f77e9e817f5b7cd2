import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { Refund } from '../../../src/refunds/refund.ts'
import { keys } from '../../../src/store/keys.ts'
import { connectRedis } from '../../../src/store/redis/connection.ts'
import { acceptStore } from '../../../src/store/redis/store-id.ts'
import { acceptGoneBack } from '../../../src/store/redis/store-mark.ts'
import { until } from '../../support/calls.ts'
import { startTestRedis } from '../../support/redis.ts'
import { createPast } from '../../support/store-past.ts'

/** All that a store holds. */
type Backup = ReadonlyMap<string, Buffer>

const server = await startTestRedis(t)

/** A database of its own, so that tests and runs do not meet. */
async function startStore(t: Test, database: number) {
  const url = `${server.url}/${database}`
  const redis = connectRedis({ kind: 'url', url })
  const operator = new Redis(url)
  t.teardown(() => {
    redis.disconnect()
    operator.disconnect()
  })
  await once(redis, 'ready')

  async function backUp(): Promise<Backup> {
    const names = await operator.keys('*')
    const values = await Promise.all(names.map((name) => operator.dumpBuffer(name)))
    return new Map(names.map((name, index) => [name, values[index] as Buffer]))
  }
  async function putBack(backup: Backup): Promise<void> {
    await operator.flushdb()
    await Promise.all([...backup].map(([name, value]) => operator.restore(name, 0, value)))
  }
  const markOf = async () => Number(await operator.hget(keys.storeMark(0), 'mark'))
  return { redis, operator, backUp, putBack, markOf }
}

/** A refund of which an outcome was stored. */
async function settle(operator: Redis, past: ReturnType<typeof createPast>) {
  const refund = { id: `rf_${randomUUID()}`, updated_at: new Date().toISOString() } as Refund
  const paymentKey = keys.payment('default', refund.id)
  await operator.hset(paymentKey, refund.id, 'succeeded')
  past.refundBegun()
  past.refundSettled(paymentKey, refund)
}

const GONE_BACK = /^it has gone back: .*npm run accept-store -- --gone-back=\S+Z \(in the image: /

const timeIn = (reason: string | null) => /--gone-back=(\S+)/.exec(reason ?? '')?.[1] as string

t.test('the mark rises with Redis’s clock, and where that clock went back', async (t) => {
  const { redis, operator, markOf } = await startStore(t, 1)
  const past = createPast(redis)
  const before = Date.now()
  t.equal(await past.check(), null)
  t.ok((await markOf()) >= before, 'the time')
  const ahead = before + 3_600_000
  await operator.hset(keys.storeMark(0), 'mark', ahead)
  for (const mark of [ahead + 1, ahead + 2]) {
    t.equal(await past.check(), null)
    t.equal(await markOf(), mark)
  }
})

t.test('a backup that is put back is noticed by who remembers more, and by all who look then', async (t) => {
  const { redis, backUp, putBack, markOf } = await startStore(t, 2)
  const [first, second] = [createPast(redis), createPast(redis)]
  await first.check()
  const backup = await backUp()
  const backedUpAt = await markOf()
  await first.check()
  const newest = await backUp()
  t.equal(await second.check(), null)
  await putBack(backup)
  const found = await first.check()
  t.match(found, GONE_BACK)
  t.match(found, `as it was at ${new Date(backedUpAt).toISOString()}`)
  t.equal(await markOf(), backedUpAt, 'nothing hides it')
  t.match(await second.check(), GONE_BACK)
  t.match(await createPast(redis).check(), GONE_BACK, 'one that starts now, and remembers nothing')

  await putBack(newest)
  t.equal(await first.check(), null, 'and it ends with the right backup')
  t.match(await second.check(), GONE_BACK, 'but for who remembers more than that, too')
})

t.test('a process that slept over it notices, whatever a fresh one has raised the mark to', async (t) => {
  const { redis, backUp, putBack, markOf } = await startStore(t, 3)
  const asleep = createPast(redis)
  await asleep.check()
  const backup = await backUp()
  await asleep.check()
  const remembered = await markOf()
  await putBack(backup)
  const fresh = createPast(redis)
  for (let look = 0; look < 3; look++) t.equal(await fresh.check(), null, 'it cannot know')
  t.ok((await markOf()) > remembered)
  t.match(await asleep.check(), GONE_BACK)
  t.match(await fresh.check(), GONE_BACK, 'and now it knows')

  const unborn = await startStore(t, 4)
  await createPast(unborn.redis).check()
  const earlier = await unborn.backUp()
  const later = createPast(unborn.redis)
  await later.check()
  await unborn.putBack(earlier)
  await createPast(unborn.redis).check()
  t.match(await later.check(), GONE_BACK, 'also one that the backup has never heard of')
})

t.test('a refund that is gone is noticed before the mark was raised for it', async (t) => {
  const { redis, operator, backUp, putBack } = await startStore(t, 5)
  const past = createPast(redis)
  await past.check()
  const backup = await backUp()
  await settle(operator, past)
  await putBack(backup)
  t.match(await past.check(), GONE_BACK)
  t.match(await createPast(redis).check(), GONE_BACK)
})

t.test('the mark is raised soon after a refund, once for many', async (t) => {
  const { redis, operator, markOf } = await startStore(t, 6)
  const past = createPast(redis)
  await past.check()
  const before = await markOf()
  const raised = Number(/cmdstat_zadd:calls=(\d+)/.exec(await operator.info('commandstats'))?.[1])
  for (let refund = 0; refund < 50; refund++) await settle(operator, past)
  await until('it is raised', async () => (await markOf()) > before)
  const zadds = Number(/cmdstat_zadd:calls=(\d+)/.exec(await operator.info('commandstats'))?.[1]) - raised
  t.ok(zadds < 10, `${zadds} times`)

  await settle(operator, past)
  const atClose = await markOf()
  await past.close()
  t.ok((await markOf()) > atClose, 'and at the end')
})

t.test('an operator accepts what is remembered, by its time', async (t) => {
  const { redis, operator, backUp, putBack } = await startStore(t, 7)
  const [one, other] = [createPast(redis), createPast(redis)]
  await t.rejects(acceptGoneBack(redis, new Date().toISOString()), { message: /^No gateway has found/ })
  await one.check()
  await other.check()
  const backup = await backUp()
  await one.check()
  await other.check()
  await putBack(backup)
  const known = timeIn(await one.check())
  const higher = timeIn(await other.check())
  t.ok(higher > known)
  await t.rejects(acceptGoneBack(redis, known), { message: `goes until ${higher}` }, 'not less than is known')
  t.match(await one.check(), GONE_BACK)
  const accepted = await acceptGoneBack(redis, higher)
  t.equal(new Date(accepted.remembered).toISOString(), higher)
  t.ok(accepted.since > 0 && accepted.since < accepted.remembered)
  for (const past of [one, other, createPast(redis)]) t.equal(await past.check(), null)

  await putBack(backup)
  t.match(await one.check(), GONE_BACK, 'the next loss is a loss again')
  await acceptGoneBack(redis, timeIn(await one.check()))
  t.match(await other.check(), GONE_BACK, 'what nobody had named when it was accepted')
  await operator.flushdb()
  t.match(await one.check(), 'is missing')
})

t.test('of many instances those that raised it last are told apart', async (t) => {
  const { redis, operator, backUp, putBack } = await startStore(t, 8)
  const [old, present] = [createPast(redis), createPast(redis)]
  await old.check()
  const oldest = Number((await operator.zrange(keys.storeInstances(0), '0', '0', 'WITHSCORES'))[1])
  const crowd = Array.from({ length: 1_000 }, (_, index) => [`${oldest + 1}`, `instance-${index}`]).flat()
  await operator.call('ZADD', keys.storeInstances(0), ...crowd)
  const backup = await backUp()
  await present.check()
  t.equal(await operator.zcard(keys.storeInstances(0)), 502)
  t.equal(await old.check(), null, 'one that was forgotten is no loss')
  await putBack(backup)
  t.match(await present.check(), GONE_BACK)
})

t.test('who only looks leaves everything as it is', async (t) => {
  const { redis, operator, backUp, putBack } = await startStore(t, 9)
  const markFile = join(t.testdir({}), 'mark.json')
  const look = () => createPast(redis, { mayWrite: false, markFile }).check()
  t.equal(await look(), null, 'a new store')
  t.equal(await operator.dbsize(), 0)
  await t.rejects(readFile(markFile), { code: 'ENOENT' })

  const past = createPast(redis, { markFile })
  await past.check()
  const backup = await backUp()
  await past.check()
  await past.close()
  t.equal(await look(), null)
  await putBack(backup)
  t.match(await look(), GONE_BACK)
  t.equal(await operator.hexists(keys.storeMark(0), 'lost'), 0)
})

t.test('a file remembers for a process that starts later', async (t) => {
  const { redis, operator, backUp, putBack } = await startStore(t, 10)
  const markFile = join(t.testdir({}), 'mark.json')
  const former = createPast(redis, { markFile })
  await former.check()
  const backup = await backUp()
  await former.check()
  await former.close()
  const next = createPast(redis, { markFile })
  t.equal(await next.check(), null)
  await next.close()

  await putBack(backup)
  const unknowing = createPast(redis)
  t.equal(await unknowing.check(), null)
  const before = await readFile(markFile, 'utf8')
  const latter = createPast(redis, { markFile })
  t.match(await latter.check(), GONE_BACK, 'although another one has raised the mark')
  await latter.close()
  t.equal(await readFile(markFile, 'utf8'), before, 'and does not forget')
  t.match(await unknowing.check(), GONE_BACK)

  await operator.flushdb()
  t.match(
    await createPast(redis, { markFile }).check(),
    'lost data: the store id',
    'it remembers the id, too',
  )
  t.equal(await operator.dbsize(), 0)
  await createPast(redis).check()
  t.match(await createPast(redis, { markFile }).check(), 'is another one')
})

t.test('a file that cannot be believed is not taken for none', async (t) => {
  const { redis, operator } = await startStore(t, 11)
  const dir = t.testdir({ directory: {} })
  const markFile = join(dir, 'mark.json')
  const id = randomUUID()
  for (const text of [
    '',
    'null',
    '{',
    '{}',
    `{"store_id":"${id}","marks":{"0":{"instance":"a","mark":"1"}}}`,
  ]) {
    await writeFile(markFile, text)
    const past = createPast(redis, { markFile })
    t.match(await past.check(), /^STORE_MARK_FILE \S+ does not hold what a gateway wrote: put /, text)
    await past.close()
    t.equal(await readFile(markFile, 'utf8'), text, 'and it stays')
  }
  t.match(
    await createPast(redis, { markFile: join(dir, 'directory') }).check(),
    /^STORE_MARK_FILE \S+ cannot be read \(EISDIR\)/,
  )
  t.equal(await operator.dbsize(), 0)
  await writeFile(markFile, JSON.stringify({ store_id: id, marks: {} }))
  t.match(await createPast(redis, { markFile }).check(), `the store id ${id} is missing`)
})

t.test('a file that cannot be written is warned of, until it can', async (t) => {
  const { redis } = await startStore(t, 12)
  const dir = t.testdir({})
  const markFile = join(dir, 'later', 'mark.json')
  const lines: string[] = []
  const past = createPast(redis, { markFile, report: (line) => lines.push(line) })
  t.equal(await past.check(), null)
  await past.check()
  await until('it is warned of', async () => past.warning() !== null)
  t.equal(lines.filter((line) => line === past.warning()).length, 1, 'once')
  t.match(past.warning(), /^STORE_MARK_FILE \S+ cannot be written \(ENOENT\): a gateway that starts later/)
  await mkdir(join(dir, 'later'))
  await past.check()
  await until('it is written', async () => past.warning() === null)
  t.match(JSON.parse(await readFile(markFile, 'utf8')), { marks: { 0: { mark: Number } } })
})

t.test(
  'processes that share a file never lower it, and notice what another one has written there',
  async (t) => {
    const { redis, backUp, putBack } = await startStore(t, 13)
    const markFile = join(t.testdir({}), 'mark.json')
    const markIn = async () => JSON.parse(await readFile(markFile, 'utf8')).marks[0].mark as number
    const all = [1, 2, 3].map(() => createPast(redis, { markFile }))
    const [one, other] = all as [(typeof all)[0], (typeof all)[0]]
    await one.check()
    await until('it is written', () =>
      markIn().then(
        () => true,
        () => false,
      ),
    )
    let last = 0
    for (let round = 0; round < 30; round++) {
      await Promise.all(all.map((past) => past.check()))
      const mark = await markIn()
      t.ok(mark >= last, `${mark} after ${last}`)
      last = mark
    }
    t.ok(last > Date.now() - 5_000, 'and they keep it fresh')

    await leaveLock(markFile)
    await until('who was killed while it wrote is not waited for', async () => {
      await one.check()
      return (await markIn()) > last
    })

    await other.check()
    const backup = await backUp()
    await one.check()
    await one.close()
    await putBack(backup)
    t.match(await other.check(), GONE_BACK)
  },
)

t.test('the loss of an id ends what is remembered of that store', async (t) => {
  const { redis, operator } = await startStore(t, 14)
  const markFile = join(t.testdir({}), 'mark.json')
  const [past, filed] = [createPast(redis), createPast(redis, { markFile })]
  await past.check()
  await filed.check()
  await filed.close()
  const lost = (await operator.get(keys.storeId(0))) as string
  await operator.flushdb()
  t.match(await past.check(), 'is missing')
  const accepted = await acceptStore(redis, lost)
  for (const one of [past, filed, createPast(redis, { markFile })]) t.equal(await one.check(), null)
  await filed.close()
  t.match(JSON.parse(await readFile(markFile, 'utf8')), { store_id: accepted })
})

/** As a process leaves it that was killed long ago while it wrote. At once, since others write, too. */
async function leaveLock(markFile: string): Promise<void> {
  const made = `${markFile}.lock-of-the-killed`
  await writeFile(made, '')
  await utimes(made, new Date(0), new Date(0))
  await rename(made, `${markFile}.lock`)
}

type Step =
  | { do: 'check' | 'restart' | 'forget'; process: number }
  | { do: 'back up' }
  | { do: 'put back'; backup: number }

const PROCESSES = 3
const STEPS: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('check' as const, 'check' as const, 'restart' as const, 'forget' as const),
      process: fc.nat(PROCESSES - 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('back up' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('put back' as const), backup: fc.nat(9) }) },
)

/** The raises that a store has had, and whether somebody has found that it lacks one. */
type ModelStore = Readonly<{ raises: ReadonlySet<number>; isLost: boolean }>

t.test('a loss is found exactly where the store lacks what somebody remembers', async (t) => {
  const { redis, backUp, putBack } = await startStore(t, 15)
  const dir = t.testdir({})
  let files = 0

  async function run(steps: readonly Step[]): Promise<void> {
    await putBack(new Map())
    const start = () => {
      const markFile = join(dir, `${files++}.json`)
      return { markFile, past: createPast(redis, { markFile }), memory: null as number | null, isSeen: false }
    }
    const processes = Array.from({ length: PROCESSES }, start)
    let store: ModelStore = { raises: new Set(), isLost: false }
    let raises = 0
    const backups: { backup: Backup; store: ModelStore }[] = []

    /** What a raise by this process does in the model; false where it finds a loss. */
    const raise = (process: (typeof processes)[number]): boolean => {
      const lacksIt = process.memory !== null && !store.raises.has(process.memory)
      if (lacksIt) store = { ...store, isLost: true }
      if (store.isLost) return false
      process.memory = ++raises
      store = { raises: new Set([...store.raises, raises]), isLost: false }
      return true
    }
    const check = async (process: (typeof processes)[number]) => {
      const isFine = raise(process)
      process.isSeen ||= isFine
      const found = await process.past.check()
      if (isFine !== (found === null)) throw new Error(`${isFine ? 'nothing' : 'a loss'} expected: ${found}`)
    }
    const end = async (process: (typeof processes)[number]) => {
      if (process.isSeen) raise(process)
      await process.past.close()
    }

    await check(processes[0] as (typeof processes)[number])
    backups.push({ backup: await backUp(), store })
    for (const step of steps) {
      if (step.do === 'back up') backups.push({ backup: await backUp(), store })
      else if (step.do === 'put back') {
        const { backup, store: former } = backups[step.backup % backups.length] as (typeof backups)[number]
        await putBack(backup)
        store = former
      } else {
        const process = processes[step.process] as (typeof processes)[number]
        if (step.do === 'check') await check(process)
        else {
          await end(process)
          const { markFile, memory } = process
          Object.assign(process, start())
          if (step.do === 'restart') {
            Object.assign(process, { markFile, memory, past: createPast(redis, { markFile }) })
          }
        }
      }
    }
    for (const process of processes) await end(process)
  }

  await fc.assert(fc.asyncProperty(fc.array(STEPS, { minLength: 5, maxLength: 25 }), run), { numRuns: 60 })
  t.ok(files > 0)
})
