import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { EventEndpoint } from '../../src/config/config.ts'

/** A secret of an endpoint: `whsec_` and base64 of 32 bytes. */
export function eventSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** An event as it arrived. */
export type ReceivedEvent = Readonly<{
  id: string
  body: Readonly<{ type: string; timestamp: string; data: Record<string, unknown> & { id: string } }>
  headers: IncomingMessage['headers']
  /** What `verify` says of it. */
  isVerified: boolean
  at: number
  /** What it was answered; null: not yet, or never. */
  status: number | null
}>

/**
 * Whether the signature is one of this secret, by the text of the Standard Webhooks specification and not by the
 * package that signs: HMAC-SHA256 of `id.timestamp.body`, one of those that stand after `v1,`, not older than 5 minutes.
 */
export function verify(
  secret: string,
  { headers, body }: Readonly<{ headers: IncomingMessage['headers']; body: string | Buffer }>,
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  return String(signatures)
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
    .some((seen) => seen.length === expected.length && timingSafeEqual(seen, expected))
}

/** How a receiver answers: by a status, or as it likes. */
export type Behaviour = (
  event: ReceivedEvent,
  response: ServerResponse,
) => number | undefined | Promise<number | undefined>

export type EventReceiver = Readonly<{
  url: string
  secret: string
  events: readonly ReceivedEvent[]
  /** As EVENT_ENDPOINTS has it. */
  endpoint(name: string, more?: Partial<EventEndpoint>): object
  behave(behaviour: Behaviour): void
  close(): Promise<void>
}>

/** An endpoint on a loopback port, over real HTTP; it answers 204 unless it is told otherwise. Ends with the test. */
export async function startEventReceiver(
  t: Pick<Test, 'teardown'>,
  secret = eventSecret(),
): Promise<EventReceiver> {
  const events: ReceivedEvent[] = []
  let behave: Behaviour = () => 204
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const event = {
      id: String(request.headers['webhook-id']),
      body: JSON.parse(body.toString()),
      headers: request.headers,
      isVerified: verify(secret, { headers: request.headers, body }),
      at: Date.now(),
      status: null as number | null,
    }
    events.push(event)
    const status = await behave(event, response)
    if (status === undefined) return
    event.status = status
    if (!response.headersSent) response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  t.teardown(close)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`
  return {
    url,
    secret,
    events,
    endpoint: (name, more = {}) => ({ name, url, secret, ...more }),
    behave(behaviour) {
      behave = behaviour
    },
    close,
  }
}
