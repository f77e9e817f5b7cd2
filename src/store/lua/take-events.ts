import type { Scripts } from './scripts.ts'

export type TakeEventsArguments = Readonly<{
  key: string
  group: string
  consumer: string
  /** Who holds what waits for its next attempt. */
  waiting: string
  most: number
  mostPending: number
  takenMs: number
  /** How long ago the endpoint came back; null: it was not away. */
  recoveredForMs: number | null
  pausesMs: readonly number[]
}>

/** An entry of a stream, names and values of its fields in turn, and how often it has been taken. */
export type TakenEntry = Readonly<{ attempt: number; id: string; fields: readonly string[] }>

/** take-events.lua: takes what is due of one stream. Throws what the client throws, NOGROUP where there is no group. */
export async function takeEvents(
  redis: Scripts,
  {
    key,
    group,
    consumer,
    waiting,
    most,
    mostPending,
    takenMs,
    recoveredForMs,
    pausesMs,
  }: TakeEventsArguments,
): Promise<readonly TakenEntry[]> {
  const taken = await redis.takeEvents(
    key,
    group,
    consumer,
    waiting,
    most,
    mostPending,
    takenMs,
    recoveredForMs ?? '',
    ...pausesMs,
  )
  return taken.map(([attempt, id, fields]) => ({ attempt, id, fields }))
}
