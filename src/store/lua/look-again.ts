import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

export type LookAgainArguments = Readonly<{
  key: string
  entry: string
  delayMs: number
  /** By when it is due, if it is to be postponed from then alone; absent: whenever that is. */
  dueAt?: number | undefined
}>

/** look-again.lua: an entry is due again after a while, unless it was taken out or put there anew. Throws StoreError. */
export async function lookAgain(
  redis: Scripts,
  { key, entry, delayMs, dueAt }: LookAgainArguments,
): Promise<void> {
  await reach(redis.lookAgain(key, entry, delayMs, dueAt ?? ''))
}
