import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Refund } from '../../src/refunds/refund.ts'
import type { Answer, TestGateway } from './gateway.ts'

export type Caller = Pick<TestGateway, 'request'>

/** `GET /payments/{tid}`; null where nothing was ever refunded of it. */
export async function ledger({ request }: Caller, tid: string, query = '') {
  const { status, body } = await request<{
    amount: number
    tax_free_amount: number | null
    refunded: number
    in_flight: number
    unknown: number
    disputed: number
    remaining: number
    refunds: Refund[]
  }>(`/payments/${encodeURIComponent(tid)}${query}`)
  return status === 404 ? null : body
}

/** The value of one series of `/metrics`, such as `name{label="value"}`; 0 where it is not there. */
export async function metric({ request }: Caller, series: string): Promise<number> {
  const { body } = await request<string>('/metrics')
  const line = body.split('\n').find((line) => line.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1) ?? 0)
}

/** What `fetch` would not send: names and values in turn, so also twice or as raw latin1; no content type of its own. */
export type RawRequest = Readonly<{
  method?: string
  path?: string
  headers?: readonly string[]
  body?: string | Buffer
}>

/** One request on a connection of its own. */
export async function sendRaw(
  url: string,
  { method = 'POST', path = '/refunds', headers = [], body = '' }: RawRequest,
): Promise<Answer> {
  const { host, hostname, port } = new URL(url)
  const hasLength = headers.some((name) => /^(content-length|transfer-encoding)$/i.test(name))
  const outgoing = request({
    hostname,
    port,
    // Not a URL, which would be normalized.
    path,
    method,
    agent: false,
    headers: [
      ...(headers.includes('Host') ? [] : ['Host', host]),
      ...headers,
      ...(hasLength || method === 'GET' ? [] : ['Content-Length', String(Buffer.byteLength(body))]),
    ],
  })
  // An answer may come before the body is sent, and the connection may close on the rest of it.
  let answered = false
  const failed = new Promise<never>((_resolve, reject) => {
    outgoing.on('error', (error) => {
      if (!answered) reject(error)
    })
  })
  outgoing.end(body)
  const [response] = (await Promise.race([once(outgoing, 'response'), failed])) as [IncomingMessage]
  answered = true
  const text = Buffer.concat(await response.toArray()).toString()
  const received = new Headers()
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) received.append(name, value)
  }
  const isJson = text !== '' && received.get('content-type')?.includes('json')
  return { status: response.statusCode ?? 0, headers: received, body: isJson ? JSON.parse(text) : text }
}

/** Calls an unknown refund failed by hand, once it has been unknown for RESOLVE_FAILED_AFTER_MS. */
export async function resolveAsFailed(
  { request }: Caller,
  id: string,
  { note = 'seen', headers = {} }: { note?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  for (;;) {
    const answer = await request(`/refunds/${id}/resolve`, { headers, body: { outcome: 'failed', note } })
    if (!/can be called failed from/.test(answer.body.detail)) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Waits for a condition to hold; `what` names it where it never does. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still waiting: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
