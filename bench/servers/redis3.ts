/**
 * `redis3`: `bare` and the three round trips to Redis that a refund needs at least: claim the key, write the
 * intent, write the outcome. No rules, no recovery, no index, no logs: the floor for a design like the gateway's.
 */
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { connectProvider, keyOf, type RefundRequest, refundOf, requiredVariable, serve } from './support.ts'

const RETENTION_MS = 168 * 3_600_000

/** KEYS: ledger, refund. ARGV: amount, what is known of the refund. */
const BEGIN = `
local refund = redis.call('HGET', KEYS[2], 'answer')
if refund then return refund end
redis.call('HINCRBY', KEYS[1], 'in_flight', ARGV[1])
redis.call('HSET', KEYS[2], 'status', 'processing', 'request', ARGV[2])
return false`

/** KEYS: ledger, refund. ARGV: amount, the answer, for how long both are kept. */
const SETTLE = `
redis.call('HINCRBY', KEYS[1], 'in_flight', -ARGV[1])
redis.call('HINCRBY', KEYS[1], 'refunded', ARGV[1])
redis.call('HSET', KEYS[2], 'status', 'succeeded', 'answer', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])`

type Scripts = Readonly<{
  begin(ledger: string, refund: string, amount: number, request: string): Promise<string | null>
  settle(ledger: string, refund: string, amount: number, answer: string, retentionMs: number): Promise<null>
}>

const redis = new Redis(requiredVariable('REDIS_URL'))
redis.defineCommand('begin', { numberOfKeys: 2, lua: BEGIN })
redis.defineCommand('settle', { numberOfKeys: 2, lua: SETTLE })
const scripts = redis as unknown as Scripts

const provider = connectProvider()
const token = await provider.fetchToken()
const app = Fastify({ logger: false })

app.post<{ Body: RefundRequest }>('/refunds', async (request, reply) => {
  const { body } = request
  const key = keyOf(request.headers)
  const ledger = `ledger:{${body.tid}}`
  const refund = `refund:{${body.tid}}:${key}`

  await redis.set(`claim:{${key}}`, body.tid, 'PX', RETENTION_MS, 'NX', 'GET')
  const made = await scripts.begin(ledger, refund, body.payment.amount, JSON.stringify(body))
  if (made !== null) return reply.code(201).type('application/json').send(made)

  const answer = refundOf(body, await provider.cancel(body, token))
  await scripts.settle(ledger, refund, body.payment.amount, JSON.stringify(answer), RETENTION_MS)
  return reply.code(201).send(answer)
})

await serve(app)
