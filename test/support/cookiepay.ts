import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { type CookiePayOptions, createCookiePay } from '../../src/cookiepay/client.ts'
import type { TokenStore } from '../../src/cookiepay/tokens.ts'
import type { CancelRequest } from '../../src/refunds/ports/provider.ts'
import { MERCHANT } from './merchant.ts'

/** What an account has beside its id, key and PG, where a test is not about it. */
export const TERMS = { timeoutMs: 10_000, fullCancel: 'with_amount', spacingMs: 0 } as const

export const ACCOUNT = { name: 'default', id: 'shop', key: 'shop-key', pg: 'toss', ...TERMS } as const

export const CANCEL: CancelRequest = {
  merchant: MERCHANT,
  tid: 't-1',
  reason: '고객 변심',
  kind: 'full',
  amount: 10_000,
  taxFreeAmount: undefined,
  refundAccount: undefined,
  leaseLeft: () => Number.POSITIVE_INFINITY,
}

export const SUCCESS = JSON.stringify({
  cancel_tid: 'C1',
  cancel_code: '0000',
  cancel_msg: '정상취소',
  cancel_date: '20250609132911',
  cancel_amt: '10000',
})

/** Shares nothing, as a Redis that is away. */
export const NO_TOKEN_STORE: TokenStore = {
  read: async () => null,
  write: async () => {},
  lock: async () => true,
  unlock: async () => {},
}

/** CookiePay's client, closed when the test ends. */
export function startClient(
  t: Test,
  baseUrl: string,
  { timeoutMs = TERMS.timeoutMs, ...options }: Partial<CookiePayOptions> & { timeoutMs?: number } = {},
) {
  const client = createCookiePay({
    baseUrl,
    connectTimeoutMs: 2000,
    ambiguousCodes: [],
    declinedCodes: [],
    tokenStore: NO_TOKEN_STORE,
    onCall: () => {},
    ...options,
    accounts: (options.accounts ?? [ACCOUNT]).map((account) => ({ ...account, timeoutMs })),
  })
  t.teardown(() => client.close())
  return client
}

export type RawServer = Readonly<{
  url: string
  port: number
  /** Every request that arrived whole, as it came. */
  requests: string[]
  /** Every byte that arrived. */
  bytes(): string
  connections(): number
  /** How many are open now. */
  open(): number
}>

/** A server on a free port that answers each request, counted from one, with what the test writes. */
export async function startRawServer(
  t: Test,
  onRequest: (socket: Socket, number: number) => void,
  onConnection: (socket: Socket) => void = () => {},
): Promise<RawServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let bytes = ''
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      bytes += chunk.toString('latin1')
      // What comes after the server closed is lost, as on a connection that is really gone.
      if (socket.writableEnded) return
      received = Buffer.concat([received, chunk])
      const length = wholeRequestLength(received)
      if (length === null) return
      requests.push(received.subarray(0, length).toString())
      received = received.subarray(length)
      onRequest(socket, requests.length)
    })
    onConnection(socket)
  })
  const port = await listen(server)
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    bytes: () => bytes,
    connections: () => connections,
    open: () => sockets.size,
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A port on which nobody listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function wholeRequestLength(received: Buffer): number | null {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const length = /\r\ncontent-length: (\d+)/i.exec(received.subarray(0, headEnd).toString())
  const whole = headEnd + 4 + Number(length?.[1] ?? 0)
  return received.length < whole ? null : whole
}

/** An answer as it goes over the wire. */
export function answer(body: string | Buffer = SUCCESS, status = '200 OK', headers: string[] = []): Buffer {
  const bytes = Buffer.from(body as string)
  const head = [`HTTP/1.1 ${status}`, 'content-type: application/json', ...headers]
  head.push(`content-length: ${bytes.length}`)
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
}
