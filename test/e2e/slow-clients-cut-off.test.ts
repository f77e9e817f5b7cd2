import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sendRaw, until } from '../support/calls.ts'
import { createAuthority } from '../support/certificates.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest } from '../support/gateway.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
const env = gatewayEnv(sandbox.base, redis, { RATE_LIMIT_MAX: '1000000' })

/** Far beyond the limits of the listener (10 s and a second to notice), for a busy machine. */
const CUT_OFF_MS = 60_000
const HEAD =
  'POST /refunds HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: slow\r\nContent-Type: application/json\r\n'

/** What each kind of client sends at first, and then again and again. */
const SLOW = {
  'that sends nothing': ['', ''],
  'with half a request line': ['POST /ref', ''],
  'that never ends its head': [HEAD, 'X-More: x\r\n'],
  'that never ends its body': [`${HEAD}Content-Length: 60000\r\n\r\n{`, ' '],
  'that never ends its chunks': [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
} as const

/** Opens a connection that dawdles; `isOpen` until the gateway ends it, `answer` is what came back. */
async function dawdle(t: Test, url: string, [first, more]: readonly [string, string]) {
  const { hostname, port } = new URL(url)
  const socket: Socket = createConnection({ host: hostname, port: Number(port) })
  let answer = ''
  socket
    .on('error', () => {})
    .on('data', (bytes) => {
      answer += bytes
    })
  await once(socket, 'connect')
  socket.write(first)
  const timer = setInterval(() => more !== '' && socket.writable && socket.write(more), 1_000)
  socket.once('close', () => clearInterval(timer))
  t.teardown(() => socket.destroy())
  return { isOpen: () => !socket.closed && !socket.readableEnded, answer: () => answer }
}

t.test(
  '1,000 slow and half-open connections: others are answered, and the slow ones are cut off',
  async (t) => {
    const gateway = await spawnGateway(t, env)
    const kinds = Object.values(SLOW)
    const connections = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        dawdle(t, gateway.url, kinds[index % kinds.length] as (typeof kinds)[number]),
      ),
    )
    const open = () => connections.filter(({ isOpen }) => isOpen()).length
    t.equal(open(), 1_000, 'all are held open')

    let made = 0
    const deadline = Date.now() + CUT_OFF_MS
    do {
      isRefund(t, await gateway.refund(refundRequest()), 'succeeded', { about: `${open()} are held open` })
      made += 1
      await sleep(250)
    } while (open() > 0 && Date.now() < deadline)
    t.equal(open(), 0, 'all are cut off')
    t.ok(made >= 10, `${made} refunds were made meanwhile`)
    t.equal((await sandbox.cancels()).calls, made, 'and nothing of the slow ones was sent on')
  },
)

t.test('each kind of slow client is cut off', async (t) => {
  const gateway = await spawnGateway(t, env)
  await Promise.all(
    Object.entries(SLOW).map(async ([about, sent]) => {
      const { isOpen, answer } = await dawdle(t, gateway.url, sent)
      await until(`the end of a client ${about}`, () => !isOpen(), CUT_OFF_MS)
      // The gateway may have been stopped while a valid request lay there: its caller must not be told to mend it.
      t.equal(answer(), '', `a client ${about} is told nothing`)
    }),
  )
  t.equal((await gateway.request('/readyz')).status, 200)
})

t.test('a TLS handshake that is never finished is cut off', async (t) => {
  const own = await (await createAuthority(t)).issue('localhost')
  const gateway = await spawnGateway(t, {
    ...env,
    TLS_CERT_FILE: own.certFile,
    TLS_KEY_FILE: own.keyFile,
    OPERATIONS_PORT: '0',
  })
  const sent = ['', '\x16\x03\x01\x02'] as const
  await Promise.all(
    sent.map(async (first) => {
      const { isOpen } = await dawdle(t, gateway.url, [first, ''])
      await until('the end', () => !isOpen(), CUT_OFF_MS)
    }),
  )
  t.pass('cut off')
})

t.test('a request is of limited size in each part', async (t) => {
  const gateway = await spawnGateway(t, env)
  const json = ['Content-Type', 'application/json']
  const key = ['Idempotency-Key', 'large']
  const body = `{"tid":"${'x'.repeat(64 * 1024)}"}`
  isProblem(t, await sendRaw(gateway.url, { headers: [...json, ...key], body }), 'payload_too_large')
  const long = 'x'.repeat(16 * 1024)
  const heads = {
    'a long header': { headers: ['X-Long', long] },
    'a long path': { path: `/${long}` },
    'many headers': { headers: Array.from({ length: 3_000 }, (_, index) => [`X-${index}`, 'x']).flat() },
  }
  for (const [about, request] of Object.entries(heads)) {
    const { status, body } = await sendRaw(gateway.url, request)
    t.match({ status, body }, { status: 400, body: { code: 'invalid_request', retry: 'fix_request' } }, about)
  }
  t.equal((await gateway.request('/readyz')).status, 200)
})
