import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config/config.ts'
import type { Readiness } from '../http/routes/probes.ts'
import type { Durability } from '../store/redis/durability.ts'

/** What readiness hangs on, just now. */
export type ReadinessFacts = Readonly<{
  durability: Durability
  /** Whether refunds are refused while Redis may lose them. */
  isStrict: boolean
  /** What is wrong with the store and keeps no refund from being made; or null. */
  warning: string | null
  isClosing: boolean
}>

/** Whether refunds are taken, and which part says what. */
export function readinessOf({ durability, isStrict, warning, isClosing }: ReadinessFacts): Readiness {
  const isDurableEnough = durability.state === 'durable' || !isStrict
  const reasons = durability.state === 'durable' ? [] : durability.reasons
  const details = warning === null ? reasons : [...reasons, warning]
  const store = {
    ready: durability.state !== 'unavailable' && isDurableEnough,
    detail: details.length === 0 ? durability.state : `${durability.state}: ${details.join('; ')}`,
  }
  const process = { ready: !isClosing, detail: isClosing ? 'closing' : 'running' }
  return { ready: store.ready && process.ready, parts: { store, process } }
}

/** Logs what Redis promises from now on. */
export function reportDurability(
  log: FastifyBaseLogger,
  found: Durability,
  redisDurability: Config['redisDurability'],
): void {
  if (found.state === 'durable') log.info('Redis is reachable and durable')
  else if (found.state === 'unavailable')
    log.error({ reasons: found.reasons }, 'Redis cannot be used: refunds are refused')
  else if (redisDurability === 'relaxed') {
    log.warn({ reasons: found.reasons }, 'Redis may lose refunds in a crash; REDIS_DURABILITY is relaxed')
  } else log.error({ reasons: found.reasons }, 'Redis may lose refunds in a crash: refunds are refused')
}
