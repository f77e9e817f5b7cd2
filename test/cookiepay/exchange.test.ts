import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import t, { type Test } from 'tap'
import { type Dispatcher, Pool } from 'undici'
import { exchange } from '../../src/cookiepay/exchange.ts'
import { merchantOf } from '../../src/refunds/merchant.ts'
import type { CancelOutcome, CancelRequest, Provider } from '../../src/refunds/ports/provider.ts'
import {
  ACCOUNT,
  answer,
  CANCEL,
  type RawServer,
  SUCCESS,
  startClient,
  startRawServer,
  TERMS,
  unusedPort,
} from '../support/cookiepay.ts'
import { MERCHANT } from '../support/merchant.ts'

const TIMEOUT_MS = 400

/** What is seen of one call to this server, and how long it took. */
async function call(t: Test, url: string, { timeoutMs = 5000, connectTimeoutMs = 2000 } = {}) {
  // undici opens another connection after one that it had to give up, and writes nothing to it.
  const pool = new Pool(url, { connect: { timeout: connectTimeoutMs }, keepAliveTimeout: 50 })
  t.teardown(() => pool.destroy())
  const startedAt = performance.now()
  const seen = await exchange(pool, { path: '/api/cancel', headers: [], body: '{"tid":"t-1"}', timeoutMs })
  return { seen, tookMs: performance.now() - startedAt }
}

/** One cancel call, admitted as the flow has it. */
async function cancelWith(client: Provider, request: CancelRequest, token: string): Promise<CancelOutcome> {
  const place = await client.admit({ merchant: request.merchant, caller: 'shop' })
  if (place.outcome === 'not_sent') return place
  try {
    return await place.cancel(request, token)
  } finally {
    place.leave()
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still waiting: ${condition}`)
    await sleep(10)
  }
}

t.test('not sent: nobody listens', async (t) => {
  const url = `http://127.0.0.1:${await unusedPort()}`
  const { seen } = await call(t, url)
  t.match(seen, { seen: 'not_sent', detail: /ECONNREFUSED/ })
  t.match(await cancelWith(startClient(t, url), CANCEL, 'token'), {
    outcome: 'not_sent',
    code: 'provider_unavailable',
  })
  t.match(await startClient(t, url).authorize(MERCHANT), {
    outcome: 'not_sent',
    code: 'provider_unavailable',
  })
})

t.test('not sent: there is no such host', async (t) => {
  t.match((await call(t, 'http://nonexistent.invalid')).seen, { seen: 'not_sent' })
})

t.test('not sent: what listens speaks no TLS', async (t) => {
  const server = await startRawServer(
    t,
    () => {},
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  const client = startClient(t, `https://127.0.0.1:${server.port}`)
  t.match(await cancelWith(client, CANCEL, 'token'), { outcome: 'not_sent', code: 'provider_unavailable' })
  t.ok(server.bytes().length > 0, 'a handshake was begun')
  t.notMatch(server.bytes(), /POST|shop-key|t-1/)
})

t.test('an answer that has arrived while this process stood still is read', async (t) => {
  // In a process of its own, which goes on while this one stands still.
  const server = spawn(
    process.execPath,
    [
      '-e',
      `const server = require('node:http').createServer((request, response) => {
         request.resume().on('end', () => setTimeout(() => response.end('{"cancel_code":"0000"}'), 100))
       })
       server.listen(0, '127.0.0.1', () => console.log(server.address().port))`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.teardown(() => server.kill())
  const [port] = (await once(server.stdout, 'data')) as [Buffer]
  const seen = call(t, `http://127.0.0.1:${Number(port)}`, { timeoutMs: TIMEOUT_MS })
  await sleep(50)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * TIMEOUT_MS)
  t.match((await seen).seen, { seen: 'answer', status: 200, body: '{"cancel_code":"0000"}' })
})

t.test('not sent: the TLS handshake takes longer than the connect timeout', async (t) => {
  const server = await startRawServer(t, () => {})
  const { seen, tookMs } = await call(t, `https://127.0.0.1:${server.port}`, {
    connectTimeoutMs: 300,
    timeoutMs: 20_000,
  })
  t.match(seen, { seen: 'not_sent', detail: /UND_ERR_CONNECT_TIMEOUT/ })
  // Its clock ticks twice a second.
  t.ok(tookMs < 6000, `${tookMs} ms`)
  t.notMatch(server.bytes(), /POST/)
})

t.test('not sent: the total is over before there is a connection', async (t) => {
  const server = await startRawServer(t, () => {})
  const { seen, tookMs } = await call(t, `https://127.0.0.1:${server.port}`, {
    connectTimeoutMs: 20_000,
    timeoutMs: TIMEOUT_MS,
  })
  t.match(seen, { seen: 'not_sent' })
  t.ok(tookMs < TIMEOUT_MS + 2000, `${tookMs} ms`)
})

t.test('not sent: a header that cannot be one', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  const outcome = await cancelWith(startClient(t, server.url), CANCEL, 'token\r\nx: y')
  t.match(outcome, { outcome: 'not_sent' })
  t.equal(server.requests.length, 0)
})

const NO_ANSWERS: Record<string, (socket: Socket) => void> = {
  'closes after it has read the request': (socket) => socket.end(),
  'resets after it has read the request': (socket) => socket.resetAndDestroy(),
  'closes after the status line': (socket) => socket.end('HTTP/1.1 200 OK\r\n'),
  'closes after the headers': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'),
  'resets after the headers': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', () => socket.resetAndDestroy())
  },
  'closes in the middle of the body': (socket) => socket.end(answer().subarray(0, -1)),
  'closes in the middle of a chunk': (socket) => {
    socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n${SUCCESS}`)
  },
  'closes before the last chunk': (socket) => {
    const size = Buffer.byteLength(SUCCESS).toString(16)
    socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${size}\r\n${SUCCESS}\r\n`)
  },
  'answers with something that is not HTTP': (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'answers with a status that is none': (socket) => socket.end('HTTP/1.1 abc OK\r\n\r\n'),
  'answers with two lengths': (socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ')
  },
  'changes the protocol': (socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
  },
  'answers with more than 64 KiB': (socket) => {
    socket.write(answer(`${SUCCESS}${' '.repeat(64 * 1024)}`))
  },
  'does not stop answering': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const interval = setInterval(() => socket.write(`2000\r\n${' '.repeat(0x2000)}\r\n`), 1)
    socket.on('close', () => clearInterval(interval))
  },
}

for (const [what, onRequest] of Object.entries(NO_ANSWERS)) {
  t.test(`no answer: the provider ${what}`, async (t) => {
    const server = await startRawServer(t, onRequest)
    const { seen } = await call(t, server.url)
    t.match(seen, { seen: 'no_answer', detail: /The request was sent/ })
    t.equal(server.requests.length, 1, 'it was sent once')
    await until(() => server.open() === 0)
    t.match(await cancelWith(startClient(t, server.url), CANCEL, 'token'), {
      outcome: 'unknown',
      provider: null,
    })
    t.equal(server.requests.length, 2)
  })
}

const STALLS: Record<string, (socket: Socket) => void> = {
  'says nothing': () => {},
  'stalls after the headers': (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'),
  'stalls before the last byte': (socket) => socket.write(answer().subarray(0, -1)),
  'trickles its headers': (socket) => trickle(socket, answer()),
  'trickles its body': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    trickle(socket, Buffer.from('1\r\n \r\n'.repeat(1000)))
  },
}

function trickle(socket: Socket, bytes: Buffer): void {
  let sent = 0
  const interval = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 20)
  socket.on('close', () => clearInterval(interval))
}

for (const [what, onRequest] of Object.entries(STALLS)) {
  t.test(`no answer within the total: the provider ${what}`, async (t) => {
    const server = await startRawServer(t, onRequest)
    const { seen, tookMs } = await call(t, server.url, { timeoutMs: TIMEOUT_MS })
    t.match(seen, { seen: 'no_answer', detail: /no answer within 400 ms/ })
    t.ok(tookMs >= TIMEOUT_MS - 10 && tookMs < TIMEOUT_MS + 2000, `${tookMs} ms`)
    t.equal(server.requests.length, 1)
    await until(() => server.open() === 0)
  })
}

t.test('no answer: a token call that is not answered sends no second one', async (t) => {
  const server = await startRawServer(t, (socket) => socket.end())
  t.match(await startClient(t, server.url).authorize(MERCHANT), {
    outcome: 'not_sent',
    code: 'provider_unavailable',
  })
  t.equal(server.requests.length, 1)
})

const ANSWERS: Record<string, { write: (socket: Socket) => void; status?: number; body?: string }> = {
  'at once': { write: (socket) => socket.write(answer()) },
  'and closes': { write: (socket) => socket.end(answer()) },
  'in two halves of a Korean character': {
    write: (socket) => {
      const bytes = answer()
      const middle = bytes.indexOf(Buffer.from('정')) + 1
      socket.write(bytes.subarray(0, middle))
      setTimeout(() => socket.write(bytes.subarray(middle)), 20)
    },
  },
  'byte by byte, in time': {
    write: (socket) => {
      for (const byte of answer()) socket.write(Buffer.from([byte]))
    },
  },
  'in chunks': {
    write: (socket) => {
      const bytes = Buffer.from(SUCCESS)
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      for (const part of [bytes.subarray(0, 9), bytes.subarray(9)]) {
        socket.write(`${part.length.toString(16)}\r\n`)
        socket.write(part)
        socket.write('\r\n')
      }
      socket.write('0\r\n\r\n')
    },
  },
  'without a length, until it closes': { write: (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${SUCCESS}`) },
  'as HTTP/1.0': { write: (socket) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${SUCCESS}`) },
  'after an early hint': {
    write: (socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')
      socket.write(answer())
    },
  },
  'after a byte order mark': { write: (socket) => socket.write(answer(`\ufeff${SUCCESS}`)) },
  'with 64 KiB': {
    write: (socket) => socket.write(answer(SUCCESS + ' '.repeat(64 * 1024 - Buffer.byteLength(SUCCESS)))),
    body: SUCCESS + ' '.repeat(64 * 1024 - Buffer.byteLength(SUCCESS)),
  },
  'with 204': {
    write: (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
    status: 204,
    body: '',
  },
  'with an error': { write: (socket) => socket.write(answer('{}', '500 Oops')), status: 500, body: '{}' },
}

for (const [what, { write, status = 200, body = SUCCESS }] of Object.entries(ANSWERS)) {
  t.test(`answers ${what}`, async (t) => {
    const server = await startRawServer(t, write)
    t.same((await call(t, server.url)).seen, { seen: 'answer', status, body })
    const outcome = await cancelWith(startClient(t, server.url), CANCEL, 'token')
    t.equal(outcome.outcome, status === 200 ? 'succeeded' : 'unknown')
    t.equal(server.requests.length, 2)
  })
}

t.test('a redirect is not followed', async (t) => {
  const elsewhere = await startRawServer(t, (socket) => socket.write(answer()))
  for (const status of ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
    const server = await startRawServer(t, (socket) =>
      socket.write(answer('', status, [`location: ${elsewhere.url}/api/cancel`])),
    )
    t.match(await cancelWith(startClient(t, server.url), CANCEL, 'token'), { outcome: 'unknown' }, status)
  }
  t.equal(elsewhere.connections(), 0)
})

t.test('a decline whose message cannot be read may hide a cancel', async (t) => {
  // "통신오류" in EUC-KR, as older PGs send it whatever they say.
  const message = Buffer.from([0xc5, 0xeb, 0xbd, 0xc5, 0xbf, 0xc0, 0xb7, 0xf9])
  const body = Buffer.concat([
    Buffer.from('{"cancel_code":"1001","cancel_msg":"'),
    message,
    Buffer.from('"}'),
  ])
  const server = await startRawServer(t, (socket) => socket.write(answer(body)))
  t.match(await cancelWith(startClient(t, server.url), CANCEL, 'token'), { outcome: 'unknown' })
})

t.test('a request whose total is over while it waits for a connection is never written', async (t) => {
  let answerFirst = () => {}
  const server = await startRawServer(t, (socket, number) => {
    if (number === 1) answerFirst = () => socket.write(answer())
    else socket.write(answer())
  })
  const pool = new Pool(server.url, { connections: 1, pipelining: 1 })
  t.teardown(() => pool.destroy())
  const send = (path: string, timeoutMs: number) =>
    exchange(pool, { path, headers: [], body: '{}', timeoutMs })

  const first = send('/first', 10_000)
  await until(() => server.requests.length === 1)
  const waiting = await Promise.all(['/a', '/b', '/c'].map((path) => send(path, 50)))
  for (const seen of waiting) t.match(seen, { seen: 'not_sent', detail: /Nothing was sent/ })
  const patient = send('/patient', 10_000)
  answerFirst()
  t.match(await first, { seen: 'answer' })
  t.match(await patient, { seen: 'answer' })
  t.match(await send('/last', 10_000), { seen: 'answer' })
  await sleep(50)
  t.same(
    server.requests.map((request) => request.split(' ')[1]),
    ['/first', '/patient', '/last'],
  )
  t.notMatch(server.bytes(), /POST \/[abc] /)
})

t.test('a call after the client was closed is not sent', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  const client = startClient(t, server.url)
  await client.close()
  t.match(await cancelWith(client, CANCEL, 'token'), { outcome: 'not_sent' })
  t.equal(server.connections(), 0)
})

t.test('a call under way when the client is closed is unknown', async (t) => {
  const server = await startRawServer(t, () => {})
  const client = startClient(t, server.url)
  const outcome = cancelWith(client, CANCEL, 'token')
  await until(() => server.requests.length === 1)
  await client.close()
  t.match(await outcome, { outcome: 'unknown', provider: null })
})

/** What a server says that keeps connections open. */
const KEPT = 'keep-alive: timeout=5'

// A provider that closes a connection after its answer without having said so. A request that is written
// to such a connection is lost, and a refund that might as well have been made becomes unknown.
const CLOSINGS: Record<string, (socket: Socket, sent: Buffer) => void> = {
  'with its answer': (socket, sent) => socket.end(sent),
  'right after its answer': (socket, sent) => socket.write(sent, () => socket.end()),
  'by a reset after its answer': (socket, sent) => socket.write(sent, () => socket.resetAndDestroy()),
  '1 ms after its answer': (socket, sent) => socket.write(sent, () => setTimeout(() => socket.end(), 1)),
  '5 ms after its answer': (socket, sent) => socket.write(sent, () => setTimeout(() => socket.end(), 5)),
}

/** What the provider says of its connections: nothing, or that it keeps them, which those above then break. */
const SENT: Record<string, Buffer> = {
  unannounced: answer(),
  'although it announced to keep it': answer(SUCCESS, '200 OK', [KEPT]),
}

const CLOSING_PROVIDERS = Object.entries(CLOSINGS).flatMap(([when, close]) =>
  Object.entries(SENT).map(
    ([what, sent]) => [`${when}, ${what}`, (socket: Socket) => close(socket, sent)] as const,
  ),
)

/** What 200 cancels in a row led to, and how many of them arrived. */
async function cancelOften(t: Test, onRequest: (socket: Socket) => void, pauseMs: () => number) {
  const server = await startRawServer(t, onRequest)
  const client = startClient(t, server.url)
  const seen: Record<string, number> = {}
  for (let number = 0; number < 200; number++) {
    const pause = pauseMs()
    if (pause > 0) await sleep(pause)
    const { outcome } = await cancelWith(client, CANCEL, 'token')
    seen[outcome] = (seen[outcome] ?? 0) + 1
  }
  return { ...seen, arrived: server.requests.length }
}

t.test('a connection that the provider closes loses none of the requests that follow at once', async (t) => {
  for (const [when, onRequest] of CLOSING_PROVIDERS) {
    t.same(await cancelOften(t, onRequest, () => 0), { succeeded: 200, arrived: 200 }, when)
  }
})

t.test(
  'a connection that the provider closes loses none of the requests that follow some time later',
  async (t) => {
    const all = CLOSING_PROVIDERS.map(async ([when, onRequest]) => {
      const seen = await cancelOften(t, onRequest, () => Math.random() * 20)
      t.same(seen, { succeeded: 200, arrived: 200 }, when)
    })
    await Promise.all(all)
  },
)

t.test('a connection that is announced to be kept is used again, and no other one', async (t) => {
  for (const [announced, isUsedAgain] of [
    ['keep-alive: timeout=5', true],
    ['Keep-Alive: timeout=75, max=1000', true],
    ['keep-alive: timeout=2', false],
    ['keep-alive: max=100', false],
    ['connection: keep-alive', false],
  ] as const) {
    const server = await startRawServer(t, (socket) => socket.write(answer(SUCCESS, '200 OK', [announced])))
    const client = startClient(t, server.url)
    for (let number = 0; number < 4; number++) {
      await cancelWith(client, CANCEL, 'token')
      await sleep(60)
    }
    t.equal(server.connections(), isUsedAgain ? 1 : 4, announced)
  }
})

t.test('a provider that breaks a connection which it announced to keep is not believed again', async (t) => {
  const server = await startRawServer(t, (socket, number) => {
    if (number === 3) socket.destroy()
    else socket.write(answer(SUCCESS, '200 OK', [KEPT]))
  })
  const client = startClient(t, server.url)
  const outcomes: string[] = []
  for (let number = 0; number < 6; number++) {
    outcomes.push((await cancelWith(client, CANCEL, 'token')).outcome)
    await sleep(60)
  }
  t.same(outcomes, ['succeeded', 'succeeded', 'unknown', 'succeeded', 'succeeded', 'succeeded'])
  t.equal(server.connections(), 4, 'the first three calls share one')
})

t.test('an answer that nobody asked for is not the next request’s', async (t) => {
  const stray = answer(JSON.stringify({ cancel_code: '0000', cancel_tid: 'stray' }))
  const own = { cancel_code: '1001', cancel_msg: '한도초과', cancel_tid: 'own' }
  const declined = answer(JSON.stringify(own), '200 OK', [KEPT])
  const answers: Record<string, (socket: Socket) => void> = {
    'in one packet': (socket) => socket.write(Buffer.concat([declined, stray])),
    'right after': (socket) => socket.write(declined, () => socket.write(stray)),
    '1 ms after': (socket) => {
      socket.write(declined)
      setTimeout(() => socket.writable && socket.write(stray), 1)
    },
  }
  for (const [when, onRequest] of Object.entries(answers)) {
    const server = await startRawServer(t, onRequest)
    const client = startClient(t, server.url)
    const outcomes = new Set<string>()
    for (let number = 0; number < 100; number++) {
      outcomes.add((await cancelWith(client, CANCEL, 'token')).outcome)
    }
    t.same([...outcomes], ['failed'], when)
  }
})

/** The parts of a raw request. */
function parse(request: string) {
  const [head = '', body = ''] = request.split('\r\n\r\n')
  const [line, ...headers] = head.split('\r\n')
  return {
    line,
    headers: Object.fromEntries(headers.map((header) => header.split(': ') as [string, string])),
    body,
  }
}

async function firstRequest(server: RawServer) {
  await until(() => server.requests.length > 0)
  return parse(server.requests[0] as string)
}

t.test('a cancel goes over the wire as the manual says, and with nothing else', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  await cancelWith(
    startClient(t, server.url),
    {
      ...CANCEL,
      kind: 'partial',
      amount: 3000,
      refundAccount: { bank: '20', account_no: '1002345678901', account_name: '홍길동' },
    },
    'the.token',
  )
  const { line, headers, body } = await firstRequest(server)
  t.equal(line, 'POST /api/cancel HTTP/1.1')
  t.equal(
    body,
    '{"tid":"t-1","amount":"3000","reason":"고객 변심","bank":"20","account_no":"1002345678901","account_name":"홍길동"}',
  )
  const { connection, ...rest } = headers
  t.strictSame(rest, {
    host: `127.0.0.1:${server.port}`,
    'content-type': 'application/json; charset=utf-8',
    'accept-encoding': 'identity',
    TOKEN: 'the.token',
    ApiKey: 'shop-key',
    'content-length': String(Buffer.byteLength(body)),
  })
  t.match(connection, /^(keep-alive|close)$/)
})

t.test('a token call goes over the wire as the manual says, and with nothing else', async (t) => {
  const server = await startRawServer(t, (socket) =>
    socket.write(answer('{"RTN_CD":"0000","TOKEN":"t.o.k"}')),
  )
  t.same(await startClient(t, server.url).authorize(MERCHANT), { outcome: 'authorized', token: 't.o.k' })
  const { line, headers, body } = await firstRequest(server)
  t.equal(line, 'POST /payAuth/token HTTP/1.1')
  t.equal(body, '{"pay2_id":"shop","pay2_key":"shop-key"}')
  t.same(Object.keys(headers).sort(), [
    'accept-encoding',
    'connection',
    'content-length',
    'content-type',
    'host',
  ])
})

t.test('a full cancel goes with its amount, unless its account is set to none', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  const client = startClient(t, server.url)
  await cancelWith(client, CANCEL, 'token')
  // Rotated to, with the same id and key.
  client.setAccounts([{ ...ACCOUNT, fullCancel: 'without_amount' }])
  await cancelWith(client, CANCEL, 'token')
  await cancelWith(client, { ...CANCEL, kind: 'partial', amount: 3000 }, 'token')
  t.strictSame(
    server.requests.map((request) => parse(request).body),
    [
      '{"tid":"t-1","amount":"10000","reason":"고객 변심"}',
      '{"tid":"t-1","reason":"고객 변심"}',
      '{"tid":"t-1","amount":"3000","reason":"고객 변심"}',
    ],
  )
})

t.test('what is compressed or in EUC-KR all the same is read; what cannot be is no answer', async (t) => {
  const said = JSON.stringify({ ...JSON.parse(SUCCESS), cancel_msg: '똠방각하' })
  const rows: [string, Buffer, string[], object][] = [
    ['gzip', gzipSync(said), ['content-encoding: gzip'], { outcome: 'succeeded' }],
    ['br', brotliCompressSync(said), ['content-encoding: br'], { outcome: 'succeeded' }],
    [
      'deflate of EUC-KR',
      deflateSync(iconv.encode(said, 'cp949')),
      ['content-encoding: deflate', 'x: y'],
      { outcome: 'succeeded' },
    ],
    ['half of it', gzipSync(said).subarray(0, 60), ['content-encoding: gzip'], { outcome: 'unknown' }],
    ['not asked for', Buffer.from(said), ['content-encoding: zstd'], { outcome: 'unknown' }],
    ['too much', gzipSync(' '.repeat(70_000)), ['content-encoding: gzip'], { outcome: 'unknown' }],
  ]
  for (const [what, body, headers, expected] of rows) {
    const isKorean = what.endsWith('EUC-KR')
    const server = await startRawServer(t, (socket) => {
      const whole = answer(body, '200 OK', headers)
      socket.write(isKorean ? koreanAnswer(whole) : whole)
    })
    const outcome = await cancelWith(startClient(t, server.url), CANCEL, 'token')
    t.match(outcome, expected, what)
    if ('refundedAt' in outcome) t.match(outcome, { provider: { cancel_msg: '똠방각하' } }, what)
    else t.match(outcome, { detail: /compression/ }, what)
  }
})

/** The same answer, which says that it is EUC-KR. */
function koreanAnswer(whole: Buffer): Buffer {
  const text = whole.toString('latin1').replace('application/json', 'text/html; charset=euc-kr')
  return Buffer.from(text, 'latin1')
}

t.test('a base URL may have a path of its own', async (t) => {
  for (const [path, line] of [
    ['', 'POST /api/cancel HTTP/1.1'],
    ['/', 'POST /api/cancel HTTP/1.1'],
    ['/reseller', 'POST /reseller/api/cancel HTTP/1.1'],
    ['/reseller/v2/', 'POST /reseller/v2/api/cancel HTTP/1.1'],
  ] as const) {
    const server = await startRawServer(t, (socket) => socket.write(answer()))
    await cancelWith(startClient(t, server.url + path), CANCEL, 'token')
    t.equal((await firstRequest(server)).line, line)
  }
})

t.test('each account cancels with its own key', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  const accounts = ['a', 'b'].map((name) => ({
    name,
    id: `${name}-id`,
    key: `${name}-key`,
    pg: 'toss' as const,
    ...TERMS,
  }))
  const client = startClient(t, server.url, { accounts })
  for (const id of ['a-id', 'b-id', 'a-id']) {
    await cancelWith(client, { ...CANCEL, merchant: merchantOf(id) }, 'token')
  }
  t.same(
    server.requests.map((request) => parse(request).headers.ApiKey),
    ['a-key', 'b-key', 'a-key'],
  )
  await t.rejects(cancelWith(client, { ...CANCEL, merchant: merchantOf('c') }, 'token'), {
    message: /^bug: /,
  })
})

t.test('every call that is over is reported', async (t) => {
  const calls: string[] = []
  const decline = '{"cancel_code":"1001","cancel_msg":"한도초과"}'
  const server = await startRawServer(t, (socket, number) => {
    const bodies = ['{"RTN_CD":"0000","TOKEN":"t"}', SUCCESS, decline, '{"RTN_CD":"E003"}', '']
    socket.write(answer(bodies[number - 1] ?? ''))
  })
  const client = startClient(t, server.url, {
    onCall: (call, outcome, durationMs) => calls.push(`${call} ${outcome} ${durationMs >= 0}`),
  })
  await client.authorize(MERCHANT)
  for (let number = 0; number < 4; number++) await cancelWith(client, CANCEL, 'token')
  t.same(calls, [
    'token token true',
    'cancel succeeded true',
    'cancel failed true',
    'cancel token_rejected true',
    'cancel unknown true',
  ])
})

t.test('a dispatcher that tries once more is not let write it a second time', async (t) => {
  let writes = 0
  const dispatcher = {
    dispatch(_options: unknown, handler: Required<Dispatcher.DispatchHandler>) {
      for (let attempt = 1; attempt <= 2; attempt++) {
        let isAborted = false
        const abort = (error: Error) => {
          isAborted = true
          handler.onResponseError(controller, error)
        }
        const controller = { abort } as Dispatcher.DispatchController
        handler.onRequestStart(controller, {})
        if (!isAborted) writes++
      }
      return true
    },
  } as unknown as Dispatcher
  const request = { path: '/api/cancel', headers: [], body: '{"tid":"t-1"}', timeoutMs: 1_000 }
  t.match(await exchange(dispatcher, request), { seen: 'no_answer' })
  t.equal(writes, 1)
})

t.test('not sent: the process was stopped while it connected, and its time is over', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  const pool = new Pool(server.url)
  t.teardown(() => pool.destroy())
  const request = { path: '/api/cancel', headers: [], body: '{"tid":"t-1"}', timeoutMs: 200 }
  // From a timer, whose phase is over before it sees the one that became due: the connection comes first.
  const seen = await new Promise((resolve) => {
    setTimeout(() => {
      resolve(exchange(pool, request))
      const stop = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
      process.nextTick(() => Promise.resolve().then(() => process.nextTick(stop)))
    }, 10)
  })
  t.match(seen, { seen: 'not_sent' })
  await sleep(100)
  t.equal(server.requests.length, 0)
})

t.test(
  'not sent: what is left of the lease, where it is written, is less than the call may take',
  async (t) => {
    const timeoutMs = 5_000
    const server = await startRawServer(t, (socket) =>
      socket.write(answer(SUCCESS, '200 OK', ['keep-alive: timeout=5'])),
    )
    const client = startClient(t, server.url, { timeoutMs })
    const asked: string[] = []
    const callWith = (leaseLeftMs: number) => {
      const leaseLeft = () => {
        asked.push(new Error().stack?.includes('onRequestStart') ? 'where it is written' : 'elsewhere')
        return leaseLeftMs
      }
      return cancelWith(client, { ...CANCEL, leaseLeft }, 'token')
    }
    for (const leaseLeftMs of [Number.NEGATIVE_INFINITY, -1, 0, timeoutMs / 2]) {
      const before = server.requests.length
      t.match(await callWith(leaseLeftMs), {
        outcome: 'not_sent',
        code: 'provider_unavailable',
        detail: /Nothing was sent/,
      })
      await sleep(50)
      t.equal(server.requests.length, before, `${leaseLeftMs} ms: nothing is written`)
      t.match(await callWith(timeoutMs), { outcome: 'succeeded' }, 'enough is left')
      // On the connection that was used before, too.
      await sleep(50)
    }
    t.same([...new Set(asked)], ['where it is written'])
  },
)

t.test('not sent: the lease ran out while it connected', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(answer()))
  const pool = new Pool(server.url)
  t.teardown(() => pool.destroy())
  let leaseLeftMs = 10_000
  const request = {
    path: '/api/cancel',
    headers: [],
    body: '{"tid":"t-1"}',
    timeoutMs: 5_000,
    leaseLeft: () => leaseLeftMs,
  }
  const seen = exchange(pool, request)
  // A machine that is suspended here knows it by its clock alone: no timer has run.
  leaseLeftMs -= 8_000
  t.match(await seen, { seen: 'not_sent', detail: /held up/ })
  await sleep(50)
  t.equal(server.requests.length, 0)
})
