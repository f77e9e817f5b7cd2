import type { JournalEntry } from '../refunds/ports/journal.ts'
import { decodeJournalEntry, positionIn } from './journal-entries.ts'
import { keys, UNSETTLED_SHARDS } from './keys.ts'

/** A stream that an endpoint's events come from. */
export type Part = Readonly<{ number: number; key: string }>

/** The part of what is to be told again: it comes behind the journal's shards. */
export const AGAIN = UNSETTLED_SHARDS

/** How many an endpoint has. */
export const PARTS = UNSETTLED_SHARDS + 1

export function partAt(endpoint: string, number: number): Part {
  return { number, key: number === AGAIN ? keys.eventsAgain(endpoint) : keys.journal(number) }
}

export function partsOf(endpoint: string): readonly Part[] {
  return Array.from({ length: PARTS }, (_, number) => partAt(endpoint, number))
}

/** Where an event is: its part, and its id there. */
export function placeOf(endpoint: string, place: string): Readonly<{ part: Part; id: string }> {
  const [number = '', id = ''] = place.split(' ')
  return { part: partAt(endpoint, Number(number)), id }
}

/** What a part holds under this id. Throws where it cannot be read. */
export function decodeQueued({ number }: Part, id: string, fields: readonly string[]): JournalEntry {
  const [, text = ''] = fields
  if (number === AGAIN) return JSON.parse(text) as JournalEntry
  return decodeJournalEntry(positionIn(number, id), text)
}
