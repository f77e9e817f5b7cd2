import type { UnsettledEntry } from '../../refunds/ports/store.ts'
import { keys, unsettledShard } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/**
 * leave-index.lua: takes an entry out of the index, wherever it is there. False: it stays, since it is due at another time
 * by now. Throws StoreError.
 */
export async function leaveIndex(
  redis: Scripts,
  { entry, id, dueAt }: Pick<UnsettledEntry, 'entry' | 'id' | 'dueAt'>,
): Promise<boolean> {
  const shard = unsettledShard(id)
  const left = await reach(
    redis.leaveIndex(
      keys.unsettled(shard),
      keys.unknown(shard),
      keys.awaiting(shard),
      keys.lookups(shard),
      entry,
      dueAt ?? '',
    ),
  )
  return left === 1
}
