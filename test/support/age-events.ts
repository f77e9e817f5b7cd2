import { keys, SHARDS } from '../../src/store/keys.ts'
import type { TestRedis } from './redis.ts'
import { withRedis } from './redis-content.ts'

/** Makes what an endpoint has pending look as if it had been taken, or put back, so long ago. */
export async function ageEvents(redis: TestRedis, endpoint: string, ms: number): Promise<void> {
  await withRedis(redis, async (client) => {
    for (const shard of SHARDS) {
      const key = keys.journal(shard)
      const held = (await client.xpending(key, endpoint, '-', '+', 1_000).catch(() => [])) as string[][]
      for (const [id = '', holder = '', , count = ''] of held) {
        await client.call('XCLAIM', key, endpoint, holder, 0, id, 'IDLE', ms, 'RETRYCOUNT', count, 'JUSTID')
      }
    }
  })
}
