/**
 * `restate`: a durable engine with its defaults. A payment is a virtual object, so that its refunds come one after the
 * other; its state is the ledger, the cancel a step that the engine records, and tries again until it has an answer. The
 * engine knows a request by its key. The route before it is a service's own API.
 */
import { type ObjectContext, object, serve as serveHandlers, TerminalError } from '@restatedev/restate-sdk'
import Fastify from 'fastify'
import { Pool } from 'undici'
import { connectProvider, keyOf, type RefundRequest, refundOf, requiredVariable, serve } from './support.ts'

// The SDK is made for Node.js 22 and later; this is all that it misses in 20.
Promise.withResolvers ??= <Value>() => {
  const parts = {} as PromiseWithResolvers<Value>
  parts.promise = new Promise<Value>((resolve, reject) => Object.assign(parts, { resolve, reject }))
  return parts
}

const CONNECTIONS = 64
const POLL_MS = 100

const provider = connectProvider()
const token = await provider.fetchToken()

const payment = object({
  name: 'payment',
  handlers: {
    async refund(context: ObjectContext, body: RefundRequest) {
      const amount = body.amount ?? body.payment.amount
      const refunded = (await context.get<number>('refunded')) ?? 0
      if (refunded + amount > body.payment.amount) {
        throw new TerminalError('amount_exceeds_remaining', { errorCode: 422 })
      }
      const answer = await context.run('cancel', () => provider.cancel(body, token))
      context.set('refunded', refunded + amount)
      return refundOf(body, answer)
    },
  },
})

// The engine finds a server that was started again at the address that it had.
const port = Number(requiredVariable('RESTATE_HANDLER_PORT'))
await serveHandlers({ services: [payment], port })
await register()

/** Tells the engine where the handlers are, once it listens. */
async function register(): Promise<void> {
  const uri = `http://127.0.0.1:${port}`
  for (;;) {
    const answer = await fetch(`${requiredVariable('RESTATE_ADMIN_URL')}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri, force: true }),
    }).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

const ingress = new Pool(requiredVariable('RESTATE_INGRESS_URL'), {
  connections: CONNECTIONS,
  // As long as the engine takes.
  headersTimeout: 0,
})
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const { body } = request
  const answer = await ingress.request({
    method: 'POST',
    path: `/payment/${encodeURIComponent(body.tid)}/refund`,
    headers: { 'content-type': 'application/json', 'idempotency-key': keyOf(request.headers) },
    body: JSON.stringify(body),
  })
  const text = await answer.body.text()
  const status = answer.statusCode === 200 ? 201 : answer.statusCode
  return reply.code(status).type('application/json').send(text)
})

await serve(app)
