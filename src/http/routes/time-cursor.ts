import { hash } from 'node:crypto'
import type { ChangeFilter } from '../../refunds/flows/changed-refunds.ts'
import type { PageStart } from '../../refunds/flows/list-by-time.ts'
import { JOURNAL_POSITION } from '../../refunds/ports/journal.ts'

/** By its first letter it is told from the cursors of other lists. */
export const TIME_CURSOR = 't[A-Za-z0-9_-]{9,120}'
export const TIME_CURSOR_LENGTH = 121

const DIGEST_LENGTH = 8

/** When the list ends, and behind what it goes on: the moment, and the position in the journal. */
const START = /^([0-9]{1,15}) ([0-9]{1,15}) (.+)$/
const POSITION = new RegExp(JOURNAL_POSITION)

/** A cursor of this list and no other. Whoever makes one of its own gets what the list would show it anyway. */
export function encodeTimeCursor(filter: ChangeFilter, { toMs, place }: PageStart): string {
  const start = `${toMs} ${place.at} ${place.position}`
  return `t${digestOf(filter, start)}${Buffer.from(start).toString('base64url')}`
}

/** Null: it is of another list, or of none. */
export function decodeTimeCursor(filter: ChangeFilter, cursor: string): PageStart | null {
  const text = Buffer.from(cursor.slice(1 + DIGEST_LENGTH), 'base64url').toString('latin1')
  const [, toMs, at, position] = START.exec(text) ?? []
  if (position === undefined || !POSITION.test(position)) return null
  const start = { toMs: Number(toMs), place: { at: Number(at), position } }
  return encodeTimeCursor(filter, start) === cursor ? start : null
}

function digestOf({ fromMs, toMs, status, merchant, caller }: ChangeFilter, start: string): string {
  const list = JSON.stringify([fromMs, toMs, status ?? null, merchant ?? null, caller ?? null, start])
  return hash('sha256', list, 'base64url').slice(0, DIGEST_LENGTH)
}
