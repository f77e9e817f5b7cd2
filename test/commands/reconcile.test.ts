import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import papaparse from 'papaparse'
import t, { type Test } from 'tap'
import { koreanDay } from '../../src/refunds/korean-day.ts'
import { built } from '../support/built.ts'
import { until } from '../support/calls.ts'
import { gatewayEnv, madeRefund, refundRequest, startTestGateway } from '../support/gateway.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'

t.jobs = 2

const ROOT = new URL('../../', import.meta.url)
const COMMAND = await built('commands/reconcile.ts')
const ACCOUNT = { COOKIEPAY_ID: 'shop', COOKIEPAY_KEY: 'shop-key', COOKIEPAY_PG: 'toss' }
const today = () => koreanDay(Date.now())

/** Runs the command in a process of its own, with the environment of a gateway. */
function start(t: Test, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [file = '', ...command] = COMMAND
  const child: ChildProcess = spawn(file, [...command, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...ACCOUNT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ status: code ?? signal, ...written }))
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { child, written, ended }
}

/** The sandbox behind what counts lookups, a gateway, and refunds of these kinds. */
async function startAll(t: Test, kinds: readonly string[]) {
  const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
  const lookups: string[] = []
  const { port } = new URL(sandbox.base)
  const proxy = createServer(async (incoming, response) => {
    const body = Buffer.concat(await incoming.toArray())
    const { method, url: path, headers } = incoming
    if (path === '/api/paysearch') lookups.push(JSON.parse(body.toString()).TID)
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    outgoing.end(body)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const env = gatewayEnv(url, redis)
  const gateway = await startTestGateway(t, { ...env, RECONCILE_INTERVAL_MS: '3600000' })
  const tids: string[] = []
  for (const kind of kinds) {
    const tid = `${kind}-${tids.length}-10000`
    await madeRefund(gateway, refundRequest({ tid }))
    tids.push(tid)
  }
  return { env, tids, lookups }
}

/** In the order of tids: that of the journal is not the one in which refunds were asked for. */
function byTid(rows: readonly Record<string, string>[]): Record<string, string>[] {
  return rows.toSorted((one, other) => (one.tid ?? '').localeCompare(other.tid ?? ''))
}

function read(csv: string): Record<string, string>[] {
  const { data, errors } = papaparse.parse<Record<string, string>>(csv, {
    header: true,
    skipEmptyLines: true,
  })
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return data
}

t.test('it is told what differs, as CSV and by its status', { buffered: true }, async (t) => {
  const { env, tids, lookups } = await startAll(t, ['fine', 'notcancelled', 'elsewhere', 'norow'])
  const { status, stdout, stderr } = await start(t, ['--date', today()], env).ended
  t.equal(status, 1, stderr)
  t.match(byTid(read(stdout)), [
    { kind: 'cancelled_though_failed', tid: tids[2], status: 'failed', refunded_here: '0' },
    { kind: 'not_cancelled', tid: tids[1], status: 'succeeded', amount: '10000', settled: 'false' },
  ])
  t.match(stdout, /^kind,settled,account,caller,tid,id,.*\r\n/)
  t.match(stderr, /^0 of 4 payments$/m, 'plain lines where there is no terminal')
  t.match(stderr, '4 payments: 1 refunds agree, 2 differ, 1 cannot be told')
  t.strictSame(lookups.sort(), [...tids].sort())

  lookups.length = 0
  const other = await start(t, ['--date', today(), '--account', 'default', '--per-second', '50'], env).ended
  t.match(other, { status: 1, stdout: /not_cancelled/ })
  t.strictSame(lookups.sort(), [...tids].sort(), 'a run that had ended is begun anew')
})

t.test('nothing differs: status 0, and the head of the table alone', { buffered: true }, async (t) => {
  const { env } = await startAll(t, ['fine', 'fine'])
  const { status, stdout, stderr } = await start(t, ['--date', today()], env).ended
  t.equal(status, 0, stderr)
  t.strictSame(read(stdout), [])
  t.match(stdout, /^kind,/)
})

t.test('killed or interrupted, it goes on where it ended', { buffered: true }, async (t) => {
  const kinds = ['notcancelled', 'fine', 'fine', 'fine', 'elsewhere', 'fine', 'fine']
  const { env, tids, lookups } = await startAll(t, kinds)
  const args = ['--date', today(), '--per-second', '2']
  const killed = start(t, args, env)
  await until('two lookups', () => lookups.length === 2, 30_000)
  killed.child.kill('SIGKILL')
  t.equal((await killed.ended).status, 'SIGKILL')
  // The last one may not have been written down.
  const asked = lookups.length

  const interrupted = start(t, args, env)
  await until('more lookups', () => lookups.length >= asked + 2, 60_000)
  interrupted.child.kill('SIGINT')
  const told = await interrupted.ended
  t.equal(told.status, 2)
  t.match(told.stderr, /Interrupted after [3-6] payments\. The same command goes on where it ended\./)

  const { status, stdout } = await start(t, args, env).ended
  t.equal(status, 1)
  t.strictSame(
    byTid(read(stdout)).map(({ kind, tid }) => [kind, tid]),
    [
      ['cancelled_though_failed', tids[4]],
      ['not_cancelled', tids[0]],
    ],
    'the whole table',
  )
  t.strictSame([...new Set(lookups)].sort(), [...tids].sort(), 'each was asked for')
  t.ok(lookups.length <= tids.length + 1, `${lookups.length} lookups, and nothing twice but what was cut off`)
})

t.test('what it cannot do ends with status 2, and says why', { buffered: true }, async (t) => {
  const tomorrow = koreanDay(Date.now() + 86_400_000)
  for (const [args, mistake] of [
    [[], '--date is needed.'],
    [['--date', '2026-02-30'], '--date takes a date such as 2026-11-26, and not "2026-02-30".'],
    [['--date', 'yesterday'], '--date takes a date'],
    [['--date', tomorrow], `${tomorrow} has not begun in Korea.`],
    [['--date', today(), '--per-second', '0'], '--per-second takes an integer from 1 to 50.'],
    [['--date', today(), '--per-second', '51'], '--per-second takes an integer from 1 to 50.'],
  ] as const) {
    const { status, stdout, stderr } = await start(t, args).ended
    t.match({ status, stdout }, { status: 2, stdout: '' }, args.join(' '))
    t.match(stderr, mistake)
    t.match(stderr, 'Usage')
  }
  const nobody = await start(t, ['--date', today(), '--account', 'nobody']).ended
  t.match(nobody, { status: 2, stdout: '', stderr: 'There is no account "nobody": it is one of default.' })
  const old = await start(t, ['--date', '2020-01-01']).ended
  t.match(old, { status: 2, stdout: '', stderr: 'What changed on 2020-01-01 is not known any more' })
  const away = await start(t, ['--date', today()], { REDIS_URL: 'redis://127.0.0.1:1' }).ended
  t.match(away, { status: 2, stdout: '', stderr: 'Redis cannot be reached' })
})

t.test('a store that is not trusted is not gone by', { buffered: true }, async (t) => {
  const redis = await startTestRedis(t, ['--appendfsync', 'no'])
  const { status, stderr } = await start(t, ['--date', today()], { REDIS_URL: redis.url }).ended
  t.equal(status, 2)
  t.match(stderr, /The store is not one to go by: .*appendfsync/)
})

t.test("two at a time do not get in each other's way", { buffered: true }, async (t) => {
  const { env, lookups, tids } = await startAll(t, ['fine', 'notcancelled', 'fine'])
  const first = start(t, ['--date', today(), '--per-second', '1'], env)
  await until('it has begun', () => first.written.stderr.includes('of 3 payments'), 30_000)
  const second = start(t, ['--date', today()], env)
  await sleep(1_000)
  t.equal(second.written.stdout, '', 'the second waits')
  t.match(await first.ended, { status: 1 })
  t.strictSame(lookups.sort(), [...tids].sort())
  t.match(await second.ended, { status: 1 })
})
