import type { MetEndpoint, Reach } from '../../refunds/ports/events.ts'
import { keys } from '../keys.ts'
import { reach as reachStore } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

const REACHES: readonly Reach[] = ['loopback', 'private', 'public']

/** meet-endpoint.lua: remembers that an endpoint is configured. Throws StoreError. */
export async function meetEndpoint(
  redis: Scripts,
  { name, host, reach }: Readonly<{ name: string; host: string; reach: Reach | null }>,
): Promise<MetEndpoint> {
  const [since, known] = await reachStore(redis.meetEndpoint(keys.eventEndpoints, name, host, reach ?? ''))
  return { since: Number(since), reach: REACHES.find((one) => one === known) ?? null }
}
