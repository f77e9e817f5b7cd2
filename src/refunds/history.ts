import type { Resolution } from './refund.ts'
import type { RefundState } from './refund-states.ts'
import type { HistoryEntry, StoredRefund } from './stored-refund.ts'

/** Something that happened to a refund. */
export type RefundEvent = Readonly<{
  /** ISO 8601. */
  at: string
  event: 'processing' | 'unknown' | 'succeeded' | 'failed' | 'awaiting_deposit' | 'disputed' | 'conflict'
  /** Who or what brought it about. */
  source: 'caller' | 'provider' | 'lease' | 'lookup' | 'notification' | 'operator'
  /** The caller that asked for it or resolved it. */
  by: string | null
  note: string | null
}>

const NOBODY = { by: null, note: null } as const

/** Everything that happened to a refund, oldest first: its intent, its history and its outcome. */
export function refundEvents({ refund, history, earlier, asking }: StoredRefund): RefundEvent[] {
  const resolutions = [...earlier, refund.resolution]
  const askedBy = [...(asking?.askedBy ?? [])]
  const events: RefundEvent[] = []
  for (const entry of history) {
    if (entry.event === 'awaiting_deposit') {
      events.push(...depositEvents(entry, askedBy.shift() ?? null))
      continue
    }
    events.push(
      entry.event === 'failed'
        ? settled(entry.at, 'failed', resolutions.shift() ?? null)
        : { at: entry.at, ...noted(entry) },
    )
  }
  const isSettled = refund.status === 'succeeded' || refund.status === 'failed'
  // While it is disputed, its history says already that it had failed.
  if (isSettled && !refund.disputed) {
    events.push(settled(refund.updated_at, refund.status as 'succeeded' | 'failed', refund.resolution))
  }
  events.sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
  // First, whatever its time: that is of the gateway's clock, and the others are of Redis's.
  const by = refund.requested_by
  return [{ at: refund.created_at, event: 'processing', source: 'caller', by, note: null }, ...events]
}

/** A change of a refund's state; `at`: ISO 8601. */
export type RefundChange = Readonly<{ change: Exclude<RefundState, 'processing'>; at: string }>

/** Each change of a refund's state, oldest first. What disputes it again while it is disputed changes none. */
export function refundChanges({ refund, history }: StoredRefund): RefundChange[] {
  const changes: RefundChange[] = []
  const add = (change: RefundChange['change'], at: string) => {
    if (changes.at(-1)?.change !== change) changes.push({ change, at })
  }
  for (const { event, cause, at } of history) {
    if (event === 'awaiting_deposit') {
      const failedAt = failedBefore(cause)
      if (failedAt !== null) add('failed', failedAt)
      add('awaiting_deposit', at)
    }
    if (event === 'unknown' || event === 'failed' || event === 'disputed') add(event, at)
  }
  const state = refund.disputed ? 'disputed' : refund.status
  if (state !== 'processing') add(state, refund.updated_at)
  return changes
}

/**
 * When a refund became `unknown`, or the deposit that it awaits was asked for, in milliseconds since 1970, by the clock of
 * the store.
 */
export function uncertainSinceMs({ refund, history }: StoredRefund): number {
  if (refund.status === 'awaiting_deposit' && refund.deposit !== null)
    return Date.parse(refund.deposit.requested_at)
  return Date.parse(history.find(({ event }) => event === 'unknown')?.at ?? refund.updated_at)
}

/** That a deposit was asked for, and before that, unless one had been, that the refund had failed for want of it. */
function depositEvents({ at, cause }: HistoryEntry, by: string | null): RefundEvent[] {
  const asked = { at, event: 'awaiting_deposit', source: 'operator', by, note: null } as const
  const failedAt = failedBefore(cause)
  return failedAt === null ? [asked] : [settled(failedAt, 'failed', null), asked]
}

/** Since when it had failed that a deposit is asked for, as ISO 8601; null: one had been asked for before. */
function failedBefore(cause: string): string | null {
  return cause === 'again' ? null : new Date(Number(cause)).toISOString()
}

function settled(at: string, event: 'succeeded' | 'failed', resolution: Resolution | null): RefundEvent {
  const { source, by, note } = resolution ?? { source: 'provider' as const, ...NOBODY }
  return { at, event, source, by, note }
}

function noted({ event, cause }: HistoryEntry): Omit<RefundEvent, 'at'> {
  switch (event) {
    case 'unknown':
      return { event, source: cause === 'lease' ? 'lease' : 'provider', ...NOBODY }
    case 'disputed':
      return {
        event,
        source: cause === 'lookup' || cause === 'notification' ? cause : 'provider',
        by: null,
        note: 'an answer said that it was made',
      }
    case 'other':
      return {
        event: 'conflict',
        source: 'provider',
        by: null,
        note: 'another attempt at it was sent, too, and may have been applied',
      }
    default:
      return { event: 'conflict', source: 'provider', by: null, note: `an answer said ${cause}` }
  }
}
