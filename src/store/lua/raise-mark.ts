import { keys } from '../keys.ts'
import type { Scripts } from './scripts.ts'

/** That an instance has raised a shard's mark to this, in milliseconds. */
export type MarkOfInstance = Readonly<{ instance: string; mark: number }>

export type RaiseMarkArguments = Readonly<{
  shard: number
  /** The id that the store must have. */
  storeId: string
  /** Who asks. */
  instance: string
  /** `compare` raises nothing, `look` writes nothing at all. */
  purpose: 'raise' | 'compare' | 'look'
  memories: readonly MarkOfInstance[]
}>

/** As the store was at `since`, while `remembered` is remembered; both in milliseconds, `since` 0 where nobody knows. */
export type GoneBack = Readonly<{ since: number; remembered: number }>

/** What a shard answers: its mark, raised or as it is; that it has gone back; or that the store has another id. */
export type ShardMark = Readonly<
  | { result: 'raised' | 'fine'; mark: number }
  | ({ result: 'gone_back' } & GoneBack)
  | { result: 'other_store' }
>

/** raise-mark.lua: compares a shard with what is remembered of it, and raises its mark. Throws what the client throws. */
export async function raiseMark(
  redis: Scripts,
  { shard, storeId, instance, purpose, memories }: RaiseMarkArguments,
): Promise<ShardMark> {
  const [result, one, other] = await redis.raiseMark(
    keys.storeMark(shard),
    keys.storeInstances(shard),
    keys.storeId(shard),
    storeId,
    instance,
    purpose,
    ...memories.flatMap((memory) => [memory.instance, memory.mark]),
  )
  switch (result) {
    case 'raised':
    case 'fine':
      return { result, mark: Number(one) }
    case 'gone_back':
      return { result, since: Number(one), remembered: Number(other) }
    case 'other_store':
      return { result }
    default:
      throw new Error(`bug: raise-mark.lua answered ${result}`)
  }
}
