/** `direct`: what a service does that follows the provider's manual, a token call before each cancel. */
import Fastify from 'fastify'
import { connectProvider, type RefundRequest, refundOf, serve } from './support.ts'

const provider = connectProvider()
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const token = await provider.fetchToken()
  const answer = await provider.cancel(request.body, token)
  return reply.code(201).send(refundOf(request.body, answer))
})

await serve(app)
