/** `node-idempotency`: `bare` behind @node-idempotency/core with its Redis adapter, used as its types say. */
import { Idempotency, IdempotencyError } from '@node-idempotency/core'
import { RedisStorageAdapter } from '@node-idempotency/storage-adapter-redis'
import Fastify, { type FastifyRequest } from 'fastify'
import { connectProvider, type RefundRequest, refundOf, requiredVariable, serve } from './support.ts'

type Refund = ReturnType<typeof refundOf>

const storage = new RedisStorageAdapter({ url: requiredVariable('REDIS_URL') })
await storage.connect()
const idempotency = new Idempotency(storage, { enforceIdempotency: true })

const provider = connectProvider()
const token = await provider.fetchToken()
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const known = await idempotency.onRequest<Refund, unknown>(asParameters(request))
  if (known?.body !== undefined) return reply.code(201).send(known.body)

  const refund = refundOf(request.body, await provider.cancel(request.body, token))
  await idempotency.onResponse(asParameters(request), { body: refund, additional: { statusCode: 201 } })
  return reply.code(201).send(refund)
})

app.setErrorHandler((error, _request, reply) => {
  const isRefusal = error instanceof IdempotencyError
  return reply.code(isRefusal ? 409 : 500).send({ detail: isRefusal ? error.message : 'failed' })
})

function asParameters({ headers, body, url, method }: FastifyRequest<{ Body: RefundRequest }>) {
  return { headers: { ...headers }, body, path: url, method }
}

await serve(app)
