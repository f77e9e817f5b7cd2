import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { keepPrivateRedis, startPrivateRedis } from '../../../src/store/redis/private-redis.ts'
import { builtModule } from '../../support/built.ts'
import { startTestRedis } from '../../support/redis.ts'

const unexpectedExit = (error: Error) => {
  throw error
}

async function freshDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

async function start(t: Test, dataDir: string, onExit: (error: Error) => void = unexpectedExit) {
  const redis = await startPrivateRedis({ dataDir, onExit })
  t.teardown(redis.stop)
  return redis
}

async function withClient<Result>(path: string, use: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis({ path, retryStrategy: null })
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still waiting: ${condition}`)
    await sleep(20)
  }
}

/** A process that starts a private Redis, prints its pid, and lives until it is signalled. */
async function startGateway(t: Test, dataDir: string): Promise<{ gateway: ChildProcess; redisPid: number }> {
  const module = await builtModule('store/redis/private-redis.ts')
  const script = `
    import { setTimeout as sleep } from 'node:timers/promises'
    const { startPrivateRedis } = await import(${JSON.stringify(module)})
    const redis = await startPrivateRedis({ dataDir: ${JSON.stringify(dataDir)}, onExit: () => console.log('gone') })
    process.on('SIGINT', async () => {
      await sleep(300)
      process.kill(redis.pid, 0)
      await redis.stop()
      process.exit(0)
    })
    console.log(redis.pid)
  `
  const gateway = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  t.teardown(() => gateway.kill('SIGKILL'))
  const [line] = await once(gateway.stdout, 'data')
  return { gateway, redisPid: Number(line) }
}

t.test('keeps its data, on the disk before it answers, and lets nobody else in', async (t) => {
  const dataDir = join(await freshDirectory(t), 'not', 'there yet')
  const first = await start(t, dataDir)
  t.equal(statSync(dataDir).mode & 0o777, 0o700)
  t.equal(statSync(first.socketPath).mode & 0o777, 0o700)
  const settings = await withClient(first.socketPath, async (client) => {
    await client.set('key', 'kept')
    return client.config('GET', 'port', 'appendonly', 'appendfsync', 'save', 'maxmemory-policy')
  })
  t.strictSame(Object.fromEntries(pairs(settings as string[])), {
    port: '0',
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
  })
  await first.stop()
  await first.stop()
  t.notOk(isRunning(first.pid))
  t.notOk(existsSync(first.socketPath))

  const second = await start(t, dataDir)
  t.equal(await withClient(second.socketPath, (client) => client.get('key')), 'kept')
})

t.test('ends, in order, with a gateway that is killed', async (t) => {
  const dataDir = await freshDirectory(t)
  const { gateway } = await startGateway(t, dataDir)
  const socketPath = join(dataDir, 'redis.sock')
  t.ok(existsSync(socketPath))
  gateway.kill('SIGKILL')
  await until(() => !existsSync(socketPath))
  await start(t, dataDir)
})

t.test('outlives a Ctrl-C until the gateway stops it', async (t) => {
  const { gateway, redisPid } = await startGateway(t, await freshDirectory(t))
  if (gateway.pid === undefined) throw new Error('no gateway')
  process.kill(-gateway.pid, 'SIGINT')
  const [code] = await once(gateway, 'exit')
  t.equal(code, 0)
  t.notOk(isRunning(redisPid))
})

t.test('says when it dies by itself', async (t) => {
  const dataDir = await freshDirectory(t)
  const died = new Promise<Error>((resolve) => {
    void start(t, dataDir, resolve).then(({ pid }) => process.kill(pid, 'SIGKILL'))
  })
  t.match(await died, { message: /^redis-server ended with SIGKILL; its last words:\n.*ready to accept/s })
  t.ok(existsSync(join(dataDir, 'redis.sock')), 'a socket without a server')
  await start(t, dataDir)
})

t.test('one gateway per directory', async (t) => {
  const dataDir = await freshDirectory(t)
  const first = await start(t, dataDir)
  await t.rejects(start(t, dataDir), {
    message: `another gateway uses ${dataDir}: stop it, or give this one`,
  })

  const second = start(t, dataDir)
  await sleep(200)
  t.equal(await withClient(first.socketPath, (client) => client.ping()), 'PONG', 'the first is left alone')
  await first.stop()
  t.not((await second).pid, first.pid, 'the second waits for the first')
})

t.test('the directory is locked for as long as the server runs, whatever is removed from it', async (t) => {
  const dataDir = await freshDirectory(t)
  const first = await start(t, dataDir)
  await withClient(first.socketPath, (client) => client.set('key', 'kept'))
  for (const name of readdirSync(dataDir)) {
    if (name !== 'appendonlydir') rmSync(join(dataDir, name))
  }
  await t.rejects(start(t, dataDir), {
    message: `another gateway uses ${dataDir}: stop it, or give this one`,
  })
  t.ok(isRunning(first.pid))
  t.notOk(existsSync(first.socketPath), 'the loser made none of its own')
  await first.stop()
  const second = await start(t, dataDir)
  t.equal(await withClient(second.socketPath, (client) => client.get('key')), 'kept')
})

t.test('of two starts at once one wins, and its socket stays', async (t) => {
  const dataDir = await freshDirectory(t)
  const starts = await Promise.allSettled([start(t, dataDir), start(t, dataDir)])
  const winners = starts.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const losers = starts.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
  t.equal(winners.length, 1)
  t.match(losers, [`another gateway uses ${dataDir}`])
  const [winner] = winners
  t.equal(await withClient(winner?.socketPath as string, (client) => client.ping()), 'PONG')
})

t.test('a server whose gateway was killed is waited for while it ends', async (t) => {
  const dataDir = await freshDirectory(t)
  const { gateway, redisPid } = await startGateway(t, dataDir)
  // It cannot hear that it is to end, and has no socket that would tell of it.
  process.kill(redisPid, 'SIGSTOP')
  rmSync(join(dataDir, 'redis.sock'))
  gateway.kill('SIGKILL')
  const next = start(t, dataDir)
  await sleep(1_000)
  process.kill(redisPid, 'SIGCONT')
  t.not((await next).pid, redisPid)
})

t.test('where there is no flock, perl locks; where there is neither, it says what to install', async (t) => {
  const dataDir = await freshDirectory(t)
  const tools = (names: readonly string[]) => {
    const directory = t.testdir()
    for (const name of names) {
      const found = process.env.PATH?.split(':')
        .map((path) => join(path, name))
        .find(existsSync)
      symlinkSync(found as string, join(directory, name))
    }
    return directory
  }
  await t.test('perl', async (t) => {
    setPath(t, tools(['redis-server', 'perl', 'sleep']))
    const first = await start(t, dataDir)
    rmSync(first.socketPath)
    await t.rejects(start(t, dataDir), { message: `another gateway uses ${dataDir}` })
    await first.stop()
  })
  await t.test('neither', async (t) => {
    setPath(t, tools(['redis-server', 'sleep']))
    await t.rejects(start(t, dataDir), {
      message: /cannot be locked, .* install flock \(util-linux\) or perl/,
    })
  })
})

t.test('one that is kept is started again when it dies, until it is stopped', async (t) => {
  const dataDir = await freshDirectory(t)
  const events: string[] = []
  const kept = await keepPrivateRedis({
    dataDir,
    onEnd: ({ message }) => events.push(message.slice(0, 32)),
    onRestart: () => events.push('restarted'),
  })
  t.teardown(kept.stop)
  const pidOf = () =>
    withClient(kept.socketPath, async (client) =>
      Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]),
    )
  await withClient(kept.socketPath, (client) => client.set('key', 'kept'))
  for (const count of [1, 2]) {
    process.kill(await pidOf(), 'SIGKILL')
    await until(() => events.length === 2 * count)
  }
  t.same(events, Array(2).fill(['redis-server ended with SIGKILL;', 'restarted']).flat())
  t.equal(await withClient(kept.socketPath, (client) => client.get('key')), 'kept')

  await t.test('what keeps it from starting is said, and it is tried again', async (t) => {
    events.length = 0
    const pid = await pidOf()
    const path = t.testdir({ 'redis-server': '#!/bin/sh\necho no memory; exit 1' })
    chmodSync(join(path, 'redis-server'), 0o755)
    await t.test('broken', async (t) => {
      setPath(t, `${path}:${process.env.PATH}`)
      process.kill(pid, 'SIGKILL')
      await until(() => events.length >= 3)
    })
    await until(() => events.includes('restarted'))
    t.match(events[1], /^redis-server ended with code 1/)
  })

  await t.test('none is left', async (t) => {
    events.length = 0
    const pid = await pidOf()
    process.kill(pid, 'SIGKILL')
    await until(() => events.length === 1)
    await kept.stop()
    await sleep(500)
    t.same(events.length, 1)
    await (await start(t, dataDir)).stop()
  })
})

t.test('what keeps it from starting', async (t) => {
  const dataDir = await freshDirectory(t)

  await t.test('a setting that it does not know', async (t) => {
    await t.rejects(startPrivateRedis({ dataDir, onExit: unexpectedExit, extraArgs: ['--no-such', 'x'] }), {
      message: /^redis-server ended with code 1; its last words:\n.*no-such/s,
    })
  })

  await t.test('a path too long for a unix socket', async (t) => {
    await t.rejects(start(t, join(dataDir, 'x'.repeat(100))), { message: /^DATA_DIR is too long/ })
    t.notOk(readdirSync(dataDir).some((name) => name.startsWith('xxx')))
  })

  await t.test('no redis-server', async (t) => {
    setPath(t, '/nowhere')
    await t.rejects(start(t, dataDir), {
      message: /^redis-server was not found on the PATH: install Redis 7.0/,
    })
  })

  await t.test('an old redis-server', async (t) => {
    fakeServer(t, { version: '6.2.16' })
    await t.rejects(start(t, dataDir), {
      message: /^redis-server is older than 7.0: install Redis 7.0 or newer/,
    })
  })

  await t.test('a server that is still loading is waited for', async (t) => {
    fakeServer(t, { loadingMs: 500 })
    const startMs = Date.now()
    await start(t, dataDir)
    t.ok(Date.now() >= startMs + 500)
  })

  await t.test('a server that is not the one that was started', async (t) => {
    fakeServer(t, { pid: 1 })
    await t.rejects(start(t, dataDir), { message: /^another gateway uses/ })
  })
})

t.test("the tests' own Redis", async (t) => {
  let left = ''
  await t.test('is reached by socket and by port, and survives a crash', async (t) => {
    const redis = await startTestRedis(t, ['--maxmemory-policy', 'allkeys-lru'])
    left = redis.dataDir
    const client = new Redis(redis.url)
    t.teardown(() => client.disconnect())
    await client.set('key', 'kept')
    t.strictSame(await client.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'allkeys-lru'])
    await redis.kill()
    t.equal(redis.pid, 0)
    await redis.start()
    t.ok(isRunning(redis.pid))
    t.equal(await withClient(redis.socketPath, (client) => client.get('key')), 'kept')
  })
  t.notOk(existsSync(left))
})

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []))
}

function setPath(t: Test, path: string): void {
  const before = process.env.PATH
  process.env.PATH = path
  t.teardown(() => {
    process.env.PATH = before
  })
}

/** Puts a `redis-server` first on the PATH that answers every question with this INFO. */
function fakeServer(t: Test, info: { version?: string; loadingMs?: number; pid?: number }): void {
  const directory = t.testdir({
    'package.json': '{ "type": "commonjs" }',
    'redis-server': `#!${process.execPath}
      const { version = '7.2.4', loadingMs = 0, pid = process.pid } = ${JSON.stringify(info)}
      const loadedAt = Date.now() + loadingMs
      const server = require('node:net').createServer((socket) => {
        const loading = Date.now() < loadedAt ? 1 : 0
        socket.on('error', () => {})
        socket.end(['process_id:' + pid, 'redis_version:' + version, 'loading:' + loading].join('\\r\\n'))
      })
      server.listen('redis.sock')
      process.on('SIGTERM', () => server.close(() => process.exit(0)))
    `,
  })
  chmodSync(join(directory, 'redis-server'), 0o755)
  setPath(t, `${directory}:${process.env.PATH}`)
}
