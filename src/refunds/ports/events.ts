import type { EventType } from '../event-types.ts'
import type { OutsideRefund } from '../outside-refund.ts'
import type { Refund } from '../refund.ts'
import type { ShownLedger } from '../shown-ledger.ts'
import type { JournalEntry } from './journal.ts'

/** A change that is to be told to an endpoint, and that this process has taken. */
export type TakenEvent = Readonly<{
  entry: JournalEntry
  /** How often it has been taken for this endpoint, this time included. */
  attempt: number
  /** Since when it is to be told to the endpoint: when it was journalled, or asked for again; milliseconds since 1970. */
  queuedAt: number
  /** Where it is in the queue. Opaque but for the store. */
  place: string
}>

/** What an address of an endpoint leads to: this machine, its own networks, or anybody's. */
export type Reach = 'loopback' | 'private' | 'public'

/** What is remembered of an endpoint, over all replicas. `reach` null: nobody has connected to its host yet. */
export type MetEndpoint = Readonly<{ since: number; reach: Reach | null }>

export type TakeQuery = Readonly<{
  endpoint: string
  /** At most so many, of each part of the queue that is asked. */
  limit: number
  /** How many parts of the queue are asked: the next ones in turn. */
  parts: number
  /** When the endpoint came back: what was last tried before that is due at once. Null: it was not away. */
  recoveredAt: number | null
}>

/** What waits for one endpoint. */
export type Backlog = Readonly<{
  endpoint: string
  /** Since when the oldest of it waits, in milliseconds since 1970; null: nothing does. */
  oldestAt: number | null
}>

/** `reach`: what its host was found to lead to. `knownForMs`: for how long this process has had it. */
export type ConfiguredEndpoint = Readonly<{
  name: string
  host: string
  reach: Reach | null
  knownForMs: number
}>

/**
 * Changes that are to be told to endpoints, each endpoint by itself: at least once, by one process at a time. Every
 * method throws StoreError.
 */
export type EventQueue = Readonly<{
  /** An endpoint that is configured, and what of it is remembered. Its queue begins when it was first configured. */
  meet(endpoint: ConfiguredEndpoint): Promise<MetEndpoint>
  /** Forgets endpoints that no replica has met for long, but for these, and processes that are gone. */
  clean(known: readonly string[]): Promise<void>
  /**
   * What is due: what a process took and has left behind, what waits for its next attempt, and what is new, unless too
   * much waits already. Nobody else gets it for {@link TAKEN_MS}.
   */
  take(query: TakeQuery): Promise<readonly TakenEvent[]>
  /** Told, or not to be told: it never comes again. */
  acknowledge(endpoint: string, events: readonly TakenEvent[]): Promise<void>
  /** It was not told, and is due after the pause of its attempt. `isUntried`: this one does not count as an attempt. */
  putBack(endpoint: string, event: TakenEvent, how: Readonly<{ isUntried: boolean }>): Promise<void>
  /** These are told again. Answers how many there was place for, the first ones. */
  tellAgain(endpoint: string, entries: readonly JournalEntry[]): Promise<number>
  /** What waits for each of these. */
  backlog(endpoints: readonly string[]): Promise<readonly Backlog[]>
  now(): number
}>

/** For how long an event is with the process that took it. Longer than one delivery takes, and the wait for it. */
export const TAKEN_MS = 40_000

/** What events tell of, as it is now; null: nothing is known of it any more. Each throws StoreError. */
export type EventSubjects = Readonly<{
  findRefund(entry: JournalEntry): Promise<Refund | null>
  findLedger(entry: JournalEntry): Promise<ShownLedger<Refund, OutsideRefund> | null>
}>

/** What became of one attempt. `given_up`: of an event, after its last one; `dropped`: nothing is known of it any more. */
export const EVENT_RESULTS = ['delivered', 'failed', 'given_up', 'dropped'] as const
export type EventResult = (typeof EVENT_RESULTS)[number]

/** What is reported of deliveries, for logs and metrics. Nothing of it holds a URL or a secret. */
export type EventObserver = Readonly<{
  attempted(endpoint: string, result: EventResult): void
  /** It will never be told, unless it is asked for again. `detail`: why the last attempt failed. */
  gaveUp(endpoint: string, what: Readonly<{ id: string; type: EventType; detail: string }>): void
  /** Several attempts in a row failed. */
  down(endpoint: string, detail: string): void
  recovered(endpoint: string): void
  /** The queue could not be read or written. */
  postponed(endpoint: string, error: unknown): void
}>
