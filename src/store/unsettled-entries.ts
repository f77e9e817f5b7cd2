import type { Attempt } from '../refunds/claim.ts'
import type { UnsettledEntry, UnsettledQuery } from '../refunds/ports/store.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'

/** An entry of the index. `caller`: who asked for it; absent of a refund in flight, of which the index does not say it. */
export type Entry = UnsettledEntry & Readonly<{ caller?: string }>

/**
 * An attempt's entry in the index. Of the attempt as well as of the refund, so that a request which joined the
 * claim and was not the one to begin takes its own entry back and not the other's. Sorted as text, entries are
 * sorted by time: until the year 2286 it has thirteen digits.
 */
export function entryOf({ claim, token, requestedAt }: Attempt): string {
  return `${requestedAt}.${claim.id} ${token} ${claim.merchant} ${claim.tid}`
}

export function entryOfStored({ refund, merchant, attempt }: StoredRefund): string {
  return `${Date.parse(refund.created_at)}.${refund.id} ${attempt} ${merchant} ${refund.tid}`
}

/** The same, and who asked for it, so that one caller's are found among many without reading the others'. */
export function unknownEntryOf(stored: StoredRefund): string {
  return `${entryOfStored(stored)} ${stored.refund.requested_by}`
}

export function decodeEntry(entry: string): Entry {
  const [position, attempt, merchant] = entry.split(' ', 3) as [string, string, string]
  const id = position.slice(position.indexOf('.') + 1)
  return { entry, id, merchant, tid: entry.slice(position.length + attempt.length + merchant.length + 3) }
}

export function decodeUnknown(entry: string): Entry {
  const end = entry.lastIndexOf(' ')
  return { ...decodeEntry(entry.slice(0, end)), entry, caller: entry.slice(end + 1) }
}

/** Whether it may be what is asked for, as far as the index says. */
export function mayMatch(
  entry: Entry,
  { merchant, caller }: Pick<UnsettledQuery, 'merchant' | 'caller'>,
): boolean {
  if (merchant !== undefined && entry.merchant !== merchant) return false
  return caller === undefined || entry.caller === undefined || entry.caller === caller
}

/** When its refund was asked for, in milliseconds since 1970. */
export function requestedAtOf({ entry }: UnsettledEntry): number {
  return Number(entry.slice(0, entry.indexOf('.')))
}

/** Where an entry is in the list; a cursor names the last one of its page. */
export function positionOf({ entry }: UnsettledEntry): string {
  return entry.slice(0, entry.indexOf(' '))
}
