import { reach } from '../redis/reach.ts'
import { type Due, entriesWithTimes } from './read-due.ts'
import type { Scripts } from './scripts.ts'

export type TakeDueArguments = Readonly<{
  key: string
  /** For how long no other replica gets them. */
  takenMs: number
  /** How far ahead an entry may be due. */
  furthestMs: number
  entries: readonly string[]
}>

/** take-due.lua: takes entries of one shard, and answers those that were still due, with when they are again. Throws StoreError. */
export async function takeDue(
  redis: Scripts,
  { key, takenMs, furthestMs, entries }: TakeDueArguments,
): Promise<readonly Due[]> {
  return entriesWithTimes(await reach(redis.takeDue(key, takenMs, furthestMs, ...entries)))
}
