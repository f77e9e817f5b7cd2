/** `redis2`: the least that a replay can be, two reads of Redis, one after the other. It makes no refunds. */
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { keyOf, type RefundRequest, refundOf, requiredVariable, serve } from './support.ts'

const redis = new Redis(requiredVariable('REDIS_URL'))
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const key = keyOf(request.headers)
  const claim = await redis.get(`claim:{${key}}`)
  const refund = claim === null ? null : await redis.get(`refund:{${claim}}`)
  if (refund !== null) return reply.code(201).type('application/json').send(refund)
  return reply.code(201).send(await store(key, request.body))
})

/** What is replayed later: stored as if it had been refunded. */
async function store(key: string, body: RefundRequest) {
  const refund = refundOf(body, {
    cancel_tid: `C${body.tid}`,
    cancel_code: '0000',
    cancel_msg: '취소 성공',
    cancel_date: '20250609132911',
    cancel_amt: String(body.payment.amount),
  })
  await redis.mset(`claim:{${key}}`, body.tid, `refund:{${body.tid}}`, JSON.stringify(refund))
  return refund
}

await serve(app)
