import type { Scripts } from './scripts.ts'

/** drop-consumers.lua: answers how many processes were removed from a group. Throws what the client throws. */
export function dropConsumers(
  redis: Scripts,
  { key, group, idleMs }: Readonly<{ key: string; group: string; idleMs: number }>,
): Promise<number> {
  return redis.dropConsumers(key, group, idleMs)
}
