import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Pool } from 'undici'

/** The body that every server is sent. */
export type RefundRequest = Readonly<{
  tid: string
  reason: string
  /** Absent: everything that was paid. */
  amount?: number
  payment: Readonly<{ method: string; amount: number }>
  metadata: Readonly<Record<string, string>>
}>

/** A cancel answer of the provider. */
export type CancelAnswer = Readonly<{
  cancel_tid: string
  cancel_code: string
  cancel_msg: string
  cancel_date: string
  cancel_amt: string
}>

export type Provider = Readonly<{
  fetchToken(): Promise<string>
  cancel(request: RefundRequest, token: string): Promise<CancelAnswer>
}>

/** As many connections as the gateway keeps to one account of the provider. */
const PROVIDER_CONNECTIONS = 64

/**
 * The provider's API, called the plain way: kept connections, and no limit of time but undici's own, or
 * PROVIDER_TIMEOUT_MS.
 */
export function connectProvider(): Provider {
  const timeoutMs = process.env.PROVIDER_TIMEOUT_MS
  const pool = new Pool(requiredVariable('PROVIDER_URL'), {
    connections: PROVIDER_CONNECTIONS,
    ...(timeoutMs !== undefined && { headersTimeout: Number(timeoutMs) }),
  })

  async function post(path: string, headers: Record<string, string>, body: unknown): Promise<unknown> {
    const answer = await pool.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body: JSON.stringify(body),
    })
    return answer.body.json()
  }

  return {
    async fetchToken() {
      const answer = await post('/payAuth/token', {}, { pay2_id: 'shop', pay2_key: 'shop-key' })
      return (answer as { TOKEN: string }).TOKEN
    },
    async cancel({ tid, reason, amount }, token) {
      const part = amount === undefined ? {} : { amount: String(amount) }
      const headers = { TOKEN: token, ApiKey: 'shop-key' }
      return (await post('/api/cancel', headers, { tid, reason, ...part })) as CancelAnswer
    },
  }
}

/** What every server answers with. */
export function refundOf(request: RefundRequest, provider: CancelAnswer) {
  const { tid, reason, payment, metadata } = request
  return { status: 'succeeded', tid, amount: request.amount ?? payment.amount, reason, metadata, provider }
}

/** Serves until SIGTERM, and says where. */
export async function serve(app: FastifyInstance): Promise<void> {
  announce(await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) }))
}

/** The same for what is not Fastify. */
export function serveListener(listener: RequestListener): void {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1', () => {
    announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}

function announce(url: string): void {
  process.stdout.write(`Server listening at ${url}\n`)
}

export function requiredVariable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

/** The key under which a request is known; a request without one is not made here. */
export function keyOf(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const key = headers['idempotency-key']
  if (typeof key !== 'string') throw new Error('no Idempotency-Key')
  return key
}
