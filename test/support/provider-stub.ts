import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A call as it arrived. */
export type ReceivedCall = Readonly<{
  path: string
  headers: IncomingHttpHeaders
  /** The body's exact text. */
  text: string
  body: Readonly<Record<string, unknown>>
}>

/** Answers one call; `index` counts the calls of its kind from 0. */
export type Respond = (response: ServerResponse, call: ReceivedCall, index: number) => void

export type ProviderStub = Readonly<{
  url: string
  tokens: ReceivedCall[]
  cancels: ReceivedCall[]
  /** Calls for an account to pay a deposit into. */
  deposits: ReceivedCall[]
  /** What the next calls are answered with. */
  onToken(respond: Respond): void
  onCancel(respond: Respond): void
  onDeposit(respond: Respond): void
  /** What lookups are answered with. */
  onLookup(respond: Respond): void
  /** Takes no connections any more, and breaks those that there are. */
  stop(): Promise<void>
  /** Listens again, where it did before. */
  start(): Promise<void>
}>

/**
 * A provider that answers as a test tells it to, and remembers what it was sent. Else it says yes to all,
 * and finds nothing that is looked up.
 */
export async function startProviderStub(t: Test): Promise<ProviderStub> {
  const tokens: ReceivedCall[] = []
  const cancels: ReceivedCall[] = []
  const deposits: ReceivedCall[] = []
  let lookups = 0
  let respondToToken: Respond = (response, _call, index) =>
    sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: `token-${index}` })
  let respondToCancel = accept
  let respondToDeposit: Respond = (response) => sendText(response, DEPOSIT_ANSWER)
  let respondToLookup = json({ RESULTCODE: 'E008', RESULTMSG: '조회된 거래내역이 없습니다' })

  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    const chunks = await request.toArray().catch(() => null)
    if (chunks === null) return // Broken off before it had arrived.
    const text = Buffer.concat(chunks).toString()
    const call = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) }
    if (call.path === '/payAuth/token') respondToToken(response, call, tokens.push(call) - 1)
    else if (call.path === '/api/cancel') respondToCancel(response, call, cancels.push(call) - 1)
    else if (call.path === '/api/get_cancel_bank_account') {
      respondToDeposit(response, call, deposits.push(call) - 1)
    } else respondToLookup(response, call, lookups++)
  })
  let port = 0
  const start = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const stop = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  t.teardown(stop)
  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    tokens,
    cancels,
    deposits,
    onToken: (respond) => {
      respondToToken = respond
    },
    onCancel: (respond) => {
      respondToCancel = respond
    },
    onDeposit: (respond) => {
      respondToDeposit = respond
    },
    onLookup: (respond) => {
      respondToLookup = respond
    },
    stop,
    start,
  }
}

/** An account to pay into, in a form that nobody has documented. */
export const DEPOSIT_ANSWER = '{"bank":"우리은행","account":"1002-345-678901","until":"23:59:59"}'

/** That a refund needs a deposit first. */
export const NEEDS_DEPOSIT = {
  cancel_tid: '',
  cancel_code: '9029',
  cancel_msg: '입금 완료된 거래입니다. 입금후 취소 API를 이용하시기 바랍니다',
  cancel_date: '',
  cancel_amt: '0',
}

/** The answer of a cancel that did what it was asked to. */
export function cancelAnswer(body: ReceivedCall['body'], changes: Record<string, unknown> = {}) {
  return {
    cancel_tid: 'C1',
    cancel_code: '0000',
    cancel_msg: '취소 성공',
    cancel_date: '20250609132911',
    cancel_amt: body.amount ?? '10000',
    ...changes,
  }
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  sendText(response, JSON.stringify(body), status)
}

export function sendText(
  response: ServerResponse,
  text: string,
  status = 200,
  contentType = 'application/json',
): void {
  response.writeHead(status, { 'content-type': contentType }).end(text)
}

/** Bytes as they are, not what an HTTP server would make of them, and then the end of the connection. */
export const bytes =
  (text: string): Respond =>
  (response) =>
    response.req.socket.end(text)

export const json =
  (body: unknown, status = 200): Respond =>
  (response) =>
    sendJson(response, body, status)

/** Does what it is asked to. */
export const accept: Respond = (response, { body }) => sendJson(response, cancelAnswer(body))

export const reset: Respond = (response) => response.req.socket.resetAndDestroy()

/** A good beginning, then white space for ever. */
export const trickle: Respond = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const interval = setInterval(() => response.write(' '), 50)
  response.once('close', () => clearInterval(interval))
}
