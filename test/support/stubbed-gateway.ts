import type { Test } from 'tap'
import { gatewayEnv, startTestGateway } from './gateway.ts'
import { startProviderStub } from './provider-stub.ts'
import { startTestRedis } from './redis.ts'

/** Nothing but a request and its call is to settle a refund, however long a test takes. */
export const UNDISTURBED = { RECONCILE_INTERVAL_MS: '3600000', RATE_LIMIT_MAX: '100000' }

/** A gateway in front of a provider stub, with a Redis of its own, so with no token of another provider. */
export async function startStubbedGateway(t: Test, env: Record<string, string> = {}) {
  const [stub, redis] = await Promise.all([startProviderStub(t), startTestRedis(t)])
  const gateway = await startTestGateway(t, gatewayEnv(stub.url, redis, { ...UNDISTURBED, ...env }))
  return { stub, gateway, redis }
}
