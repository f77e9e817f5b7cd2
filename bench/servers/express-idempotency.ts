/** `express-idempotency`: the relay on Express behind express-idempotency with its Redis adapter, as its README has it. */
import express from 'express'
import { getSharedIdempotencyService, type IIdempotencyDataAdapter, idempotency } from 'express-idempotency'
import redisAdapterModule from 'express-idempotency-redis-adapter'
import { connectProvider, type RefundRequest, refundOf, requiredVariable, serveListener } from './support.ts'

// A CommonJS module whose default export stands one level below what ES modules see.
const RedisAdapter = redisAdapterModule.default

const dataAdapter = new RedisAdapter({ connectionConfig: { url: requiredVariable('REDIS_URL') } })
await dataAdapter.connect()

const provider = connectProvider()
const token = await provider.fetchToken()
const app = express()
app.use(express.json())
// The two packages differ in whether an absent response may be undefined.
app.use(idempotency({ dataAdapter: dataAdapter as IIdempotencyDataAdapter }))

app.post('/refunds', async (request, response) => {
  if (getSharedIdempotencyService().isHit(request)) return
  const body = request.body as RefundRequest
  response.status(201).json(refundOf(body, await provider.cancel(body, token)))
})

serveListener(app)
