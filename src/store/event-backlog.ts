import type { Backlog } from '../refunds/ports/events.ts'
import { type Part, partsOf } from './event-parts.ts'
import type { RedisClient } from './lua/scripts.ts'
import { reach } from './redis/reach.ts'

/** Since when the oldest event of each endpoint waits. As many commands as there are parts, however much waits. */
export async function backlogOf(
  redis: RedisClient,
  endpoints: readonly string[],
): Promise<readonly Backlog[]> {
  return Promise.all(
    endpoints.map(async (endpoint) => {
      const ages = await Promise.all(partsOf(endpoint).map((part) => oldestOf(redis, part, endpoint)))
      const known = ages.filter((at) => at !== null)
      return { endpoint, oldestAt: known.length === 0 ? null : Math.min(...known) }
    }),
  )
}

async function oldestOf(redis: RedisClient, { key }: Part, endpoint: string): Promise<number | null> {
  const group = await groupOf(redis, key, endpoint)
  if (group === null) return null
  const [pending, next] = await reach(
    Promise.all([
      group.pending > 0 ? redis.xpending(key, endpoint) : null,
      // Null: Redis does not know how many are new.
      group.lag === 0 ? [] : redis.xrange(key, `(${group.last}`, '+', 'COUNT', 1),
    ]),
  )
  const [, oldestPending] = (pending ?? []) as [count?: number, id?: string]
  const times = [oldestPending, next[0]?.[0]].flatMap((id) => (id ? [Number(id.split('-')[0])] : []))
  return times.length === 0 ? null : Math.min(...times)
}

type Group = Readonly<{ pending: number; last: string; lag: number | null }>

/** Null where there is none, or no stream. */
async function groupOf(redis: RedisClient, key: string, name: string): Promise<Group | null> {
  const groups = await reach(
    redis.xinfo('GROUPS', key).catch((error: Error) => {
      if (error.message.includes('no such key')) return []
      throw error
    }),
  )
  for (const facts of groups as unknown[][]) {
    const fact = (label: string) => facts[facts.indexOf(label) + 1]
    if (fact('name') !== name) continue
    const lag = facts.includes('lag') ? (fact('lag') as number | null) : null
    return { pending: Number(fact('pending')), last: String(fact('last-delivered-id')), lag }
  }
  return null
}
