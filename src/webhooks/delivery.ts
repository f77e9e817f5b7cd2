import type { EventEndpoint } from '../config/config.ts'
import { type Courier, type CourierParts, startCourier } from './courier.ts'

/** How often what is gone is looked for, give or take a half. */
const CLEAN_MS = 3_600_000

/** Events to all endpoints. */
export type EventDelivery = Readonly<{
  /** These from now on. An endpoint that has changed is stopped, and started as it is now. */
  setEndpoints(endpoints: readonly EventEndpoint[]): void
  names(): readonly string[]
  /** Undefined where none is called so. */
  endpoint(name: string): EventEndpoint | undefined
  /** Takes no more, and waits a while for what is under way. */
  stop(): Promise<void>
}>

/**
 * Delivers events in the background. Each endpoint has a courier of its own, with places and connections of its own, so
 * none waits for another, and no refund for any.
 */
export function startEventDelivery(endpoints: readonly EventEndpoint[], parts: CourierParts): EventDelivery {
  const couriers = new Map<string, Courier>()
  const ending = new Set<Promise<void>>()
  let isStopped = false

  function end(courier: Courier): void {
    const ended = courier.stop().finally(() => ending.delete(ended))
    ending.add(ended)
  }

  function setEndpoints(wanted: readonly EventEndpoint[]): void {
    if (isStopped) return
    for (const [name, courier] of couriers) {
      if (wanted.some((endpoint) => isSame(endpoint, courier.endpoint))) continue
      couriers.delete(name)
      end(courier)
    }
    for (const endpoint of wanted) {
      if (!couriers.has(endpoint.name)) couriers.set(endpoint.name, startCourier(endpoint, parts))
    }
  }

  const names = () => [...couriers.keys()]

  // A store that is away is reported by the couriers; what is gone may be removed an hour later.
  const cleanEndlessly = () => {
    cleaning = setTimeout(cleanEndlessly, CLEAN_MS * (0.5 + Math.random())).unref()
    parts.queue.clean(names()).catch(() => {})
  }
  let cleaning = setTimeout(cleanEndlessly, CLEAN_MS * Math.random()).unref()

  setEndpoints(endpoints)
  return {
    setEndpoints,
    names,
    endpoint: (name) => couriers.get(name)?.endpoint,
    async stop() {
      isStopped = true
      clearTimeout(cleaning)
      for (const courier of couriers.values()) end(courier)
      couriers.clear()
      await Promise.all(ending)
    },
  }
}

function isSame(one: EventEndpoint, other: EventEndpoint): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
