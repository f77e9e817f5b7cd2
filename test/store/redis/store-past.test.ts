import t, { type Test } from 'tap'
import { keys, UNSETTLED_SHARDS } from '../../../src/store/keys.ts'
import type { RedisClient } from '../../../src/store/lua/scripts.ts'
import { connectRedis } from '../../../src/store/redis/connection.ts'
import { acceptStore } from '../../../src/store/redis/store-id.ts'
import { startTestRedis } from '../../support/redis.ts'
import { createPast } from '../../support/store-past.ts'

const LAST_SHARD = UNSETTLED_SHARDS - 1

async function startStore(t: Test) {
  const server = await startTestRedis(t)
  const redis = connectRedis({ kind: 'url', url: server.url })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  await new Promise((resolve) => redis.once('ready', resolve))
  const lose = () => (redis as RedisClient & { flushall(): Promise<unknown> }).flushall()
  const idOf = async (shard: number) => (await redis.get(keys.storeId(shard))) ?? ''
  return { server, redis, lose, idOf }
}

t.test('a new store gets one id in every shard, however many replicas start at once', async (t) => {
  const { redis, idOf } = await startStore(t)
  const replicas = Array.from({ length: 8 }, () => createPast(redis))
  await Promise.all(replicas.map((replica) => replica.check()))
  const checks = await Promise.all(replicas.map((replica) => replica.check()))
  t.same(
    checks.filter((wrong) => wrong !== null),
    [],
  )
  const ids = await Promise.all(Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => idOf(shard)))
  t.equal(new Set(ids).size, 1)
  t.match(ids[0], /^[0-9a-f-]{36}$/)
  t.equal(await redis.ttl(keys.storeId(0)), -1, 'for ever')
})

t.test('a store that comes back empty is noticed, for as long as nobody accepts it', async (t) => {
  const { redis, lose, idOf } = await startStore(t)
  const identity = createPast(redis)
  await identity.check()
  const id = await idOf(0)
  await lose()
  for (const _ of [1, 2]) t.match(await identity.check(), `lost data: the store id ${id} is missing`)
  t.equal(await redis.dbsize(), 0, 'nothing is written into it meanwhile')
})

t.test('so is one of which a part is gone', async (t) => {
  const { redis } = await startStore(t)
  const identity = createPast(redis)
  await identity.check()
  await redis.del(keys.storeId(LAST_SHARD))
  t.match(await identity.check(), 'is missing')
  t.match(await createPast(redis).check(), 'is missing', 'also by a process that starts now')
})

t.test('and another store in its place', async (t) => {
  const { redis, lose } = await startStore(t)
  const identity = createPast(redis)
  await identity.check()
  await lose()
  t.equal(await createPast(redis).check(), null, 'a process that starts now takes it for new')
  t.match(await identity.check(), 'is another one')
})

t.test('an id that is configured is expected from the start', async (t) => {
  const { redis, lose, idOf } = await startStore(t)
  await createPast(redis).check()
  const id = await idOf(0)
  t.equal(await createPast(redis, { expectedId: id }).check(), null)
  await lose()
  t.match(await createPast(redis, { expectedId: id }).check(), 'is missing')
  t.equal(await redis.dbsize(), 0)
})

t.test('every replica accepts a loss that an operator accepts, and notices the next one', async (t) => {
  const { redis, lose, idOf } = await startStore(t)
  const replicas = [createPast(redis), createPast(redis)]
  const checkAll = () => Promise.all(replicas.map((replica) => replica.check()))
  await checkAll()
  const lost = await idOf(0)
  await lose()
  await checkAll()

  const accepted = await acceptStore(redis, lost)
  t.not(accepted, lost)
  // One after the other, as replicas that look every few seconds do.
  for (const replica of replicas) t.equal(await replica.check(), null)
  t.same(await checkAll(), [null, null])
  t.equal(
    await createPast(redis, { expectedId: lost }).check(),
    null,
    'one that was configured with the lost id',
  )
  t.equal(await createPast(redis, { expectedId: accepted }).check(), null)
  t.equal(await createPast(redis).check(), null)

  await lose()
  t.match(await checkAll(), [`${accepted} is missing`, `${accepted} is missing`])
  await acceptStore(redis, accepted)
  t.same(await checkAll(), [null, null])
  t.match(await createPast(redis, { expectedId: lost }).check(), 'is another one')
})

t.test('accepting the loss of some other store changes nothing', async (t) => {
  const { redis, lose } = await startStore(t)
  const identity = createPast(redis)
  await identity.check()
  await lose()
  await acceptStore(redis, '00000000-0000-0000-0000-000000000000')
  t.match(await identity.check(), 'is another one')
})

t.test('a first id that was written in part only is completed by who began it', async (t) => {
  const { redis } = await startStore(t)
  let isBroken = true
  const breaking = new Proxy(redis, {
    get(target, name) {
      if (name !== 'set') return Reflect.get(target, name)
      return (key: string, ...rest: [string, 'NX']) =>
        isBroken && key === keys.storeId(LAST_SHARD)
          ? Promise.reject(new Error('the connection broke'))
          : target.set(key, ...rest)
    },
  })
  const identity = createPast(breaking)
  await t.rejects(identity.check(), { message: 'the connection broke' })
  isBroken = false
  t.equal(await identity.check(), null)
})

t.test('an unreachable store says nothing of its identity', async (t) => {
  const { redis, server } = await startStore(t)
  const identity = createPast(redis)
  await identity.check()
  await server.stop()
  await t.rejects(identity.check())
  const isBack = new Promise((resolve) => redis.once('ready', resolve))
  await server.start()
  await isBack
  t.equal(await identity.check(), null)
})
