import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { sendLightly } from '../../../src/store/redis/light-commands.ts'
import { startTestRedis } from '../../support/redis.ts'

const TIMEOUT_MS = 300

type Scripted = Redis & { echo3(key: string, one: string, other: string | number): Promise<unknown> }

/** A client of its own server, one that sends lightly beside one that does not. */
async function connect(t: Test) {
  const server = await startTestRedis(t)
  const open = (options = {}) => {
    const client = new Redis({ path: server.socketPath, enableOfflineQueue: false, ...options })
    client.on('error', () => {})
    t.teardown(() => client.disconnect())
    return client
  }
  const admin = open()
  const light = open({
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  })
  sendLightly(light)
  light.defineCommand('echo3', { numberOfKeys: 1, lua: 'return {KEYS[1], ARGV[1], {1, false, ARGV[2]}}' })
  await Promise.all([admin, light].map((client) => new Promise((resolve) => client.once('ready', resolve))))
  return { admin, light: light as Scripted }
}

/** How often each command was called. */
async function calls(admin: Redis, ...names: string[]): Promise<number[]> {
  const stats = await admin.info('commandstats')
  return names.map((name) => Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0))
}

t.test('replies are what the client gives by itself', async (t) => {
  const { admin, light } = await connect(t)
  t.equal(await light.set('a', '환불 ✓ \ud800', 'PX', 60_000, 'NX', 'GET'), null)
  t.equal(await light.set('a', 'other', 'PX', 60_000, 'NX', 'GET'), await admin.get('a'))
  t.equal(await light.get('a'), '환불 ✓ \ufffd')
  t.equal(await light.get('none'), null)
  t.equal(await light.pexpire('a', 1_000), 1)
  t.equal(await light.zadd('z', 17, '멤버'), 1)
  t.equal(await light.zrem('z', '멤버', 'other'), 1)
  await admin.hset('h', 'field', '')
  t.equal(await light.hget('h', 'field'), '')
  t.strictSame(await light.echo3('키', '', 1e21), ['키', '', [1, null, '1e+21']])
  await t.rejects(light.hget('a', 'field'), { name: 'ReplyError', message: /WRONGTYPE/ })
})

t.test('a script goes whole to each connection once, and again where the server forgot it', async (t) => {
  const { admin, light } = await connect(t)
  const echo = () => light.echo3('k', 'a', 'b')
  await Promise.all([echo(), echo(), echo()])
  t.strictSame(await calls(admin, 'eval', 'evalsha'), [1, 2])

  await admin.script('FLUSH')
  await Promise.all([echo(), echo()])
  const [whole] = await calls(admin, 'eval')
  t.ok(whole === 2 || whole === 3, 'both were under way by their hash')
  await echo()
  t.strictSame(await calls(admin, 'eval'), [whole])

  const isReady = new Promise((resolve) => light.once('ready', resolve))
  light.disconnect(true)
  await isReady
  await echo()
  t.strictSame(await calls(admin, 'eval'), [(whole ?? 0) + 1])
})

t.test('a command that is late fails in time, and its answer is nobody else’s', async (t) => {
  const { admin, light } = await connect(t)
  await admin.set('a', 'of a')
  await admin.set('b', 'of b')
  t.equal(await light.get('a'), 'of a')

  await admin.client('PAUSE', 2 * TIMEOUT_MS, 'ALL')
  const startedAt = performance.now()
  const late = [light.get('a'), light.set('late', '1'), light.echo3('a', 'b', 'c')]
  await sleep(TIMEOUT_MS / 2)
  const later = light.get('a')
  const ended = Promise.all(late.map((one) => t.rejects(one, { message: 'Command timed out' })))
  await ended
  const tookMs = performance.now() - startedAt
  t.ok(tookMs >= TIMEOUT_MS - 1 && tookMs < TIMEOUT_MS * 1.4, `${tookMs} ms`)
  await t.rejects(later, { message: 'Command timed out' })

  // Their answers come now, in front of this one.
  await sleep(TIMEOUT_MS)
  t.equal(await light.get('b'), 'of b')
  t.equal(await light.get('late'), '1')
  t.strictSame(await calls(admin, 'set'), [3], 'what was late was sent once')
})

t.test('a late script that the server has forgotten is not sent again', async (t) => {
  const { admin, light } = await connect(t)
  await light.echo3('k', 'a', 'b')
  await admin.script('FLUSH')
  await admin.client('PAUSE', 2 * TIMEOUT_MS, 'ALL')
  await t.rejects(light.echo3('k', 'a', 'b'), { message: 'Command timed out' })
  await sleep(2 * TIMEOUT_MS)
  t.strictSame(await calls(admin, 'eval'), [1])
})

t.test('what is under way fails with its connection, and without one nothing waits', async (t) => {
  const { admin, light } = await connect(t)
  await admin.client('PAUSE', TIMEOUT_MS / 2, 'ALL')
  const underWay = [light.get('a'), light.echo3('a', 'b', 'c')]
  const isReady = new Promise((resolve) => light.once('ready', resolve))
  const ended = Promise.all(underWay.map((one) => t.rejects(one, { name: 'MaxRetriesPerRequestError' })))
  const startedAt = performance.now()
  light.disconnect(true)
  await t.rejects(light.get('a'))
  await t.rejects(light.echo3('a', 'b', 'c'))
  await ended
  t.ok(performance.now() - startedAt < TIMEOUT_MS / 2)
  await isReady
  await sleep(TIMEOUT_MS / 2)
  const [gets = 0] = await calls(admin, 'get')
  t.ok(gets <= 1, 'and is not sent again')
})

t.test('what was answered in time does not time out later', async (t) => {
  const { light } = await connect(t)
  const isOver = sleep(2 * TIMEOUT_MS, true)
  let answers = 0
  while (!(await Promise.race([isOver, false]))) {
    t.equal(await light.get('a'), null)
    answers += 1
    await sleep(TIMEOUT_MS / 10)
  }
  t.ok(answers > 5)
})
