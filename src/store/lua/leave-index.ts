import type { UnsettledEntry } from '../../refunds/ports/store.ts'
import { keys, unsettledShard } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import type { Scripts } from './scripts.ts'

/** leave-index.lua: takes an entry out of the index, wherever it is there. Throws StoreError. */
export async function leaveIndex(
  redis: Scripts,
  { entry, id }: Pick<UnsettledEntry, 'entry' | 'id'>,
): Promise<void> {
  const shard = unsettledShard(id)
  await reach(
    redis.leaveIndex(
      keys.unsettled(shard),
      keys.unknown(shard),
      keys.awaiting(shard),
      keys.lookups(shard),
      entry,
    ),
  )
}
