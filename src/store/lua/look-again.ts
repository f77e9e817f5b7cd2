import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type LookAgainArguments = Readonly<{ key: string; entry: string; delayMs: number }>

/** look-again.lua: an entry is due again after a while, unless it was taken out. Throws StoreError. */
export async function lookAgain(redis: Scripts, { key, entry, delayMs }: LookAgainArguments): Promise<void> {
  await reach(redis.lookAgain(key, entry, delayMs))
}
