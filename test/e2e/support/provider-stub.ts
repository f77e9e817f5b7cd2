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
  /** What the next calls are answered with. */
  onToken(respond: Respond): void
  onCancel(respond: Respond): void
  /** Takes no connections any more, and breaks those that there are. */
  stop(): Promise<void>
  /** Listens again, where it did before. */
  start(): Promise<void>
}>

/** A provider that answers as a test tells it to, and remembers what it was sent. Else it says yes to all. */
export async function startProviderStub(t: Test): Promise<ProviderStub> {
  const tokens: ReceivedCall[] = []
  const cancels: ReceivedCall[] = []
  let respondToToken: Respond = (response, _call, index) =>
    sendJson(response, { RTN_CD: '0000', RTN_MSG: '성공', TOKEN: `token-${index}` })
  let respondToCancel: Respond = (response, { body }) => sendJson(response, cancelAnswer(body))

  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    const text = Buffer.concat(await request.toArray().catch(() => [])).toString()
    const call = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) }
    if (call.path.endsWith('/payAuth/token')) respondToToken(response, call, tokens.push(call) - 1)
    else respondToCancel(response, call, cancels.push(call) - 1)
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
    onToken: (respond) => {
      respondToToken = respond
    },
    onCancel: (respond) => {
      respondToCancel = respond
    },
    stop,
    start,
  }
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

/** Bytes as they are, and no more: not what an HTTP server would make of them. */
export function sendBytes(response: ServerResponse, bytes: string): void {
  response.socket?.write(bytes)
}
