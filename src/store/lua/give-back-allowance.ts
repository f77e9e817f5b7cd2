import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/** give-back-allowance.lua: what an attempt has taken does not count any more. Throws StoreError. */
export async function giveBackAllowance(
  redis: Scripts,
  { key, attempt }: Readonly<{ key: string; attempt: string }>,
): Promise<void> {
  await reach(redis.giveBackAllowance(key, attempt))
}
