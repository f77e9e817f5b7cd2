import type { ConfiguredEndpoint, MetEndpoint, Reach } from '../../refunds/ports/events.ts'
import { keys } from '../keys.ts'
import { reach as reachStore } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

const REACHES: readonly Reach[] = ['loopback', 'private', 'public']

/** meet-endpoint.lua: remembers that an endpoint is configured. Throws StoreError. */
export async function meetEndpoint(
  redis: Scripts,
  { name, host, reach, knownForMs }: ConfiguredEndpoint,
): Promise<MetEndpoint> {
  const [since, known] = await reachStore(
    redis.meetEndpoint(keys.eventEndpoints, name, host, reach ?? '', Math.round(knownForMs)),
  )
  return { since: Number(since), reach: REACHES.find((one) => one === known) ?? null }
}
