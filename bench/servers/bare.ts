/** `bare`: what the relay alone costs. One call to the provider, with a token that was fetched at the start. */
import Fastify from 'fastify'
import { connectProvider, type RefundRequest, refundOf, serve } from './support.ts'

const provider = connectProvider()
const token = await provider.fetchToken()
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const answer = await provider.cancel(request.body, token)
  return reply.code(201).send(refundOf(request.body, answer))
})

await serve(app)
