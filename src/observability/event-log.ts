import type { FastifyBaseLogger } from 'fastify'
import type { EventObserver } from '../refunds/ports/events.ts'
import type { Metrics } from './metrics.ts'
import { reasonOf } from './store-failure.ts'

/** Logs and counts deliveries of events. A single failure is no line: a dead endpoint would write one a second. */
export function createEventObserver(
  log: FastifyBaseLogger,
  metrics: Pick<Metrics, 'countEvent'>,
): EventObserver {
  return {
    attempted: metrics.countEvent,
    gaveUp(endpoint, { id, type, detail }) {
      log.error({ endpoint, refund: id, type, detail }, 'an event was given up after three days')
    },
    down(endpoint, detail) {
      log.warn({ endpoint, detail }, 'an endpoint takes no events: they are tried again')
    },
    recovered(endpoint) {
      log.info({ endpoint }, 'an endpoint takes events again')
    },
    postponed(endpoint, error) {
      log.debug(
        { endpoint, reason: reasonOf(error) },
        'the store cannot be asked for events; it is asked again',
      )
    },
  }
}
