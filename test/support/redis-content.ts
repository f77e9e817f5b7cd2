import { Redis } from 'ioredis'
import type { TestRedis } from './redis.ts'

/** Runs this with a connection to the test's Redis. */
export async function withRedis<Result>(redis: TestRedis, use: (client: Redis) => Promise<Result>) {
  const client = new Redis({ path: redis.socketPath, retryStrategy: null })
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

/** How many keys there are. */
export function countKeys(redis: TestRedis): Promise<number> {
  return withRedis(redis, async (client) => {
    // That by which a loss of data is noticed is written at the start.
    const names = await client.keys('*')
    return names.filter((name) => !name.startsWith('store-')).length
  })
}

/** Everything that is stored, as one text to search in. */
export function allContent(redis: TestRedis): Promise<string> {
  return withRedis(redis, async (client) => {
    const texts: string[] = []
    for (const key of await client.keys('*')) {
      const type = await client.type(key)
      const content =
        type === 'hash'
          ? await client.hgetall(key)
          : type === 'zset'
            ? await client.zrange(key, '0', '-1', 'WITHSCORES')
            : type === 'stream'
              ? await client.xrange(key, '-', '+')
              : type === 'list'
                ? await client.lrange(key, 0, -1)
                : await client.get(key)
      texts.push(`${key} ${JSON.stringify(content)}`)
    }
    return texts.join('\n')
  })
}

/** Changes what clients may do, in the words of `ACL SETUSER`: `-evalsha -eval` makes every script fail. */
export async function allow(redis: TestRedis, ...rules: string[]): Promise<void> {
  await withRedis(redis, (client) => client.call('ACL', 'SETUSER', 'default', ...rules))
}
