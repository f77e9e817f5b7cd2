import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t from 'tap'
import { keys } from '../../src/store/keys.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { startPrivateRedis } from '../../src/store/redis/private-redis.ts'
import { namedArguments, runAcceptStore } from '../support/accept-store.ts'
import { startTestRedis } from '../support/redis.ts'
import { createPast } from '../support/store-past.ts'

t.jobs = 3

t.test('--help tells of each kind of loss, and a mistake does, too', { buffered: true }, async (t) => {
  const help = await runAcceptStore(['--help'], {})
  t.equal(help.status, 0)
  for (const kind of ['<store id>', '--gone-back=<time>', '--secrets', '--from-open', '--from-keys']) {
    t.match(help.stdout, `accept-store -- ${kind}`)
  }
  for (const [args, mistake] of [
    [[], 'Name one loss.'],
    [['--secrets', '--from-open'], 'Name one loss.'],
    [['12'], 'Not a store id: "12"'],
    [['--gone-back'], 'argument missing'],
    [['--everything'], "Unknown option '--everything'"],
  ] as const) {
    const { status, stdout, stderr } = await runAcceptStore(args, {})
    t.equal(status, 1, `${args}`)
    t.match(stderr, mistake)
    t.match(stderr, 'Usage')
    t.equal(stdout, '')
  }
})

t.test('it needs the environment of the gateway, and its Redis', { buffered: true }, async (t) => {
  const unknown = await runAcceptStore(['--secrets'], { COOKIEPAY_ID: '' })
  t.equal(unknown.status, 1)
  t.match(unknown.stderr, /^COOKIEPAY_ID: got nothing/)
  const away = await runAcceptStore(['--secrets'], { REDIS_URL: 'redis://127.0.0.1:1' })
  t.equal(away.status, 1)
  t.match(away.stderr, 'Redis cannot be reached: connect ECONNREFUSED')
})

t.test(
  'a lost id is accepted as it is named, and one that is there is not',
  { buffered: true },
  async (t) => {
    const server = await startTestRedis(t)
    const redis = connectRedis({ kind: 'url', url: server.url })
    t.teardown(() => redis.disconnect())
    await once(redis, 'ready')
    const past = createPast(redis)
    await past.check()
    const id = (await redis.get(keys.storeId(0))) as string
    const env = { REDIS_URL: server.url }
    const refused = await runAcceptStore([id], env)
    t.equal(refused.status, 1)
    t.match(refused.stderr, `${id} is not lost`)

    const operator = new Redis(server.url)
    t.teardown(() => operator.disconnect())
    await operator.flushall()
    const accepted = await runAcceptStore(namedArguments((await past.check()) ?? ''), env)
    t.equal(accepted.status, 0, accepted.stderr)
    const next = (await redis.get(keys.storeId(0)))?.split(' ')[0] as string
    t.match(accepted.stdout, `Its id is ${next} now: set REDIS_STORE_ID to it`)
    t.equal(await past.check(), null)
  },
)

t.test('where nothing was lost, nothing is accepted', { buffered: true }, async (t) => {
  const server = await startTestRedis(t)
  const redis = connectRedis({ kind: 'url', url: server.url })
  t.teardown(() => redis.disconnect())
  await once(redis, 'ready')
  const env = { REDIS_URL: server.url, STORE_SECRETS: Buffer.alloc(32, 1).toString('base64') }
  await createPast(redis).check()
  const kinds = ['--secrets', '--from-keys', '--gone-back=2026-01-01T00:00:00.000Z']
  for (const kind of kinds) {
    const { status, stderr } = await runAcceptStore([kind], env)
    t.equal(status, 1, kind)
    t.match(stderr, /nothing is to accept|No gateway has found/)
  }
})

t.test('a private Redis is reached whether it runs or not', { buffered: true }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const dataDir = join(directory, 'data')
  const env = { DATA_DIR: dataDir }
  const start = () => startPrivateRedis({ dataDir, onExit: (error) => t.fail(error.message) })
  const server = await start()
  const redis = connectRedis({ kind: 'socket', path: server.socketPath })
  await once(redis, 'ready')
  await createPast(redis).check()
  const whileItRuns = await runAcceptStore(['--from-open'], env)
  t.equal(whileItRuns.status, 0, whileItRuns.stderr)
  redis.disconnect()
  await server.stop()
  const stopped = await runAcceptStore(['--from-keys'], env)
  t.equal(stopped.status, 0, stopped.stderr)

  const again = await start()
  const client = connectRedis({ kind: 'socket', path: again.socketPath })
  await once(client, 'ready')
  t.equal(await client.hget(keys.storeTerms, 'callers'), 'open')
  client.disconnect()
  await again.stop()
})
