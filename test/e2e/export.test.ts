import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'
import t from 'tap'
import type { Refund } from '../../src/refunds/refund.ts'
import { sendRaw, until } from '../support/calls.ts'
import { isProblem, pointsAt } from '../support/contract.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { apiKey, bearer } from '../support/keys.ts'
import { untilListed, yesterday } from '../support/listed.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'

const [provider, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
const gateway = await startTestGateway(
  t,
  gatewayEnv(provider.url, redis, { RECONCILE_INTERVAL_MS: '3600000', RATE_LIMIT_MAX: '100000' }),
)

/** Texts that a table could lose or run. */
const REASONS = [
  '고객 변심',
  '"quoted", and more',
  '=1+1',
  '＝HYPERLINK("x")',
  '-2+3',
  '😀👩‍👩‍👧 환불',
  ', ,',
  "'=1",
  '  spaces  ',
]
const path = (query = '') => `/refunds/export?from=${yesterday()}${query}`
const PLAIN = { 'accept-encoding': 'identity' }

const ids: string[] = []
for (const [index, reason] of REASONS.entries()) {
  const { body } = await gateway.refund(
    refundRequest({ reason, reference: `line-${index}`, metadata: { note: 'a\nb, "c"\r\n=d' } }),
  )
  ids.push(body.id)
}
provider.onCancel((response, { body }) => {
  const declined = { cancel_code: '3001', cancel_msg: '=한도초과', cancel_amt: '0' }
  sendJson(response, cancelAnswer(body, declined))
})
ids.push((await gateway.refund(refundRequest())).body.refund?.id as string)
provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
await untilListed(gateway, ids)

async function exported(query = '', headers: Record<string, string> = PLAIN) {
  const response = await fetch(gateway.url + path(query), { headers })
  return { response, text: await response.text() }
}

const readRefund = async (id: string) => (await gateway.request<Refund>(`/refunds/${id}`)).body

t.test('as NDJSON each refund stands on a line of its own, as the API gives it', async (t) => {
  const { response, text } = await exported('&format=ndjson')
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
  t.match(response.headers.get('content-disposition'), /^attachment; filename="refunds-[0-9a-z-]+\.ndjson"$/)
  t.ok(text.endsWith('}\n'))
  const refunds = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Refund)
  t.same(refunds.map(({ id }) => id).toSorted(), ids.toSorted())
  for (const refund of refunds) t.same(refund, await readRefund(refund.id))
})

/** What a cell of this text is defused to. */
const cellOf = (text: string) => (/^[\s"']*[=＝-]/.test(text) ? `'${text}` : text)

async function isWholeTable(t: typeof import('tap').default, rows: Record<string, string>[]): Promise<void> {
  t.same(rows.map(({ id }) => id).toSorted(), ids.toSorted())
  for (const row of rows) {
    const refund = await readRefund(row.id as string)
    t.match(row, {
      status: refund.status,
      account: 'default',
      caller: 'anonymous',
      tid: refund.tid,
      reference: refund.reference ?? '',
      amount: String(refund.amount),
      tax_free_amount: '',
      reason: cellOf(refund.reason),
      cancel_code: refund.provider?.cancel_code,
      cancel_msg: cellOf(refund.provider?.cancel_msg ?? ''),
      updated_at: refund.updated_at,
    })
    if (row.metadata !== '') t.same(JSON.parse(row.metadata as string), refund.metadata)
  }
}

t.test('as CSV it is a table that another parser reads back whole', async (t) => {
  const { response, text } = await exported()
  t.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8; header=present')
  // fetch drops the mark by which Excel knows UTF-8.
  const { body } = await sendRaw(gateway.url, { method: 'GET', path: path() })
  t.equal((body as unknown as string).charCodeAt(0), 0xfeff)
  t.notMatch(text.replaceAll(/"([^"]|"")*"/g, ''), /(?<!\r)\n|\r(?!\n)/, 'every line ends with CR LF')
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    newline: '\r\n',
    skipEmptyLines: true,
  })
  t.same(errors, [])
  await isWholeTable(t as never, data)
})

const READ_WITH_PYTHON = `
import csv, json, sys
with open(sys.argv[1], encoding='utf-8-sig', newline='') as file:
    print(json.dumps(list(csv.DictReader(file, strict=True))))
`

t.test('Python reads the table back whole', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.comment('skipped: there is no python3 here')
  const file = join(t.testdir({}), 'refunds.csv')
  const response = await fetch(gateway.url + path(), { headers: PLAIN })
  await writeFile(file, Buffer.from(await response.arrayBuffer()))
  const { stdout } = await promisify(execFile)('python3', ['-c', READ_WITH_PYTHON, file])
  await isWholeTable(t as never, JSON.parse(stdout))
})

t.test('it is compressed where that is asked for', async (t) => {
  for (const [accepted, encoding] of [
    ['gzip', 'gzip'],
    ['br;q=1, gzip;q=0.5', 'gzip'],
    ['br', null],
    ['gzip;q=0', null],
    ['identity', null],
  ] as const) {
    const { body, headers } = await new Promise<{ body: Buffer; headers: string }>((resolve, reject) => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
      const chunks: Buffer[] = []
      socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
      socket.on('close', () => {
        const all = Buffer.concat(chunks)
        const end = all.indexOf('\r\n\r\n')
        resolve({ headers: all.subarray(0, end).toString(), body: all.subarray(end + 4) })
      })
      // In HTTP/1.0, so that the body is not in chunks.
      socket.write(`GET ${path()} HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: ${accepted}\r\n\r\n`)
    })
    t.match(headers.toLowerCase(), /\r\nvary: accept-encoding(\r|$)/, accepted)
    t.equal(/content-encoding: (\w+)/i.exec(headers)?.[1] ?? null, encoding, accepted)
    const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString()
    t.equal(text.split('\r\n').length, ids.length + 2, accepted)
  }
})

t.test('it has the filters of the list', async (t) => {
  const count = async (query: string) =>
    (await exported(`&format=ndjson${query}`)).text.split('\n').length - 1
  t.equal(await count('&status=failed'), 1)
  t.equal(await count('&status=unknown'), 0)
  t.equal(await count('&account=default&caller=anonymous&status=succeeded'), REASONS.length)
  t.equal(await count('&caller=nobody'), 0)
  const { text } = await exported('&status=unknown')
  t.match(text, /^id,status,[a-z_,]+\r\n$/, 'an empty table has its head')
})

t.test('a query that means nothing is refused', async (t) => {
  const ask = (query: string) => gateway.request(`/refunds/export?${query}`)
  pointsAt(t, await ask(''), ['#/from'], 'no from')
  pointsAt(t, await ask('from=2026-01-02&to=2026-01-01'), ['#/to'], 'an empty span')
  pointsAt(t, await ask('from=2026-02-30'), ['#/from'], 'no such date')
  pointsAt(t, await ask('from=2026-01-01&format=xlsx'), ['#/format'], 'another format')
  pointsAt(t, await ask('from=2026-01-01&limit=5'), ['#/limit'], 'limit')
  isProblem(t, await ask('from=2026-01-01&account=nobody'), 'unknown_account')
})

t.test('it takes the scope read_all', async (t) => {
  const keys = [apiKey('orders', 'own', 'create+read+resolve'), apiKey('finance', 'all', 'read_all')]
  const other = await startTestRedis(t)
  const guarded = await startTestGateway(t, gatewayEnv(provider.url, other, { API_KEYS: keys.join() }))
  isProblem(t, await guarded.request(path(), { headers: bearer('own') }), 'forbidden')
  t.equal((await guarded.request(path(), { headers: bearer('all') })).status, 200)
})

/**
 * What is long enough that no buffer of the operating system holds it: long refunds, each of which the journal is made
 * to name many times.
 */
async function makeMany(): Promise<number> {
  const long: string[] = []
  for (let count = 0; count < 60; count += 1) {
    const metadata = Object.fromEntries(
      // Of random letters, so that it stays long when it is compressed.
      Array.from({ length: 10 }, (_, index) => [`name-${index}`, randomBytes(150).toString('base64')]),
    )
    const { body } = await gateway.refund(refundRequest({ metadata }))
    long.push(body.id)
  }
  await untilListed(gateway, long)
  const named = await withRedis(redis, async (client) => {
    const entries: [key: string, fields: string[]][] = []
    for (const key of await client.keys('journal:*')) {
      for (const [, fields] of await client.xrange(key, '-', '+')) entries.push([key, fields])
    }
    // In turns, so that what repeats is too far apart to be compressed.
    for (let times = 0; times < TIMES; times += 1) {
      await Promise.all(entries.map(([key, fields]) => client.xadd(key, '*', ...fields)))
    }
    return entries.length * (TIMES + 1)
  })
  await until(
    'all are listed',
    async () => (await exported('&format=ndjson')).text.split('\n').length === named + 1,
    LONG_MS,
  )
  return named
}

const TIMES = 110

/** An export rests, and so takes seconds; on a busy machine more. */
const LONG_MS = 60_000

/** How often Redis was asked for refunds. */
const countReads = () =>
  withRedis(redis, async (client) =>
    Number(/cmdstat_hmget:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0),
  )

/** The same, once somebody has asked and nobody asks any more. */
async function countedAtRest(start: number): Promise<number> {
  for (let last = start; ; ) {
    await sleep(500)
    const count = await countReads()
    if (count > start + FEW && count - last < FEW) return count
    last = count
  }
}
const FEW = 5

/** Asks for an export, and reads no more than its beginning. */
async function startSlowReader(encoding = 'identity') {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write(
    `GET ${path('&format=ndjson')} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${encoding}\r\n\r\n`,
  )
  await once(socket, 'readable')
  return socket
}

t.test('for a reader', async (t) => {
  const many = await makeMany()
  const { text } = await exported('&format=ndjson')
  t.equal(text.split('\n').length - 1, many)
  const bytes = Buffer.byteLength(text)
  t.ok(bytes > 15_000_000, `${bytes} bytes`)
  const start = await countReads()
  await exported('&format=ndjson')
  const whole = (await countReads()) - start
  t.ok(whole >= 10)

  t.test('that does not keep up nothing is read ahead, and no memory is taken', async (t) => {
    const before = await countReads()
    const socket = await startSlowReader()
    const read = await countedAtRest(before)
    t.ok(read - before > 0 && read - before < whole * 0.8, `${read - before} of ${whole} reads`)
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    await until('it has everything', () => received > bytes, LONG_MS)
    socket.destroy()
  })

  t.test('that hangs up the reading ends', async (t) => {
    const before = await countReads()
    const controller = new AbortController()
    const response = await fetch(gateway.url + path('&format=ndjson'), {
      headers: PLAIN,
      signal: controller.signal,
    })
    await response.body?.getReader().read()
    controller.abort()
    const read = await countedAtRest(before)
    t.ok(read - before < whole * 0.8, `${read - before} of ${whole} reads`)
  })

  t.test('there is a place, or an answer that says when to ask again', async (t) => {
    const sockets = await Promise.all([startSlowReader(), startSlowReader(), startSlowReader()])
    isProblem(t, await gateway.request(path('&status=unknown')), 'rate_limited')
    isProblem(t, await gateway.request(`/reports/daily?date=${yesterday()}`), 'rate_limited')
    for (const socket of sockets) socket.destroy()
    await until('there is', async () => (await gateway.request(path('&status=unknown'))).status === 200)
  })

  t.test('that is told of a failure the answer never looks whole', async (t) => {
    for (const encoding of ['identity', 'gzip']) {
      const before = await countReads()
      const socket = await startSlowReader(encoding)
      await countedAtRest(before)
      await redis.stop()
      const chunks: Buffer[] = []
      socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {})
      await until('it is over', () => socket.destroyed, 30_000)
      const text = Buffer.concat(chunks).toString('latin1')
      t.match(text, /^HTTP\/1\.1 200/)
      t.notOk(text.endsWith('\r\n0\r\n\r\n'), `HTTP/1.1, ${encoding}, ${text.length} of ${bytes} bytes`)
      isProblem(
        t,
        await gateway.request(path()),
        'store_unavailable',
        'and before anything is sent it is a problem',
      )
      await redis.start()
      await until('it is back', async () => (await gateway.request(path('&status=failed'))).status === 200)
    }
  })

  t.test('no answer is made for its headers alone', async (t) => {
    const before = await countReads()
    t.equal((await sendRaw(gateway.url, { method: 'HEAD', path: path() })).status, 404)
    t.equal(await countReads(), before)
  })
})
