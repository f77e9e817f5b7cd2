import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/** forget-endpoint.lua: whether the endpoint was forgotten, since nobody has met it for so long. Throws StoreError. */
export async function forgetEndpoint(
  redis: Scripts,
  { name, unseenMs }: Readonly<{ name: string; unseenMs: number }>,
): Promise<boolean> {
  return (await reach(redis.forgetEndpoint(keys.eventEndpoints, name, unseenMs))) === 1
}
