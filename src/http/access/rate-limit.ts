import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config/config.ts'

/** Lets each caller ask so often in a window. Counted in this process: a shared count costs each refund a round trip. */
export async function limitRate(api: FastifyInstance, { max, windowMs }: Config['rateLimit']): Promise<void> {
  await api.register(rateLimit, {
    max,
    timeWindow: windowMs,
    keyGenerator: (request) => request.caller?.name ?? '',
  })
}
