import type { Contender } from './contenders.ts'
import { usageOf } from './machine.ts'
import { createRequestWriter } from './requests.ts'
import { run } from './rounds.ts'
import type { Stage } from './stage.ts'

const CONNECTIONS = 32

/** How often it is looked whether there were enough. */
const SLICE_MS = 1_000

export type MemoryOptions = Readonly<{ contender: Contender; database: number; refunds: number }>

/** What a process holds once it has made so many refunds, in MiB; null where the system does not tell. */
export async function measureMemory(
  stage: Stage,
  { contender, database, refunds }: MemoryOptions,
): Promise<number | null> {
  const server = await stage.start(contender, database)
  const requests = createRequestWriter(server.url)
  const helpers = { redis: stage.redis.pid, provider: stage.provider.pid }
  const runner = { contender, process: server, requests, redis: null, helpers }
  for (let made = 0; made < refunds; ) {
    made += (await run(runner, 'new', { connections: CONNECTIONS, durationMs: SLICE_MS })).requests
  }
  const usage = usageOf(server.pid)
  await server.stop()
  return usage === null ? null : usage.rssBytes / 2 ** 20
}
