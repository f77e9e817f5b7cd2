import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { until } from '../../support/calls.ts'
import { isProblem } from '../../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../../support/gateway.ts'
import { MERCHANT } from '../../support/merchant.ts'
import { type ProviderStub, startProviderStub } from '../../support/provider-stub.ts'
import { startTestRedis, type TestRedis } from '../../support/redis.ts'

function connect(t: Test, server: TestRedis): Redis {
  const redis = new Redis(server.port, '127.0.0.1')
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return redis
}

/** Nothing in the background, and so every write is a refund's. */
const QUIET = { RECONCILE_INTERVAL_MS: '3600000' }

/** The names of the commands that a server gets for refunds from here on, those within scripts aside. */
async function spyOn(t: Test, server: TestRedis): Promise<string[]> {
  const names: string[] = []
  /** Where refunds come from: the store's mark is waited for elsewhere. */
  const callers = new Set<string>()
  const monitor = connectSocket(server.port, '127.0.0.1')
  t.teardown(() => monitor.destroy())
  monitor.on('error', () => {})
  monitor.write('MONITOR\r\n')
  // `+1231000.123 [0 127.0.0.1:50000] "get" "key"`, or `[0 lua]` for what a script does.
  const lines = createInterface({ input: monitor })
  lines.on('line', (line) => {
    const [, caller = '', name] = /^\+[\d.]+ \[\d+ (?!lua)([^\]]+)\] "(\w+)"/.exec(line) ?? []
    if (line.includes('"claim:')) callers.add(caller)
    const isMark = line.includes('"store-') || !callers.has(caller)
    if (name !== undefined && !isMark) names.push(name.toLowerCase())
  })
  await once(lines, 'line')
  return names
}

async function startReplicated(t: Test, env: Record<string, string> = {}) {
  const primary = await startTestRedis(t, ['--repl-diskless-sync-delay', '0'])
  const replica = await startTestRedis(t, ['--replicaof', `127.0.0.1 ${primary.port}`])
  const operator = connect(t, primary)
  await until('the replica is connected', async () =>
    (await operator.info('replication')).includes('state=online'),
  )
  const provider = await startProviderStub(t)
  const gateway = await startTestGateway(
    t,
    gatewayEnv(provider.url, primary, { REDIS_MIN_REPLICAS: '1', ...QUIET, ...env }),
  )
  return { primary, replica, operator, provider, gateway }
}

t.jobs = 4

t.test('a refund is begun and settled once a replica has it', { buffered: true }, async (t) => {
  const { primary, replica, gateway } = await startReplicated(t)
  t.equal((await gateway.refund(refundRequest())).status, 201)
  const names = await spyOn(t, primary)
  const body = refundRequest()
  t.equal((await gateway.refund(body)).status, 201)
  const writes = names.filter((name) => /^(evalsha|wait)$/.test(name))
  t.same(writes, ['evalsha', 'wait', 'evalsha', 'wait'], 'each write is waited for, one after the other')
  const copy = connect(t, replica)
  t.match(await copy.hgetall(`payment:{${MERCHANT}:${body.tid}}`), { ledger: / 10000 / })
})

t.test(
  'a replica that does not answer: nothing is sent, and the begin is undone',
  { buffered: true },
  async (t) => {
    const { replica, operator, provider, gateway } = await startReplicated(t)
    const body = refundRequest()
    // The primary takes it for connected for a while, so it is the barrier that notices.
    process.kill(replica.pid, 'SIGSTOP')
    try {
      isProblem(t, await gateway.refund(body, 'key'), 'store_not_durable')
      t.equal(provider.cancels.length, 0)
      await until(
        'the begin is undone',
        async () => (await operator.exists(`payment:{${MERCHANT}:${body.tid}}`)) === 0,
      )
      await until('the key is free', async () => (await operator.keys('claim:*')).length === 0)
    } finally {
      process.kill(replica.pid, 'SIGCONT')
    }
    await until('the same request is made', async () => (await gateway.refund(body, 'key')).status === 201)
    t.equal(provider.cancels.length, 1)
  },
)

t.test('a replica that is gone: not ready, until it is back', { buffered: true }, async (t) => {
  const { replica, provider, gateway } = await startReplicated(t)
  await replica.stop()
  await until('it is not ready', async () => (await gateway.request('/readyz')).status === 503)
  isProblem(t, await gateway.refund(refundRequest()), 'store_not_durable')
  t.equal(provider.cancels.length, 0)
  await replica.start()
  await until('it is ready', async () => (await gateway.request('/readyz')).status === 200)
  t.equal((await gateway.refund(refundRequest())).status, 201)
})

t.test(
  'an outcome that no replica gets is told, and stored again until one has it',
  { buffered: true },
  async (t) => {
    const { replica, provider, gateway } = await startReplicated(t)
    const body = refundRequest()
    provider.onCancel(stopReplicaFirst(provider, replica))
    try {
      t.equal((await gateway.refund(body, 'key')).status, 201, 'the true outcome')
      const { body: metrics } = await gateway.request<string>('/metrics')
      t.match(metrics, /^refund_gateway_pending_writes 1$/m)
    } finally {
      process.kill(replica.pid, 'SIGCONT')
    }
    await until('it is stored', async () => {
      const { body: metrics } = await gateway.request<string>('/metrics')
      return /^refund_gateway_pending_writes 0$/m.test(metrics)
    })
    const replay = await gateway.refund(body, 'key')
    t.match([replay.status, replay.headers.get('idempotent-replayed')], [201, 'true'])
    t.equal(provider.cancels.length, 1)
  },
)

t.test('a relaxed gateway takes refunds without the replica', { buffered: true }, async (t) => {
  const { replica, gateway } = await startReplicated(t, { REDIS_DURABILITY: 'relaxed' })
  process.kill(replica.pid, 'SIGSTOP')
  try {
    t.equal((await gateway.refund(refundRequest())).status, 201)
  } finally {
    process.kill(replica.pid, 'SIGCONT')
  }
})

t.test(
  'a write is waited for also where the server had forgotten its script',
  { buffered: true },
  async (t) => {
    const { primary, operator, gateway } = await startReplicated(t)
    t.equal((await gateway.refund(refundRequest())).status, 201)
    await operator.script('FLUSH')
    const names = await spyOn(t, primary)
    t.equal((await gateway.refund(refundRequest())).status, 201)
    const writes = names.filter((name) => /^(eval|evalsha|wait)$/.test(name))
    t.same(writes.join(' '), 'evalsha eval wait evalsha eval wait')
  },
)

t.test('writes of one moment share a barrier', { buffered: true }, async (t) => {
  const { primary, gateway } = await startReplicated(t)
  const names = await spyOn(t, primary)
  const answers = await Promise.all(Array.from({ length: 40 }, () => gateway.refund(refundRequest())))
  t.ok(answers.every(({ status }) => status === 201))
  const count = names.filter((name) => name === 'wait').length
  t.ok(count < 80, `${count} for 80 writes`)
})

const newer = serverWithWaitaof()

t.test(
  'appendfsync everysec is enough where the server can be asked to wait for its file',
  newer === null ? { skip: 'needs redis-server 7.2 or newer, or valkey-server, on the PATH' } : {},
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-bin-'))
    t.teardown(() => rm(directory, { recursive: true }))
    await symlink(newer as string, join(directory, 'redis-server'))
    const path = process.env.PATH
    process.env.PATH = `${directory}:${path}`
    t.teardown(() => {
      process.env.PATH = path as string
    })
    const start = (...args: string[]) => startTestRedis(t, ['--appendfsync', 'everysec', ...args])
    const primary = await start('--repl-diskless-sync-delay', '0')
    const replica = await start('--replicaof', `127.0.0.1 ${primary.port}`)
    const operator = connect(t, primary)
    const provider = await startProviderStub(t)

    const alone = await startTestGateway(t, gatewayEnv(provider.url, primary, QUIET))
    t.equal((await alone.request('/readyz')).status, 200, 'it is durable enough')
    t.equal((await alone.refund(refundRequest())).status, 201)
    const names = await spyOn(t, primary)
    const body = refundRequest()
    t.equal((await alone.refund(body, 'key')).status, 201)
    const writes = names.filter((name) => /^(evalsha|waitaof)$/.test(name))
    t.same(writes, ['evalsha', 'waitaof', 'evalsha', 'waitaof'])

    await t.test('what was waited for survives a crash', async (t) => {
      await primary.kill()
      await primary.start()
      await until('it is back', async () => (await alone.request('/readyz')).status === 200)
      const replay = await alone.refund(body, 'key')
      t.match([replay.status, replay.headers.get('idempotent-replayed')], [201, 'true'])
      t.equal(provider.cancels.length, 2)
    })

    await t.test('with CONFIG refused', async (t) => {
      await operator.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-config')
      const managed = await startTestGateway(t, {
        ...gatewayEnv(provider.url, primary),
        REDIS_URL: `redis://app:secret@127.0.0.1:${primary.port}`,
      })
      t.equal((await managed.request('/readyz')).status, 200)
      t.equal((await managed.refund(refundRequest())).status, 201)
    })

    await t.test('with a replica that must have it in its file, too', async (t) => {
      await until('the replica is back', async () =>
        (await operator.info('replication')).includes('state=online'),
      )
      const both = await startTestGateway(t, gatewayEnv(provider.url, primary, { REDIS_MIN_REPLICAS: '1' }))
      // After a resync it takes a moment until the replica's file is complete.
      const isMade = async () => (await both.refund(refundRequest())).status === 201
      await until('a refund is made', isMade)
      const before = provider.cancels.length
      const copy = connect(t, replica)
      await copy.config('SET', 'appendonly', 'no')
      isProblem(t, await both.refund(refundRequest()), 'store_not_durable')
      t.equal(provider.cancels.length, before)
      await copy.config('SET', 'appendonly', 'yes')
    })
  },
)

/** Answers the cancel, but freezes the replica before it does. */
function stopReplicaFirst(
  provider: ProviderStub,
  replica: TestRedis,
): Parameters<ProviderStub['onCancel']>[0] {
  return (response, call) => {
    process.kill(replica.pid, 'SIGSTOP')
    provider.onCancel(() => {})
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ cancel_code: '0000', cancel_amt: call.body.amount ?? '10000' }))
  }
}

/** Where there is a server that knows WAITAOF, or null. */
function serverWithWaitaof(): string | null {
  for (const name of ['redis-server', 'valkey-server']) {
    try {
      const path = execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
      const version = /v=(\d+)\.(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))
      const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
      if (major > 7 || (major === 7 && minor >= 2)) return path
    } catch {
      // Not installed.
    }
  }
  return null
}
