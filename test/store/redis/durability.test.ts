import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { connectRedis } from '../../../src/store/redis/connection.ts'
import type { StoreIdentity } from '../../../src/store/redis/durability.ts'
import {
  type Durability,
  type DurabilityWatch,
  watchDurability,
} from '../../../src/store/redis/durability.ts'
import { until } from '../../support/calls.ts'
import { startTestRedis, type TestRedis } from '../../support/redis.ts'

const NOTHING_WRONG: StoreIdentity = { check: async () => null }

async function startWatch(
  t: Test,
  server: TestRedis,
  { url = server.url, minReplicas = 0, identity = NOTHING_WRONG } = {},
) {
  const redis = connectRedis({ kind: 'url', url })
  redis.on('error', () => {})
  const changes: Durability[] = []
  const watch = watchDurability(redis, {
    identity,
    minReplicas,
    onChange: (durability) => changes.push(durability),
  })
  t.teardown(() => {
    watch.stop()
    redis.disconnect()
  })
  await once(redis, 'ready')
  await watch.check()
  return { redis, watch, changes }
}

/** An operator's connection. */
function admin(t: Test, server: TestRedis): Redis {
  const redis = new Redis(server.port, '127.0.0.1')
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return redis
}

const becomes = (watch: DurabilityWatch, state: Durability['state'], timeoutMs = 10_000) =>
  until(`it becomes ${state}`, () => watch.current().state === state, timeoutMs)

function childrenOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,comm=']).toString().trim().split('\n')
  return lines.flatMap((line) => {
    const [child, parent, name] = line.trim().split(/\s+/)
    return Number(parent) === pid && name?.startsWith('redis') ? [Number(child)] : []
  })
}

// Most of the time goes by waiting.
t.jobs = 6

const DURABLE = { state: 'durable', needsFileSync: false }

t.test('a durable Redis is durable', { buffered: true }, async (t) => {
  const { watch, changes } = await startWatch(t, await startTestRedis(t))
  t.same(watch.current(), DURABLE)
  t.same(changes, [DURABLE], 'said once')
})

const WEAKNESSES = [
  { setting: 'appendonly', weak: 'no', strong: 'yes', reason: 'append-only file is off' },
  { setting: 'appendfsync', weak: 'everysec', strong: 'always', reason: 'appendfsync is everysec' },
  { setting: 'appendfsync', weak: 'no', strong: 'always', reason: 'appendfsync is no' },
  {
    setting: 'maxmemory-policy',
    weak: 'allkeys-lru',
    strong: 'noeviction',
    reason: 'maxmemory-policy is allkeys-lru',
  },
  {
    setting: 'maxmemory-policy',
    weak: 'volatile-ttl',
    strong: 'noeviction',
    reason: 'maxmemory-policy is volatile-ttl',
  },
] as const

t.test('each weakness is found, said in words, and seen to go', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const { watch } = await startWatch(t, server)
  const operator = admin(t, server)
  for (const { setting, weak, strong, reason } of WEAKNESSES) {
    await operator.config('SET', setting, weak)
    const found = await watch.check()
    t.match(found, { reasons: [reason] })
    t.match(found, { reasons: [`set ${setting} ${strong}`] }, 'and what to do about it')
    await operator.config('SET', setting, strong)
    // An append-only file that is switched on has to be written first.
    await becomes(watch, 'durable')
    t.same(watch.current(), DURABLE)
  }
})

/** Enough keys for a rewrite to last: `--rdb-key-save-delay` is the time for each, in microseconds. */
async function fill(operator: Redis, keys: number) {
  await operator.eval(`for i = 1, ${keys} do redis.call('SET', 'other:' .. i, i) end`, 0)
}

const REWRITING = { state: 'not_durable', reasons: [/^its append-only file may not exist yet: wait/] }
const slowRewrites = (keyMs: number) => ['--rdb-key-save-delay', String(keyMs * 1_000)]
const untilRewritten = (operator: Redis) =>
  until('the rewrite has ended', async () =>
    (await operator.info('persistence')).includes('aof_rewrite_in_progress:0'),
  )

t.test('AOF that is switched on live is durable once its file is there', { buffered: true }, async (t) => {
  const server = await startTestRedis(t, ['--appendonly', 'no', ...slowRewrites(100)])
  const operator = admin(t, server)
  await fill(operator, 10)
  const { watch } = await startWatch(t, server)
  await operator.config('SET', 'appendonly', 'yes')
  t.match(await watch.check(), REWRITING)

  // A first rewrite that fails is begun again, and nothing is there before one has come to its end.
  await until('its child', () => childrenOf(server.pid).length > 0)
  for (const child of childrenOf(server.pid)) process.kill(child, 'SIGKILL')
  await until('it has failed', async () =>
    (await operator.info('persistence')).includes('aof_last_bgrewrite_status:err'),
  )
  t.match(await watch.check(), REWRITING, 'after a failure')
  await becomes(watch, 'durable')
  t.match(await operator.info('persistence'), /aof_last_bgrewrite_status:ok/)

  // Off and on again, as far as it is seen: what is in the file is old.
  await operator.config('SET', 'appendonly', 'no')
  t.match(await watch.check(), { state: 'not_durable' })
  await operator.config('SET', 'appendonly', 'yes')
  t.match(await watch.check(), REWRITING, 'off and on')
})

t.test(
  'a later rewrite changes nothing, and one that nobody saw begin is waited for',
  { buffered: true },
  async (t) => {
    const server = await startTestRedis(t, slowRewrites(100))
    const operator = admin(t, server)
    await fill(operator, 10)
    const { watch } = await startWatch(t, server)
    await operator.bgrewriteaof()
    t.match(await operator.info('persistence'), /aof_rewrite_in_progress:1/)
    t.same(await watch.check(), DURABLE)
    const { watch: other } = await startWatch(t, server)
    t.match(other.current(), REWRITING, 'from outside it may be the first one')
    await untilRewritten(operator)
    t.same(await other.check(), DURABLE)

    await operator.bgrewriteaof()
    await server.kill()
    await server.start()
    await becomes(watch, 'durable')
  },
)

t.test(
  'nothing is synced during a rewrite, or whether it is cannot be read',
  { buffered: true },
  async (t) => {
    const server = await startTestRedis(t, ['--no-appendfsync-on-rewrite', 'yes'])
    const { watch } = await startWatch(t, server)
    t.same(watch.current(), {
      state: 'not_durable',
      reasons: ['no-appendfsync-on-rewrite is yes: set no-appendfsync-on-rewrite no'],
    })
    await admin(t, server).config('SET', 'no-appendfsync-on-rewrite', 'no')
    t.same(await watch.check(), DURABLE)
  },
)

t.test('a change is noticed within a second or so', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const { watch } = await startWatch(t, server)
  const operator = admin(t, server)
  await operator.config('SET', 'appendonly', 'no')
  await becomes(watch, 'not_durable')
  await operator.config('SET', 'appendonly', 'yes')
  await becomes(watch, 'durable')
})

t.test('all weaknesses are said at once', { buffered: true }, async (t) => {
  const server = await startTestRedis(t, ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lfu'])
  const { watch } = await startWatch(t, server)
  t.match(watch.current(), { state: 'not_durable', reasons: [/append-only/, /maxmemory-policy/] })
})

t.test(
  'where CONFIG is refused, appendfsync is not known, and so not relied on',
  { buffered: true },
  async (t) => {
    const server = await startTestRedis(t)
    await admin(t, server).call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-config')
    const { watch } = await startWatch(t, server, { url: `redis://app:secret@127.0.0.1:${server.port}` })
    t.match(watch.current(), { state: 'not_durable', reasons: [/^appendfsync is not readable/] })
  },
)

t.test('where INFO is refused, nothing is known', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  await admin(t, server).call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-info')
  const redis = connectRedis({ kind: 'url', url: `redis://app:secret@127.0.0.1:${server.port}` })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  const watch = watchDurability(redis, { identity: NOTHING_WRONG, minReplicas: 0, onChange() {} })
  t.teardown(watch.stop)
  t.match(await watch.check(), { state: 'unavailable' })
})

t.test('a server that takes no writes is unavailable, and says why', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const { watch } = await startWatch(t, server)
  const operator = admin(t, server)
  for (const [setting, weak, strong, reason] of [
    ['maxmemory', '1', '0', /^OOM /],
    ['min-replicas-to-write', '1', '0', /^NOREPLICAS /],
  ] as const) {
    await operator.config('SET', setting, weak)
    t.match(await watch.check(), { state: 'unavailable', reasons: [reason] })
    await operator.config('SET', setting, strong)
    t.match(await watch.check(), { state: 'durable' })
  }
  t.same(await operator.keys('unsettled:*'), [], 'what it tried leaves nothing')
})

t.test('replicas that must be there are counted', { buffered: true }, async (t) => {
  const server = await startTestRedis(t, ['--repl-diskless-sync-delay', '0'])
  const { watch } = await startWatch(t, server, { minReplicas: 1 })
  t.match(watch.current(), { state: 'not_durable', reasons: ['it has 0 of 1 replicas: connect more'] })
  const replica = await startTestRedis(t, ['--replicaof', `127.0.0.1 ${server.port}`])
  await becomes(watch, 'durable', 10_000)
  await replica.kill()
  await becomes(watch, 'not_durable')
})

t.test(
  'after every reconnect it is looked again, before anything is promised',
  { buffered: true },
  async (t) => {
    const server = await startTestRedis(t)
    let isLost = false
    const identity: StoreIdentity = { check: async () => (isLost ? 'it lost data' : null) }
    const { watch, redis, changes } = await startWatch(t, server, { identity })

    for (const stop of [server.stop, server.kill]) {
      await stop()
      await becomes(watch, 'unavailable')
      isLost = !isLost
      // Whoever has a command waiting for the connection may send it in this same turn.
      const stateAtReady = new Promise((resolve) =>
        redis.prependOnceListener('ready', () => resolve(watch.current().state)),
      )
      await server.start()
      t.equal(await stateAtReady, 'unavailable')
      await becomes(watch, isLost ? 'not_durable' : 'durable')
    }
    const states = changes.map(({ state }) => state)
    t.same(
      states.filter((state, index) => state !== states[index - 1]),
      ['durable', 'unavailable', 'not_durable', 'unavailable', 'durable'],
    )
    const told = changes.map((change) => JSON.stringify(change))
    t.ok(new Set(told).size >= told.length - 3, 'each cause once, however many tries it took to connect')
  },
)

t.test('a frozen Redis is unavailable until it runs again', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const { watch } = await startWatch(t, server)
  process.kill(server.pid, 'SIGSTOP')
  try {
    await becomes(watch, 'unavailable', 5_000)
  } finally {
    process.kill(server.pid, 'SIGCONT')
  }
  await becomes(watch, 'durable')
})

t.test('it looks no more once it is stopped', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const { watch, changes } = await startWatch(t, server)
  watch.stop()
  await admin(t, server).config('SET', 'appendonly', 'no')
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  t.equal(watch.current().state, 'durable')
  t.equal(changes.length, 1)
})
