import { jitterMs, RETRY_PAUSES_MS } from '../refunds/event-schedule.ts'
import {
  type Backlog,
  type EventQueue,
  TAKEN_MS,
  type TakenEvent,
  type TakeQuery,
} from '../refunds/ports/events.ts'
import type { JournalEntry } from '../refunds/ports/journal.ts'
import { backlogOf } from './event-backlog.ts'
import { AGAIN, decodeQueued, PARTS, type Part, partAt, partsOf, placeOf } from './event-parts.ts'
import { keys } from './keys.ts'
import { dropConsumers } from './lua/drop-consumers.ts'
import { forgetEndpoint } from './lua/forget-endpoint.ts'
import { meetEndpoint } from './lua/meet-endpoint.ts'
import type { ScriptedClient } from './lua/scripts.ts'
import { type TakenEntry, takeEvents } from './lua/take-events.ts'
import { createDurableWrites, type DurableWritesOptions } from './redis/durable-writes.ts'
import { reach, unavailable } from './redis/reach.ts'

/** Who holds what waits for its next attempt. No process is called so. */
const WAITING = 'waiting'

/** So many of a part may have been taken and not told yet: Redis keeps each of them once more. */
const MOST_PENDING = 64

/** What may wait to be told again to one endpoint. */
const MOST_AGAIN = 50_000

/** How many are written at a time. */
const WRITTEN_AT_ONCE = 500

/** A process that has asked for nothing for so long is gone. */
const GONE_PROCESS_MS = 3_600_000

/** An endpoint that no replica has for so long is gone. Until then a replica with an older file loses it nothing. */
const GONE_ENDPOINT_MS = 7 * 24 * 3_600_000

export type EventQueueOptions = DurableWritesOptions &
  Readonly<{
    now(): number
    /** This process, among all that there are. */
    consumer: string
  }>

/**
 * Events to endpoints in Redis: a group for each endpoint on the journal's streams, and on a stream of its own of what it
 * is to be told again. What a group has handed out and nobody has acknowledged is its memory of what is to be tried
 * again: by whom it was taken, how often, and when last.
 */
export function createEventQueue(redis: ScriptedClient, options: EventQueueOptions): EventQueue {
  const { now, consumer } = options
  const writes = createDurableWrites(options)
  const since = new Map<string, number>()
  const turns = new Map<string, number>()

  async function takePart(part: Part, { endpoint, limit, recoveredAt }: TakeQuery): Promise<TakenEvent[]> {
    const ask = () =>
      takeEvents(redis, {
        key: part.key,
        group: endpoint,
        consumer,
        waiting: WAITING,
        most: limit,
        mostPending: MOST_PENDING,
        takenMs: TAKEN_MS,
        recoveredForMs: recoveredAt === null ? null : Math.max(0, now() - recoveredAt),
        pausesMs: RETRY_PAUSES_MS,
      })
    const entries = await ask().catch(async (error: unknown) => {
      if (!isWithoutGroup(error)) throw unavailable(error)
      const metSince = since.get(endpoint)
      if (metSince === undefined) throw new Error('bug: events are taken for an endpoint that was not met')
      await makeGroup(redis, { part, endpoint, since: metSince })
      return reach(ask())
    })
    return entries.flatMap((entry) => decodeTaken(part, entry))
  }

  /** The parts take turns, so that none waits for others that are always full. */
  function nextParts({ endpoint, parts: count }: TakeQuery): readonly Part[] {
    const turn = turns.get(endpoint) ?? 0
    turns.set(endpoint, (turn + count) % PARTS)
    return Array.from({ length: Math.min(count, PARTS) }, (_, index) =>
      partAt(endpoint, (turn + index) % PARTS),
    )
  }

  return {
    now,
    async meet(endpoint) {
      const met = await meetEndpoint(redis, endpoint)
      since.set(endpoint.name, met.since)
      return met
    },
    async take(query) {
      const taken = await Promise.all(nextParts(query).map((part) => takePart(part, query)))
      return taken.flat()
    },
    acknowledge: (endpoint, events) => acknowledge(redis, endpoint, events),
    async putBack(endpoint, { place, attempt }, { isUntried }) {
      const { part, id } = placeOf(endpoint, place)
      const attempts = isUntried ? attempt - 1 : attempt
      const idleMs = jitterMs(attempts, Math.random())
      await reach(
        redis.call(
          ...(['XCLAIM', part.key, endpoint, WAITING, 0, id] as const),
          ...(['IDLE', idleMs, 'RETRYCOUNT', attempts, 'JUSTID'] as const),
        ),
      )
    },
    async tellAgain(endpoint, entries) {
      const written = await writeAgain(redis, endpoint, entries)
      if (written > 0) await writes.passBarrier(keys.eventsAgain(endpoint))
      return written
    },
    backlog: (endpoints): Promise<readonly Backlog[]> => backlogOf(redis, endpoints),
    clean: (known) => clean(redis, known),
  }
}

/** What this version cannot read stays where it is, for a replica that can. */
function decodeTaken(part: Part, { attempt, id, fields }: TakenEntry): TakenEvent[] {
  try {
    const queuedAt = Number(id.slice(0, id.indexOf('-')))
    return [{ entry: decodeQueued(part, id, fields), attempt, queuedAt, place: `${part.number} ${id}` }]
  } catch {
    return []
  }
}

function isWithoutGroup(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NOGROUP')
}

/** It begins where the endpoint was met first, however much later the group is made. */
async function makeGroup(
  redis: ScriptedClient,
  { part, endpoint, since }: Readonly<{ part: Part; endpoint: string; since: number }>,
): Promise<void> {
  const start = part.number === AGAIN ? '0' : idBefore(since)
  await reach(
    redis.xgroup('CREATE', part.key, endpoint, start, 'MKSTREAM').catch((error: Error) => {
      if (!error.message.includes('BUSYGROUP')) throw error
    }),
  )
}

/** What every entry of that time and later stands behind. */
function idBefore(ms: number): string {
  return `${ms - 1}-0`
}

async function acknowledge(
  redis: ScriptedClient,
  endpoint: string,
  events: readonly TakenEvent[],
): Promise<void> {
  const ids = new Map<number, string[]>()
  for (const { place } of events) {
    const { part, id } = placeOf(endpoint, place)
    ids.set(part.number, [...(ids.get(part.number) ?? []), id])
  }
  const commands = [...ids].flatMap(([number, of]) => {
    const { key } = partAt(endpoint, number)
    // Out of its stream first: the other way round, a crash in between would leave it there for ever.
    const removed = number === AGAIN ? [redis.xdel(key, ...of)] : []
    return [...removed, redis.xack(key, endpoint, ...of)]
  })
  await reach(Promise.all(commands))
}

async function writeAgain(
  redis: ScriptedClient,
  endpoint: string,
  entries: readonly JournalEntry[],
): Promise<number> {
  const key = keys.eventsAgain(endpoint)
  const room = Math.max(0, MOST_AGAIN - (await reach(redis.xlen(key))))
  const written = entries.slice(0, room)
  for (let from = 0; from < written.length; from += WRITTEN_AT_ONCE) {
    const some = written.slice(from, from + WRITTEN_AT_ONCE)
    await reach(Promise.all(some.map((entry) => redis.xadd(key, '*', 'e', JSON.stringify(entry)))))
  }
  return written.length
}

async function clean(redis: ScriptedClient, known: readonly string[]): Promise<void> {
  const met = Object.keys(await reach(redis.hgetall(keys.eventEndpoints)))
  for (const name of met.filter((one) => !known.includes(one))) {
    if (!(await forgetEndpoint(redis, { name, unseenMs: GONE_ENDPOINT_MS }))) continue
    const removals = partsOf(name).map(({ number, key }) =>
      // Of a stream that is not there, nothing is to be removed.
      number === AGAIN ? redis.del(key) : redis.xgroup('DESTROY', key, name).catch(() => 0),
    )
    await reach(Promise.all(removals))
  }
  const ours = known.flatMap((name) => partsOf(name).map(({ key }) => ({ key, group: name })))
  await Promise.allSettled(ours.map((of) => dropConsumers(redis, { ...of, idleMs: GONE_PROCESS_MS })))
}
